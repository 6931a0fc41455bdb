# SPDX-License-Identifier: Apache-2.0
"""`comity import rollcalls`: published roll calls through the whole system, recomputed by the outsider."""

from __future__ import annotations

import csv
import gzip
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import DATA, Ended, Run

from comity.charter.authority import organisation
from comity.charter.tables import Key, Member, Roll
from comity.dialogue.tables import Decision, Proposal, Vote
from comity.node import Node

CONTRACT = {
    "rollcalls", "votes", "acts", "matched_published", "mismatched", "adopted", "rejected", "ties", "size", "root",
    "register", "seconds",
}  # fmt: skip
VOTES = ("rcid", "session", "date", "important", "resolution", "member_iso3", "vote")
ROLLCALLS = (
    "rcid", "session", "date", "resolution", "published_yes", "published_no", "published_abstain", "description",
)  # fmt: skip
DIFFERENT = [
    941, 942, 946, 947, 965, 983, 986, 988, 993, 994, 995, 997, 998, 1001, 1002, 1012, 1110, 1111, 1112, 1180,
]  # fmt: skip
"""Where the recount differs from the published totals, by the data's own description."""


def verified(folder: Path) -> dict[str, Any]:
    """What comity-verify says of the folder, run as the program of its own that it is."""
    program = Path(sys.executable).with_name("comity-verify")
    ended = subprocess.run([str(program), str(folder), "--json"], capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, packed: bool = False) -> Path:
    """A CSV file, gzip where `packed`."""
    with gzip.open(path, "wt", newline="") if packed else path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


class Sample:
    """Files of a few roll calls, written by the test itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.votes: list[tuple[object, ...]] = []
        self.rollcalls: list[tuple[object, ...]] = []

    def add(self, rcid: int, positions: str, published: Sequence[object] | None, *, date: str = "1990-12-04") -> None:
        """A roll call: `FRA=yes,DDR=absent`; published totals, or None for no row in the second file."""
        label = f"R/45/{rcid}" if rcid % 2 else ""
        for each in positions.split(","):
            code, _, vote = each.partition("=")
            self.votes.append((rcid, 45, date, 0, label, code, vote))
        if published is not None:
            self.rollcalls.append((rcid, 45, date, label, *published, f'On "{rcid}", and\tmore\n of it'))

    def play(self, run: Run, *words: object, rule: str = "unga.simple", packed: bool = True) -> Ended:
        """Run the import on the files."""
        votes = write(self.folder / "votes.csv", VOTES, self.votes, packed=packed)
        rollcalls = write(self.folder / "rollcalls.csv", ROLLCALLS, self.rollcalls)
        return run(
            "import", "rollcalls", "--data", self.folder / "record", "--votes", votes, "--rollcalls", rollcalls,
            "--rule", rule, *words, "--json",
        )  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Six roll calls with what makes such files awkward."""
    made = Sample(tmp_path)
    made.add(9001, "FRA=yes,SUN=no,DDR=no", (1, 2, 0), date="1956-11-02")
    made.add(12, "FRA=yes,SUN=no,DDR=absent,BRA=abstain", (1, 1, 1), date="1990-12-04")
    made.add(11, "FRA=yes,SUN=yes,DDR=yes,BRA=no", (3, 0, 1), date="1990-12-09")
    made.add(13, "FRA=yes,RUS=no,BRA=yes", ("", " ", "NA"), date="1992-01-02")
    made.add(14, "FRA=abstain,RUS=abstain,BRA=absent", (0, 0, 2), date="1992-02-02")
    made.add(15, "RUS=yes,BRA=yes,FRA=no", None, date="1992-02-03")
    made.rollcalls.append((99, 45, "1992-03-01", "", 5, 5, 5, "a row without votes"))
    return made


def test_a_small_import(run: Run, sample: Sample) -> None:
    """Counts, ties, mismatches and gaps are reported as the contract says, and the outsider agrees."""
    told = sample.play(run).json

    assert set(told) >= CONTRACT
    assert {name: told[name] for name in ("rollcalls", "votes", "adopted", "rejected", "ties")} == {
        "rollcalls": 6, "votes": 18, "adopted": 3, "rejected": 3, "ties": 2,
    }  # fmt: skip
    assert (told["matched_published"], told["mismatched"]) == (3, [11])
    assert (told["unpublished"], told["without_votes"]) == (2, 1)
    # The founding, 5 admissions, SUN and DDR leaving, 4 acts for each roll call, the votes.
    assert told["acts"] == told["size"] == 1 + 5 + 2 + 4 * 6 + 18
    seen = verified(sample.folder / "record")
    assert {name: seen[name] for name in ("ok", "size", "root", "register", "acts", "decisions")} == {
        "ok": True, "size": told["size"], "root": told["root"], "register": told["register"], "acts": told["acts"],
        "decisions": 6,
    }  # fmt: skip


