# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 in the tiles of C2SP tlog-tiles: every tile that a size calls for is recomputed."""

from collections.abc import Sequence
from hashlib import sha256

from comity_verify.source import Absent, Broken, Source

WIDTH = 256
EMPTY_ROOT = sha256(b"").digest()
_HASH, _LONGEST_BUNDLE = 32, WIDTH * (2 + 65_535)


def root(hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over hashes of subtrees, all of one size but the last, which may be smaller."""
    level = list(hashes)
    while len(level) > 1:
        above = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = above + level[-1:] if len(level) % 2 else above
    return level[0] if level else EMPTY_ROOT


def path(kind: str | int, number: int) -> str:
    """Where the tile of a level, or the bundle of `entries`, is; a partial one has a suffix."""
    groups = f"{number % 1000:03}"
    while number := number // 1000:
        groups = f"x{number % 1000:03}/{groups}"
    return f"tile/{kind}/{groups}"


def bundle_width(size: int, number: int) -> int:
    """How many entries a bundle of such a log has."""
    return min(WIDTH, size - number * WIDTH)


def _fetch(source: Source, name: str, width: int, limit: int) -> tuple[bytes, bool]:
    """A tile, and whether it is the full one though a partial one was wanted (which may be deleted then)."""
    try:
        return source.read(name if width == WIDTH else f"{name}.p/{width}", limit), False
    except Absent as absent:
        try:
            return source.read(name, limit), True
        except Absent:
            raise absent from None


def entries(source: Source, number: int, width: int) -> list[bytes]:
    """The entries of a bundle: each after its length in two bytes, so many and nothing else."""
    name = path("entries", number)
    data, longer = _fetch(source, name, width, _LONGEST_BUNDLE)
    found, ends, at = [], [0], 0
    for place in range(width):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise Broken(f"{name} ends within its entry {place} of {width}: the bundle was cut short or altered.")
        found.append(data[start:at])
        ends.append(at)
    if at != len(data) and not longer:
        raise Broken(f"{name} goes on for {len(data) - at} bytes after its last entry: the bundle was altered.")
    for kept in source.partials(name):
        if kept < width and source.read(f"{name}.p/{kept}", _LONGEST_BUNDLE) != data[: ends[kept]]:
            raise Broken(f"{name}.p/{kept}, an earlier state of the bundle, does not agree with the later one.")
    return found


def compare(source: Source, level: int, number: int, hashes: bytes) -> list[str]:
    """What is wrong with the published tile, given the hashes that it should hold; empty where nothing is."""
    name, width, faults = path(level, number), len(hashes) // _HASH, []
    try:
        data, longer = _fetch(source, name, width, WIDTH * _HASH)
        tiles = {width: data[: len(hashes)] if longer else data}
        for kept in source.partials(name):
            if kept < width:
                tiles[kept] = source.read(f"{name}.p/{kept}", WIDTH * _HASH)
    except Broken as broken:
        return [str(broken)]
    for wide, data in tiles.items():
        where = name if wide == WIDTH else f"{name}.p/{wide}"
        if len(data) != wide * _HASH:
            faults.append(f"{where} has {len(data)} bytes where there must be {wide * _HASH}.")
        elif data != hashes[: len(data)]:
            at = next(at for at in range(0, len(data), _HASH) if data[at : at + _HASH] != hashes[at : at + _HASH])
            place = number * WIDTH + at // _HASH
            what = f"entry {place}" if level == 0 else f"subtree {place} of level {level - 1}"
            found, right = data[at : at + 4].hex(), hashes[at : at + 4].hex()
            faults.append(f"{where}: for {what} it holds {found}…, recomputed is {right}….")
    return faults


class Frontier:
    """The right edge of the growing tree: the hashes of each level whose tile is not full yet."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[str] = []
        self.tiles = 0
        self._partial: list[bytes] = []
        self._levels: list[list[bytes]] = []
        self._full: list[int] = []  # how many full tiles each level has had

    def add(self, hashes: list[bytes], full: bool, faults: list[str]) -> None:
        """Adds what a bundle comes to: the root of a full one, or the leaf hashes of the last, partial one."""
        self.tiles += 2
        self.faults += faults
        if not full:
            self._partial = hashes
            return
        level, value = 0, hashes[0]
        while True:
            if level == len(self._levels):
                self._levels.append([])
                self._full.append(0)
            self._levels[level].append(value)
            if len(self._levels[level]) < WIDTH:
                return
            self._compare(level)
            value = root(self._levels[level])
            self._levels[level] = []
            self._full[level] += 1
            level += 1

    def _compare(self, level: int) -> None:
        self.tiles += 1
        self.faults += compare(self.source, level + 1, self._full[level], b"".join(self._levels[level]))

    def root(self) -> bytes:
        """Compares the partial tiles above the leaves and returns the root of the whole tree."""
        edge = [root(self._partial)] if self._partial else []
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(level)
                edge = [root(hashes + edge)]
        return root(edge)
