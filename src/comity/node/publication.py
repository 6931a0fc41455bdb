# SPDX-License-Identifier: Apache-2.0
"""The record as files in the layout of C2SP tlog-tiles, so that the data folder itself can be verified and mirrored.

Full tiles and their bundles are written after the commit that completed them; they never change, so writing one again
does no harm. Partial tiles are made from memory and store when somebody asks for them, and are written as files, with
the file `checkpoint` after them, when the node ends. Nothing here is forced to the disk: all of it follows from the
entries, and a start compares and repairs it.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from comity.node.files import is_full, write_whole
from comity.node.store import Entries
from comity.record import tiles
from comity.record.merkle import Tree
from comity.record.tiles import TILE, TileRef

CHECKPOINT = "checkpoint"


class Publication:
    """The published files of one record. `size`: the full tiles of this many entries are there."""

    def __init__(self, folder: Path, tree: Tree, store: Entries, after: Callable[[str], None]) -> None:
        self.folder = folder
        self.size = 0
        # The entries after the last full bundle, so that completing it needs no reading.
        self._tail: list[bytes] = []
        self._tree = tree
        self._store = store
        self._after = after

    def advance(self, size: int, added: list[bytes]) -> bool:
        """Write the full tiles that are complete at `size`, after `added` entries have been committed.

        False if the disk is full; then the next call tries again.
        """
        tail = self._tail
        tail += added
        try:
            for ref in tiles.tiles_for(self.size, size):
                self._write(ref, tiles.tile_content(self._tree, ref))
                if ref.level == 0:
                    start = (ref.index - self.size // TILE) * TILE
                    self._write(ref.bundle, tiles.encode_bundle(tail[start : start + TILE]))
        except OSError as error:
            if not is_full(error):
                raise
            return False
        del tail[: (size // TILE - self.size // TILE) * TILE]
        self.size = size
        return True

    def repair(self, size: int, bundles: Sequence[int]) -> None:
        """Write the full tiles of `size` entries whose files differ from the tree, and the bundles of these numbers."""
        wrong = [TileRef(None, index) for index in bundles]
        for ref in tiles.tiles_for(0, size):
            if not is_whole(self.folder, ref, tiles.tile_content(self._tree, ref)):
                wrong.append(ref)
        for ref in wrong:
            content = self.content(ref, size)
            if content is not None:
                self._write(ref, content)
        self.size = size
        self._tail = self._store.leaves(size // TILE * TILE, size)

    def finish(self, size: int, checkpoint: bytes) -> None:
        """Write the partial tiles of `size` and the checkpoint, and remove partial tiles of earlier ends."""
        partial = tiles.partial_refs(size)
        partial += [ref.bundle for ref in partial if ref.level == 0]
        for ref in partial:
            content = self.content(ref, size)
            if content is not None:
                self._write(ref, content)
        self._after("partials written")
        write_whole(self.folder / CHECKPOINT, checkpoint, durable=True)
        self._after("checkpoint written")
        for ref in partial:
            path = self.folder / ref.path
            for other in path.parent.iterdir():
                if other != path:
                    other.unlink()

    def content(self, ref: TileRef, size: int) -> bytes | None:
        """A tile or bundle, full or partial, from tree and store; None if `size` entries do not fill it."""
        end = (ref.index * TILE + ref.width) << (8 * (ref.level or 0))
        if end > size:
            return None
        if ref.level is None:
            start = ref.index * TILE
            return tiles.encode_bundle(self._store.leaves(start, start + ref.width))
        return tiles.tile_content(self._tree, ref)

    def _write(self, ref: TileRef, content: bytes) -> None:
        path = self.folder / ref.path
        try:
            write_whole(path, content, durable=False)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content, durable=False)
        if ref.width == TILE:
            shutil.rmtree(f"{path}.p", ignore_errors=True)
        self._after("tile written")


def is_whole(folder: Path, ref: TileRef, content: bytes) -> bool:
    """Whether the file of a tile is there and holds this."""
    try:
        return (folder / ref.path).read_bytes() == content
    except FileNotFoundError:
        return False