def test_what_people_read_of_an_import(run: Run, sample: Sample) -> None:
    """Roll calls that could not be compared or played are counted; people are told the first few."""
    sample.rollcalls += [(rcid, 45, "1992-03-01", "", 5, 5, 5, "without votes") for rcid in range(100, 200)]
    sample.play(run)
    shutil.rmtree(sample.folder / "record")
    told = run(
        "import", "rollcalls", "--data", sample.folder / "record", "--votes", sample.folder / "votes.csv",
        "--rollcalls", sample.folder / "rollcalls.csv", "--rule", "unga.simple",
    ).out  # fmt: skip
    lines = dict(line.split(maxsplit=1) for line in told.splitlines())

    assert lines["mismatched"] == "[11]"
    assert lines["unpublished"] == "2 (13, 15)"
    assert lines["without_votes"] == "101 (99, 100, 101, 102, 103, …)"


def test_an_important_question(run: Run, sample: Sample) -> None:
    """The same votes by two thirds: what a bare majority carried may fall; ties stay ties."""
    told = sample.play(run, rule="unga.important", packed=False).json

    assert (told["adopted"], told["rejected"], told["ties"]) == (3, 3, 2)
    assert verified(sample.folder / "record")["register"] == told["register"]


def test_what_the_register_then_holds(run: Run, sample: Sample) -> None:
    """Each state holds a key of its own; each vote's electorate is exactly the states that have a row."""
    sample.play(run)
    with closing(Node.open(sample.folder / "record")) as node:
        register = node.register
        votes, rolls = register.rows(Vote), register.rows(Roll)
        electorates = {name: rolls[vote.roll].seats for name, vote in votes.items()}
        holders = Counter(key.holder for key in register.rows(Key).values())
        proposal = register.rows(Proposal)["11"]

        assert (organisation(register).mark, "no state" in organisation(register).name) == ("replay", True)
        assert electorates["9001/1"] == ("DDR", "FRA", "SUN")
        assert electorates["12/1"] == ("BRA", "DDR", "FRA", "SUN")
        assert electorates["14/1"] == ("BRA", "FRA", "RUS")
        assert votes["14/1"].positions == "-aa"
        assert {name: row.status for name, row in register.rows(Member).items()} == {
            "DDR": "former", "SUN": "former", "FRA": "seated", "BRA": "seated", "RUS": "seated",
        }  # fmt: skip
        assert holders == Counter(
            ["office/secretariat", *(f"member/{name}" for name in ("DDR", "SUN", "FRA", "BRA", "RUS"))]
        )
        assert (proposal.title, proposal.symbol, proposal.date) == ('On "11", and more of it', "R/45/11", "1990-12-09")
        assert register.rows(Proposal)["15"].title == "Roll call 15, R/45/15"
        assert register.rows(Decision)["14/1"].reason == "tie"


def test_the_order_is_that_of_time(run: Run, sample: Sample) -> None:
    """Roll calls are played by month and number, whatever the order of the files."""
    sample.votes.reverse()
    sample.play(run)
    with closing(Node.open(sample.folder / "record")) as node:
        assert list(node.register.rows(Proposal)) == ["9001", "11", "12", "13", "14", "15"]


def test_only_some_sessions(run: Run, sample: Sample) -> None:
    """--sessions leaves the others out; none that match is an error."""
    nothing = sample.play(run, "--sessions", "46-50,52")

    assert (nothing.code, nothing.json["detail"].endswith("of sessions 46-50,52.")) == (3, True)
    assert not (sample.folder / "record").exists()
    assert sample.play(run, "--sessions", "x").code == 2
    assert sample.play(run, "--sessions", "40-45").json["rollcalls"] == 6


