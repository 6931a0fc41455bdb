# SPDX-License-Identifier: Apache-2.0
"""The independent verifier judges like comity: random acts, mangled payloads, mangled envelopes, all in one record."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.charter.strategies import any_act, value

from comity.charter.article import ENACTABLE
from comity.charter.register import encode
from comity.charter.rule import SIGNS, Rule
from conformance.articles import article, organ
from conformance.scribe import Json, Scribe
from conformance.stage import stage

VERIFIER = Path(sys.executable).with_name("comity-verify")
SIGNERS = ["A", "B", "G", "chair", "secretariat"]
ODD = [b"\x00", b"\x1f", b" ", b'"', b"\\", b"{", b"}", b"[", b",", b":", b"0", b"-", b".0", b"e1", b"\x7f", b"\xff"]
ODD += [
    "é".encode(),
    "\u2028".encode(),
    b"\\u0041",
    b"\\/",
    b"\\ud800",
    b"null",
    b"true",
    b"\n",
    b"=",
    b"+",
    b"\xc0\xaf",
]


@pytest.fixture(scope="module")
def drawn() -> list[tuple[str, Json]]:
    """A few hundred acts of every kind, as Hypothesis draws them, always the same."""
    found: list[tuple[str, Json]] = []

    @settings(
        max_examples=400,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(any_act())
    def draw(act: object) -> None:
        found.append((act.kind, json.loads(encode(act))))  # type: ignore[attr-defined]

    draw()
    assert len({kind for kind, _ in found}) > 15
    return found


def agrees(scribe: Scribe, folder: Path) -> list[str]:
    """The codes of the record's void entries, which the verifier finds too."""
    if not VERIFIER.exists():
        pytest.skip("comity-verify absent")
    scribe.write(folder)
    run = subprocess.run([VERIFIER, folder, "--json"], capture_output=True, text=True, check=False)
    assert run.stdout, run.stderr
    found = json.loads(run.stdout)
    void = [{"index": each["index"], "code": each["code"]} for each in found["void"]]
    differing = [pair for pair in zip(void, scribe.void, strict=False) if pair[0] != pair[1]]
    assert differing[:1] == []
    assert void == scribe.void
    assert found["register"] == scribe.digests[-1]
    assert found["faults"] == []
    return [str(each["code"]) for each in scribe.void]


def _lifelike(act: Json, random: Random) -> Json:
    """The act with names that the stage knows, here and there, so that it gets beyond the first check."""
    known = [
        "tabled",
        "running",
        "open",
        "convened",
        "quiet",
        "council",
        "assembly",
        "simple",
        "A",
        "G",
        "board",
        "done/1",
    ]
    known += ["over/1", "running/1", "members", "chair", "office/chair", "electorate/members", "important", "member/A"]
    return {
        name: random.choice(known) if isinstance(value, str) and random.random() < 0.5 else value
        for name, value in act.items()
    }


@pytest.mark.conformance
def test_random_acts(drawn: list[tuple[str, Json]], tmp_path: Path) -> None:
    """Acts of random content, and proposals to enact them, by random holders."""
    random, scribe = Random(1), stage("random-acts")  # noqa: S311
    for kind, act in drawn:
        scribe.log(scribe.raw(kind, scribe.payload(_lifelike(act, random), name := random.choice(SIGNERS)), name))
        if kind in ENACTABLE:
            proposal = {"proposal": f"P{len(scribe.entries)}", "organ": "assembly", "title": "T"}
            enacts = {"kind": kind, "act": _lifelike(act, random)}
            scribe.log(
                scribe.raw(
                    "proposal.table", scribe.payload({**proposal, "enacts": enacts}, "secretariat"), "secretariat"
                )
            )
    assert len(set(agrees(scribe, tmp_path))) > 10


def _mangled(data: bytes, random: Random) -> bytes:
    """The bytes with one to three small changes."""
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        at = random.randrange(len(data) + 1)
        cut = random.choice([0, 0, 1, 1, 2, 5])
        data = (
            data[:at]
            + random.choice([b"", random.choice(ODD), random.choice(ODD), data[at : at + 1] * 2])
            + data[at + cut :]
        )
    return data


