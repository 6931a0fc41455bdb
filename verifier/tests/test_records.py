# SPDX-License-Identifier: Apache-2.0
"""Records in order: what the verifier computes of them is what the specification's pages say, row by row."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from verifier.tests.checking import check, run
from verifier.tests.log_writer import (
    CONSENSUS,
    DAY,
    SILENCE,
    SIMPLE,
    START,
    Json,
    Key,
    World,
    article,
    articles,
    b64,
    canonical,
    compare,
    count,
)

from comity_verify.source import source
from comity_verify.verify import verify


def digest(tables: dict[str, Json]) -> str:
    """The register digest of rows written down by hand."""
    digests = {}
    for name, table in tables.items():
        lines = b"".join(canonical([key, table[key]]) + b"\n" for key in sorted(table))
        if table:
            digests[name] = hashlib.sha256(lines).hexdigest()
    return hashlib.sha256(canonical(digests)).hexdigest()


def tables(folder: Path) -> dict[str, Any]:
    """The register's tables as the verifier has them."""
    verdict = verify(source(str(folder)))
    assert verdict.exit_code == 0, verdict
    return verdict.fold.register.tables


def test_the_register_of_a_founding_act_alone(tmp_path: Path) -> None:
    """One entry: organisation, articles, members, keys and counters, with zero values left out."""
    w = World(3, mark="simulation").found()
    holders = [(f"member/{m}", key) for m, key in w.members.items()]
    holders += [("office/president", w.president), ("office/secretary", w.secretary)]
    expected: dict[str, Json] = {
        "organisation": {
            "self": {
                "id": w.organisation,
                "name": "The Test Organisation",
                "origin": w.origin,
                "log_key": b64(w.key.public),
                "edition": 1,
                "founded": START + 1,
                "mark": "simulation",
            }
        },
        "articles": articles(),
        "members": {
            "M0": {"name": "Member M0 — état", "status": "full", "groups": ["board", "west"]},
            "M1": {"name": "Member M1 — état", "status": "full", "weights": {"share": 1}},
            "M2": {"name": "Member M2 — état", "status": "full", "weights": {"share": 2}},
        },
        "keys": {key.id: {**key.plain(), "holder": holder} for holder, key in holders},
        "counters": {w.members["M0"].id: 1},
    }
    verdict = check(w.write(tmp_path), "--founding", w.organisation)
    assert verdict["register"] == digest(expected)
    assert verdict["ok"]
    assert verdict["exit"] == 0
    assert (verdict["size"], verdict["acts"], verdict["decisions"]) == (1, 1, 0)
    assert verdict["root"] == w.root().hex()
    assert (verdict["organisation"], verdict["origin"]) == (w.organisation, w.origin)
    assert (verdict["anchor"], verdict["mark"], verdict["void"]) == ("founding act given", "simulation", [])


def test_a_recorded_vote_by_simple_majority(tmp_path: Path) -> None:
    """A proposal, a vote opened, positions replaced until it closes, the declaration, and every row they leave."""
    w = World().found()
    text = {"digest": "cd" * 32, "media": "application/pdf"}
    w.table("A-1", rule="simple", symbol="A/1/L.1", date="1946-01-24", text=text)
    tabled = w.now
    w.open("A-1")
    opened = w.now
    w.cast("A-1/1", "nyyp-")
    w.cast("A-1/1", "y")
    w.close("A-1/1")
    closed = w.now
    w.declare("A-1/1", "adopted", {"yes": 3, "no": 0, "abstain": 0, "present": 1}, "majority")
    verdict = check(w.write(tmp_path))
    assert verdict["ok"]
    assert verdict["decisions"] == 1
    found = tables(tmp_path)
    roll = {
        "seats": ["M0", "M1", "M2", "M3", "M4"],
        "groups": {"board": "10000", "west": "10000"},
        "weights": {"share": [0, 1, 2, 0, 0]},
    }
    roll_digest = hashlib.sha256(canonical(roll)).hexdigest()
    about = {"organ": "assembly", "title": "On A-1", "rule": "simple", "by": "member/M0", "tabled": tabled}
    expected: dict[str, Json] = {
        "organisation": found["organisation"],
        "articles": articles(),
        "members": found["members"],
        "keys": found["keys"],
        "counters": {key.id: key.counter for key in w.founders if key.counter},
        "rolls": {roll_digest: roll},
        "meetings": {},
        "proposals": {
            "A-1": {
                **about,
                "status": "adopted",
                "symbol": "A/1/L.1",
                "date": "1946-01-24",
                "text": text,
                "rounds": 1,
            }
        },
        "votes": {
            "A-1/1": {
                "proposal": "A-1",
                "organ": "assembly",
                "roll": roll_digest,
                "rule": SIMPLE,
                "opened": opened,
                "deadline": opened + DAY,
                "positions": "yyyp-",
                "closed": closed,
            }
        },
        "decisions": {
            "A-1/1": {
                "outcome": "adopted",
                "counts": {"yes": 3, "no": 0, "abstain": 0, "present": 1},
                "declared": w.now,
                "reason": "majority",
            }
        },
    }
    assert verdict["register"] == digest(expected)
    assert "documents beside the record (2 named by digest)" in verdict["not_recomputed"]


