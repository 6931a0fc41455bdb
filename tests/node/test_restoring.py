# SPDX-License-Identifier: Apache-2.0
"""A data folder is made, or an older copy completed, from a public copy; never less than was committed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.node.conftest import House
from tests.node.proving import Witness, published
from tests.node.test_node import receipt, table
from tests.node.test_start import alter, filled, flip
from tests.world import World

from comity.node import (
    CannotStart,
    Damaged,
    Locked,
    NotRestored,
    OlderCopy,
    Reader,
    RecordExists,
    Restored,
    Void,
    restore,
)
from comity.node.logkey import write_log_key
from comity.node.steps import RESTORING
from comity.record.ed25519 import generate


def entries(folder: Path) -> list[bytes]:
    """What a public copy of the record in the folder holds."""
    with Reader.open(folder) as record:
        return record.entries(0, record.head.size)


def lose(house: House) -> None:
    """The data folder and the machine's notes are gone; what follows is another machine."""
    shutil.rmtree(house.folder)
    shutil.rmtree(house.notes)


def older(house: House, later: int = 300) -> tuple[Path, Witness]:
    """A copy of 601 entries, of a record that went on to have more; and who was given the later receipts."""
    filled(house).close()
    copy = house.folder.with_name("older")
    shutil.copytree(house.folder, copy)
    node = house.open()
    witness = Witness(node.vkey)
    for number in range(later):
        got = receipt(node, table(house.world, f"L{number}"))
        witness.given(got.index, got.id, got.proof)
    node.close()
    return copy, witness


def again(house: House, folder: Path, copy: list[bytes]) -> Restored:
    """Restore with the machine's note and the log's key."""
    return restore(folder, copy, house.world.log_key, high_water=house.notes)


