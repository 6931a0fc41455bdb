# SPDX-License-Identifier: Apache-2.0
"""Acts per second through the writer, beside bare verification of the same signatures.

In each round: votes are opened and the positions of all members signed, untimed; bare verification is timed, then the
writer from submission to the last receipt, then bare verification again; votes are closed and declared, untimed. What
is timed of the writer is everything: form, signature, charter, fold, Merkle tree, signed checkpoint, the commit with
synchronous FULL and the forced high-water note.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from comity.bench import bare
from comity.bench.world import World, logged
from comity.node import Node

Found = dict[str, Any]


def one_core(folder: Path, rollcalls: int, rounds: int, members: int) -> Found:
    """The writer that verifies by itself, and bare verification by one process, both on the first processor."""
    bare.pin(bare.processors()[:1])
    world = World(members)
    node = world.found(folder, workers=0)
    try:
        return _alternate(world, node, rollcalls, rounds, bare.verify_seconds)
    finally:
        node.close()


def two_cores(folder: Path, rollcalls: int, rounds: int, members: int) -> Found:
    """The writer with its workers, and bare verification by two processes, both on two processors."""
    two = bare.processors()[:2]
    bare.pin(two)
    world = World(members)
    node = world.found(folder, workers=None)
    try:
        with bare.pair(two) as pair:
            return _alternate(world, node, rollcalls, rounds, pair.seconds)
    finally:
        node.close()


def _alternate(
    world: World, node: Node, rollcalls: int, rounds: int, verify: Callable[[list[bare.Message]], float]
) -> Found:
    ratios, acts_rates, bare_rates = [], [], []
    for number in range(rounds + 1):
        votes = [_opened(world, node) for _ in range(rollcalls)]
        envelopes = [raw for vote in votes for raw in world.casts(vote)]
        wanted = bare.messages(envelopes, world.members.values())
        count = len(envelopes)
        before = verify(wanted)
        took = _submitted(node, envelopes)
        after = verify(wanted)
        logged(node, [raw for vote in votes for raw in world.closing(vote)])
        if number:  # The first round warms up.
            ratios.append((before + after) / 2 / took)
            acts_rates.append(count / took)
            bare_rates.append(2 * count / (before + after))
    return {
        "ratio": median(ratios),
        "ratios": ratios,
        "acts_per_second": median(acts_rates),
        "bare_per_second": median(bare_rates),
        "acts": node.head.size,
        "acts_per_round": count,
    }


def _opened(world: World, node: Node) -> str:
    vote, acts = world.opening()
    logged(node, acts)
    return vote


def _submitted(node: Node, envelopes: list[bytes]) -> float:
    """Seconds from submission to the last receipt."""
    begun = time.perf_counter()
    logged(node, envelopes)
    return time.perf_counter() - begun
