# SPDX-License-Identifier: Apache-2.0
"""The rule language: worked cases at their boundaries, an independent recount, explanations that suffice."""

import re
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.charter.recount import RELATIONS, recount
from tests.charter.strategies import value

from comity.charter.article import AnyProvision
from comity.charter.refusal import Refused
from comity.charter.register import encode
from comity.charter.rule import Condition, Finding, Line, Rule, Tally, decide, holds, require_well_formed
from conformance import articles as charter

SIGN = {"yes": "y", "no": "n", "abstain": "a", "object": "o", "present": "p"}


def _rule(fields: dict[str, Any]) -> Rule:
    return msgspec.convert(fields, type=AnyProvision)


def _cast(*, none: int = 0, **positions: int) -> str:
    return "".join(SIGN[name] * number for name, number in positions.items()) + "-" * none


def _outcome(fields: dict[str, Any], positions: str, round: int = 1, **more: Any) -> str:
    found = decide(_rule(fields), Tally(positions=positions, round=round, **more))
    assert _recomputed(found.lines) == (found.outcome, found.reason)
    return f"{found.outcome} {found.reason}".strip()


# An explanation alone: each line is read, and what it says is worked out again from the lines inside it.

QUANTITY = re.compile(r"(?P<what>.+) = (?P<value>[0-9 /]+)$")
COMPARISON = re.compile(r"(?P<left>[0-9 /]+) (?P<relation>>=|<=|>|<|=) (?P<right>[0-9 /]+): (?P<verdict>.+)$")
JUNCTION = re.compile(r"(?P<which>all|any) of (?P<number>\d+): (?P<verdict>.+)$")
SHARE = re.compile(r"(?P<ratio>\d+/\d+) of (?P<whole>[0-9 /]+)$")
CLAUSE = re.compile(r"clause \d+: (?P<outcome>adopted|rejected|undecided)(?: \((?P<reason>.+)\))?$")


def _number(text: str) -> Fraction:
    return sum(map(Fraction, text.split(" ")), Fraction(0))


def _recomputed(lines: tuple[Line, ...]) -> tuple[str, str]:
    """The outcome and the reason, from the text of the lines; every line must follow from those inside it."""
    inside: dict[int, list[Fraction | bool]] = {}
    for line in lines:
        parts = inside.pop(line.depth + 1, [])
        if line.depth == 0 and (clause := CLAUSE.match(line.text)):
            assert parts in ([], [True])
            return clause["outcome"], clause["reason"] or ""
        if line.depth == 0 and line.text.endswith("does not apply"):
            assert parts == [False]
            continue
        if line.text == "no clause applies: rejected":
            return "rejected", ""
        inside.setdefault(line.depth, []).append(_line(line.text, parts))
    raise AssertionError("an explanation without an end")


def _line(text: str, parts: list[Any]) -> Fraction | bool:
    verdicts = {"holds": True, "does not hold": False}
    if junction := JUNCTION.match(text):
        result = {"all": all, "any": any}[junction["which"]](parts)
        assert len(parts) == int(junction["number"])
        assert verdicts[junction["verdict"]] == result
        return result
    if text.startswith("not: "):
        assert [verdicts[text[5:]]] == [not part for part in parts]
        return not parts[0]
    if comparison := COMPARISON.match(text):
        left, right = _number(comparison["left"]), _number(comparison["right"])
        assert parts == [left, right]
        result = RELATIONS[comparison["relation"]](left, right)
        assert verdicts[comparison["verdict"]] == result
        return result
    quantity = QUANTITY.match(text)
    assert quantity, text
    value = _number(quantity["value"])
    if share := SHARE.match(quantity["what"]):
        assert parts == [_number(share["whole"])]
        assert value == parts[0] * Fraction(share["ratio"])
    elif parts:
        assert [_number(term) for term in quantity["what"].split(" + ")] == parts
        assert value == sum(parts)
    return value