def test_a_name_and_an_origin_of_ones_own(run: Run, sample: Sample) -> None:
    """The founding name may be chosen; the mark stays."""
    sample.play(run, "--founding-name", "Another replay", "--origin", "mine.example/1")
    with closing(Node.open(sample.folder / "record")) as node:
        row = organisation(node.register)

        assert (row.name, row.origin, row.mark) == ("Another replay", "mine.example/1", "replay")


def test_a_second_import_into_the_same_folder(run: Run, sample: Sample) -> None:
    """A folder that holds something is refused before anything is read, and stays as it was."""
    first = sample.play(run).json
    second = sample.play(run)

    assert (second.code, "not empty" in second.json["detail"]) == (2, True)
    assert verified(sample.folder / "record")["root"] == first["root"]


@pytest.mark.parametrize(
    ("votes", "wanted"),
    [
        ("rcid,member_iso3\n3,FRA\n", "no column vote"),
        ("", "no column"),
        ("rcid,member_iso3,vote\nthree,FRA,yes\n", "line 2: rcid 'three'"),
        ("rcid,member_iso3,vote\n3,FRA,perhaps\n", "line 2: vote 'perhaps'"),
        ("rcid,member_iso3,vote\n3,F R A,yes\n", "line 2: member 'F R A'"),
        ("rcid,member_iso3,vote\n3,FRA\n", "line 2: 2 columns"),
        ("rcid,member_iso3,vote\n", "no roll call"),
    ],
)
def test_files_that_are_not_in_order(run: Run, tmp_path: Path, votes: str, wanted: str) -> None:
    """What is wrong is named with its line, and nothing is founded."""
    (tmp_path / "v.csv").write_text(votes)
    (tmp_path / "r.csv").write_text("rcid\n")
    ended = run(
        "import", "rollcalls", "--data", tmp_path / "record", "--votes", tmp_path / "v.csv", "--rollcalls",
        tmp_path / "r.csv", "--rule", "unga.simple", "--json",
    )  # fmt: skip

    assert ended.code == 3
    assert wanted in ended.json["detail"]
    assert not (tmp_path / "record").exists()


def test_a_gzip_file_that_is_cut_short(run: Run, tmp_path: Path, sample: Sample) -> None:
    """A download that was broken off is named as such."""
    sample.play(run)
    packed = (sample.folder / "votes.csv").read_bytes()
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    ended = run(
        "import", "rollcalls", "--data", tmp_path / "again", "--votes", tmp_path / "cut.csv.gz", "--rollcalls",
        sample.folder / "rollcalls.csv", "--rule", "unga.simple", "--json",
    )  # fmt: skip

    assert (ended.code, "gzip" in ended.json["detail"]) == (3, True)


def test_a_total_that_is_no_number(run: Run, tmp_path: Path) -> None:
    """A published total that is neither a number nor missing is named with its line."""
    made = Sample(tmp_path)
    made.add(3, "FRA=yes", ("one", 0, 0))

    assert "rollcalls.csv, line 3: published total 'one'" in made.play(run).json["detail"]


