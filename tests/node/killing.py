# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random points under load: `python -m tests.node.killing PLACE RUNS SEED`.

Each run is a node in a process of its own, on the data folder that the run before left behind. It submits acts in
groups of random size and hands every receipt through a pipe; after a random time it is killed. Now and then, and at the
end, a node is opened here and held to everything that any of them ever said: every receipt verifies and stands under
the new head, no size has two roots, the register is what the entries give. Some runs are killed while they start.
The last line of the output is a JSON object with `runs, receipts, size, root, register`.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from struct import Struct

from tests.node.proving import Witness
from tests.world import SECRETARIAT, World

from comity.dialogue.acts import TableProposal
from comity.node import Node, Receipt, RecordAbsent
from comity.record.note import VerifierKey

LOOK_EVERY = 20
LONGEST_S = 0.4
PIPE_BYTES = 1 << 20
FRAME = Struct(">IQ32s")


def live(place: Path, world: World, seed: int, pipe: int) -> None:
    """Run a node under load until somebody ends it."""
    chance = random.Random(seed)  # noqa: S311  (a run is to be repeated, not to be secret)
    options = {"high_water": place / "notes", "workers": chance.choice((0, 0, 0, 1)), "snapshot_every": 500}
    try:
        node = Node.open(place / "data", **options)
    except RecordAbsent:
        node = Node.found(place / "data", world.founding, world.log_key, **options)
    os.write(pipe, FRAME.pack(0, 0, bytes(32)))
    # Gaps in counters are lawful; the clock only moves on.
    world.counters[world.keys[SECRETARIAT].keyid] = time.time_ns() // 1000
    number = 0
    while True:
        group = []
        for _ in range(chance.choice((1, 1, 8, 64))):
            name = f"S{seed}.{number}"
            group.append(world.seal(TableProposal(proposal=name, organ="plenary", title=name), SECRETARIAT))
            number += 1
        for future in node.submit_many(group):
            answer = future.result()
            assert isinstance(answer, Receipt), answer
            proof = answer.proof
            os.write(pipe, FRAME.pack(len(proof), answer.index, bytes.fromhex(answer.id)) + proof)


def run(place: Path, world: World, seed: int, witness: Witness) -> None:
    """Start a node in a process of its own, kill it at a random time, and note what it said."""
    chance = random.Random(-seed)  # noqa: S311
    source, target = os.pipe()
    # Nobody reads until the node is dead; it must not come to wait for that.
    fcntl.fcntl(target, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    child = os.fork()
    if not child:
        os.close(source)
        try:
            live(place, world, seed, target)
        finally:
            # Only a defect comes here: a node under load is ended from outside.
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            os._exit(1)
    os.close(target)
    with os.fdopen(source, "rb") as said:
        # Most are killed some time after they have started, some of them while they start.
        if chance.random() < 0.8:
            said.read(FRAME.size)
        time.sleep(chance.uniform(0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"the node of run {seed} ended by itself"
        while len(head := said.read(FRAME.size)) == FRAME.size:
            length, index, act = FRAME.unpack(head)
            proof = said.read(length)
            if length and len(proof) == length:
                witness.given(index, act.hex(), proof)


def look(place: Path, witness: Witness) -> tuple[int, str, str]:
    """Open the node here, hold it to what was said, and end it cleanly: size, root, register digest."""
    node = Node.open(place / "data", high_water=place / "notes", workers=0)
    try:
        witness.examine(node)
        return node.head.size, node.head.root.hex(), node.register.digest()
    finally:
        node.close()


def main() -> None:
    """As the module's docstring says."""
    place, runs, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    world = World(members=3)
    witness = Witness(VerifierKey("world.example/1", world.log_key.public).vkey())
    total = 0
    for number in range(1, runs + 1):
        run(place, world, seed + number, witness)
        if number % LOOK_EVERY == 0 or number == runs:
            size, root, register = look(place, witness)
            total += len(witness.receipts)
            # Those that were examined stand under this head, and whatever stands under it stands under the next.
            witness.receipts.clear()
    print(json.dumps({"runs": runs, "receipts": total, "size": size, "root": root, "register": register}))


if __name__ == "__main__":
    main()
