# SPDX-License-Identifier: Apache-2.0
"""A record that grows as an import makes it grow: roll calls tabled, voted on, closed and declared, one after another.

Resident memory is taken at the first and the last size; what lies between, per vote, is what a record costs that goes
on growing. Then the same record is started from its snapshot, by a process of its own each time.
"""

import gc
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from comity.bench.stage import run
from comity.bench.world import World, logged
from comity.node import Node

Found = dict[str, Any]

FIRST = 0.3
"""The part of the votes after which memory is taken for the first time."""

MEBIBYTE = 1 << 20


def grown(folder: Path, votes: int, members: int) -> Found:
    """Resident bytes per vote of a node that takes so many, and the acts it then has."""
    world = World(members)
    node = world.found(folder, workers=None)
    process = psutil.Process()
    rollcalls = max(2, -(-votes // members))
    first = max(1, int(rollcalls * FIRST))
    resident = []
    try:
        for number in range(1, rollcalls + 1):
            vote, opening = world.opening()
            logged(node, [*opening, *world.casts(vote), *world.closing(vote)])
            if number in (first, rollcalls):
                # The copy that a snapshot was made of is given back before memory is taken.
                node.snapshots.wait()
                gc.collect()
                resident.append(process.memory_info().rss)
        size = node.head.size
    finally:
        node.close()
    between = (rollcalls - first) * members
    return {
        "mebibytes_per_million_votes": (resident[1] - resident[0]) / between * 1e6 / MEBIBYTE,
        "mebibytes": resident[1] / MEBIBYTE,
        "votes": rollcalls * members,
        "rollcalls": rollcalls,
        "acts": size,
    }


def started(folder: Path, rounds: int) -> Found:
    """Median seconds from the start of a process until its node can be read and written, and of its processor."""
    took, busy = zip(*(_start(folder) for _ in range(rounds)), strict=True)
    return {"start_seconds": median(took), "start_cpu_seconds": median(busy)}


def _start(folder: Path) -> tuple[float, float]:
    begun = time.time()
    found = run("ready", folder)
    return found["ready"] - begun, found["busy"]


def ready(folder: Path) -> Found:
    """Start the node from its snapshot; the time at which it answers, and the processor seconds it took."""
    node = Node.open(folder / "record", high_water=folder / "notes")
    found = {"ready": time.time(), "busy": time.process_time()}
    node.close()
    return found