NAMES = ["north", "south", "population"]
seat = st.fixed_dictionaries(
    {
        "position": st.sampled_from([*SIGN, ""]),
        "groups": st.lists(st.sampled_from(NAMES), unique=True),
        "weights": st.dictionaries(st.sampled_from(NAMES), st.integers(0, 50)),
    }
)


def _scopes(value: Any, data: st.DataObject) -> Any:
    """The fields of a rule with groups and weights that a roll may know."""
    if isinstance(value, list):
        return [_scopes(each, data) for each in value]
    if not isinstance(value, dict):
        return value
    named = data.draw(st.sampled_from([*NAMES, "nowhere"])) if {"group", "weight"} & value.keys() else ""
    return {key: named if key in ("group", "weight") else _scopes(each, data) for key, each in value.items()}


def _tally(seats: list[dict[str, Any]], round: int) -> Tally:
    groups = {name: "".join("01"[name in one["groups"]] for one in seats) for name in NAMES}
    weights = {name: tuple(one["weights"].get(name, 0) for one in seats) for name in NAMES}
    return Tally(
        positions="".join(SIGN.get(one["position"], "-") for one in seats),
        groups={name: row for name, row in groups.items() if "1" in row},
        weights={name: row for name, row in weights.items() if any(row)},
        round=round,
    )


@settings(deadline=None, max_examples=200)
@given(st.data(), st.lists(seat, max_size=12), st.integers(1, 3))
def test_any_rule_is_decided_as_by_hand(data: st.DataObject, seats: list[dict[str, Any]], round: int) -> None:
    """For any rule and any roll the outcome is that of an independent recount, and follows from the explanation."""
    drawn = value(data.draw, msgspec.inspect.type_info(Rule), 4)
    fields = _scopes(msgspec.json.decode(encode(drawn)), data)
    found = decide(_rule(fields), _tally(seats, round))
    assert (found.outcome, found.reason) == recount(fields, seats, round)
    assert (found.outcome, found.reason) == _recomputed(found.lines)
    assert found.counts == {name: sum(one["position"] == name for one in seats) for name in fields["positions"]}


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["SIMPLE", "TIED", "QUORATE", "IMPORTANT", "QUIET", "CONSENSUS", "DOUBLE", "SPLIT"]),
    st.lists(seat, max_size=30),
    st.integers(1, 2),
)
def test_known_rules_are_decided_as_by_hand(name: str, seats: list[dict[str, Any]], round: int) -> None:
    """So are the rules that organisations use."""
    fields = getattr(charter, name)
    found = decide(_rule(fields), _tally(seats, round))
    assert (found.outcome, found.reason) == recount(fields, seats, round) == _recomputed(found.lines)


# Worked cases.


@pytest.mark.parametrize(
    ("yes", "no", "outcome"),
    [
        (97, 96, "adopted majority"),
        (96, 96, "rejected no-majority"),
        (0, 0, "rejected no-majority"),
        (1, 0, "adopted majority"),
        (96, 97, "rejected no-majority"),
    ],
)
def test_the_simple_majority(yes: int, no: int, outcome: str) -> None:
    """More yes than no; abstentions and absences do not count (General Assembly, rules 85 and 86)."""
    assert _outcome(charter.SIMPLE, _cast(yes=yes, no=no, abstain=50, none=47)) == outcome


@pytest.mark.parametrize(
    ("yes", "no", "outcome"),
    [
        (2, 1, "adopted two-thirds"),
        (128, 64, "adopted two-thirds"),
        (127, 64, "rejected no-two-thirds"),
        (128, 65, "rejected no-two-thirds"),
        (0, 0, "rejected no-two-thirds"),
        (1, 0, "adopted two-thirds"),
        (0, 1, "rejected no-two-thirds"),
        (66666, 33333, "adopted two-thirds"),
        (66666, 33334, "rejected no-two-thirds"),
    ],
)
def test_the_important_question(yes: int, no: int, outcome: str) -> None:
    """Two thirds of those who vote yes or no, exactly; and nobody's yes decides nothing."""
    assert _outcome(charter.IMPORTANT, _cast(yes=yes, no=no, abstain=7, none=3)) == outcome