def test_a_vote_that_still_runs_is_in_the_digest(tmp_path: Path) -> None:
    """Positions of a running vote are part of the register."""
    w = World().found()
    w.table("p", rule="majority")
    w.open("p")
    w.cast("p/1", "yna")
    assert check(w.write(tmp_path / "a"))["register"] != ""
    assert tables(tmp_path / "a")["votes"]["p/1"]["positions"] == "yna--"
    first = check(tmp_path / "a")["register"]
    w.cast("p/1", "y")
    again = check(w.write(tmp_path / "b"))
    assert again["register"] != first  # the counter moved, the position did not
    assert tables(tmp_path / "b")["votes"]["p/1"]["positions"] == "yna--"


def test_a_tie_and_the_second_vote(tmp_path: Path) -> None:
    """Undecided puts the proposal back on the table; in the second round the tie rejects."""
    w = World(6).found()
    w.table("tie", rule="simple")
    counts = {"yes": 2, "no": 2, "abstain": 1, "present": 0}
    for number, (outcome, reason) in enumerate([("undecided", "tie"), ("rejected", "no-majority")], 1):
        w.open("tie")
        w.cast(f"tie/{number}", "yynna-")
        w.close(f"tie/{number}")
        w.declare(f"tie/{number}", outcome, counts, reason)
    w.table("quorum", rule="simple")
    w.open("quorum", lasts=10)
    w.cast("quorum/1", "yyy")
    w.declare("quorum/1", "undecided", {"yes": 3, "no": 0, "abstain": 0, "present": 0}, "quorum", stamp=w.now + 11)
    verdict = check(w.write(tmp_path))
    assert verdict["ok"]
    assert verdict["decisions"] == 3
    found = tables(tmp_path)
    assert found["proposals"]["tie"]["status"] == "rejected"
    assert found["proposals"]["tie"]["rounds"] == 2
    assert found["proposals"]["quorum"]["status"] == "tabled"
    code, page = run(tmp_path, "--explain", "tie/1")
    assert code == 0
    assert "yes+no+abstain+present [5] <= 1/2 of seats [6] [6/2]: no" in page
    assert "(yes [2] = no [2] and round [1] = 1): holds, so undecided (tie)" in page


def test_silence_and_consensus(tmp_path: Path) -> None:
    """Silence lapses by its deadline, one objection breaks it; consensus is closed by the chair."""
    w = World().found()
    for name, positions, outcome, reason in (("s1", "", "adopted", ""), ("s2", "--o", "rejected", "objection")):
        w.table(name, rule="silence")
        w.open(name, lasts=3 * DAY)
        w.cast(f"{name}/1", positions)
        w.now += 3 * DAY + 1
        counts = {"object": positions.count("o")}
        act = {"vote": f"{name}/1", "outcome": outcome, "counts": counts} | ({"reason": reason} if reason else {})
        w.act("vote.declare", act, w.members["M3"])
    w.table("c", rule="consensus")
    w.open("c")
    w.close("c/1")
    w.declare("c/1", "adopted", {"object": 0})
    verdict = check(w.write(tmp_path))
    assert verdict["ok"]
    found = tables(tmp_path)
    assert found["votes"]["s1/1"]["rule"] == SILENCE
    assert found["votes"]["c/1"]["rule"] == CONSENSUS
    assert [found["proposals"][name]["status"] for name in ("s1", "s2", "c")] == ["adopted", "rejected", "adopted"]


