# SPDX-License-Identifier: Apache-2.0
"""A record is read without a trace: beside a running node, from a read-only folder, from what a crash left."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.node.conftest import House
from tests.node.test_node import receipt, table
from tests.node.test_start import alter, filled

from comity.node import Damaged, Node, Reader, RecordAbsent
from comity.node.reader import StoredRecord
from comity.record import tiles

ROOT = Path(__file__).parents[2]


def seen(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything in a folder, and the folder itself: mode, size, time of the last change in nanoseconds."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        at = path.stat()
        found[str(path.relative_to(folder))] = (at.st_mode, at.st_size if path.is_file() else 0, at.st_mtime_ns)
    return found


def killed(house: House) -> Path:
    """What is left of a node with 601 entries that was killed: the log of the database, and no clean end."""
    node = filled(house)
    left = house.folder.with_name("killed")
    shutil.copytree(house.folder, left)
    node.close()
    return left


def test_all_is_read_and_nothing_is_touched(house: House) -> None:
    """After a clean end head, register, entries and tiles are the node's, and the folder is as it was."""
    node = filled(house)
    expected, digest = node.entries(0, 601), node.register.digest()
    partial = [ref.path for ref in tiles.partial_refs(601)]
    paths = ["checkpoint", "tile/0/001", "tile/entries/001", tiles.bundle_path(2, 89), *partial]
    published = [node.tile(path) for path in paths]
    node.close()
    before = seen(house.folder)

    with Reader.open(house.folder, high_water=house.notes) as record:
        assert (record.head, record.vkey, record.note) == (node.head, node.vkey, "")
        assert record.register.digest() == digest
        assert record.entries(0, 10_000) == expected
        assert record.entry(600) == expected[600]
        assert [record.tile(path) for path in paths] == published
        assert [record.tile(path) for path in ("tile/0/002", "tile/9", "log.key")] == [None] * 3
        for index in (-1, 601):
            with pytest.raises(IndexError):
                record.entry(index)

    assert seen(house.folder) == before


def test_useless_snapshots_are_left_where_they_are(house: House) -> None:
    """A damaged snapshot is ignored; removing it is for the node."""
    node = filled(house, 3)
    digest = node.register.digest()
    node.close()
    (snapshot,) = (house.folder / "snapshot").iterdir()
    snapshot.write_bytes(b"damaged")
    before = seen(house.folder)
    with Reader.open(house.folder, high_water=house.notes) as record:
        assert record.register.digest() == digest
    assert seen(house.folder) == before


def test_a_record_is_read_while_its_node_writes(house: House) -> None:
    """Every reader has a head that was committed, all of its entries and the register at it, while the record grows."""
    node = house.found()
    raws = [table(house.world, f"P{number}") for number in range(2000)]

    def write() -> None:
        for start in range(0, len(raws), 20):
            for future in node.submit_many(raws[start : start + 20]):
                future.result(30)

    writing = threading.Thread(target=write)
    writing.start()
    sizes: list[int] = []
    while len(sizes) < 3 or writing.is_alive():
        with Reader.open(house.folder, high_water=house.notes) as record:
            assert record.note == ""
            assert len(record.entries(0, 10_000)) == record.head.size
            assert len(record.register.tables["proposals"]) == record.head.size - 1
            sizes.append(record.head.size)
    writing.join()

    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1
    assert node.head.size == 2001
    node.close()


def test_a_reader_stays_at_its_head_when_a_node_begins_and_ends(house: House) -> None:
    """What was opened before a node began goes on to be read, also when the file beneath has been written to."""
    node = filled(house)
    entries, digest = node.entries(0, 601), node.register.digest()
    node.close()
    with Reader.open(house.folder, high_water=house.notes) as record:
        for name in ("first", "second"):
            node = house.open()
            receipt(node, table(house.world, name))
            assert record.entries(0, 10_000) == entries
            node.close()
            assert record.entries(0, 10_000) == entries
        assert record.register.digest() == digest
        assert record.tile("tile/entries/000") == tiles.encode_bundle(entries[:256])
    assert house.open().head.size == 603


READING = """
import sys
from pathlib import Path
from comity.node import Reader
with Reader.open(Path(sys.argv[1]), high_water=Path(sys.argv[2])) as record:
    print(record.head.size, record.register.digest())
"""


