# SPDX-License-Identifier: Apache-2.0
"""A node that dies at a chosen step: `python -m tests.node.faulty FOLDER NOTES STEP NTH`.

It founds the organisation of a fixed seed, or opens it, submits acts in groups, ends cleanly, and does so twice; each
receipt goes to standard output, as a line of index, act id and proof in base64, the moment that somebody would have it.
At the NTH time that the write path has done STEP the process ends at once, as if its power had been cut.
"""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from tests.world import SECRETARIAT, World

from comity.dialogue.acts import TableProposal
from comity.node import Node, Receipt

SEED = "faulty"
EXIT = 77
ROUNDS = 2
GROUPS = (1, 30, 100, 1)
FAR = 7 * 24 * 3600 * 1000


def world(now: int) -> World:
    """The same organisation in every process of a run."""
    return World(members=3, seed=f"{SEED} {now}", expires=now + FAR)


def acts(world: World, round: int) -> list[list[bytes]]:
    """What is submitted in a round, in groups; the same bytes each time."""
    number = 0
    groups = []
    world.counters[world.keys[SECRETARIAT].keyid] = 1 + 1000 * round
    for size in GROUPS:
        group = []
        for _ in range(size):
            proposal = TableProposal(proposal=f"R{round}.{number}", organ="plenary", title="On faults")
            group.append(world.seal(proposal, SECRETARIAT))
            number += 1
        groups.append(group)
    return groups


def run(folder: Path, notes: Path, world: World, hook: Callable[[str], None], say: Callable[[Receipt], None]) -> None:
    """The scenario, up to wherever the hook ends it."""
    for round in range(ROUNDS):
        if round:
            node = Node.open(folder, high_water=notes, workers=0, snapshot_every=100, after=hook)
        else:
            node = Node.found(
                folder, world.founding, world.log_key, high_water=notes, workers=0, snapshot_every=100, after=hook
            )
        try:
            for group in acts(world, round):
                for future in node.submit_many(group):
                    answer = future.result(30)
                    assert isinstance(answer, Receipt)
                    say(answer)
        finally:
            node.close()


def line(receipt: Receipt) -> str:
    """A receipt in one line."""
    return f"{receipt.index} {receipt.id} {b64encode(receipt.proof).decode()}"


def main() -> None:
    """Run the scenario in this process, and end it at the step."""
    folder, notes, step, nth, now = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        sys.argv[3],
        int(sys.argv[4]),
        int(sys.argv[5]),
    )
    left = nth

    def hook(done: str) -> None:
        nonlocal left
        if done == step:
            left -= 1
            if not left:
                os._exit(EXIT)

    run(folder, notes, world(now), hook, lambda receipt: print(line(receipt), flush=True))


if __name__ == "__main__":
    main()
