# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 in the tiles of C2SP tlog-tiles: every tile that a size calls for is recomputed."""

from collections.abc import Sequence
from hashlib import sha256

from comity_verify.source import Absent, Broken, Source

WIDTH = 256
_HASH = 32
_LONGEST_BUNDLE = WIDTH * (2 + 65_535)

EMPTY_ROOT = sha256(b"").digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over hashes of subtrees, all of one size but the last, which may be smaller."""
    level = list(hashes)
    while len(level) > 1:
        above = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0] if level else EMPTY_ROOT


def _index(number: int) -> str:
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def entries_path(number: int) -> str:
    """Where the bundle of this number is, without the suffix of a partial one."""
    return f"tile/entries/{_index(number)}"


def tile_path(level: int, number: int) -> str:
    """Where the hash tile of this level and number is, without the suffix of a partial one."""
    return f"tile/{level}/{_index(number)}"


def _fetch(source: Source, path: str, width: int, limit: int) -> tuple[bytes, bool]:
    """A tile, and whether it is the full one though a partial one was wanted (which may be deleted then)."""
    if width == WIDTH:
        return source.read(path, limit), False
    try:
        return source.read(f"{path}.p/{width}", limit), False
    except Absent as absent:
        try:
            return source.read(path, limit), True
        except Absent:
            raise absent from None


def bundle(source: Source, number: int, width: int) -> bytes:
    """The bytes of an entry bundle with exactly this many entries."""
    path = entries_path(number)
    data, full = _fetch(source, path, width, _LONGEST_BUNDLE)
    whole = data
    if full:
        data = data[: _end(data, width)]
    for other in source.partials(path):
        if other < width and source.read(f"{path}.p/{other}", _LONGEST_BUNDLE) != whole[: _end(whole, other)]:
            raise Broken(f"{path}.p/{other}, an earlier state of the bundle, does not agree with the later one.")
    return data


def _end(data: bytes, entries: int) -> int:
    """Where so many entries end in a bundle."""
    at = 0
    for _ in range(entries):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    return at


def compare(source: Source, level: int, number: int, hashes: bytes) -> list[str]:
    """What is wrong with the published tile, given the hashes that it should hold; empty where nothing is."""
    path, width = tile_path(level, number), len(hashes) // _HASH
    try:
        published, full = _fetch(source, path, width, WIDTH * _HASH)
        earlier = {w: source.read(f"{path}.p/{w}", WIDTH * _HASH) for w in source.partials(path) if w < width}
    except Broken as broken:
        return [str(broken)]
    wanted = WIDTH * _HASH if full else len(hashes)
    if len(published) != wanted:
        return [f"{path} has {len(published)} bytes where there must be {wanted}."]
    faults = []
    for wide, data in {width: published[: len(hashes)], **earlier}.items():
        if data == hashes[: wide * _HASH]:
            continue
        if len(data) != wide * _HASH:
            faults.append(f"{path}.p/{wide} has {len(data)} bytes where there must be {wide * _HASH}.")
            continue
        at = next(at for at in range(0, len(data), _HASH) if data[at : at + _HASH] != hashes[at : at + _HASH])
        place = number * WIDTH + at // _HASH
        what = f"entry {place}" if level == 0 else f"subtree {place} of level {level - 1}"
        faults.append(
            f"{path}{'' if wide == WIDTH else f'.p/{wide}'}: for {what} it holds {data[at : at + 4].hex()}…, "
            f"recomputed is {hashes[at : at + 4].hex()}…."
        )
    return faults


class Frontier:
    """The right edge of the growing tree: the hashes of each level whose tile is not full yet."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[str] = []
        self.tiles = 0
        self._partial: list[bytes] = []
        self._levels: list[list[bytes]] = []
        self._counts: list[int] = []

    def add(self, hashes: list[bytes], full: bool) -> None:
        """Adds what a bundle comes to: the root of a full one, or the leaf hashes of the last, partial one."""
        self.tiles += 1
        if full:
            self._push(1, hashes[0])
        else:
            self._partial = hashes

    def _push(self, level: int, value: bytes) -> None:
        while len(self._levels) < level:
            self._levels.append([])
            self._counts.append(0)
        row = self._levels[level - 1]
        row.append(value)
        if len(row) == WIDTH:
            self._compare(level, self._counts[level - 1], row)
            self._counts[level - 1] += 1
            full = root(row)
            row.clear()
            self._push(level + 1, full)

    def _compare(self, level: int, number: int, row: list[bytes]) -> None:
        self.tiles += 1
        self.faults += compare(self.source, level, number, b"".join(row))

    def root(self) -> bytes:
        """Compares the partial tiles above the leaves and returns the root of the whole tree."""
        edge = [root(self._partial)] if self._partial else []
        for level, row in enumerate(self._levels, 1):
            if row:
                self._compare(level, self._counts[level - 1], row)
                edge = [root(row + edge)]
        return edge[0] if edge else EMPTY_ROOT


def bundle_count(size: int) -> int:
    """How many bundles a log of this size has."""
    return -(-size // WIDTH)


def bundle_width(size: int, number: int) -> int:
    """How many entries a bundle of such a log has."""
    return min(WIDTH, size - number * WIDTH)
