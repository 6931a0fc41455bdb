# SPDX-License-Identifier: Apache-2.0
"""`comity bench`: what a node reaches on this machine, beside its peers."""

from importlib.util import find_spec
from pathlib import Path

import click

from comity.cli.outcome import Failure, Out, answering

DOCUMENT = Path("docs/benchmarks.md")
NEEDED = ("eventsourcing", "psutil", "pymerkle")


@click.group(no_args_is_help=True)
def bench() -> None:
    """Measure what a node reaches on this machine."""


@bench.command()
@click.option(
    "--acts", type=click.IntRange(min=1), help="Acts on the record that is built, about; 106,400 if not given."
)
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of which the median is taken; 7 if not given.")
@click.option("--million", is_flag=True, help="Measure memory and start with a million votes; takes minutes more.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="The document that gets the table.")
@click.option("--no-write", is_flag=True, help="Write no document, in a checkout neither.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Whose disk is measured; the system's folder for temporary files if not given.",
)
@answering
def record(
    out: Out,
    acts: int | None,
    rounds: int | None,
    million: bool,
    write: Path | None,
    no_write: bool,
    folder: Path | None,
) -> None:
    """Acts, verification, receipts, HTTP, memory and start, with peers beside them.

    In a checkout of the source the table goes into docs/benchmarks.md, elsewhere nowhere unless --write names a
    document. What is measured and how is told there. Needs the extra `bench` and comity-verify.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Failure(f"Not installed: {', '.join(missing)}. In a checkout, `make setup-test` installs what it takes.")
    from comity.bench import figures, reading, report

    if reading.verifier() is None:
        raise Failure(f"The program {reading.VERIFIER} is not installed here; `make setup` installs it.")

    found = figures.measure(
        figures.effort(acts, rounds, million), folder, lambda stage: out.note(f"measuring: {stage}")
    )
    document = write or (DOCUMENT if DOCUMENT.is_file() and not no_write else None)
    if document is not None:
        try:
            report.write(document, found)
        except ValueError as error:
            raise Failure(str(error)) from error
        out.note(f"The table is in {document}.")
    out.result(found, report.table(found))
