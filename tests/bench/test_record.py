# SPDX-License-Identifier: Apache-2.0
"""The benchmark itself: it measures the real thing at whatever size, says everything, and writes where it was told.

No test here asserts how fast anything is.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("eventsourcing", reason="the peers of the benchmark are absent")

from comity.bench import bare, figures, report
from comity.bench.world import World, logged
from comity.dialogue.tables import Decision

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/benchmarks.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """One small run of the command, and the document that it wrote."""
    folder = tmp_path_factory.mktemp("bench")
    document = folder / "figures.md"
    words = ["--acts", "400", "--rounds", "1", "--folder", str(folder), "--write", str(document), "--json"]
    command = [sys.executable, "-c", "from comity.cli import main; main()", "bench", "record", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert [path.name for path in folder.iterdir()] == ["figures.md"], "what was measured is removed"
    return found, document


def test_a_run_says_every_figure(run: tuple[dict[str, Any], Path]) -> None:
    """The last line holds each figure that has a target, and what it was measured beside, as positive numbers."""
    found, _ = run
    beside = (
        "acts_per_second_one_core", "acts_per_second_two_cores", "bare_per_second_one_core",
        "bare_per_second_two_cores", "verify_per_second", "verify_acts", "fsync_ms", "get_bytes", "memory_mb",
        "memory_votes", "start_acts", "seconds",
    )  # fmt: skip

    for name in (*(name for name in figures.TARGETS if name != "memory_mb_per_million_votes"), *beside):
        assert isinstance(found[name], int | float), name
        assert found[name] >= 0, name
    # So little memory is between two sizes of so small a record that it may be none.
    assert isinstance(found["memory_mb_per_million_votes"], float)
    assert found["ratio_one_core"] > 0
    assert found["verify_ratio"] > 0
    assert len(found["ratios_one_core"]) == len(found["ratios_two_cores"]) == 1
    assert {"pymerkle_bulk", "pymerkle_single", "pymerkle_proofs", "eventsourcing", "sqlite_bulk", "sqlite_single"} <= (
        found["peers"].keys()
    )
    assert all(value > 0 for value in found["peers"].values())
    assert set(found["missed"]) <= figures.TARGETS.keys()


def test_a_run_verifies_what_it_wrote(run: tuple[dict[str, Any], Path]) -> None:
    """The verifier counted a record with members, votes and declarations, not an empty one."""
    found, _ = run

    assert found["verify_acts"] > 190 + 2 * 190
    assert found["memory_votes"] >= 2 * 190
    assert found["start_acts"] > found["memory_votes"]
    assert 1500 < found["get_bytes"] < 2600


def test_a_run_writes_its_table(run: tuple[dict[str, Any], Path]) -> None:
    """The document has the ratios as they are in the last line, and a row for each peer."""
    found, document = run
    text = document.read_text()

    assert f"**{found['ratio_one_core']}**" in text
    assert f"**{found['verify_ratio']}**" in text
    assert text.count("| ") > 40
    for peer in ("pymerkle", "eventsourcing", "plain SQLite table"):
        assert peer in text


def test_a_table_replaces_the_last_one(run: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """What stands around the marks stays, however often the table between them is written."""
    found, _ = run
    document = tmp_path / "document.md"
    document.write_text(f"# Before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n")

    report.write(document, found)
    once = document.read_text()
    report.write(document, found)

    assert document.read_text() == once
    assert once.startswith("# Before\n\n" + report.BEGIN)
    assert once.endswith(report.END + "\n\nafter\n")
    assert "old" not in once


def test_a_document_without_a_place_is_left_alone(run: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """A document that lacks the marks is not overwritten."""
    document = tmp_path / "document.md"
    document.write_text("# Something else\n")

    with pytest.raises(ValueError, match="no place for figures"):
        report.write(document, run[0])
    assert document.read_text() == "# Something else\n"


def test_the_document_has_a_place_for_the_table() -> None:
    """`docs/benchmarks.md` holds both marks, once, so that a run in a checkout finds them."""
    text = DOCUMENT.read_text()

    assert text.count(report.BEGIN) == text.count(report.END) == 1
    assert text.index(report.BEGIN) < text.index(report.END)
    assert re.search(r"comity bench record", text)


def test_a_figure_that_falls_short_is_named() -> None:
    """Each target is compared in its own direction; an act by HTTP has two forced writes of the disk to spare."""
    good = {
        "ratio_one_core": 0.6, "ratio_two_cores": 0.6, "verify_ratio": 0.75, "receipts_per_second": 20_000,
        "http_act_ms": 3.0, "fsync_ms": 0.5, "memory_mb_per_million_votes": 500, "start_seconds": 5, "get_cpu_us": 80,
    }  # fmt: skip

    assert figures.missed(good) == []
    assert figures.missed(good | {"http_act_ms": 3.1}) == ["http_act_ms"]
    assert figures.missed(good | {"ratio_one_core": 0.59, "get_cpu_us": 81}) == ["ratio_one_core", "get_cpu_us"]


def test_the_acts_of_a_benchmark_are_real(tmp_path: Path) -> None:
    """A roll call of the benchmark's organisation ends as a decision in the register."""
    world = World(members=7)
    node = world.found(tmp_path, workers=0)
    try:
        vote, opening = world.opening()
        logged(node, [*opening, *world.casts(vote), *world.closing(vote)])
        decision = node.register.get(Decision, vote)
    finally:
        node.close()

    assert decision is not None
    assert decision.counts == {"yes": 4, "no": 2, "abstain": 1}


def test_two_processes_verify_what_one_does(tmp_path: Path) -> None:
    """Bare verification is of the acts' own signatures; a forged one is noticed by either."""
    world = World(members=4)
    world.organisation = "0" * 64
    wanted = bare.messages(world.casts("R1/1"), world.members.values())
    forged = [*wanted[:-1], wanted[-1]._replace(signature=wanted[0].signature)]

    assert bare.verify_seconds(wanted) > 0
    with bare.pair(bare.processors()[:2]) as pair:
        assert pair.seconds(wanted) > 0
        assert pair.seconds(wanted) > 0
    with pytest.raises(Exception, match="forged or corrupt"):
        bare.verify_seconds(forged)
    with bare.pair([]) as pair, pytest.raises(RuntimeError, match="has ended"):
        pair.seconds(forged)