def test_a_council_that_meets(tmp_path: Path) -> None:
    """Convened, attended, opened with its quorum; those present are recorded in the vote; then it closes."""
    w = World().found()
    w.act("meeting.convene", {"meeting": "m", "organ": "council", "date": "2026-03-01"}, w.president)
    w.act("meeting.attend", {"meeting": "m"}, w.members["M1"])
    w.act("meeting.attend", {"meeting": "m"}, w.members["M2"])
    w.act("meeting.open", {"meeting": "m"}, w.president)
    w.act("meeting.attend", {"meeting": "m"}, w.members["M4"])
    w.act("member.admit", w.admit("A0"), w.secretary)  # a new member in front moves every seat of the new roll
    w.table("p", organ="council")
    w.open("p", meeting="m")
    w.act("vote.cast", {"vote": "p/1", "position": "no"}, w.members["A0"])
    w.act("vote.cast", {"vote": "p/1", "position": "yes"}, w.members["M2"])
    w.act("meeting.close", {"meeting": "m"}, w.president)
    w.close("p/1")
    w.declare("p/1", "undecided", {"yes": 1, "no": 1, "abstain": 0, "present": 2}, "tie")
    verdict = check(w.write(tmp_path))
    assert verdict["ok"], verdict
    found = tables(tmp_path)
    assert found["votes"]["p/1"]["positions"] == "n-py-p"
    assert found["votes"]["p/1"]["meeting"] == "m"
    meeting = found["meetings"]["m"]
    assert (meeting["present"], meeting["status"], meeting["date"]) == ("-pp-p", "closed", "2026-03-01")


def test_decisions_enact_acts(tmp_path: Path) -> None:
    """Admission, status, charter amendments and an office's key, each enacted by a decision."""
    w = World().found()
    w.decide("admit", enacts={"kind": "member.admit", "act": w.admit("M5", groups=["board"], weights={"share": 0})})
    admitted = len(w.entries) - 1
    w.act("vote.cast", {"vote": "admit/1", "position": "yes"}, w.members["M5"])  # void: the roll was frozen
    w.decide("leave", "yyyyyy", enacts={"kind": "member.status", "act": {"member": "M1", "status": "former"}})
    new = article(SIMPLE, "New")
    w.decide("add", "y-yy", enacts={"kind": "charter.add", "act": {"article": "new", "content": new}})
    w.decide("replace", "y-yy", enacts={"kind": "charter.replace", "act": {"article": "new", "content": new}})
    w.decide("repeal", "y-yy", enacts={"kind": "charter.repeal", "act": {"article": "new"}})
    spare = Key("deputy")
    w.table(
        "key",
        enacts={
            "kind": "key.add",
            "act": {"holder": "office/president", "key": spare.proven(w.organisation, "office/president")},
        },
    )
    w.open("key")
    w.close("key/1")
    w.declare("key/1", "adopted", {"object": 0})
    w.act(
        "proposal.table",
        {
            "proposal": "last",
            "organ": "assembly",
            "title": "x",
            "enacts": {"kind": "key.revoke", "act": {"key": w.president.id}},
        },
        w.members["M0"],
    )
    w.open("last")
    w.act("vote.close", {"vote": "last/1"}, spare)
    w.act("vote.declare", {"vote": "last/1", "outcome": "adopted", "counts": {"object": 0}}, spare)
    revoked = len(w.entries) - 1
    w.declare("last/1", "adopted", {"object": 0})  # void: the president's first key is gone
    verdict = check(w.write(tmp_path))
    assert [(void["index"], void["code"]) for void in verdict["void"]] == [
        (admitted + 1, "seat.none"),
        (revoked + 1, "key"),
    ]
    register = verify(source(str(tmp_path))).fold.register
    assert register.members["M5"] == {
        "name": "Member M5",
        "status": "full",
        "admitted": admitted,
        "groups": ["board"],
        "weights": {"share": 0},
    }
    assert register.keys[w.members["M5"].id]["since"] == admitted
    assert register.keys[w.president.id]["revoked"] == revoked
    assert register.members["M1"]["status"] == "former"
    assert "new" not in register.articles
    assert {d.get("effect") for d in register.decisions.values()} == {"enacted"}