@pytest.mark.parametrize(
    ("there", "outcome"), [(96, "undecided quorum"), (97, "adopted majority"), (193, "adopted majority")]
)
def test_the_quorum_to_decide(there: int, outcome: str) -> None:
    """A majority of the members must be present; who is present and silent counts for the quorum."""
    assert _outcome(charter.QUORATE, _cast(yes=2, no=1, present=there - 3, none=193 - there)) == outcome


def test_the_quorum_at_exactly_a_half() -> None:
    """Half of an even number of members is no majority of them."""
    assert _outcome(charter.QUORATE, _cast(yes=96, none=96)) == "undecided quorum"
    assert _outcome(charter.QUORATE, _cast(yes=97, none=95)) == "adopted majority"


@pytest.mark.parametrize(("present", "opens"), [(64, False), (65, True), (0, False), (193, True)])
def test_the_quorum_to_open(present: int, opens: bool) -> None:
    """At least a third of the members, exactly: of 193, 65."""
    condition = msgspec.convert(charter.QUORUM_TO_OPEN, type=Condition)
    good, lines = holds(condition, Tally(positions=_cast(present=present, none=193 - present)))
    assert good is opens
    assert lines[-1].text == f"{present} >= 64 1/3: {'holds' if opens else 'does not hold'}"


def test_a_tie_is_voted_on_once_more() -> None:
    """Equally divided: a second vote; equally divided again: rejected (rule 95)."""
    tie = _cast(yes=5, no=5, abstain=1)
    assert _outcome(charter.TIED, tie) == "undecided tie"
    assert _outcome(charter.TIED, tie, round=2) == "rejected no-majority"
    assert _outcome(charter.TIED, "") == "undecided tie"


@pytest.mark.parametrize(("rule", "reason"), [(charter.QUIET, "silence"), (charter.CONSENSUS, "consensus")])
def test_silence_and_consensus(rule: dict[str, Any], reason: str) -> None:
    """Adopted if nobody objects; one objection is enough."""
    assert _outcome(rule, _cast(none=193)) == f"adopted {reason}"
    assert _outcome(rule, _cast(object=1, none=192)) == "rejected objection"


def test_both_groups_must_agree() -> None:
    """A majority in each of two groups; a seat may be in both, and an unknown group has no seats."""
    groups = {"north": "1110", "south": "0011"}
    assert _outcome(charter.SPLIT, "ynyy", groups=groups) == "adopted both-groups"
    assert _outcome(charter.SPLIT, "yyny", groups=groups) == "rejected no-majority"
    assert _outcome(charter.SPLIT, "yyyy", groups={"north": "1110"}) == "rejected no-majority"


STATES = {"population": (84, 68, 59, 48, 38, 19, 17, 12, 11, 11)}


@pytest.mark.parametrize(
    ("positions", "outcome"),
    [
        ("yyyyyynnnn", "adopted double-majority"),  # six of ten states are 60 %, and 86 % of the people
        ("yyyyynnnnn", "rejected no-majority"),  # half of the states are not 55 %
        ("nnyyyyyynn", "rejected no-majority"),  # 53 % of the people, four against: blocked
        ("nnyyyyyyya", "adopted double-majority"),  # 56 % of the people, but three against do not block
    ],
)
def test_a_double_majority(positions: str, outcome: str) -> None:
    """Of the states 55 % with 65 % of the people; three states against do not block."""
    assert _outcome(charter.DOUBLE, positions, weights=STATES) == outcome


def test_a_weight_that_the_roll_does_not_know() -> None:
    """It is 0 for every seat: the people are then 0 of 0, which is at least 65 % of 0."""
    assert _outcome(charter.DOUBLE, "yyyyyynnnn") == "adopted double-majority"


