# SPDX-License-Identifier: Apache-2.0
"""The rule language against a second, naive computation with fractions, over rules and tallies of every shape."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from comity_verify import rules
from comity_verify.forms import conform

Json = dict[str, Any]

POSITIONS = ["yes", "no", "abstain", "object", "present"]
LETTERS = dict(zip("ynaop", POSITIONS, strict=True))
GROUPS, WEIGHTS = ["east", "west", "nowhere"], ["share", "people", "nothing"]

narrowed = st.fixed_dictionaries({}, optional={"group": st.sampled_from(GROUPS), "weight": st.sampled_from(WEIGHTS)})
some_positions = st.lists(st.sampled_from(POSITIONS), min_size=1, max_size=5, unique=True)
leaves = st.one_of(
    st.builds(lambda of, where: {"is": "count", "of": of, **where}, some_positions, narrowed),
    st.builds(lambda where: {"is": "seats", **where}, narrowed),
    st.integers(0, 9).map(lambda n: {"is": "number", "value": n} if n else {"is": "number"}),
    st.just({"is": "round"}),
)
quantities = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda of: {"is": "sum", "of": of}),
        st.builds(
            lambda of, top, bottom: {"is": "share", "of": of, "numerator": top, "denominator": bottom},
            inner,
            st.integers(1, 1_000_000),
            st.integers(1, 1_000_000),
        ),
    ),
    max_leaves=6,
)
comparisons = st.builds(
    lambda left, relation, right: {"is": "compare", "left": left, "relation": relation, "right": right},
    quantities,
    st.sampled_from([">", ">=", "=", "<", "<="]),
    quantities,
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"is": "all", "of": of}),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"is": "any", "of": of}),
        inner.map(lambda that: {"is": "not", "that": that}),
    ),
    max_leaves=5,
)
clauses = st.fixed_dictionaries(
    {"outcome": st.sampled_from(["adopted", "rejected", "undecided"])},
    optional={"reason": st.sampled_from(["tie", "quorum"]), "when": conditions},
)
all_rules = st.lists(clauses, min_size=1, max_size=4).map(
    lambda some: {"is": "rule", "positions": POSITIONS, "clauses": some}
)


@st.composite
def tallies(draw: st.DrawFn) -> rules.Tally:
    """A roll of up to twelve seats with groups and weights, and a position for each."""
    seats = draw(st.integers(1, 12))
    roll: Json = {"seats": [f"M{n:02}" for n in range(seats)]}
    flags = st.text("01", min_size=seats, max_size=seats)
    amounts = st.lists(st.integers(0, 10**9), min_size=seats, max_size=seats)
    roll["groups"] = {group: draw(flags) for group in GROUPS[:2] if draw(st.booleans())}
    roll["weights"] = {weight: draw(amounts) for weight in WEIGHTS[:2] if draw(st.booleans())}
    roll = {name: value for name, value in roll.items() if value}
    return rules.Tally(roll, draw(st.text("ynaop-", min_size=seats, max_size=seats)), draw(st.integers(1, 3)))


def naive_value(quantity: Json, tally: rules.Tally) -> Fraction:
    """The page on the rule language, read sentence by sentence."""
    if quantity["is"] == "number":
        return Fraction(quantity.get("value", 0))
    if quantity["is"] == "round":
        return Fraction(tally.round)
    if quantity["is"] == "sum":
        return sum((naive_value(inner, tally) for inner in quantity["of"]), Fraction(0))
    if quantity["is"] == "share":
        return naive_value(quantity["of"], tally) * Fraction(quantity["numerator"], quantity["denominator"])
    total = Fraction(0)
    for seat, letter in enumerate(tally.positions):
        if quantity["is"] == "count" and LETTERS.get(letter) not in quantity["of"]:
            continue
        if "group" in quantity and tally.roll.get("groups", {}).get(quantity["group"], "0" * 99)[seat] == "0":
            continue
        if "weight" in quantity:
            total += tally.roll.get("weights", {}).get(quantity["weight"], [0] * 99)[seat]
        else:
            total += 1
    return total


def naive_holds(condition: Json, tally: rules.Tally) -> bool:
    """The same for conditions."""
    if condition["is"] == "not":
        return not naive_holds(condition["that"], tally)
    if condition["is"] == "all":
        return min(naive_holds(inner, tally) for inner in condition["of"])
    if condition["is"] == "any":
        return max(naive_holds(inner, tally) for inner in condition["of"])
    left, right = naive_value(condition["left"], tally), naive_value(condition["right"], tally)
    sign = (left > right) - (left < right)
    return sign in {">": [1], ">=": [0, 1], "=": [0], "<": [-1], "<=": [-1, 0]}[condition["relation"]]


@settings(max_examples=400, deadline=None)
@given(quantities, tallies())
def test_quantities_are_exact(quantity: Json, tally: rules.Tally) -> None:
    """A quantity is the fraction that the page says, whatever is nested in it."""
    top, bottom = rules.value(quantity, tally)
    assert Fraction(top, bottom) == naive_value(quantity, tally)


@settings(max_examples=400, deadline=None)
@given(all_rules, tallies())
def test_the_first_clause_that_holds_decides(rule: Json, tally: rules.Tally) -> None:
    """Outcome and reason are those of the first clause that holds; without one it is rejected."""
    conform("provision", rule, "rule")
    expected = ("rejected", "")
    for clause in rule["clauses"]:
        if "when" not in clause or naive_holds(clause["when"], tally):
            expected = (clause["outcome"], clause.get("reason", ""))
            break
    assert rules.outcome(rule, tally) == expected
    explained = rules.explain(rule, tally)
    assert expected[0] in explained[-1]
    assert len(explained) <= len(rule["clauses"]) + 1


@settings(max_examples=200, deadline=None)
@given(all_rules, tallies())
def test_counts_name_every_position_of_the_rule(rule: Json, tally: rules.Tally) -> None:
    """The counts of a decision have every position of the rule, zeros included."""
    counts = rules.counts(rule, tally)
    assert list(counts) == POSITIONS
    assert sum(counts.values()) == len(tally.positions.replace("-", ""))


def nested(levels: int) -> Json:
    """A condition so deep: the compare is the last but one level, its quantities the last."""
    condition: Json = {"is": "compare", "left": {"is": "seats"}, "relation": ">", "right": {"is": "round"}}
    for _ in range(levels - 2):
        condition = {"is": "not", "that": condition}
    return condition


def test_the_limits_of_a_rule() -> None:
    """Sixteen levels, 256 parts and shares of a million are well-formed; one more of each is not."""
    assert rules.fault(["yes"], [nested(16)]) == ""
    assert "nested" in rules.fault(["yes"], [nested(17)])
    compare = nested(2)  # three parts
    assert rules.fault(["yes"], [compare] * 85) == ""
    assert "more than 256" in rules.fault(["yes"], [compare] * 86)
    for top, bottom, fine in ((1_000_000, 1_000_000, True), (1_000_001, 1, False), (1, 1_000_001, False)):
        share = {"is": "share", "of": {"is": "seats"}, "numerator": top, "denominator": bottom}
        assert (rules.fault(["yes"], [compare | {"left": share}]) == "") is fine
    assert "it counts yes or no" in rules.fault(["yes"], [compare | {"left": {"is": "count", "of": ["yes", "no"]}}])
