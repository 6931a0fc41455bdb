# SPDX-License-Identifier: Apache-2.0
"""The decision-rule language: data, interpreted exactly, explained line by line (law 8, docs/spec/rules.md).

Quantities are exact rationals; conditions compare them; a rule is a list of clauses of which the first that holds
gives the outcome. Each node of a rule yields one line of explanation, so that a reader can recompute the outcome
from the explanation alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.refusal import Refused
from comity.charter.terms import Count, Id, Outcome, Position, Positive

SIGNS: Mapping[Position, str] = {"yes": "y", "no": "n", "abstain": "a", "object": "o", "present": "p"}
"""The character of each position in a row of positions; `-` stands for none."""

MAX_DEPTH = 16
MAX_NODES = 256
MAX_RATIO = 1_000_000


class Node(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="is"):
    """A node of the language."""


class CountOf(Node, frozen=True, kw_only=True, tag="count"):
    """The number (or weight) of seats whose position is one of `of`."""

    of: Annotated[tuple[Position, ...], Meta(min_length=1, max_length=5)]
    group: Id = ""
    weight: Id = ""


class Seats(Node, frozen=True, kw_only=True, tag="seats"):
    """The number (or weight) of all seats."""

    group: Id = ""
    weight: Id = ""


class Number(Node, frozen=True, kw_only=True, tag="number"):
    """A whole number."""

    value: Count = 0


class Sum(Node, frozen=True, kw_only=True, tag="sum"):
    """The sum of quantities."""

    of: Annotated[tuple["Quantity", ...], Meta(min_length=1, max_length=16)]


class Share(Node, frozen=True, kw_only=True, tag="share"):
    """An exact share of a quantity: times numerator, divided by denominator."""

    of: "Quantity"
    numerator: Positive
    denominator: Positive


class Round(Node, frozen=True, kw_only=True, tag="round"):
    """The round of the vote, 1 for the first."""


Quantity = CountOf | Seats | Number | Sum | Share | Round


class Compare(Node, frozen=True, kw_only=True, tag="compare"):
    """Holds when the relation holds between two quantities, exactly."""

    left: Quantity
    relation: Literal[">", ">=", "=", "<", "<="]
    right: Quantity


class All(Node, frozen=True, kw_only=True, tag="all"):
    """Holds when each of the conditions holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=16)]


class Any(Node, frozen=True, kw_only=True, tag="any"):
    """Holds when one of the conditions holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=16)]


class Not(Node, frozen=True, kw_only=True, tag="not"):
    """Holds when the condition does not."""

    that: "Condition"


Condition = Compare | All | Any | Not


class Clause(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One case of a rule: what the outcome is when the condition holds (always, where there is none)."""

    outcome: Outcome
    reason: Id = ""
    when: Condition | None = None


class Rule(Node, frozen=True, kw_only=True, tag="rule"):
    """How an outcome follows from positions. `least` is the shortest time to vote, in milliseconds."""

    positions: Annotated[tuple[Position, ...], Meta(min_length=1, max_length=5)]
    clauses: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=16)]
    least: Count = 0
    early: bool = False


class Tally(Struct, frozen=True, kw_only=True):
    """What a rule looks at: a character per seat (see `SIGNS`), groups and weights of the seats, the round."""

    positions: str
    groups: Mapping[str, str] = {}
    weights: Mapping[str, Sequence[int]] = {}
    round: int = 1

    def count(self, signs: str | None, group: str, weight: str) -> int:
        """The seats whose sign is in `signs` (any seat where None), in `group`, counted by `weight`."""
        if not group and not weight:
            return len(self.positions) if signs is None else sum(map(self.positions.count, signs))
        within = self.groups.get(group, "") if group else "1" * len(self.positions)
        scale = self.weights.get(weight, ()) if weight else (1,) * len(self.positions)
        return sum(
            each
            for sign, inside, each in zip(self.positions, within, scale, strict=False)
            if inside == "1" and (signs is None or sign in signs)
        )


class Line(Struct, frozen=True):
    """One line of an explanation: how deep it stands and what it says."""

    depth: int
    text: str


class Finding(Struct, frozen=True, kw_only=True):
    """The outcome of a rule, its reason, the count of each position, and the explanation."""

    outcome: Outcome
    reason: str
    counts: dict[Position, int]
    lines: tuple[Line, ...]


def decide(rule: Rule, tally: Tally) -> Finding:
    """What the rule gives for the tally, explained."""
    explanation = _Explanation(tally)
    outcome, reason = explanation.clauses(rule.clauses)
    counts: dict[Position, int] = {name: tally.count(SIGNS[name], "", "") for name in rule.positions}
    return Finding(outcome=outcome, reason=reason, counts=counts, lines=tuple(explanation.lines))


def holds(condition: Condition, tally: Tally) -> tuple[bool, tuple[Line, ...]]:
    """Whether a single condition holds (a quorum to open), explained."""
    explanation = _Explanation(tally)
    return explanation.condition(condition, 0), tuple(explanation.lines)


