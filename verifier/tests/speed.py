# SPDX-License-Identifier: Apache-2.0
"""Measures the verifier (not a test): a whole record against bare PyNaCl verification by as many processes.

    python -m verifier.tests.speed [VOTES] [JOBS] [REPEATS]

Prints a line for each repeat and the best ratio. A record is 192 members and roll calls in which all of them vote.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nacl.signing import VerifyKey
from verifier.tests.log_writer import World, encoding

MEMBERS = 192


def build(votes: int, folder: Path) -> list[tuple[bytes, bytes, bytes]]:
    """Writes a record of roll calls; returns key, signature and signed bytes of each vote cast."""
    world = World(2, mark="replay").found()
    for number in range(2, MEMBERS):
        world.act("member.admit", world.admit(f"M{number}"), world.secretary)
    for number in range(max(1, votes // MEMBERS)):
        world.decide(f"A-RES-{number}-L.{number}", "yyna" * (MEMBERS // 4))
    world.write(folder)
    signed = []
    keys = {key.id: key.public for key in [*world.members.values(), *world.founders]}
    for entry in world.entries[1:]:
        envelope = json.loads(entry[8:])
        kind = envelope["payloadType"].removeprefix("application/vnd.comity.").removesuffix(".v1+json")
        signature = envelope["signatures"][0]
        pae = encoding(kind, bytes(_unbase64(envelope["payload"])))
        signed.append((keys[signature["keyid"]], _unbase64(signature["sig"]), pae))
    return signed


def _unbase64(text: str) -> bytes:
    import base64

    return base64.b64decode(text)


def _bare(signed: list[tuple[bytes, bytes, bytes]], start: "multiprocessing.synchronize.Barrier") -> None:
    keys = {key: VerifyKey(key) for key, _, _ in signed}
    start.wait()
    for key, signature, message in signed:
        keys[key].verify(message, signature)
    start.wait()


def bare(signed: list[tuple[bytes, bytes, bytes]], jobs: int) -> float:
    """Seconds that so many processes need for the signatures alone."""
    barrier = multiprocessing.Barrier(jobs + 1)
    processes = [multiprocessing.Process(target=_bare, args=(signed[n::jobs], barrier)) for n in range(jobs)]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.monotonic()
    barrier.wait()
    seconds = time.monotonic() - started
    for process in processes:
        process.join()
    return seconds


def main() -> None:
    """Builds, measures, prints."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    votes, jobs, repeats = (numbers + [60_000, len(os.sched_getaffinity(0)), 3][len(numbers) :])[:3]
    with tempfile.TemporaryDirectory() as name:
        signed = build(votes, Path(name))
        command = [sys.executable, "-m", "comity_verify.cli", name, "--json", "--jobs", str(jobs)]
        ratios = []
        for _ in range(repeats):
            alone = bare(signed, jobs)
            started = time.monotonic()
            result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            seconds = time.monotonic() - started
            assert json.loads(result.stdout)["acts"] == len(signed) + 1
            ratios.append(alone / seconds)
            print(
                f"{len(signed) + 1} entries, {jobs} processes: bare {alone:.2f} s ({len(signed) / alone:,.0f}/s), "
                f"verifier {seconds:.2f} s ({len(signed) / seconds:,.0f}/s), ratio {ratios[-1]:.3f}"
            )
        print(f"best ratio {max(ratios):.3f}")


if __name__ == "__main__":
    main()
