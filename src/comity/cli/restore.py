# SPDX-License-Identifier: Apache-2.0
"""`comity restore`: a record that was lost, or an older copy of one, brought back from what the public holds."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.outcome import REFUSED, Failure, Out, answering
from comity.cli.progress import progress

if TYPE_CHECKING:
    from comity.node.restoring import Restored

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "source", required=True, metavar="URL|FOLDER", help="Where the record is public.")
@click.option("--log-key", type=FILE, help="The log's key file; by default the one in DIR.")
@click.option("--founding", default="", metavar="ID", help="The founding act's id; refuse any other organisation.")
@answering
def restore(out: Out, folder: Path, source: str, log_key: Path | None, founding: str) -> None:
    """Make a node's data folder, or complete an older one, from a copy.

    The copy is a node's address, an export or another data folder. It is folded whole, every signature verified, and
    its checkpoint must be signed by the log whose key is given. DIR is made where it is not there; an older copy of the
    same record gets the entries that it lacks. A newer or another record is left as it is, and nothing shorter is
    restored than what this machine has committed, by its high-water note. Then `comity serve --data DIR` goes on.

    \b
      comity restore ORG --from https://mirror.example.org --log-key log.key
    """
    from comity.cli import reading
    from comity.node import Void, restoring
    from comity.node.logkey import NAME, read_key

    if log_key is None and not (folder / NAME).exists():
        raise click.UsageError(
            f"{folder} holds no {NAME}: name the log's key file with --log-key FILE. No public copy of a record "
            "has it, and without it nobody can go on."
        )
    key = read_key(log_key or folder / NAME)
    with reading.source(source) as read:
        copy = reading.whole(read, founding)
    try:
        with progress("fold", len(copy.entries), "acts") as advance:
            done = restoring.restore(folder, copy.entries, key, advance=advance)
    except Void as void:
        raise Failure(str(void), REFUSED) from void
    answer = {
        "folder": str(folder),
        "organisation": copy.organisation,
        "origin": copy.origin,
        "size": done.size,
        "root": done.root.hex(),
        "had": done.had,
        "restored": done.size - done.had,
        "noted": done.noted,
    }
    out.result(answer, _told(folder, copy.origin, done), f"Go on:  comity serve --data {folder}")
    if done.noted is None:
        out.note(
            "This machine had no high-water note of the record. Before you go on, make sure that nobody holds a "
            f"checkpoint or a receipt of more than {done.size} entries, and that no other host goes on with it."
        )


def _told(folder: Path, origin: str, done: "Restored") -> str:
    if done.had == done.size:
        return f"{folder} has all {done.size} entries of {origin}; nothing was missing."
    what = f"the last {done.size - done.had} were missing" if done.had else "made anew"
    return f"{done.size} entries of {origin} in {folder}, {what}."
