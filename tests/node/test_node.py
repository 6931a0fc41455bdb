# SPDX-License-Identifier: Apache-2.0
"""A node founds, takes acts, answers, publishes, ends and starts again."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable
from concurrent.futures import wait
from hashlib import sha256
from pathlib import Path

import pytest
from tests.node.conftest import House
from tests.node.proving import Witness, published
from tests.world import SECRETARIAT, World

from comity.charter.refusal import Refused
from comity.charter.register import encode
from comity.dialogue.acts import CastVote, OpenVote, TableProposal
from comity.dialogue.tables import Proposal, Vote
from comity.node import (
    Busy,
    Failed,
    Head,
    Locked,
    Node,
    Receipt,
    RecordAbsent,
    RecordExists,
    SignedRefusal,
    Unwritable,
    refusal_text,
)
from comity.record import checkpoint, envelope, merkle, note, proof, tiles
from comity.record.note import VerifierKey


def table(world: World, name: str, holder: str = SECRETARIAT) -> bytes:
    """A proposal, tabled."""
    return world.seal(TableProposal(proposal=name, organ="plenary", title=f"On {name}"), holder)


def receipt(node: Node, raw: bytes) -> Receipt:
    """Submit what is in order."""
    answer = node.submit(raw).result(10)
    assert isinstance(answer, Receipt), answer
    return answer


def refusal(node: Node, raw: bytes) -> SignedRefusal:
    """Submit what is not in order."""
    answer = node.submit(raw).result(10)
    assert isinstance(answer, SignedRefusal)
    return answer


def test_founding_makes_entry_0_whose_receipt_verifies(house: House) -> None:
    """The founding act is entry 0, and its proof holds under the log's key."""
    node = house.found()
    key = VerifierKey.parse(node.vkey)
    assert key.public == house.world.log_key.public
    found = proof.verify(proof.parse(node.receipt(0)), node.entry(0), "world.example/1", [key])
    assert (found.size, found.root) == (1, node.head.root)
    assert envelope.split_leaf(node.entry(0))[1] == house.world.founding


def test_the_log_key_is_readable_by_its_owner_alone(house: House) -> None:
    """The private key of the log has mode 0600."""
    house.found()
    assert stat.S_IMODE((house.folder / "log.key").stat().st_mode) == 0o600


def test_an_organisation_is_founded_once(house: House) -> None:
    """A folder that holds a record is not founded again."""
    house.found().close()
    with pytest.raises(RecordExists):
        house.found()


def test_a_founding_act_that_is_not_in_order_leaves_no_record(house: House) -> None:
    """A stripped founding act is refused, and the folder can be founded afterwards."""
    whole = house.world.founding
    house.world.founding = table(house.world, "P1")
    with pytest.raises(Refused):
        house.found()
    with pytest.raises(RecordAbsent):
        house.open()
    house.world.founding = whole
    assert house.found().head.size == 1


def test_an_act_is_folded_logged_and_receipted(house: House) -> None:
    """What is answered with a receipt is in the register, on the record, and provable offline."""
    node = house.found()
    raw = table(house.world, "P1")
    got = receipt(node, raw)
    assert (got.index, got.duplicate) == (1, False)
    assert node.register.get(Proposal, "P1") is not None
    assert node.entry(1) == envelope.leaf(got.stamp, raw)
    assert node.find(bytes.fromhex(got.id)) == 1
    key = VerifierKey.parse(node.vkey)
    assert proof.verify(proof.parse(got.proof), node.entry(1), key.name, [key]).size == 2


def test_an_act_sees_the_acts_before_it_in_the_same_batch(house: House) -> None:
    """A vote can be opened and taken part in by one submission."""
    node, world = house.found(), house.world
    raws = [
        table(world, "P1"),
        world.seal(OpenVote(proposal="P1", deadline=node.head.stamp + 10**6), SECRETARIAT),
        world.seal(CastVote(vote="P1/1", position="yes"), "member/M001"),
    ]
    answers = [future.result(10) for future in node.submit_many(raws)]
    assert [answer.index for answer in answers if isinstance(answer, Receipt)] == [1, 2, 3]
    vote = node.register.get(Vote, "P1/1")
    assert vote is not None
    assert vote.positions == "-y-"


