# SPDX-License-Identifier: Apache-2.0
"""What others do with a record that is written: verify the whole of it, and ask for receipts."""

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from comity.bench import bare
from comity.bench.world import MEMBERS, World
from comity.node import Node
from comity.record import proof
from comity.record.note import VerifierKey

VERIFIER = "comity-verify"

Found = dict[str, Any]


def verified(folder: Path, rounds: int, messages: int) -> Found:
    """`comity-verify` on two processors, from start to exit, beside bare verification by two processes.

    Bare verification is of signatures by as many keys over bytes of the same length; each round takes it before and
    after the whole record is verified.
    """
    two = bare.processors()[:2]
    bare.pin(two)
    wanted = _messages(messages)
    found: Found = {}
    ratios, rates = [], []
    with bare.pair(two) as pair:
        for number in range(rounds + 1):
            before = pair.seconds(wanted)
            took, found = _verify(folder / "record")
            after = pair.seconds(wanted)
            if number:
                rates.append(found["acts"] / took)
                ratios.append(rates[-1] / (2 * len(wanted) / (before + after)))
    return {
        "ratio": median(ratios),
        "ratios": ratios,
        "acts_per_second": median(rates),
        "acts": found["acts"],
        "decisions": found["decisions"],
    }


def verifier() -> str | None:
    """The independent program: beside this interpreter, or where the shell finds it."""
    beside = Path(sys.executable).with_name(VERIFIER)
    return str(beside) if beside.exists() else shutil.which(VERIFIER)


def _messages(count: int) -> list[bare.Message]:
    world = World()
    world.organisation = "0" * 64
    votes = [world.opening()[0] for _ in range(-(-count // MEMBERS))]
    return bare.messages((raw for vote in votes for raw in world.casts(vote)), world.members.values())


def _verify(record: Path) -> tuple[float, Found]:
    begun = time.perf_counter()
    done = subprocess.run([verifier() or VERIFIER, str(record), "--json"], stdout=subprocess.PIPE, check=False)
    took = time.perf_counter() - begun
    found: Found = json.loads(done.stdout.splitlines()[-1])
    if not found["ok"]:
        raise RuntimeError(f"comity-verify does not agree with the record of the benchmark: {found}")
    return took, found


def receipts(folder: Path, rounds: int, count: int) -> Found:
    """Complete receipts (tlog-proof) of entries at random, by one process; one of them is verified in each round."""
    node = Node.open(folder / "record", high_water=folder / "notes", workers=0)
    try:
        size, chance = node.head.size, random.Random(6962)  # noqa: S311  # which entries does not matter
        origin, keys = node.vkey.partition("+")[0], [VerifierKey.parse(node.vkey)]
        rates = []
        for number in range(rounds + 1):
            wanted = [chance.randrange(size) for _ in range(count)]
            begun = time.perf_counter()
            for index in wanted:
                text = node.receipt(index)
            if number:
                rates.append(count / (time.perf_counter() - begun))
            proof.verify(proof.parse(text), node.entry(index), origin, keys)
    finally:
        node.close()
    return {"receipts_per_second": median(rates), "size": size}