def test_exact_where_floats_are_not() -> None:
    """0.1 + 0.2 against 0.3, and weights at the edge of whole numbers, are compared exactly."""
    tenth = charter.share(charter.number(1), 1, 10)
    fifth = charter.share(charter.number(2), 1, 10)
    equal = charter.compare({"is": "sum", "of": [tenth, fifth]}, "=", charter.share(charter.number(3), 1, 10))
    assert _outcome(charter.rule("yes", charter.clause("adopted", "exact", equal)), "y") == "adopted exact"
    heavy = charter.compare(charter.count("yes", weight="gold"), ">", charter.share(charter.seats(weight="gold"), 1, 2))
    most = 2**53 - 1
    rule = charter.rule("yes", charter.clause("adopted", "gold", heavy))
    assert _outcome(rule, "yy-", weights={"gold": (most, 1, most)}) == "adopted gold"
    assert _outcome(rule, "yy-", weights={"gold": (most - 1, 1, most)}) == "rejected"


def test_no_clause_applies() -> None:
    """Then the outcome is rejected, without a reason."""
    rule = charter.rule(
        "yes", charter.clause("adopted", "", charter.compare(charter.count("yes"), ">", charter.seats()))
    )
    found = decide(_rule(rule), Tally(positions="yy"))
    assert (found.outcome, found.reason) == ("rejected", "")
    assert found.lines[-1].text == "no clause applies: rejected"


def test_an_explanation_reads_well() -> None:
    """The explanation of a vote, word for word."""
    found: Finding = decide(_rule(charter.QUORATE), Tally(positions=_cast(yes=2, no=2, present=1, none=2)))
    assert [f"{'  ' * line.depth}{line.text}" for line in found.lines] == [
        "    count of yes, no, abstain, present = 5",
        "      seats = 7",
        "    1/2 of 7 = 3 1/2",
        "  5 <= 3 1/2: does not hold",
        "clause 1: does not apply",
        "    count of yes = 2",
        "    count of no = 2",
        "  2 > 2: does not hold",
        "clause 2: does not apply",
        "      count of yes = 2",
        "      count of no = 2",
        "    2 = 2: holds",
        "      round = 1",
        "      fixed number = 1",
        "    1 = 1: holds",
        "  all of 2: holds",
        "clause 3: undecided (tie)",
    ]


# Well-formed.


def _nested(depth: int) -> dict[str, Any]:
    """A condition in which the deepest node is `depth` deep."""
    node = charter.compare(charter.number(1), "=", charter.number(1))
    for _ in range(depth - 2):
        node = charter.never(node)
    return node


@pytest.mark.parametrize(("depth", "good"), [(2, True), (16, True), (17, False), (60, False)])
def test_depth(depth: int, good: bool) -> None:
    """Sixteen deep is well-formed, seventeen is not."""
    _well_formed(charter.rule("yes", charter.clause("adopted", "", _nested(depth))), good)


@pytest.mark.parametrize(("extra", "good"), [(0, True), (1, False)])
def test_size(extra: int, good: bool) -> None:
    """Of conditions and quantities 256 are well-formed over all clauses, 257 are not."""
    sixteen = {"is": "sum", "of": [charter.number(1)] * 16}
    seven = {"is": "sum", "of": [sixteen] * 7}
    first = charter.clause("adopted", "", charter.compare(seven, "=", seven))  # 1 + 2 * (1 + 7 * 17) = 241
    rest = charter.compare({"is": "sum", "of": [charter.number(1)] * (12 + extra)}, "=", charter.number(1))  # 15
    _well_formed(charter.rule("yes", first, charter.clause("adopted", "", rest)), good)


@pytest.mark.parametrize(
    ("numerator", "denominator", "good"),
    [(10**6, 10**6, True), (10**6 + 1, 1, False), (1, 10**6 + 1, False)],
)
def test_ratios(numerator: int, denominator: int, good: bool) -> None:
    """The terms of a share are at most a million."""
    condition = charter.compare(charter.share(charter.seats(), numerator, denominator), ">", charter.number(0))
    _well_formed(charter.rule("yes", charter.clause("adopted", "", condition)), good)


def _well_formed(fields: dict[str, Any], good: bool) -> None:
    rule = _rule(fields)
    if good:
        require_well_formed(rule, "a test")
        return
    with pytest.raises(Refused) as refused:
        require_well_formed(rule, "a test")
    assert refused.value.code == "charter.rule"