def unchanged(folder: Path) -> dict[str, bytes]:
    """The files of a folder that hold what cannot be made again, and the published ones."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".sqlite-shm"
    }


def test_a_lost_record_goes_on_from_a_public_copy(house: House) -> None:
    """On a new machine the folder is made from entries and key: every receipt holds, and it goes on."""
    node = filled(house)
    witness = Witness(node.vkey)
    got = receipt(node, table(house.world, "last"))
    witness.given(got.index, got.id, got.proof)
    head, digest = node.head, node.register.digest()
    node.close()
    copy = entries(house.folder)
    files = unchanged(house.folder / "tile")
    lose(house)

    assert again(house, house.folder, copy) == Restored(602, head.root, 0, None)

    assert published(house.folder, 602) == copy
    assert unchanged(house.folder / "tile") == files
    assert (house.folder / "checkpoint").read_bytes() == head.checkpoint
    assert (house.folder / "log.key").stat().st_mode & 0o777 == 0o600
    node = house.open()
    assert (node.head, node.register.digest()) == (head, digest)
    assert receipt(node, table(house.world, "onwards")).index == 602
    witness.examine(node)


def test_an_older_copy_is_completed_and_goes_on(house: House) -> None:
    """What the high-water note refused starts when it has the missing entries; the later receipts hold."""
    copy, witness = older(house)
    public = entries(house.folder)
    shutil.rmtree(house.folder)
    house.folder = copy
    with pytest.raises(OlderCopy, match="comity restore DIR --from"):
        house.open()

    done = again(house, copy, public)

    assert (done.size, done.had, done.noted) == (901, 601, 901)
    assert published(copy, 901) == public
    node = house.open()
    assert receipt(node, table(house.world, "onwards")).index == 901
    witness.examine(node)


def test_a_whole_record_is_left_as_it_is(house: House) -> None:
    """Restoring what lacks nothing adds nothing."""
    filled(house, 3).close()
    before = unchanged(house.folder)
    done = again(house, house.folder, entries(house.folder))
    assert (done.size, done.had) == (4, 4)
    assert unchanged(house.folder) == before


def test_never_less_than_this_machine_has_committed(house: House) -> None:
    """A copy that is older than the note restores nothing, neither into a new folder nor into an older copy."""
    copy, _ = older(house, 3)
    public = entries(house.folder)
    shutil.rmtree(house.folder)
    before = unchanged(copy)
    for folder in (house.folder, copy):
        with pytest.raises(OlderCopy, match="The copy has 602 entries, but this machine has committed 604"):
            again(house, folder, public[:602])
    assert not house.folder.exists()
    assert unchanged(copy) == before
    assert list(house.folder.parent.glob(".*")) == []


def test_another_branch_than_the_note_s_restores_nothing(house: House) -> None:
    """A copy that lacks what this machine has committed is refused, however long it is."""
    copy, _ = older(house, 1)
    elsewhere = House(house.folder.parent, house.world)
    elsewhere.folder, elsewhere.notes = copy, house.notes.with_name("elsewhere")
    node = elsewhere.open()
    for name in ("there", "further"):
        receipt(node, table(house.world, name))
    node.close()
    public = entries(copy)
    shutil.rmtree(house.folder)
    with pytest.raises(OlderCopy, match="another branch"):
        again(house, house.folder, public)
    assert not house.folder.exists()


def test_a_newer_folder_is_left_as_it_is(house: House) -> None:
    """Where the folder has more than the copy and there is no note, nothing is cut back."""
    filled(house, 5).close()
    copy = entries(house.folder)[:3]
    shutil.rmtree(house.notes)
    before = unchanged(house.folder)
    with pytest.raises(RecordExists, match="has 6 entries, more than the copy, which has 3"):
        again(house, house.folder, copy)
    assert unchanged(house.folder) == before


def test_another_record_is_left_as_it_is(house: House, tmp_path: Path) -> None:
    """A folder of another organisation is no older copy of this one."""
    other = House(tmp_path / "other", World(members=2))
    filled(other, 2).close()
    filled(house, 5).close()
    before = unchanged(other.folder)
    with pytest.raises(RecordExists, match="another record"):
        again(house, other.folder, entries(house.folder))
    assert unchanged(other.folder) == before


def test_a_folder_with_other_things_is_left_as_it_is(house: House, tmp_path: Path) -> None:
    """Only a folder that is not there, or is empty, becomes a data folder."""
    filled(house, 1).close()
    copy = entries(house.folder)
    (tmp_path / "things").mkdir()
    again(house, tmp_path / "things", copy)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    (tmp_path / "file").write_text("dear")
    for name in ("mine", "file"):
        with pytest.raises(NotRestored):
            again(house, tmp_path / name, copy)
    alter(house, "DELETE FROM head")
    with pytest.raises(NotRestored, match="was to be founded"):
        again(house, house.folder, copy)


def test_the_key_must_be_the_log_s(house: House, tmp_path: Path) -> None:
    """A key that the founding act does not name restores nothing; none is overwritten, a lost one is put back."""
    filled(house, 2).close()
    copy = entries(house.folder)
    with pytest.raises(Damaged, match="not the one that the founding act names"):
        restore(tmp_path / "new", copy, generate(), high_water=house.notes)
    assert not (tmp_path / "new").exists()
    (house.folder / "log.key").unlink()
    write_log_key(house.folder, generate())
    with pytest.raises(Damaged, match="not this log's key"):
        again(house, house.folder, copy)
    (house.folder / "log.key").unlink()
    again(house, house.folder, copy)
    assert house.open().head.size == 3


def tampered(copy: list[bytes]) -> list[bytes]:
    """A signature altered."""
    at = copy[2].rindex(b'"sig":"') + 9
    return [*copy[:2], copy[2][:at] + (b"A" if copy[2][at : at + 1] != b"A" else b"B") + copy[2][at + 1 :], *copy[3:]]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (tampered, "Entry 2 is void.*signature"),
        (lambda copy: [copy[0], *copy[2:1:-1], copy[1]], "Entry 2 is void"),
        (lambda copy: copy[1:], "Entry 0 is void"),
        (lambda copy: [*copy, b""], "Entry 4 is void"),
        (lambda copy: [], "no entries"),
    ],
)
def test_a_copy_that_is_not_in_order_restores_nothing(
    house: House, tmp_path: Path, harm: Callable[[list[bytes]], list[bytes]], says: str
) -> None:
    """Every entry is folded and every signature verified before anything is written."""
    filled(house, 3).close()
    with pytest.raises(Void, match=says):
        again(house, tmp_path / "new", harm(entries(house.folder)))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM entries WHERE number = 2", "UPDATE entries SET leaf = x'00' WHERE number = 2", "DROP TABLE head"],
)
def test_a_damaged_folder_is_not_completed_but_made_anew(house: House, statement: str) -> None:
    """Entries that are not those of the head may hide anything: the folder is moved away, as it is told."""
    copy, _ = older(house, 3)
    public = entries(house.folder)
    shutil.rmtree(house.folder)
    house.folder = copy
    alter(house, statement)
    with pytest.raises(Damaged):
        again(house, copy, public)
    copy.rename(copy.with_name("away"))
    again(house, copy, public)
    assert house.open().head.size == 604


def test_a_damaged_note_restores_nothing(house: House, tmp_path: Path) -> None:
    """A note that cannot be read may have said anything."""
    filled(house, 3).close()
    (note,) = house.notes.iterdir()
    flip(note)
    with pytest.raises(CannotStart, match="is damaged"):
        again(house, tmp_path / "new", entries(house.folder))


def test_not_while_a_node_runs(house: House) -> None:
    """A folder on which a node runs is that node's."""
    node = filled(house, 3)
    with pytest.raises(Locked):
        again(house, house.folder, node.entries(0, 4))


class Cut(Exception):
    """The end, at a step."""


@pytest.mark.parametrize("step", RESTORING)
@pytest.mark.parametrize("anew", [True, False])
def test_wherever_it_ends_it_can_be_done_again(house: House, step: str, anew: bool) -> None:
    """After an end at any step the folder is as it was or as restored; a second attempt restores, and it goes on."""
    copy, witness = older(house, 200)
    public = entries(house.folder)
    if anew:
        lose(house)
    else:
        shutil.rmtree(house.folder)
        house.folder = copy
    passed = []

    def cut(done: str) -> None:
        passed.append(done)
        if done == step:
            raise Cut

    try:
        restore(house.folder, public, house.world.log_key, high_water=house.notes, after=cut)
    except Cut:
        pass
    assert (step in passed) or (not anew and step in ("folder made", "renamed"))
    if house.folder.exists():
        with Reader.open(house.folder, high_water=house.notes) as record:
            assert record.head.size in ((801,) if anew else (601, 801))

    assert again(house, house.folder, public).size == 801
    assert list(house.folder.parent.glob(".*")) == []
    node = house.open()
    assert receipt(node, table(house.world, "onwards")).index == 801
    witness.examine(node)


def test_what_a_killed_attempt_left_is_cleared_away(house: House) -> None:
    """A folder beside the place, half built when the power went, is of no consequence."""
    filled(house, 3).close()
    public = entries(house.folder)
    shutil.rmtree(house.folder)
    left = house.folder.with_name(f".{house.folder.name}.restoring")
    (left / "tile").mkdir(parents=True)
    (left / "record.sqlite").write_bytes(b"half")
    again(house, house.folder, public)
    assert not left.exists()
    assert house.open().head.size == 4