def test_an_import_that_is_interrupted(tmp_path: Path, notes: Path) -> None:
    """Ctrl-C ends an import at once and cleanly: what is on the record by then verifies."""
    made = Sample(tmp_path)
    for rcid in range(4000):
        made.add(rcid, "FRA=yes,BRA=no,IDN=abstain", None)
    votes = write(tmp_path / "votes.csv", VOTES, made.votes)
    rollcalls = write(tmp_path / "rollcalls.csv", ROLLCALLS, [])
    running = subprocess.Popen(
        [
            sys.executable, "-c", "from comity.cli import main; main()", "import", "rollcalls",
            "--data", tmp_path / "record", "--votes", votes, "--rollcalls", rollcalls, "--rule", "unga.simple",
            "--json",
        ],
        env={**os.environ, "COMITY_NOTES": str(notes)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # The first full tile says that the play has begun.
    while running.poll() is None and not (tmp_path / "record" / "tile" / "0" / "000").exists():
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["title"] == "Interrupted"
    assert verified(tmp_path / "record")["ok"]


def test_progress_is_shown_on_a_terminal_alone(sample: Sample, run: Run, notes: Path) -> None:
    """Where stderr is a terminal a bar shows the rate; stdout has the answer alone. Elsewhere there is no bar."""
    quiet = sample.play(run)
    shutil.rmtree(sample.folder / "record")
    terminal, ours = pty.openpty()
    ended = subprocess.run(
        [
            sys.executable, "-c", "from comity.cli import main; main()", "import", "rollcalls",
            "--data", sample.folder / "record", "--votes", sample.folder / "votes.csv",
            "--rollcalls", sample.folder / "rollcalls.csv", "--rule", "unga.simple", "--json",
        ],
        env={**os.environ, "COMITY_NOTES": str(notes), "TERM": "xterm"},
        stdout=subprocess.PIPE, stderr=ours, check=True,
    )  # fmt: skip
    os.close(ours)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)

    assert quiet.err == ""
    assert len(ended.stdout.splitlines()) == 1
    assert json.loads(ended.stdout)["rollcalls"] == 6
    assert "roll calls" in shown
    assert "49/49" in shown


def test_a_state_with_two_rows(run: Run, tmp_path: Path) -> None:
    """Both positions are cast in the file's order; the later one counts, as the charter has it."""
    made = Sample(tmp_path)
    made.add(3, "FRA=no,BRA=yes,FRA=yes", (2, 0, 0))
    told = made.play(run).json

    assert (told["votes"], told["matched_published"], told["adopted"]) == (3, 1, 1)


def test_a_member_that_comes_back(run: Run, tmp_path: Path) -> None:
    """A state that has no row for a while is seated again when it has one."""
    made = Sample(tmp_path)
    for month, states in (("01", "FRA=yes,IDN=yes"), ("02", "FRA=yes"), ("03", "FRA=yes,IDN=no")):
        made.add(int(month), states, None, date=f"1965-{month}-01")
    told = made.play(run).json

    assert (told["adopted"], told["ties"], told["acts"]) == (2, 1, 1 + 2 + 2 + 3 * 4 + 5)


def real(name: str) -> Path:
    """A file of the real roll calls, or a skip by its name."""
    path = DATA / "unga" / name
    if not path.exists():
        pytest.skip(f"real roll calls {name!r} absent")
    return path


def import_real(run: Run, folder: Path, rule: str, *words: object) -> dict[str, Any]:
    """The import of the real roll calls."""
    ended = run(
        "import", "rollcalls", "--data", folder, "--votes", real("votes.csv.gz"), "--rollcalls", real("rollcalls.csv"),
        "--rule", rule, *words, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return ended.json


@pytest.mark.parametrize("rule", ["unga.simple", "unga.important"])
def test_real_roll_calls(run: Run, tmp_path: Path, rule: str) -> None:
    """Some hundred real roll calls, with mismatches among them, recounted from the file by the test itself."""
    told = import_real(run, tmp_path / "record", rule, "--sessions", "2,22")
    tallies: dict[int, Counter[str]] = {}
    with gzip.open(real("votes.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["session"] in ("2", "22"):
                tallies.setdefault(int(row["rcid"]), Counter())[row["vote"]] += 1
    passes = {
        "unga.simple": lambda yes, no: yes > no,
        "unga.important": lambda yes, no: yes > 0 and 3 * yes >= 2 * (yes + no),
    }[rule]
    adopted = sum(passes(tally["yes"], tally["no"]) for tally in tallies.values())
    ties = sum(tally["yes"] == tally["no"] for tally in tallies.values())
    seen = verified(tmp_path / "record")

    assert told["rollcalls"] == len(tallies) == seen["decisions"]
    assert told["votes"] == sum(tally.total() - tally["absent"] for tally in tallies.values())
    assert (told["adopted"], told["rejected"], told["ties"]) == (adopted, len(tallies) - adopted, ties)
    assert told["mismatched"] == sorted(set(DIFFERENT) & set(tallies))
    assert (seen["ok"], seen["register"]) == (True, told["register"])


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["unga.simple", "unga.important"])
def test_fifty_years(run: Run, tmp_path: Path, rule: str) -> None:
    """All roll calls of sessions 1 to 50: half a million signed acts, recomputed by the outsider."""
    told = import_real(run, tmp_path / "record", rule)
    seen = verified(tmp_path / "record")

    assert (told["rollcalls"], told["votes"]) == (4002, 494_660)
    assert told["mismatched"] == DIFFERENT
    assert told["matched_published"] == 4002 - len(DIFFERENT)
    assert told["adopted"] + told["rejected"] == 4002
    assert (seen["ok"], seen["size"], seen["register"]) == (True, told["acts"], told["register"])
    assert seen["decisions"] == 4002