def read_powerless(folder: Path, notes: Path) -> str:
    """What a process reads that must obey the modes of files, even where the tests are run by root."""
    command = [sys.executable, "-c", READING, str(folder), str(notes)]
    if os.geteuid() == 0:
        found = shutil.which("setpriv")
        if found is None:
            pytest.skip("setpriv absent: root cannot be kept from writing")
        command = [found, "--inh-caps=-all", "--bounding-set=-all", *command]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def write_protected(folder: Path, protected: bool) -> None:
    """Take from everybody, or give back to the owner, the right to write in a folder."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222 if protected else mode | stat.S_IWUSR)


@pytest.mark.parametrize("without", [None, "record.sqlite-shm"])
@pytest.mark.parametrize("end", ["clean", "killed"])
def test_a_folder_that_cannot_be_written(house: House, end: str, without: str | None) -> None:
    """A copy on a read-only medium is read, be it of a clean end or of a crash, with or without SQLite's index."""
    folder = killed(house)
    if end == "clean":
        Node.open(folder, high_water=house.notes, workers=0).close()
    assert (folder / "record.sqlite-wal").exists() == (end == "killed")
    if without:
        (folder / without).unlink(missing_ok=True)
    write_protected(folder, True)
    before = seen(folder)
    try:
        told = read_powerless(folder, house.notes)
        assert seen(folder) == before
    finally:
        write_protected(folder, False)

    node = Node.open(folder, high_water=house.notes, workers=0)
    assert told == f"601 {node.register.digest()}"
    node.close()


def test_what_a_crash_left_is_not_recovered_by_reading(house: House) -> None:
    """In a copy without SQLite's index neither the index is made nor the log folded in, though it could be."""
    folder = killed(house)
    (folder / "record.sqlite-shm").unlink()
    before = seen(folder)
    with Reader.open(folder, high_water=house.notes) as record:
        assert record.head.size == 601
        assert len(record.entries(0, 601)) == 601
    assert seen(folder) == before


def test_an_older_copy_is_read_and_said_to_be_one(house: House) -> None:
    """What must not go on may be read; the note says why it does not go on, and is not written."""
    filled(house, 3).close()
    older = house.folder.with_name("older")
    shutil.copytree(house.folder, older)
    node = house.open()
    receipt(node, table(house.world, "later"))
    node.close()
    noted = seen(house.notes)

    with Reader.open(older, high_water=house.notes) as record:
        assert record.head.size == 4
        assert "4 entries, but this machine has committed 5" in record.note
        assert "comity restore" in record.note
    (path,) = house.notes.iterdir()
    assert seen(house.notes) == noted
    path.write_bytes(b"?")
    with Reader.open(older, high_water=house.notes) as record:
        assert "is damaged" in record.note


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE entries SET leaf = zeroblob(length(leaf)) WHERE number = 5", "do not have the root"),
        ("UPDATE entries SET leaf = zeroblob(length(leaf)) WHERE number = 0", "not a founding act"),
        ("DELETE FROM entries WHERE number = 5", "Entry 5 is missing"),
        ("DELETE FROM entries WHERE number = 600", "601 were committed"),
        ("UPDATE head SET root = zeroblob(32)", "do not have the root"),
        ("UPDATE head SET checkpoint = x'00'", "checkpoint"),
        ("PRAGMA user_version = 9", "layout"),
        ("DROP TABLE head", "cannot be read"),
    ],
)
def test_what_was_damaged_is_not_read(house: House, statement: str, says: str) -> None:
    """Whatever contradicts the signed root is named and gives no answer."""
    filled(house).close()
    alter(house, statement)
    with pytest.raises(Damaged, match=says):
        Reader.open(house.folder, high_water=house.notes)


def test_where_there_is_no_record_there_is_nothing_to_read(house: House, tmp_path: Path) -> None:
    """An empty folder and a founding that was cut short hold no record."""
    with pytest.raises(RecordAbsent):
        Reader.open(tmp_path, high_water=house.notes)
    filled(house, 1).close()
    alter(house, "DELETE FROM head")
    with pytest.raises(RecordAbsent):
        Reader.open(house.folder, high_water=house.notes)


def test_a_file_that_changes_is_not_taken_for_one_that_does_not(house: House) -> None:
    """Opened while no node ran, the file is opened anew once one has committed to it."""
    filled(house, 3).close()
    stored = StoredRecord(house.folder / "record.sqlite")
    sizes = []
    for name in ("first", "second"):
        node = house.open()
        receipt(node, table(house.world, name))
        head = stored.head()
        assert head
        sizes.append(head.head.size)
        node.close()
    stored.close()
    assert sizes == [5, 6]