def test_a_duplicate_gets_the_first_receipt_again_also_after_a_restart(house: House) -> None:
    """An act is logged once: in a batch, in a later batch and after a restart it is given its first place."""
    node = house.found()
    raw = table(house.world, "P1")
    first, second = (future.result(10) for future in node.submit_many([raw, raw]))
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    third = receipt(node, raw)
    node.close()
    node = house.open()
    fourth = receipt(node, raw)
    assert [one.index for one in (first, second, third, fourth)] == [1, 1, 1, 1]
    assert [one.duplicate for one in (first, second, third, fourth)] == [False, True, True, True]
    assert {one.stamp for one in (first, second, third, fourth)} == {first.stamp}
    assert node.head.size == 2


def test_a_refusal_is_signed_and_logs_nothing(house: House) -> None:
    """A refusal names code, rule, position and stamp over the log's signature, and no checkpoint can be made of it."""
    node = house.found()
    receipt(node, table(house.world, "P1"))
    before = node.head
    raw = table(house.world, "P1")
    answer = refusal(node, raw)
    assert answer.refusal.code == "proposal.exists"
    assert (answer.act, answer.size) == (sha256_of(raw), 2)
    key = VerifierKey.parse(node.vkey)
    signed = note.parse(answer.note.encode())
    assert note.verify(signed, [key]) == [key]
    assert signed.text == refusal_text(key.name, answer.refusal, answer.act, 2, answer.stamp)
    assert sha256(encode(answer.refusal)).hexdigest() in signed.text
    with pytest.raises(Exception, match="checkpoint"):
        checkpoint.open_checkpoint(answer.note.encode(), key.name, [key])
    assert node.head == before
    assert node.counters.refusals == {"proposal.exists": 1}


def sha256_of(raw: bytes) -> str:
    """The act id of an envelope."""
    return envelope.open_envelope(raw).id.hex()


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda world: b"{}", "form"),
        (lambda world: b" " + table(world, "X"), "form"),
        (lambda world: b"x" * 60_000, "size"),
        (
            lambda world: world.seal(TableProposal(proposal="X", organ="plenary", title="t"), SECRETARIAT, expires=1),
            "expiry",
        ),
        (
            lambda world: world.seal(TableProposal(proposal="X", organ="nobody", title="t"), SECRETARIAT),
            "organ.unknown",
        ),
        (
            lambda world: world.seal(
                TableProposal(proposal="X", organ="plenary", title="t"), SECRETARIAT, organisation="0" * 64
            ),
            "organisation",
        ),
        (
            lambda world: world.seal(TableProposal(proposal="X", organ="plenary", title="t"), SECRETARIAT, counter=1),
            "counter",
        ),
        (lambda world: forged(world), "signature"),
        (lambda world: stranger(world), "key"),
    ],
)
def test_what_is_not_in_order_is_refused_by_name(
    house: House, spoil: Callable[[World], bytes], code: str, workers: int
) -> None:
    """Each kind of bad input gets its signed refusal, alone and among good acts, with and without workers."""
    node = house.found(workers=workers)
    raws = [table(house.world, f"G{number}") for number in range(40)]
    raws.insert(20, spoil(house.world))
    raws += [table(house.world, "last")]
    answers = [future.result(20) for future in node.submit_many(raws)]
    refused = answers.pop(20)
    assert isinstance(refused, SignedRefusal)
    assert refused.refusal.code == code
    assert refused.size <= 21
    assert [one.index for one in answers if isinstance(one, Receipt)] == list(range(1, 42))


def forged(world: World) -> bytes:
    """An act whose signature is of other bytes."""
    raw = table(world, "F")
    opened = envelope.open_envelope(raw)
    wrong = world.keys[SECRETARIAT].sign(b"something else")
    return envelope.assemble(opened.kind, opened.payload, {opened.signatures[0][0]: wrong})


def stranger(world: World) -> bytes:
    """An act by a key that nobody registered."""
    world.keys["member/nobody"] = world.key("nobody")
    return table(world, "S", "member/nobody")


def test_many_acts_by_workers_are_as_without_them(house: House, tmp_path: Path) -> None:
    """With verification in other processes the record holds the same acts in the same order."""
    node = house.found(workers=2)
    raws = [table(house.world, f"P{number}") for number in range(2500)]
    futures = node.submit_many(raws)
    assert wait(futures, 60).not_done == set()
    assert [envelope.split_leaf(leaf)[1] for leaf in node.entries(1, 2501)] == raws
    assert node.counters.acts == 2500
    witness = Witness(node.vkey)
    for future in futures[::100]:
        answer = future.result()
        assert isinstance(answer, Receipt)
        witness.given(answer.index, answer.id, answer.proof)
    witness.examine(node)


