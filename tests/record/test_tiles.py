# SPDX-License-Identifier: Apache-2.0
"""The files of a published log: their names, their widths, their contents."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import merkle, tiles
from comity.record.errors import ProofError, TileError
from comity.record.tiles import TileRef

indexes = st.one_of(st.integers(0, 2000), st.integers(0, tiles.MAX_INDEX))
refs = st.builds(TileRef, st.one_of(st.none(), st.integers(0, 63)), indexes, st.integers(1, 256))


def test_the_examples_of_the_specification() -> None:
    """Paths and widths as the specification gives them."""
    assert tiles.index_path(1234067) == "x001/x234/067"
    assert tiles.tile_path(0, 0) == "tile/0/000"
    assert tiles.tile_path(2, 1000, 17) == "tile/2/x001/000.p/17"
    assert tiles.bundle_path(273, 112) == "tile/entries/273.p/112"
    assert tiles.tiles_for(0, 70_000) == [TileRef(0, n) for n in range(273)] + [TileRef(1, 0)]
    assert tiles.partial_refs(70_000) == [TileRef(0, 273, 112), TileRef(1, 1, 17), TileRef(2, 0, 1)]
    assert tiles.tiles_for(0, 256) == [TileRef(0, 0)]
    assert tiles.partial_refs(256) == [TileRef(1, 0, 1)]
    assert tiles.partial_refs(0) == tiles.tiles_for(0, 255) == []


@given(refs)
@settings(max_examples=300, deadline=None)
def test_paths_are_read_as_they_were_written(ref: TileRef) -> None:
    """Each tile has one path, and the path names that tile."""
    assert tiles.parse_path(ref.path) == ref
    if ref.level == 0:
        assert ref.bundle.path == ref.path.replace("tile/0/", "tile/entries/")


HOSTILE_PATHS = [
    "", "/", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000",
    "tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/0/x000/000",
    "tile/0/x001/x000", "tile/0/001/000", "tile/0/X001/000", "tile/0/x001/000/", "/tile/0/000",
    "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/01", "tile/0/000.p/",
    "tile/0/000.p", "tile/0/000/.p/1", "tile/0/000.p/1/", "tile/0/000.p/1000", "tile/entries/0",
    "tile/entry/000", "tile/8/0/000",
    "tile/0/../../checkpoint", "tile/0/٠٠٠", "tile/0/000\n", "tile/0/000%00", "TILE/0/000", "checkpoint",
    "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/" + "x001/" * 50 + "000",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_paths(path: str) -> None:
    """Any other spelling is refused: no second path leads to a tile, and none leads elsewhere."""
    with pytest.raises(TileError):
        tiles.parse_path(path)


@given(st.integers(0, 300_000), st.integers(0, 300_000))
@settings(max_examples=100, deadline=None)
def test_growing_completes_each_tile_once(one: int, other: int) -> None:
    """The tiles completed from 0 to a and from a to b are those completed from 0 to b."""
    middle, last = sorted((one, other))
    found = tiles.tiles_for(0, middle) + tiles.tiles_for(middle, last)
    assert sorted(found) == sorted(tiles.tiles_for(0, last))
    assert len(set(found)) == len(found)
    for level in range(3):
        hashes = [ref.width for ref in found + tiles.partial_refs(last) if ref.level == level]
        assert sum(hashes) == last // 256**level


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 65_536, 70_000])
def test_contents(size: int) -> None:
    """Each tile of each level holds the hashes the specification names, computed here from below."""
    level = [sha256(b"%d" % number).digest() for number in range(size)]
    tree = merkle.Tree()
    tree.extend(b"".join(level))
    every = tiles.tiles_for(0, size) + tiles.partial_refs(size)
    for number in range(3):
        for ref in [one for one in every if one.level == number]:
            wanted = level[ref.index * 256 : ref.index * 256 + ref.width]
            assert tiles.tile_content(tree, ref) == b"".join(wanted)
            assert len(wanted) == ref.width
        level = [_top(level[at : at + 256]) for at in range(0, len(level) // 256 * 256, 256)]
    assert {ref.level for ref in every} == {0} | ({1} if size >= 256 else set()) | ({2} if size >= 65_536 else set())


def _top(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [merkle.node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
@settings(max_examples=100, deadline=None)
def test_bundles_are_read_as_they_were_written(entries: list[bytes]) -> None:
    """Entries come back from their bundle, empty ones included; cut anywhere else it is refused."""
    data = tiles.encode_bundle(entries)
    assert tiles.decode_bundle(data) == entries
    with pytest.raises(TileError):
        tiles.decode_bundle(data[:-1] if entries[-1] else data + b"\x00")


@given(st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bundles(data: bytes) -> None:
    """Arbitrary bytes are no bundle, unless writing its entries gives them back."""
    try:
        entries = tiles.decode_bundle(data)
    except TileError:
        return
    assert tiles.encode_bundle(entries) == data


def test_limits() -> None:
    """Entries beyond 65,535 bytes, more than 256 of them, or none, make no bundle."""
    longest = [b"x" * 65_535]
    assert tiles.decode_bundle(tiles.encode_bundle(longest)) == longest
    tree = merkle.Tree()
    for attempt in (
        lambda: tiles.encode_bundle([b"x" * 65_536]),
        lambda: tiles.encode_bundle([]),
        lambda: tiles.encode_bundle([b""] * 257),
        lambda: tiles.decode_bundle(b""),
        lambda: tiles.decode_bundle(b"\0\0" * 257),
        lambda: tiles.decode_bundle(b"\0"),
        lambda: tiles.tile_path(64, 0),
        lambda: tiles.tile_path(-1, 0),
        lambda: tiles.tile_path(0, -1),
        lambda: tiles.tile_path(0, 0, 0),
        lambda: tiles.tile_path(0, 0, 257),
        lambda: tiles.index_path(2**63),
        lambda: tiles.tiles_for(2, 1),
        lambda: tiles.partial_refs(-1),
        lambda: TileRef(1, 0).bundle,
        lambda: tiles.tile_content(tree, TileRef(None, 0, 1)),
    ):
        with pytest.raises(TileError):
            attempt()
    with pytest.raises(ProofError):
        tiles.tile_content(tree, TileRef(0, 0, 1))
