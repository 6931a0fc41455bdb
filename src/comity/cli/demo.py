# SPDX-License-Identifier: Apache-2.0
"""`comity demo`: a small founded organisation on this machine, to look at and to try.

Its keys are made on the spot and stay in the data folder, so that a visitor can act for every member. The record is
marked as a simulation. A second start goes on where the first stopped.
"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.outcome import Failure, Out, answering
from comity.cli.serve import HOST, PORT, address, listening, run, serving
from comity.cli.started import program

if TYPE_CHECKING:
    from comity.node import Node

FOLDER = "demo-data"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path(FOLDER), show_default=True, metavar="DIR",
              help="Where it is kept.")  # fmt: skip
@click.option("--host", default=HOST, show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0 for any free."
)
@answering
def demo(out: Out, data: Path, host: str, port: int) -> None:
    """Start a small founded organisation to look at and try.

    Eight fictional members have met: one proposal is adopted, one rejected, one fell by a tie, one amended the
    charter, one is being voted on, one is under silence. All keys are in DIR/keys, so that you can act for anybody.
    Nothing needs to be prepared; a second start goes on where the first stopped; to begin anew, remove DIR.
    """
    with listening(host, port) as bound, serving(opened(data)) as (node, stop):
        organisation = prepare(node, data)
        head, where = node.head, address(bound)
        answer = {
            "url": where,
            "organisation": organisation,
            "data": str(data),
            "keys": str(data / "keys"),
            "vkey": node.vkey,
            "mark": "simulation",
            "size": head.size,
        }
        out.result(answer, *told(where, organisation, data, node))
        run(node, bound, stop)
    out.note("Stopped. Start again to go on from here.")


def opened(data: Path) -> "Node":
    """The node of the demonstration: the one in the folder, or a new one founded there."""
    from comity import keys
    from comity.cli import staging
    from comity.node import Node

    if (data / "record.sqlite").exists():
        if not (data / "keys").is_dir():
            raise Failure(f"{data} holds a record that is no demonstration. Name another folder with --data.")
        return Node.open(data)
    if data.exists() and any(path.name not in ("keys", "node.lock") for path in data.iterdir()):
        raise Failure(f"{data} holds something else. Name another folder with --data.")
    held = staging.hold_keys(data)
    log_key = keys.fresh()
    return Node.found(data, staging.founding(held, log_key), log_key)


def prepare(node: "Node", data: Path) -> str:
    """Play what is missing of the demonstration; gives the organisation's id."""
    from comity.charter.authority import organisation
    from comity.cli import staging

    row = organisation(node.register)
    if row.name != staging.NAME or row.mark != "simulation":
        raise Failure(f"{data} holds the record of {row.name}, no demonstration. Name another folder with --data.")
    staging.Play(row.id, staging.hold_keys(data)).stage(node)
    return row.id


def told(where: str, organisation: str, data: Path, node: "Node") -> list[str]:
    """What a newcomer reads."""
    from comity.cli import staging

    comity, key = program(), shlex.quote(str(staging.key_file(data, "member/Linden")))
    port = "" if where == f"http://{HOST}:{PORT}" else f" --url {where}"
    return [
        f"{staging.NAME} (a simulation: keys and votes were made up)",
        f"  open in a browser  {where}",
        f"  its identity       {organisation}",
        f"  entries            {node.head.size}",
        "",
        "In another terminal:",
        f"  {comity} show proposals{port}",
        f"  {comity} act vote.cast --vote B-4/1 --position yes --key {key}{port}",
        f"  {comity} verify {where} --founding {organisation}",
        "",
        "Stop with Ctrl-C; a second start goes on from here.",
    ]
