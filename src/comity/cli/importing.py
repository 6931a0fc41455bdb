# SPDX-License-Identifier: Apache-2.0
"""`comity import`: published data, played through the whole system."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from comity.cli.outcome import MISUSED, Failure, Out, answering, fields
from comity.cli.progress import progress

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
NAME = "Replay of published roll calls (no state signed anything)"
FEW = 5
"""How many roll calls are named where only their number matters."""


@click.group(name="import", no_args_is_help=True)
def importing() -> None:
    """Play published data through the whole system.

    The keys are made on the spot, so the record is marked as a replay: every view, picture and export of it says so.
    """


@importing.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The new folder for the record.")
@click.option("--votes", type=FILE, required=True, help="CSV, plain or gzip: rcid, member_iso3, vote, ...")
@click.option("--rollcalls", type=FILE, required=True, help="CSV: rcid, published totals, description, ...")
@click.option("--rule", type=click.Choice(["unga.simple", "unga.important"]), required=True,
              help="More yes than no; or two thirds of yes and no.")  # fmt: skip
@click.option("--sessions", default="", metavar="LIST", help="Only these sessions, for instance 51-60,63.")
@click.option("--founding-name", default=NAME, metavar="NAME", help="The organisation's name.")
@click.option("--origin", default="replay.invalid/rollcalls", metavar="HOST/NAME", help="The origin of the log.")
@answering
def rollcalls(
    out: Out,
    data: Path,
    votes: Path,
    rollcalls: Path,
    rule: str,
    sessions: str,
    founding_name: str,
    origin: str,
) -> None:
    """Play published roll calls as recorded votes of an organisation founded for it.

    Every state is a member with a key of its own, admitted by the secretariat when it first appears; each roll call
    is a proposal with a vote; each yes, no and abstention is a signed act; each result is declared by the charter's
    rule and held against the published totals. Absence is no act; no quorum and no second vote apply; a tie is a
    rejection.

    The folder must not hold a record yet. When an import is broken off, remove the folder and start again.
    """
    from comity import charters, keys
    from comity.cli import rollcalls as published
    from comity.cli.replay import QUEUE, Replay, founding, results
    from comity.node import Node
    from comity.record.envelope import open_envelope

    started = time.monotonic()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Failure(f"{data} is there already and is not empty. An import begins with a new folder.", MISUSED)
    read = published.read(votes, rollcalls, wanted(sessions))
    if not read.played:
        raise Failure(f"{votes} has no roll call" + (f" of sessions {sessions}." if sessions else "."))
    log_key, secretariat = keys.fresh(), keys.fresh()
    founded = founding(charters.load("replay"), founding_name, origin, log_key, secretariat)
    organisation = open_envelope(founded).id.hex()
    node = Node.found(data, founded, log_key, queue=QUEUE)
    replay = Replay(node, organisation, secretariat, read, rule)
    with contextlib.closing(node), progress("roll calls", replay.total(), "acts") as replay.advance:
        replay.play()
    found, unpublished = results(replay)
    head = node.head
    answer = {
        "rollcalls": len(read.played),
        "votes": read.votes,
        "acts": head.size,
        **found,
        "without_votes": len(read.without_votes),
        "size": head.size,
        "root": head.root.hex(),
        "register": node.register.digest(),
        "organisation": organisation,
        "mark": "replay",
        "seconds": round(time.monotonic() - started, 1),
    }
    out.result(answer, *plainer(answer, unpublished=unpublished, without_votes=read.without_votes))


def plainer(answer: Mapping[str, object], **behind: Sequence[int]) -> list[str]:
    """The answer in lines; a number of roll calls that has a list behind it names the first few of them."""
    shown = dict(answer)
    for name, rcids in behind.items():
        if rcids:
            some = ", ".join(map(str, rcids[:FEW]))
            shown[name] = f"{len(rcids)} ({some}{', …' if len(rcids) > FEW else ''})"
    return fields(shown)


def wanted(sessions: str) -> set[str] | None:
    """The sessions named by a list of numbers and ranges; None for all."""
    if not sessions:
        return None
    found: set[str] = set()
    for part in sessions.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise click.BadParameter(f"{sessions!r} is not like 51-60,63.", param_hint="--sessions")
        found.update(str(number) for number in range(int(first), int(last or first) + 1))
    return found
