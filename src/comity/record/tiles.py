# SPDX-License-Identifier: Apache-2.0
"""Tiles: C2SP tlog-tiles v0.1.0, the paths and contents in which a log is published.

- The tile n of level l holds up to 256 hashes: the roots of the perfect subtrees of 256^l leaves, from the
  one numbered 256·n on. Its path is `tile/<l>/<n>`, and with `.p/<width>` if it is partial.
- The entry bundle n, `tile/entries/<n>`, holds the entries whose hashes are the tile n of level 0, each
  after its length as a big-endian u16; an entry has at most 65,535 bytes.
- The number n is written in groups of three digits, all but the last with an x before: `x001/x234/067`.
- The partial tile of level l in a log of s leaves is ⌊s/256^l⌋ mod 256 wide. There is no tile of width 0,
  and a partial one is not hashed into the level above.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from comity.record.errors import TileError
from comity.record.merkle import Tree

TILE = 256
MAX_LEVEL = 63
MAX_ENTRY = 65_535
MAX_INDEX = 2**63 - 1

_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TileRef(msgspec.Struct, frozen=True, order=True):
    """Names one tile, or with level None one entry bundle. A width below 256 makes it partial."""

    level: int | None
    index: int
    width: int = TILE

    @property
    def path(self) -> str:
        """Where it is published, below the log's prefix."""
        if self.level is None:
            return bundle_path(self.index, self.width)
        return tile_path(self.level, self.index, self.width)

    @property
    def bundle(self) -> TileRef:
        """The bundle of the entries whose hashes this tile of level 0 holds."""
        if self.level != 0:
            raise TileError(f"Only a tile of level 0 has an entry bundle; this one is of level {self.level}.")
        return TileRef(None, self.index, self.width)


def index_path(n: int) -> str:
    """Write a tile's number in groups of three digits, all but the last prefixed with x."""
    if not 0 <= n <= MAX_INDEX:
        raise TileError(f"The tile number {n} is not from 0 to 2^63−1.")
    path = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        path = f"x{n % 1000:03d}/{path}"
    return path


def tile_path(level: int, index: int, width: int = TILE) -> str:
    """The path of a tile of hashes."""
    if not 0 <= level <= MAX_LEVEL:
        raise TileError(f"The tile level {level} is not from 0 to {MAX_LEVEL}.")
    return f"tile/{level}/{index_path(index)}{_suffix(width)}"


def bundle_path(index: int, width: int = TILE) -> str:
    """The path of an entry bundle."""
    return f"tile/entries/{index_path(index)}{_suffix(width)}"


def parse_path(path: str) -> TileRef:
    """Read the path of a tile or bundle; raise TileError for any but the one spelling of it."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise TileError(f"The path {path[:80]!r} does not name a tile or an entry bundle.")
    level, index, width = found.group("level", "index", "width")
    ref = TileRef(
        None if level == "entries" else int(level),
        int(index.replace("x", "").replace("/", "")),
        TILE if width is None else int(width),
    )
    if (width is not None and ref.width == TILE) or ref.path != path:
        raise TileError(f"The path {path[:80]!r} is not how this tile is written; {ref.path!r} would be.")
    return ref


def tiles_for(old_size: int, new_size: int) -> list[TileRef]:
    """The full tiles of hashes that come to be complete when a log grows, lowest level first.

    Each of level 0 has an entry bundle too (`TileRef.bundle`).
    """
    if not 0 <= old_size <= new_size:
        raise TileError(f"A log of {old_size} leaves does not grow to {new_size}.")
    refs = []
    level = 0
    span = TILE
    while new_size >= span:
        refs += [TileRef(level, index) for index in range(old_size // span, new_size // span)]
        level += 1
        span *= TILE
    return refs


def partial_refs(size: int) -> list[TileRef]:
    """The partial tiles of hashes of a log of `size` leaves, lowest level first, at most one a level."""
    if size < 0:
        raise TileError(f"A log cannot have {size} leaves.")
    refs = []
    level = 0
    while size:
        if size % TILE:
            refs.append(TileRef(level, size // TILE, size % TILE))
        level += 1
        size //= TILE
    return refs


def tile_content(tree: Tree, ref: TileRef) -> bytes:
    """The hashes of a tile, 32 bytes each; raise ProofError if the tree does not hold them all yet."""
    if ref.level is None:
        raise TileError("An entry bundle holds entries; a tree holds only their hashes.")
    first = ref.index * TILE
    return tree.nodes(8 * ref.level, first, first + ref.width)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Write 1 to 256 entries as one bundle."""
    if not 1 <= len(entries) <= TILE:
        raise TileError(f"A bundle holds 1 to {TILE} entries, not {len(entries)}.")
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise TileError(f"An entry has {len(entry)} bytes; a bundle admits at most {MAX_ENTRY}.")
        parts.append(len(entry).to_bytes(_LENGTH_BYTES, "big"))
        parts.append(entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """Read the entries of a bundle; raise TileError if it is cut short, empty or holds more than 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or end > len(data):
            raise TileError(f"The bundle is cut short within its entry {len(entries)}.")
        entries.append(data[start:end])
        at = end
    if not 1 <= len(entries) <= TILE:
        raise TileError(f"A bundle holds 1 to {TILE} entries, not {len(entries)}.")
    return entries


def _suffix(width: int) -> str:
    if not 1 <= width <= TILE:
        raise TileError(f"A tile is 1 to {TILE} wide, not {width}.")
    return "" if width == TILE else f".p/{width}"