class _Explanation:
    """Evaluates and writes down each step as it goes, inner steps before the line that uses them."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.lines: list[Line] = []

    def clauses(self, clauses: Sequence[Clause]) -> tuple[Outcome, str]:
        for number, clause in enumerate(clauses, 1):
            applies = clause.when is None or self.condition(clause.when, 1)
            told = f"{clause.outcome} ({clause.reason})" if clause.reason else clause.outcome
            self._say(0, f"clause {number}: {told if applies else 'does not apply'}")
            if applies:
                return clause.outcome, clause.reason
        self._say(0, "no clause applies: rejected")
        return "rejected", ""

    def condition(self, node: Condition, depth: int) -> bool:
        match node:
            case Compare(left=left, relation=relation, right=right):
                a, b = self.quantity(left, depth + 1), self.quantity(right, depth + 1)
                result = {">": a > b, ">=": a >= b, "=": a == b, "<": a < b, "<=": a <= b}[relation]
                self._say(depth, f"{told(a)} {relation} {told(b)}: {_verdict(result)}")
            case All(of=parts):
                results = [self.condition(part, depth + 1) for part in parts]
                result = all(results)
                self._say(depth, f"all of {len(parts)}: {_verdict(result)}")
            case Any(of=parts):
                results = [self.condition(part, depth + 1) for part in parts]
                result = any(results)
                self._say(depth, f"any of {len(parts)}: {_verdict(result)}")
            case Not(that=part):
                result = not self.condition(part, depth + 1)
                self._say(depth, f"not: {_verdict(result)}")
        return result

    def quantity(self, node: Quantity, depth: int) -> Fraction:
        match node:
            case CountOf(of=of, group=group, weight=weight):
                signs = "".join(SIGNS[name] for name in of)
                value = Fraction(self.tally.count(signs, group, weight))
                self._say(depth, f"count of {', '.join(of)}{_scope(group, weight)} = {value}")
            case Seats(group=group, weight=weight):
                value = Fraction(self.tally.count(None, group, weight))
                self._say(depth, f"seats{_scope(group, weight)} = {value}")
            case Number(value=number):
                value = Fraction(number)
                self._say(depth, f"fixed number = {value}")
            case Round():
                value = Fraction(self.tally.round)
                self._say(depth, f"round = {value}")
            case Sum(of=parts):
                terms = [self.quantity(part, depth + 1) for part in parts]
                value = sum(terms, Fraction(0))
                self._say(depth, f"{' + '.join(map(told, terms))} = {told(value)}")
            case Share(of=part, numerator=numerator, denominator=denominator):
                whole = self.quantity(part, depth + 1)
                value = whole * numerator / denominator
                self._say(depth, f"{numerator}/{denominator} of {told(whole)} = {told(value)}")
        return value

    def _say(self, depth: int, text: str) -> None:
        self.lines.append(Line(depth, text))


def told(value: Fraction) -> str:
    """A quantity as people write it, exactly: `96`, `96 1/2`, `2/3`."""
    whole, rest = divmod(value, 1)
    return " ".join(str(part) for part in (whole, rest) if part) or "0"


def _verdict(result: bool) -> str:
    return "holds" if result else "does not hold"


def _scope(group: str, weight: str) -> str:
    return (f" in group {group}" if group else "") + (f" by weight {weight}" if weight else "")


def require_well_formed(rule: Rule, where: str) -> None:
    """Refuse a rule that names positions it does not offer, or is too deep or too large (`charter.rule`)."""
    nodes = 0
    for clause in rule.clauses:
        for depth, node in walk(clause.when, 1) if clause.when else ():
            nodes += 1
            if depth > MAX_DEPTH or nodes > MAX_NODES:
                raise _malformed(
                    where,
                    f"depth {depth}, {nodes} nodes",
                    f"at most {MAX_DEPTH} deep and {MAX_NODES} nodes",
                )
            _require_node(node, rule, where)


def _require_node(node: Condition | Quantity, rule: Rule, where: str) -> None:
    if isinstance(node, CountOf):
        if strange := [name for name in node.of if name not in rule.positions]:
            raise _malformed(where, f"a count of {', '.join(strange)}", f"one of {', '.join(rule.positions)}")
    elif isinstance(node, Share) and max(node.numerator, node.denominator) > MAX_RATIO:
        raise _malformed(where, f"{node.numerator}/{node.denominator}", f"terms of at most {MAX_RATIO:,}")


def walk(node: Condition | Quantity, depth: int) -> Iterator[tuple[int, Condition | Quantity]]:
    """The node and all within it, outer before inner, each with its depth; `depth` is that of the node itself."""
    yield depth, node
    inner: Sequence[Condition | Quantity]
    match node:
        case Compare(left=left, right=right):
            inner = (left, right)
        case All(of=parts) | Any(of=parts):
            inner = parts
        case Sum(of=terms):
            inner = terms
        case Share(of=part):
            inner = (part,)
        case Not(that=that):
            inner = (that,)
        case _:
            inner = ()
    for each in inner:
        yield from walk(each, depth + 1)


def _malformed(where: str, found: str, wanted: str) -> Refused:
    return Refused(
        "charter.rule", f"A rule must be well-formed, and that of {where} is not", found=found, wanted=wanted
    )
