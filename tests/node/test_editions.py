# SPDX-License-Identifier: Apache-2.0
"""Editions (law 2): a program that does not know the register's edition stops, and judges nothing by its own rules."""

from __future__ import annotations

import shutil

import pytest
from tests.node.conftest import House
from tests.node.test_node import table
from tests.world import SECRETARIAT

from comity.charter.refusal import UnknownEdition
from comity.dialogue.acts import CastVote, CloseVote, DeclareVote, OpenVote, TableProposal
from comity.dialogue.tables import Enactment
from comity.node import CannotStart, Damaged, Head, Reader, Unwritable, restore
from comity.node.recovery import grow
from comity.node.store import Store
from comity.record import checkpoint
from comity.record.merkle import leaf_hash
from comity.record.note import NoteSigner


def raising_the_edition(house: House, now: int) -> list[bytes]:
    """The five acts by which the plenary raises the edition."""
    world = house.world
    raises = Enactment(kind="edition.raise", act={"edition": 2})
    counts = {"yes": 1, "no": 0, "abstain": 0}
    return [
        world.seal(TableProposal(proposal="E", organ="plenary", title="Edition 2", enacts=raises), SECRETARIAT),
        world.seal(OpenVote(proposal="E", deadline=now + 10**6), SECRETARIAT),
        world.seal(CastVote(vote="E/1", position="yes"), "member/M000"),
        world.seal(CloseVote(vote="E/1"), SECRETARIAT),
        world.seal(DeclareVote(vote="E/1", outcome="adopted", reason="majority", counts=counts), SECRETARIAT),
    ]


def test_an_edition_that_the_program_does_not_know_ends_writing_after_its_act(house: House) -> None:
    """The act that raises the edition is logged; what follows, even in its batch, needs a program that knows it."""
    node, world = house.found(), house.world
    *before, after = node.submit_many([*raising_the_edition(house, node.head.stamp), table(world, "P1")])
    assert [future.result(10).index for future in before] == [1, 2, 3, 4, 5]
    with pytest.raises(Unwritable, match="edition 2"):
        after.result(10)
    with pytest.raises(Unwritable, match="edition 2"):
        node.submit(table(world, "P2"))
    assert node.head.size == 6
    node.close()
    assert house.open().head.size == 6


MALFORMED = b'{"of a later edition": true}'


def test_after_an_unknown_edition_not_even_a_form_is_judged(house: House) -> None:
    """What this program cannot read may be in order in the edition that was raised: it is turned away, not refused."""
    node = house.found()
    *before, after = node.submit_many([*raising_the_edition(house, node.head.stamp), MALFORMED])
    assert [future.result(10).index for future in before] == [1, 2, 3, 4, 5]
    with pytest.raises(Unwritable, match="edition 2"):
        after.result(10)
    node.close()
    node = house.open()
    with pytest.raises(Unwritable, match="edition 2"):
        node.submit(MALFORMED).result(10)
    assert node.counters.refusals == {}


def test_a_record_that_a_later_edition_went_on_with_is_not_called_damaged(house: House) -> None:
    """A program that does not know the edition names the release that it needs, whatever the entry looks like."""
    node = house.found()
    for future in node.submit_many(raising_the_edition(house, node.head.stamp)):
        future.result(10)
    node.close()
    leaf = node.head.stamp.to_bytes(8, "big") + MALFORMED
    append_behind_its_back(house, leaf)
    shutil.rmtree(house.folder / "snapshot")
    with pytest.raises(CannotStart, match="edition 2") as caught:
        house.open()
    assert not isinstance(caught.value, Damaged)
    with Reader.open(house.folder, high_water=house.notes) as record, pytest.raises(CannotStart, match="edition 2"):
        _ = record.register
    with pytest.raises(UnknownEdition, match="edition 2"):
        restore(house.folder.with_name("new"), record_of(house), house.world.log_key, high_water=house.notes)


def append_behind_its_back(house: House, leaf: bytes) -> None:
    """Log an entry as a later program would, with the log's own key."""
    store = Store(house.folder / "record.sqlite", lambda _: None)
    stored = store.head()
    assert stored
    tree, _ = grow(store, None)
    tree.extend(leaf_hash(leaf))
    signer = NoteSigner("world.example/1", house.world.log_key)
    text = checkpoint.sign(checkpoint.Checkpoint(signer.name, tree.size, tree.root()), signer)
    head = Head(tree.size, tree.root(), stored.head.stamp, text)
    store.append(stored.head.size, [(stored.head.size, 0, leaf)], head, tree.frontier())
    store.close()


def record_of(house: House) -> list[bytes]:
    """All entries in the folder."""
    with Reader.open(house.folder, high_water=house.notes) as record:
        return record.entries(0, record.head.size)
