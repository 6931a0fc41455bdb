# SPDX-License-Identifier: Apache-2.0
"""What a node starts on, what it repairs, and what it refuses: damage, older copies, other branches, second nodes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import apsw
import pytest
from tests.node.conftest import House
from tests.node.proving import Witness, refolded
from tests.node.test_node import receipt, table
from tests.world import World

from comity.node import CannotStart, Damaged, Failed, Node, OlderCopy, Receipt, snapshot
from comity.node import node as node_module
from comity.node.logkey import write_log_key
from comity.record import tiles
from comity.record.ed25519 import generate


def filled(house: House, count: int = 600) -> Node:
    """A node with some hundred acts."""
    node = house.found()
    for future in node.submit_many([table(house.world, f"P{number}") for number in range(count)]):
        assert isinstance(future.result(20), Receipt)
    return node


def alter(house: House, statement: str, *values: object) -> None:
    """Change the store behind the node's back."""
    connection = apsw.Connection(str(house.folder / "record.sqlite"))
    connection.execute(statement, values)  # type: ignore[arg-type]
    connection.close()


def test_a_start_uses_the_snapshot_and_folds_what_follows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash the newest snapshot is loaded and only later entries are folded, to the same register."""
    node = filled(house)
    node.close()
    node = house.open()
    receipt(node, table(house.world, "later"))
    digest = node.register.digest()
    # A copy taken now is what a crash leaves behind: no clean end.
    shutil.copytree(house.folder, house.folder.with_name("copy"))
    node.close()
    house.folder = house.folder.with_name("copy")
    used: list[int] = []
    read = snapshot.read

    def noting(path: Path) -> object:
        used.append(int(path.stem))
        return read(path)

    monkeypatch.setattr(snapshot, "read", noting)
    node = house.open()
    assert used == [601]
    assert node.register.digest() == digest == refolded(node).digest()


def cut(path: Path) -> None:
    """Leave half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [Path.unlink, cut, flip])
@pytest.mark.parametrize("what", ["snapshot/601.msgpack", "tile/0/001", "tile/1/000.p/2", "tile/entries/000"])
def test_damage_to_what_is_derived_is_repaired(house: House, what: str, harm: Callable[[Path], None]) -> None:
    """A snapshot or tile that is gone, cut or altered is made again from the entries."""
    node = filled(house)
    digest, head = node.register.digest(), node.head
    node.close()
    path = house.folder / what
    before = path.read_bytes()
    harm(path)
    node = house.open()
    assert node.register.digest() == digest
    assert node.head == head
    node.close()
    assert path.read_bytes() == before


def test_a_quiet_node_replaces_the_snapshot_of_other_code(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade the first clean exit leaves a snapshot of the new code, though no act was logged."""
    with monkeypatch.context() as before:
        before.setattr(snapshot, "code_version", lambda: "another release")
        filled(house).close()
        kept = snapshot.in_folder(house.folder / "snapshot")[0]
    assert snapshot.read(kept) is None
    house.open().close()
    assert snapshot.read(kept) is not None


def test_a_snapshot_of_other_code_or_another_record_is_not_used(house: House, tmp_path: Path) -> None:
    """A well-formed snapshot whose root or code is not this record's is ignored."""
    other = House(tmp_path / "other", World(members=2))
    foreign = filled(other)
    foreign.close()
    node = filled(house)
    digest = node.register.digest()
    node.close()
    path = house.folder / "snapshot" / "601.msgpack"
    shutil.copy(other.folder / "snapshot" / "601.msgpack", path)
    node = house.open()
    assert node.register.digest() == digest
    node.close()
    header = snapshot.read(path)
    assert header is not None
    data = path.read_bytes().replace(snapshot.code_version().encode(), b"0" * 64)[:-32]
    path.write_bytes(data + sha256(data).digest())
    assert snapshot.read(path) is None
    assert house.open().register.digest() == digest


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE entries SET leaf = zeroblob(length(leaf)) WHERE number = 5", "altered"),
        ("DELETE FROM entries WHERE number = 5", "Entry 5 is missing"),
        ("DELETE FROM entries WHERE number = 600", "601 were committed"),
        ("UPDATE head SET root = zeroblob(32)", "do not have the root"),
        ("UPDATE head SET frontier = x'00'", "frontier"),
        ("UPDATE head SET checkpoint = x'00'", "checkpoint"),
        ("PRAGMA user_version = 9", "layout"),
    ],
)
def test_damage_to_what_was_committed_is_a_refusal_to_start(house: House, statement: str, says: str) -> None:
    """Whatever is wrong with an entry or the head, wherever it is, the node says what and does not start."""
    filled(house).close()
    alter(house, statement)
    with pytest.raises(Damaged, match=says):
        house.open()


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.9])
def test_damage_to_the_file_is_a_refusal_to_start(house: House, place: float) -> None:
    """Pages overwritten anywhere in the database file, between its tables' first pages, are noticed."""
    filled(house).close()
    path = house.folder / "record.sqlite"
    start = int(place * path.stat().st_size) // 4096 * 4096
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * 8192)
    with pytest.raises(Damaged):
        house.open()