def test_carried_without_effect(tmp_path: Path) -> None:
    """What was in order when tabled may not be when it is carried: the decision says so with the code."""
    w = World().found()
    status = {"kind": "member.status", "act": {"member": "M4", "status": "former"}}
    repeal = {"kind": "charter.repeal", "act": {"article": "admission"}}
    assembly = {"kind": "charter.repeal", "act": {"article": "key-matters"}}
    for name, enacts in (("first", status), ("second", status), ("third", repeal), ("fourth", status)):
        w.table(name, enacts=enacts)
        w.open(name)
        w.cast(f"{name}/1", "yyy")
    w.table("fifth", enacts=assembly)
    for name in ("first", "second", "third", "fourth"):
        w.close(f"{name}/1")
        w.declare(f"{name}/1", "adopted", {"yes": 3, "no": 0, "abstain": 0})
    verdict = check(w.write(tmp_path))
    assert verdict["ok"]
    found = tables(tmp_path)
    results = [(d.get("effect"), d.get("refused")) for d in found["decisions"].values()]
    assert results == [
        ("enacted", None),
        ("refused", "member.same"),
        ("enacted", None),
        ("refused", "competence.changed"),
    ]
    statuses = [found["proposals"][name]["status"] for name in ("first", "second", "third", "fourth")]
    assert statuses == ["adopted", "without_effect", "adopted", "without_effect"]
    code, page = run(tmp_path, "--explain", "second/1")
    assert code == 0
    assert "without effect, refused with member.same" in page


def test_the_organ_that_voted_may_be_gone(tmp_path: Path) -> None:
    """A seat of the vote may declare although the organ was repealed; what it carries is refused with organ.unknown."""
    w = World().found()
    everything = articles()
    everything["other"] = article({**everything["assembly"]["provision"]})
    everything["other-matters"] = article(
        {"is": "competence", "kinds": ["member.status"], "organ": "other", "rule": "majority"}
    )
    w = World(charter=everything).found()
    enacts = {"kind": "member.status", "act": {"member": "M4", "status": "former"}}
    w.table("p", organ="other", enacts=enacts)
    w.open("p", lasts=1000)
    w.cast("p/1", "y")
    w.decide("a", enacts={"kind": "charter.repeal", "act": {"article": "other-matters"}})
    w.decide("b", enacts={"kind": "charter.repeal", "act": {"article": "other"}})
    w.now += 2000
    act = {"vote": "p/1", "outcome": "adopted", "counts": {"yes": 1, "no": 0, "abstain": 0}}
    w.act("vote.declare", act, w.members["M2"])
    assert check(w.write(tmp_path))["ok"]
    assert tables(tmp_path)["decisions"]["p/1"]["refused"] == "organ.unknown"


def test_keys_come_and_go(tmp_path: Path) -> None:
    """A holder adds a key for itself and revokes another; acts of several signers need them all in force."""
    w = World().found()
    m1, spare = w.members["M1"], Key("spare")
    w.act("key.add", {"holder": "member/M1", "key": spare.proven(w.organisation, "member/M1")}, m1)
    w.table("by-both", by=spare)
    w.act("proposal.table", {"proposal": "joint", "organ": "assembly", "title": "x"}, m1, w.members["M2"], spare)
    w.act("key.revoke", {"key": m1.id}, m1)
    w.table("after", by=spare)
    verdict = check(w.write(tmp_path))
    assert verdict["ok"]
    found = tables(tmp_path)
    assert found["keys"][m1.id]["revoked"] == 4
    assert found["proposals"]["joint"]["by"] == "member/M1"
    assert w.members["M2"].id not in found["counters"]