@pytest.fixture(scope="module")
def rules() -> list[Json]:
    """Rules as Hypothesis draws them, over groups and weights that the stage knows."""
    found: list[Json] = []

    @settings(
        max_examples=120,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        found.append(json.loads(encode(value(data.draw, msgspec.inspect.type_info(Rule), 5))))

    draw()
    return found


def _sensible(node: object, random: Random, positions: list[str]) -> object:
    """The rule with names of the stage, small numbers and, mostly, positions that it offers."""
    if isinstance(node, list):
        return [_sensible(each, random, positions) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: _sensible(each, random, positions) for name, each in node.items()}
    if node.get("is") == "count":
        some = positions if random.random() < 0.95 else ["yes", "no"]
        made["of"] = random.sample(some, random.randint(1, len(some)))
    if node.get("is") == "number":
        made = {"is": "number", "value": random.randint(1, 6)}
    if node.get("is") == "share":
        made |= {"numerator": random.randint(1, 9), "denominator": random.randint(1, 9)}
    return {
        name: random.choice(["north", "south", "population"]) if name in ("group", "weight") else each
        for name, each in made.items()
    }


@pytest.mark.conformance
def test_random_rules(rules: list[Json], tmp_path: Path) -> None:
    """Rules of random content are found well-formed or not, and votes by them are decided, alike."""
    random, scribe = Random(5), stage("random-rules")  # noqa: S311
    outcomes = set()
    for number, drawn in enumerate(rules):
        fields = _sensible(drawn, random, drawn["positions"])
        assert isinstance(fields, dict)
        fields.pop("least", None)
        content = article({**fields, "early": True})
        added = _adopted(scribe, f"R{number}", {"article": f"rule-{number}", "content": content})
        if not added:
            continue
        _adopted(
            scribe, f"O{number}", {"article": f"organ-{number}", "content": organ("members", "chair", f"rule-{number}")}
        )
        outcomes.add(_voted(scribe, f"V{number}", f"organ-{number}", random))
    assert outcomes == {"adopted", "rejected", "undecided"}
    assert set(agrees(scribe, tmp_path)) == {"charter.rule"}


def _adopted(scribe: Scribe, proposal: str, act: Json) -> bool:
    """Whether the article could be added; the refused proposal is logged as a void entry."""
    enacts = {"kind": "charter.add", "act": act}
    whole = {"proposal": proposal, "organ": "assembly", "title": "Add", "enacts": enacts}
    raw = scribe.seal("proposal.table", whole, "secretariat")
    if scribe.try_out(raw):
        scribe.log(raw)
        return False
    scribe.decide(proposal, "adopted", "two-thirds", enacts=enacts, yes="A")
    return True


def _voted(scribe: Scribe, proposal: str, organ: str, random: Random) -> str:
    """The outcome of a vote with random positions: of all outcomes and reasons the one that is not refused."""
    scribe.table(proposal, organ)
    scribe.open(proposal)
    vote = scribe.register.tables["votes"][f"{proposal}/1"]
    for member in "ABCDEF":
        if position := random.choice([*vote.rule.positions, *vote.rule.positions, ""]):
            scribe.cast(f"{proposal}/1", **{position: member})
    scribe.close(f"{proposal}/1")
    row = scribe.register.tables["votes"][f"{proposal}/1"]
    counts = {name: row.positions.count(SIGNS[name]) for name in vote.rule.positions}
    reasons = {(clause.outcome, clause.reason) for clause in vote.rule.clauses} | {("rejected", "")}
    found = []
    for outcome, reason in sorted(reasons):
        told = {"vote": f"{proposal}/1", "outcome": outcome, "counts": counts, **({"reason": reason} if reason else {})}
        raw = scribe.seal("vote.declare", told, "chair")
        if scribe.try_out(raw) is None:
            found.append((outcome, raw))
    assert len(found) == 1
    assert scribe.log(found[0][1]) == ""
    return found[0][0]


@pytest.mark.conformance
def test_mangled_payloads(drawn: list[tuple[str, Json]], tmp_path: Path) -> None:
    """Payloads with a few bytes changed, properly signed, are judged alike to the last byte."""
    random, scribe = Random(2), stage("mangled-payloads")  # noqa: S311
    for kind, act in drawn * 3:
        name = random.choice(SIGNERS)
        scribe.log(scribe.raw(kind, _mangled(scribe.payload(act, name), random), name))
    assert "form" in agrees(scribe, tmp_path)


@pytest.mark.conformance
def test_mangled_envelopes(tmp_path: Path) -> None:
    """So are envelopes and whole entries with a few bytes changed."""
    random, scribe = Random(3), stage("mangled-envelopes")  # noqa: S311
    for number in range(1500):
        signers = random.sample(SIGNERS, random.choice([1, 1, 2, 3]))
        act = {"vote": "running/1", "position": random.choice(["yes", "no", "object"])}
        entry = scribe.now.to_bytes(8, "big") + scribe.seal("vote.cast", act, *signers)
        scribe.log_entry(_mangled(entry, random) if number % 10 else entry)
    assert len(set(agrees(scribe, tmp_path))) > 3


TYPED = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**53,
    2**64,
    0.5,
    1.0,
    "",
    "x",
    "x\n",
    "é",
    "A" * 65,
    [],
    {},
    [1],
    {"is": "text"},
]


def _retyped(value: object, random: Random) -> object:
    """The value with something of another type or length somewhere in it."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(sorted(value))
        return {**value, key: _retyped(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.8:
        at = random.randrange(len(value))
        if random.random() < 0.2:
            return [*value, value[at]] * random.choice([1, 1, 20])
        return [*value[:at], _retyped(value[at], random), *value[at + 1 :]]
    if isinstance(value, dict) and random.random() < 0.5:
        return {**value, random.choice(["", "is", "zz", "size", "groups"]): random.choice(TYPED)}
    if isinstance(value, str) and random.random() < 0.5:
        return random.choice(
            [value + "\n", value * 40, value[:-1], value.upper(), f"{value}\u007f", value + "\U0001f54a"]
        )
    return random.choice(TYPED)


@pytest.mark.conformance
def test_retyped_fields(drawn: list[tuple[str, Json]], tmp_path: Path) -> None:
    """Acts and payloads with a field of another type, length or pattern are judged alike."""
    random, scribe = Random(4), stage("retyped-fields")  # noqa: S311
    for kind, act in drawn * 4:
        whole = json.loads(scribe.payload(act, name := random.choice(SIGNERS)))
        changed = _retyped(whole, random) if random.random() < 0.2 else {**whole, "act": _retyped(act, random)}
        text = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) < 40_000:
            scribe.log(scribe.raw(kind, text, name))
    assert "form" in agrees(scribe, tmp_path)
