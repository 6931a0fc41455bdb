# SPDX-License-Identifier: Apache-2.0
"""A fault at every step of the write path: an exception there, and the end of the process there; then a restart."""

from __future__ import annotations

import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

import pytest
from tests.node import faulty
from tests.node.proving import Witness
from tests.world import World

from comity.charter.fold import open_act
from comity.node import Node, NodeError, Receipt, RecordAbsent
from comity.node.steps import FOUNDING, STEPS
from comity.record.note import VerifierKey

ROOT = Path(__file__).parents[2]
TIMES = dict.fromkeys(STEPS, (1, 3)) | dict.fromkeys(FOUNDING, (1,))


class Injected(Exception):
    """The fault of a test."""


def recover(place: Path, world: World, witness: Witness) -> None:
    """Start again, submit everything once more, and hold the record to what was given before."""
    data, notes = place / "data", place / "notes"
    try:
        node = Node.open(data, high_water=notes, workers=0)
    except RecordAbsent:
        assert not witness.receipts
        node = Node.found(data, world.founding, world.log_key, high_water=notes, workers=0)
    try:
        witness.examine(node)
        for round in range(faulty.ROUNDS):
            for group in faulty.acts(world, round):
                for raw, future in zip(group, node.submit_many(group), strict=True):
                    answer = future.result(30)
                    assert isinstance(answer, Receipt), answer
                    # Each act has one place, the one that was promised where one was.
                    assert node.find(open_act(raw).id) == answer.index
                    witness.given(answer.index, answer.id, answer.proof)
        assert node.head.size == 1 + faulty.ROUNDS * sum(faulty.GROUPS)
        witness.examine(node)
    finally:
        node.close()
    again = Node.open(data, high_water=notes, workers=0)
    witness.examine(again)
    again.close()


def witness_of(world: World) -> Witness:
    """Somebody who knows the log's key and nothing else."""
    return Witness(VerifierKey("world.example/1", world.log_key.public).vkey())


def test_the_scenario_passes_every_step(tmp_path: Path) -> None:
    """The scenario without a fault goes through each step at least as often as faults are injected there."""
    passed: list[str] = []
    world = faulty.world(time.time_ns() // 1_000_000)
    faulty.run(tmp_path / "data", tmp_path / "notes", world, passed.append, lambda receipt: None)
    assert {step for step in STEPS if passed.count(step) < max(TIMES[step])} <= {
        "closed",
        "partials written",
        "checkpoint written",
    }
    assert set(passed) == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_an_exception_at_any_step_loses_and_forks_nothing(tmp_path: Path, step: str) -> None:
    """The node stops, or founding fails; after a restart every receipt holds and every act is in its one place."""
    world = faulty.world(time.time_ns() // 1_000_000)
    witness = witness_of(world)
    left = TIMES[step][-1]

    def hook(done: str) -> None:
        nonlocal left
        if done == step:
            left -= 1
            if not left:
                raise Injected(step)

    # A fault in the snapshot's thread is reported by `close`; elsewhere the node fails, and says so to all who wait.
    try:
        faulty.run(
            tmp_path / "data",
            tmp_path / "notes",
            world,
            hook,
            lambda receipt: witness.given(receipt.index, receipt.id, receipt.proof),
        )
    except (Injected, NodeError):
        pass
    recover(tmp_path, world, witness)


@pytest.mark.parametrize(("step", "nth"), [(step, nth) for step in STEPS for nth in TIMES[step]])
def test_the_end_of_the_process_at_any_step_loses_and_forks_nothing(tmp_path: Path, step: str, nth: int) -> None:
    """As if the power had been cut there: the next start recovers by itself, and every receipt holds."""
    now = time.time_ns() // 1_000_000
    world = faulty.world(now)
    witness = witness_of(world)
    command = [
        sys.executable,
        "-m",
        "tests.node.faulty",
        tmp_path / "data",
        tmp_path / "notes",
        step,
        str(nth),
        str(now),
    ]
    ended = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode in (0, faulty.EXIT), ended.stderr
    for given in ended.stdout.splitlines():
        index, act, proof = given.split(" ")
        witness.given(int(index), act, b64decode(proof))
    recover(tmp_path, world, witness)