def test_a_later_edition_stops_the_program(tmp_path: Path) -> None:
    """The entry that raises the edition is processed; the next one needs a later release: exit code 3."""
    w = World().found()
    w.table("running", rule="majority")
    w.open("running")
    w.decide("raise", enacts={"kind": "edition.raise", "act": {"edition": 2}})
    verdict = check(w.write(tmp_path / "a"))
    assert (verdict["ok"], verdict["exit"], verdict["edition"]) == (True, 0, 2)
    w.cast("running/1", "y")
    w.raw(b"whatever edition 2 says")
    stopped = check(w.write(tmp_path / "b"))
    assert (stopped["ok"], stopped["exit"], stopped["void"]) == (False, 3, [])
    assert stopped["acts"] == len(w.entries) - 2
    assert stopped["register"] == verdict["register"]
    assert stopped["root"] == w.root().hex()
    assert any("governed by edition 2" in what for what in stopped["not_recomputed"])


@pytest.mark.parametrize(("mark", "words"), [("replay", "no state signed anything"), ("simulation", "SIMULATION")])
def test_a_mark_is_said_plainly(mark: str, words: str, tmp_path: Path) -> None:
    """Whoever reads the page cannot take a replay or a simulation for the thing itself."""
    w = World(mark=mark).found()
    assert words in check(w.write(tmp_path))["text"]


def test_the_anchor(tmp_path: Path) -> None:
    """With the founding act's id the record is the organisation's that was meant; without, it is its own anchor."""
    w = World().found()
    w.write(tmp_path)
    assert "anchor        record itself" in check(tmp_path)["text"]
    other = check(tmp_path, "--founding", "ab" * 32)
    assert (other["ok"], other["exit"]) == (False, 1)
    assert "another organisation, or a forgery" in other["faults"][0]


def test_processes_change_nothing(tmp_path: Path) -> None:
    """Two processes, three or none give one verdict, also for keys that a process has not heard of and void entries."""
    w = World().found()
    for number in range(5, 1400):
        w.act("member.admit", {"member": f"N{number}", "name": "x", "status": "observer"}, w.secretary)
        if number % 97 == 0:
            w.act("member.admit", w.admit(f"M{number}"), w.secretary)
            w.table(f"p{number}", by=w.members[f"M{number}"])
        if number % 211 == 0:
            w.table(f"bad{number}", by=w.members["M0"], forge=lambda signature: bytes(64)) if False else w.raw(b"bad")
        if number % 101 == 0:
            w.decide(f"d{number}", "yyy")
    w.write(tmp_path)
    one, two, three = (check(tmp_path, jobs=jobs) for jobs in (1, 2, 3))
    for verdict in (one, two, three):
        del verdict["seconds"], verdict["text"]
    assert one["void"]
    assert one == two == three


def test_weights_and_groups_of_a_roll(tmp_path: Path) -> None:
    """A rule may count a group's seats, and seats by weight."""
    charter = articles()
    weighty = {
        "is": "rule",
        "positions": ["yes", "no"],
        "early": True,
        "clauses": [
            {
                "when": compare(count("no", group="board"), ">=", {"is": "number", "value": 1}),
                "outcome": "rejected",
                "reason": "veto",
            },
            {"when": compare(count("yes", weight="share"), ">", count("no", weight="share")), "outcome": "adopted"},
        ],
    }
    charter["weighty"] = article(weighty)
    charter["assembly"]["provision"]["rules"].append("weighty")
    w = World(charter=charter).found()
    for name, positions, outcome, reason in (
        ("veto", "nyyyy", "rejected", "veto"),
        ("weight", "-nynn", "adopted", ""),
        ("tie", "--nyy", "rejected", ""),
    ):
        w.table(name, rule="weighty")
        w.open(name)
        w.cast(f"{name}/1", positions)
        w.close(f"{name}/1")
        w.declare(f"{name}/1", outcome, {"yes": positions.count("y"), "no": positions.count("n")}, reason)
    assert check(w.write(tmp_path))["ok"]
