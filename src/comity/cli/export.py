# SPDX-License-Identifier: Apache-2.0
"""`comity export`: a complete copy of a record as plain files, for whoever wants to keep or publish one."""

import shutil
from pathlib import Path

import click

from comity.cli.outcome import MISUSED, Failure, Out, answering
from comity.cli.progress import progress


@click.command()
@click.argument("source", metavar="URL|DIR")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--founding", default="", metavar="ID", help="The founding act's id; refuse any other organisation.")
@answering
def export(out: Out, source: str, folder: Path, founding: str) -> None:
    """Copy a complete record into a folder, checked.

    From a node's address, a node's data folder or another copy into the new FOLDER:
    checkpoint, tiles and entries in the layout of C2SP tlog-tiles, which any web server can publish. The copy's root
    is computed from its entries, and the checkpoint's signature is checked with the key of the founding act. Whether
    every act is in order is what `comity verify FOLDER` then recomputes.
    """
    from comity.cli import reading
    from comity.record import tiles

    if folder.exists():
        raise Failure(f"{folder} is there already. An export makes a new folder.", MISUSED)
    with reading.source(source) as read:
        copy = reading.whole(read, founding)
    size = len(copy.entries)
    building = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(building, ignore_errors=True)
    refs = [*tiles.tiles_for(0, size), *tiles.partial_refs(size)]
    with progress("tiles", len(refs), "tiles") as advance:
        for ref in refs:
            _put(building / ref.path, tiles.tile_content(copy.tree, ref))
            if ref.level == 0:
                first = ref.index * tiles.TILE
                _put(building / ref.bundle.path, tiles.encode_bundle(copy.entries[first : first + ref.width]))
            advance(1)
    _put(building / "checkpoint", copy.checkpoint)
    building.rename(folder)
    answer = {
        "folder": str(folder),
        "organisation": copy.organisation,
        "origin": copy.origin,
        "size": size,
        "root": copy.tree.root().hex(),
    }
    out.result(
        answer,
        f"{size} entries of {copy.origin} in {folder}",
        f"Verify it:  comity verify {folder} --founding {copy.organisation}",
    )


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
