# SPDX-License-Identifier: Apache-2.0
"""All figures in one run, and what they are held against."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil

from comity.bench.stage import run
from comity.bench.world import MEMBERS

MILLION = 1_000_000

Told = Callable[[str], None]


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is done. The defaults take some three minutes on two cores."""

    rollcalls: int = 560
    """Roll calls of the record that is built on two cores; half as many on one."""
    rounds: int = 7
    votes: int = 200_000
    """Votes of the record on which memory and start are measured."""
    posts: int = 500
    gets: int = 8000
    messages: int = 20_000
    """Signatures of bare verification beside `comity-verify`."""
    receipts: int = 20_000
    rows: int = 20_000
    single: int = 300
    members: int = MEMBERS


TARGETS: dict[str, tuple[str, float]] = {
    "ratio_one_core": (">=", 0.6),
    "ratio_two_cores": (">=", 0.6),
    "verify_ratio": (">=", 0.75),
    "receipts_per_second": (">=", 20_000),
    "http_act_ms": ("<=", 2.0),
    "memory_mb_per_million_votes": ("<=", 500),
    "start_seconds": ("<=", 5),
    "get_cpu_us": ("<=", 80),
}
"""What each figure must reach; `http_act_ms` may take two forced writes more, the start is of a million acts."""

Figures = dict[str, Any]


def effort(acts: int | None, rounds: int | None, million: bool) -> Effort:
    """The effort for a record of about so many acts in so many rounds (None: the default); or a million votes."""
    chosen = Effort() if acts is None else _of(acts)
    if rounds is not None:
        chosen = msgspec.structs.replace(chosen, rounds=rounds)
    return msgspec.structs.replace(chosen, votes=MILLION) if million else chosen


def _of(acts: int) -> Effort:
    default = Effort()
    share = min(1.0, acts / (default.rollcalls * MEMBERS))
    return msgspec.structs.replace(
        default,
        rollcalls=max(1, acts // MEMBERS),
        votes=max(4 * MEMBERS, int(default.votes * share)),
        posts=max(20, int(default.posts * share)),
        gets=max(200, int(default.gets * share)),
        messages=max(1000, int(default.messages * share)),
        receipts=max(200, int(default.receipts * share)),
        rows=max(500, int(default.rows * share)),
        single=max(20, int(default.single * share)),
    )


def measure(wanted: Effort, where: Path | None, tell: Told) -> Figures:
    """Everything, stage by stage, in a folder that is removed; `where` it is (None: among temporary files)."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="comity-bench-", dir=where))
    try:
        machine = conditions(folder)
        found = {"machine": machine, **_stages(wanted, folder, tell)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found["seconds"] = round(time.monotonic() - begun, 1)
    found["load_after"] = round(os.getloadavg()[0], 2)
    found["missed"] = missed(found)
    return found


def _stages(wanted: Effort, folder: Path, tell: Told) -> Figures:
    def below(name: str) -> Path:
        made = folder / name
        made.mkdir(exist_ok=True)
        return made

    each = -(-wanted.rollcalls // (wanted.rounds + 1))
    tell("acts on one core")
    one = run("one_core", below("one"), rollcalls=-(-each // 2), rounds=wanted.rounds, members=wanted.members)
    shutil.rmtree(below("one"))
    tell("acts on two cores")
    two = run("two_cores", below("two"), rollcalls=each, rounds=wanted.rounds, members=wanted.members)
    tell("comity-verify")
    verified = run("verified", below("two"), rounds=max(1, wanted.rounds - 2), messages=wanted.messages)
    tell("receipts")
    receipts = run("receipts", below("two"), rounds=wanted.rounds, count=wanted.receipts)
    shutil.rmtree(below("two"))
    tell("HTTP")
    served = run("served", below("served"), acts=wanted.posts, gets=wanted.gets, rounds=wanted.rounds)
    tell("memory and start")
    grown = run("grown", below("grown"), votes=wanted.votes, members=wanted.members)
    started = run("started", below("grown"), rounds=5)
    shutil.rmtree(below("grown"))
    tell("peers")
    peers = run("compared", below("peers"), rows=wanted.rows, single=wanted.single, proofs=wanted.single * 2)
    return {
        **_of_writing(one, two),
        "verify_ratio": round(verified["ratio"], 3),
        "verify_per_second": round(verified["acts_per_second"]),
        "verify_acts": verified["acts"],
        "receipts_per_second": round(receipts["receipts_per_second"]),
        "receipts_size": receipts["size"],
        "http_act_ms": _milli(served["post_seconds"]),
        "fsync_ms": _milli(served["fsync_seconds"]),
        "http_acts": served["posts"],
        "get_cpu_us": round(served["get_cpu_seconds"] * 1e6, 1),
        "get_new_cpu_us": round(served["get_new_cpu_seconds"] * 1e6, 1),
        "get_alone_cpu_us": round(served["get_alone_cpu_seconds"] * 1e6, 1),
        "get_clients": served["get_clients"],
        "get_bytes": served["get_bytes"],
        "memory_mb_per_million_votes": round(grown["mebibytes_per_million_votes"], 1),
        "memory_mb": round(grown["mebibytes"], 1),
        "memory_votes": grown["votes"],
        "memory_rollcalls": grown["rollcalls"],
        "start_seconds": round(started["start_seconds"], 2),
        "start_cpu_seconds": round(started["start_cpu_seconds"], 2),
        "start_acts": grown["acts"],
        "peers": {name: round(value) for name, value in peers.items()},
    }


def _of_writing(one: Figures, two: Figures) -> Figures:
    return {
        "ratio_one_core": round(one["ratio"], 3),
        "ratio_two_cores": round(two["ratio"], 3),
        "ratios_one_core": [round(each, 3) for each in one["ratios"]],
        "ratios_two_cores": [round(each, 3) for each in two["ratios"]],
        "acts_per_second_one_core": round(one["acts_per_second"]),
        "acts_per_second_two_cores": round(two["acts_per_second"]),
        "bare_per_second_one_core": round(one["bare_per_second"]),
        "bare_per_second_two_cores": round(two["bare_per_second"]),
        "acts_per_round_one_core": one["acts_per_round"],
        "acts_per_round_two_cores": two["acts_per_round"],
    }


def missed(found: Figures) -> list[str]:
    """The figures that fall short of their targets."""
    short = []
    for name, (relation, target) in TARGETS.items():
        value = found[name]
        bound = target + 2 * found["fsync_ms"] if name == "http_act_ms" else target
        if (relation == ">=" and value < bound) or (relation == "<=" and value > bound):
            short.append(name)
    return short


def conditions(folder: Path) -> Figures:
    """The machine in general words: processors, memory, file system, versions, and how busy it was before."""
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)]
    disk = max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"
    return {
        "processors": psutil.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "file_system": disk,
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _milli(seconds: float) -> float:
    return round(seconds * 1e3, 3)