def test_a_dead_worker_costs_no_act(house: House) -> None:
    """Where a worker is killed the writer verifies by itself, and the next batch has a new worker."""
    node = house.found(workers=1)
    for name in ("A", "B", "C"):
        worker = node._verifiers._workers[0].process
        worker.kill()
        worker.wait()
        futures = node.submit_many([table(house.world, f"{name}{number}") for number in range(100)])
        assert all(isinstance(future.result(20), Receipt) for future in futures)


def test_each_of_many_futures_waits_for_its_own_answer(house: House) -> None:
    """Futures of one submission share a condition; being woken for another one's batch is no answer."""
    node = house.found(deliver=lambda work: threading.Timer(0.02, work).start())
    futures = node.submit_many([table(house.world, f"P{number}") for number in range(3000)])
    answer = futures[-1].result(30)
    assert isinstance(answer, Receipt)
    assert answer.index == 3000
    assert futures[-1].exception(0) is None
    assert not futures[0].cancel()


def test_a_future_can_be_awaited(house: House) -> None:
    """The futures are those of the standard library: asyncio can wait for one, and for all of a submission."""
    node = house.found()
    raws = [table(house.world, f"P{number}") for number in range(10)]

    async def wait_for_all() -> list[int]:
        answers = await asyncio.gather(*map(asyncio.wrap_future, node.submit_many(raws)))
        return [answer.index for answer in answers if isinstance(answer, Receipt)]

    assert asyncio.run(wait_for_all()) == list(range(1, 11))


def test_nobody_sees_a_batch_before_it_is_delivered(house: House) -> None:
    """Register, head and receipts change together, inside `deliver`, and the next batch waits for that."""
    held: list[Callable[[], None]] = []
    came = threading.Event()

    def deliver(work: Callable[[], None]) -> None:
        held.append(work)
        came.set()

    node = house.found(deliver=deliver)
    first = node.submit(table(house.world, "P1"))
    assert came.wait(10)
    second = node.submit(table(house.world, "P2"))
    assert not first.done()
    assert node.register.get(Proposal, "P1") is None
    assert node.head.size == 1
    assert node.entries(0, 10) == [node.entry(0)]
    with pytest.raises(IndexError):
        node.receipt(1)
    came.clear()
    held.pop()()
    assert first.done()
    assert node.register.get(Proposal, "P1") is not None
    assert came.wait(10)
    assert not second.done()
    held.pop()()
    assert second.done()
    assert node.head.size == 3


