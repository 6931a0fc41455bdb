# SPDX-License-Identifier: Apache-2.0
"""What stops writing for a while and not for good: a clock that jumps, a disk that is full."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node.conftest import House
from tests.node.proving import Witness, refolded
from tests.node.test_node import receipt, table
from tests.world import World

from comity.node import Full, Pending, Receipt, Unwritable
from comity.node import writer as writing
from comity.record import envelope

SECOND = 1000


class Clocks:
    """The machine's clock and the one that nobody sets, moved by hand, in milliseconds."""

    def __init__(self) -> None:
        self.utc = time.time_ns() // 1_000_000
        self.steady = 5_000

    def pass_time(self, milliseconds: int) -> None:
        """Time goes by on both."""
        self.utc += milliseconds
        self.steady += milliseconds

    def options(self) -> dict[str, object]:
        """For a node that lives by these clocks."""
        return {"clock": lambda: self.utc, "unset_clock": lambda: self.steady}


def stamp(entry: bytes) -> int:
    """The stamp of a leaf."""
    return envelope.split_leaf(entry)[0]


def test_stamps_are_the_clock_s_and_never_decrease(house: House) -> None:
    """An entry has the time of its commit; a clock set back a little repeats the last stamp."""
    clocks = Clocks()
    node = house.found(**clocks.options())
    clocks.pass_time(60 * SECOND)
    first = receipt(node, table(house.world, "P1"))
    assert first.stamp == clocks.utc
    clocks.utc -= 2 * SECOND
    second = receipt(node, table(house.world, "P2"))
    assert second.stamp == first.stamp
    assert [stamp(entry) for entry in node.entries(1, 3)] == [first.stamp, first.stamp]


@pytest.mark.parametrize("jump", [-3600 * SECOND, -6 * SECOND, 6 * SECOND, 365 * 24 * 3600 * SECOND])
def test_a_clock_that_jumps_stops_writing_until_it_is_set_right(house: House, jump: int) -> None:
    """A jump either way turns acts away with the reason, reading goes on, and a corrected clock ends it."""
    clocks = Clocks()
    node = house.found(**clocks.options())
    raw = table(house.world, "P1")
    clocks.utc += jump
    with pytest.raises(Unwritable, match=r"jumped (forward|back)"):
        node.submit(raw)
    assert node.unwritable is not None
    assert node.counters.unwritable == 1
    assert node.entry(0)
    assert not node.failed
    clocks.utc -= jump
    assert node.unwritable is None
    assert receipt(node, raw).index == 1


def test_an_act_that_was_queued_before_the_jump_is_turned_away_too(house: House) -> None:
    """The clock is looked at again when a batch is folded, so that no stamp is given by a clock in doubt."""
    clocks = Clocks()

    def jump_when_opened(step: str) -> None:
        if step == "opened":
            clocks.utc += 60 * SECOND

    node = house.found(after=jump_when_opened, **clocks.options())
    raws = [table(house.world, f"P{number}") for number in range(3)]
    for future in node.submit_many(raws):
        with pytest.raises(Unwritable, match="jumped forward by 60"):
            future.result(10)
    assert node.head.size == 1


def test_the_operator_s_restart_accepts_a_clock_that_went_forward(house: House) -> None:
    """A restart is the operator's word that the clock is right now."""
    clocks = Clocks()
    house.found(**clocks.options()).close()
    clocks.utc += 3600 * SECOND
    assert receipt(house.open(**clocks.options()), table(house.world, "P1")).stamp == clocks.utc


def test_a_start_with_a_clock_behind_the_record_does_not_write(house: House) -> None:
    """Stamps never decrease: with a clock behind the last stamp nothing is written until it has caught up."""
    clocks = Clocks()
    node = house.found(**clocks.options())
    clocks.pass_time(60 * SECOND)
    receipt(node, table(house.world, "P1"))
    node.close()
    clocks.utc -= 30 * SECOND
    node = house.open(**clocks.options())
    raw = table(house.world, "P2")
    with pytest.raises(Unwritable, match=r"30\.0 s behind the last stamp"):
        node.submit(raw)
    clocks.pass_time(26 * SECOND)
    assert receipt(node, raw).index == 2


def test_a_full_store_turns_acts_away_and_recovers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has no room: the batch is rolled back, reading goes on, and with room again so does writing."""
    monkeypatch.setattr(writing, "FULL_PAUSE_S", 0.05)
    node = house.found()
    witness = Witness(node.vkey)
    store = node._ledger.store._writer
    pages = store.execute("PRAGMA page_count").fetchall()[0][0]
    store.execute(f"PRAGMA max_page_count = {pages}")
    raws = [table(house.world, f"P{number}") for number in range(50)]
    futures = node.submit_many(raws)
    for future in futures:
        with pytest.raises(Unwritable, match="disk of the record is full"):
            future.result(10)
    with pytest.raises(Unwritable, match="disk of the record is full"):
        node.submit(raws[0])
    assert not node.failed
    assert node.head.size == 1
    assert node.receipt(0)
    store.execute("PRAGMA max_page_count = 1000000")
    again = [future.result(10) for future in submit_when_possible(house, raws)]
    assert [answer.index for answer in again if isinstance(answer, Receipt)] == list(range(1, 51))
    for answer in again:
        assert isinstance(answer, Receipt)
        witness.given(answer.index, answer.id, answer.proof)
    witness.examine(node)


def submit_when_possible(house: House, raws: list[bytes]) -> list[Pending]:
    """Submit as a patient caller does."""
    for _ in range(200):
        try:
            return house.running[-1].submit_many(raws)
        except Unwritable:
            time.sleep(0.02)
    raise AssertionError("the node did not recover")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with four megabytes; skipped where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_turns_acts_away_and_recovers(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file system itself is full: no receipt is broken, no act lost, and what was turned away is taken later."""
    monkeypatch.setattr(writing, "FULL_PAUSE_S", 0.05)
    house = House(small_disk, World(members=3))
    house.notes = tmp_path / "notes"
    node = house.found()
    witness = Witness(node.vkey)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    turned_away: list[bytes] = []
    for group in range(100):
        raws = [table(house.world, f"P{group}.{number}") for number in range(40)]
        try:
            futures = node.submit_many(raws)
        except Unwritable:
            turned_away += raws
            break
        for raw, future in zip(raws, futures, strict=True):
            if isinstance(problem := future.exception(10), Unwritable):
                turned_away.append(raw)
            else:
                assert problem is None
                answer = future.result()
                witness.given(answer.index, answer.id, answer.proof)
    assert turned_away
    assert not node.failed
    assert node.entry(node.head.size - 1)
    witness.examine(node)
    os.unlink(ballast)
    # Those in the middle of the counters were overtaken by later ones; counters strictly increase, so they are
    # sealed anew, as their signer would.
    for name in ("X1", "X2"):
        (future,) = submit_when_possible(house, [table(house.world, name)])
        answer = future.result(10)
        assert isinstance(answer, Receipt)
        witness.given(answer.index, answer.id, answer.proof)
    witness.examine(node)
    digest = node.register.digest()
    close_whatever_the_room(house)
    node = house.open()
    witness.examine(node)
    assert node.register.digest() == digest == refolded(node).digest()
    close_whatever_the_room(house)


def close_whatever_the_room(house: House) -> None:
    """End the node; the files of a clean end may have found no room."""
    try:
        house.running.pop().close()
    except Full:
        pass