def test_another_log_key_is_a_refusal_to_start(house: House) -> None:
    """The log's key must be the founding act's, and there."""
    filled(house, 1).close()
    path = house.folder / "log.key"
    path.unlink()
    with pytest.raises(Damaged, match="missing"):
        house.open()
    write_log_key(house.folder, generate())
    with pytest.raises(Damaged, match="not the one that the founding act names"):
        house.open()
    path.write_text("{}")
    with pytest.raises(Damaged, match="does not hold"):
        house.open()


def test_an_older_copy_does_not_start(house: House) -> None:
    """A restored backup would fork the record: the note outside the folder knows of more."""
    node = filled(house, 3)
    node.close()
    shutil.copytree(house.folder, house.folder.with_name("backup"))
    node = house.open()
    receipt(node, table(house.world, "later"))
    node.close()
    shutil.rmtree(house.folder)
    shutil.move(house.folder.with_name("backup"), house.folder)
    with pytest.raises(OlderCopy, match=r"has 4 entries.*has committed 5"):
        house.open()


def test_another_branch_does_not_start(house: House) -> None:
    """A copy that went on elsewhere by itself has another root at the size that was noted here."""
    node = filled(house, 3)
    node.close()
    shutil.copytree(house.folder, house.folder.with_name("branch"))
    node = house.open()
    receipt(node, table(house.world, "here"))
    node.close()
    branch = Node.open(house.folder.with_name("branch"), high_water=house.notes.with_name("elsewhere"), workers=0)
    for name in ("there", "and further"):
        receipt(branch, table(house.world, name.replace(" ", "-")))
    branch.close()
    shutil.rmtree(house.folder)
    shutil.move(house.folder.with_name("branch"), house.folder)
    with pytest.raises(OlderCopy, match="another branch"):
        house.open()


def test_a_log_key_that_has_signed_before_founds_nothing_new(house: House) -> None:
    """Founding again with a key whose record is noted would give one size two roots."""
    filled(house, 3).close()
    house.folder = house.folder.with_name("again")
    with pytest.raises(OlderCopy, match="has signed a record of 4 entries"):
        house.found()


def test_a_damaged_note_is_a_refusal_to_start(house: House) -> None:
    """A note that cannot be read may have said anything."""
    filled(house, 3).close()
    (note,) = house.notes.iterdir()
    flip(note)
    with pytest.raises(CannotStart, match="damaged"):
        house.open()


def test_a_node_that_stopped_before_its_note_was_written_goes_on(house: House) -> None:
    """The record may be ahead of the note by what was committed last; then the note follows."""
    filled(house, 3).close()
    (note,) = house.notes.iterdir()
    before = note.read_bytes()
    node = house.open()
    receipt(node, table(house.world, "later"))
    node.close()
    note.write_bytes(before)
    node = house.open()
    assert node.head.size == 5
    assert note.read_bytes() != before


def test_where_locks_do_not_hold_the_second_writer_is_stopped_by_the_head(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes on one file: the transaction is conditional on the size, so that the one that is behind stops."""

    def no_lock(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    monkeypatch.setattr(node_module, "take_lock", no_lock)
    first = house.found()
    second = house.open()
    witness = Witness(first.vkey)
    got = receipt(first, table(house.world, "P1"))
    witness.given(got.index, got.id, got.proof)
    with pytest.raises(Failed, match="another node has written"):
        second.submit(table(house.world, "P2")).result(10)
    got = receipt(first, table(house.world, "P3"))
    witness.given(got.index, got.id, got.proof)
    assert second.failed
    assert first.head.size == 3
    second.close()
    first.close()
    witness.examine(house.open())


def test_a_record_is_served_from_where_it_stands(house: House) -> None:
    """After any start the bundles of the folder are the entries of the store."""
    filled(house).close()
    node = house.open()
    assert tiles.decode_bundle((house.folder / "tile/entries/001").read_bytes()) == node.entries(256, 512)