def test_an_application_takes_delivery_over_while_it_runs(house: House) -> None:
    """`deliver` can be set on a running node, and set back."""
    node = house.found()
    before, threads = node.deliver, []

    def elsewhere(work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        threads.append(thread)
        thread.start()

    node.deliver = elsewhere
    assert receipt(node, table(house.world, "P1")).index == 1
    assert len(threads) == 1
    node.deliver = before
    assert receipt(node, table(house.world, "P2")).index == 2
    assert len(threads) == 1


def test_closing_does_not_wait_for_a_thread_that_is_gone(house: House) -> None:
    """Where nobody runs what is delivered any more, closing does it."""
    node = house.found(deliver=lambda work: None)
    future = node.submit(table(house.world, "P1"))
    node.close()
    assert isinstance(future.result(0), Receipt)
    assert house.open().head.size == 2


def test_subscribers_hear_of_each_new_head(house: House) -> None:
    """A subscriber is called with the head after each merge, until it leaves; refusals make no head."""
    node = house.found()
    heard: list[Head] = []
    leave = node.subscribe(heard.append)
    receipt(node, table(house.world, "P1"))
    refusal(node, b"{}")
    leave()
    receipt(node, table(house.world, "P2"))
    assert [head.size for head in heard] == [2]


def test_a_full_queue_turns_acts_away_with_a_time_to_wait(house: House) -> None:
    """Beyond the queue's length `submit` raises Busy; what was taken is answered all the same."""
    gate = threading.Event()
    node = house.found(queue=4, after=lambda step: gate.wait(10) and None if step == "taken" else None)
    taken = [node.submit(table(house.world, "first"))]
    turned_away = 0
    for number in range(12):
        try:
            taken.append(node.submit(table(house.world, f"P{number}")))
        except Busy as busy:
            turned_away += busy.retry_after >= 1
    gate.set()
    assert turned_away >= 7
    assert len(taken) + turned_away == 13
    assert all(isinstance(future.result(10), Receipt) for future in taken)
    assert node.counters.busy == turned_away
    assert node.head.size == 1 + len(taken)


def test_a_closed_node_takes_nothing_more(house: House) -> None:
    """After `close` an act is turned away, not lost."""
    node = house.found()
    node.close()
    with pytest.raises(Unwritable):
        node.submit(table(house.world, "P1"))


def test_a_failed_node_answers_nothing(house: House) -> None:
    """After an unexpected error the node raises on every call, tells the operator, and recovers with a restart."""
    told: list[str] = []

    def break_at_merge(step: str) -> None:
        if step == "merged":
            raise RuntimeError("something broke")

    node = house.found(workers=0)
    node.close()
    node = house.open(after=break_at_merge, on_failure=told.append)
    raw = table(house.world, "P1")
    with pytest.raises(Failed):
        node.submit(raw).result(10)
    node._writer._thread.join()
    assert told == [node.failed]
    for ask in (lambda: node.register, lambda: node.head, lambda: node.entry(0), lambda: node.tile("checkpoint")):
        with pytest.raises(Failed):
            ask()
    with pytest.raises(Failed):
        node.submit(raw)
    node.close()
    # It had been committed, so that the same envelope gets its first place.
    again = receipt(house.open(), raw)
    assert (again.index, again.duplicate) == (1, True)


def test_two_nodes_do_not_run_on_one_folder(house: House) -> None:
    """The second node is told that the first one runs."""
    house.found()
    with pytest.raises(Locked, match="Another node runs"):
        house.open()


def test_the_folder_is_a_complete_log_after_a_clean_end(house: House) -> None:
    """Checkpoint, tiles and bundles, partial ones included, are files; what they replace is gone."""
    node = house.found()
    for size in (300, 700):
        futures = node.submit_many([table(house.world, f"P{size}.{number}") for number in range(size)])
        assert all(isinstance(future.result(20), Receipt) for future in futures)
        head = node.head
        key = VerifierKey.parse(node.vkey)
        node.close()
        found = checkpoint.open_checkpoint((house.folder / "checkpoint").read_bytes(), key.name, [key])
        assert found.size == head.size
        tree = merkle.Tree()
        for entry in published(house.folder, found.size):
            tree.append(merkle.leaf_hash(entry))
        assert tree.root() == found.root
        for ref in (*tiles.tiles_for(0, found.size), *tiles.partial_refs(found.size)):
            assert (house.folder / ref.path).read_bytes() == tiles.tile_content(tree, ref)
        node = house.open()
    files = {str(path.relative_to(house.folder)) for path in (house.folder / "tile").rglob("*") if path.is_file()}
    expected = {ref.path for ref in (*tiles.tiles_for(0, 1001), *tiles.partial_refs(1001))}
    expected |= {ref.bundle.path for ref in (*tiles.tiles_for(0, 1001), *tiles.partial_refs(1001)) if ref.level == 0}
    assert files == expected


def test_tiles_are_served_for_every_committed_size(house: House) -> None:
    """Full and partial tiles come from memory and store; what is not committed, or not a path, is not there."""
    node = house.found()
    for future in node.submit_many([table(house.world, f"P{number}") for number in range(300)]):
        future.result(20)
    tree = merkle.Tree()
    for entry in node.entries(0, 301):
        tree.append(merkle.leaf_hash(entry))
    assert node.tile("checkpoint") == node.head.checkpoint
    assert node.tile("tile/0/000") == tree.nodes(0, 0, 256)
    assert node.tile("tile/0/001.p/45") == tree.nodes(0, 256, 301)
    assert node.tile("tile/0/000.p/7") == tree.nodes(0, 0, 7)
    assert node.tile("tile/1/000.p/1") == tree.nodes(8, 0, 1)
    bundle = node.tile("tile/entries/001.p/45")
    assert bundle is not None
    assert tiles.decode_bundle(bundle) == node.entries(256, 301)
    for absent in ("tile/0/001", "tile/0/001.p/46", "tile/2/000.p/1", "tile/0/1", "etc/passwd", "tile/entries/001"):
        assert node.tile(absent) is None
