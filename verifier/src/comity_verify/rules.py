# SPDX-License-Identifier: Apache-2.0
"""The rule language (`rules.md`): an outcome follows from the positions of seats, by exact arithmetic.

Quantities are pairs of integers, numerator over denominator; nothing is ever rounded.
"""

import operator
from typing import Any, NamedTuple

Json = dict[str, Any]
Ratio = tuple[int, int]
CHARACTERS = {"yes": "y", "no": "n", "abstain": "a", "object": "o", "present": "p"}

_DEEPEST, _MOST_PARTS, _LARGEST_SHARE = 16, 256, 1_000_000
_RELATIONS = {">": operator.gt, ">=": operator.ge, "=": operator.eq, "<": operator.lt, "<=": operator.le}


class Tally(NamedTuple):
    """What a rule is applied to: the row of a roll, a character for each of its seats, and the round."""

    roll: Json
    positions: str
    round: int


def fault(positions: list[str], conditions: list[Json]) -> str:
    """Why a rule with these positions and conditions is not well-formed; empty where it is."""
    standing, parts = [(condition, 1) for condition in conditions], 0
    while standing:
        (part, depth), parts = standing.pop(), parts + 1
        if depth > _DEEPEST:
            return f"a condition or quantity is nested more than {_DEEPEST} deep"
        if parts > _MOST_PARTS:
            return f"it has more than {_MOST_PARTS} conditions and quantities"
        if part["is"] == "count" and not set(part["of"]) <= set(positions):
            return f"it counts {' or '.join(part['of'])}, but its positions are {', '.join(positions)}"
        if part["is"] == "share" and max(part["numerator"], part["denominator"]) > _LARGEST_SHARE:
            return f"a share has a numerator or denominator over {_LARGEST_SHARE}"
        standing.extend((inner, depth + 1) for inner in _inside(part))
    return ""


def _inside(part: Json) -> list[Json]:
    of = part["of"] if part["is"] in ("all", "any", "sum", "share") else []
    return [
        *(of if isinstance(of, list) else [of]),
        *[part[side] for side in ("left", "right", "that") if side in part],
    ]


def rule_fault(rule: Json) -> str:
    """Why a provision that is a rule is not well-formed; empty where it is."""
    return fault(rule["positions"], [clause["when"] for clause in rule["clauses"] if "when" in clause])


def counts(rule: Json, tally: Tally) -> dict[str, int]:
    """The number of seats at each position of the rule, zeros included."""
    return {position: tally.positions.count(CHARACTERS[position]) for position in rule["positions"]}


def outcome(rule: Json, tally: Tally) -> tuple[str, str]:
    """Outcome and reason of the first clause that holds; rejected without a reason where none does."""
    for clause in rule["clauses"]:
        if "when" not in clause or holds(clause["when"], tally):
            return clause["outcome"], clause.get("reason", "")
    return "rejected", ""


def holds(condition: Json, tally: Tally) -> bool:
    """Whether a condition holds."""
    which = condition["is"]
    if which == "compare":
        left, right = value(condition["left"], tally), value(condition["right"], tally)
        return bool(_RELATIONS[condition["relation"]](left[0] * right[1], right[0] * left[1]))
    if which == "all":
        return all(holds(inner, tally) for inner in condition["of"])
    if which == "any":
        return any(holds(inner, tally) for inner in condition["of"])
    return not holds(condition["that"], tally)


def value(quantity: Json, tally: Tally) -> Ratio:
    """The exact value of a quantity."""
    which = quantity["is"]
    if which == "count":
        return _seats(quantity, tally, {CHARACTERS[position] for position in quantity["of"]}), 1
    if which == "seats":
        return _seats(quantity, tally, None), 1
    if which == "number":
        return quantity.get("value", 0), 1
    if which == "round":
        return tally.round, 1
    if which == "share":
        top, bottom = value(quantity["of"], tally)
        return top * quantity["numerator"], bottom * quantity["denominator"]
    top, bottom = 0, 1
    for more, parts in [value(inner, tally) for inner in quantity["of"]]:
        top, bottom = top * parts + more * bottom, bottom * parts
    return top, bottom


def _seats(quantity: Json, tally: Tally, characters: set[str] | None) -> int:
    """The number (or the weight) of the seats that are at one of the positions and in the group."""
    group, weight = quantity.get("group"), quantity.get("weight")
    if group is None and weight is None:
        if characters is None:
            return len(tally.positions)
        return sum(tally.positions.count(character) for character in characters)
    seats = len(tally.positions)
    within = "1" * seats if group is None else tally.roll.get("groups", {}).get(group, "0" * seats)
    weights = [1] * seats if weight is None else tally.roll.get("weights", {}).get(weight, [0] * seats)
    return sum(
        weighs
        for character, member, weighs in zip(tally.positions, within, weights, strict=True)
        if member == "1" and (characters is None or character in characters)
    )


def explain(rule: Json, tally: Tally) -> list[str]:
    """For a reader who recounts by hand: a line for each clause up to the one that decides, with every number."""
    lines: list[str] = []
    for number, clause in enumerate(rule["clauses"], 1):
        result = clause["outcome"] + (f" ({clause['reason']})" if "reason" in clause else "")
        if "when" not in clause:
            return [*lines, f"clause {number}: always, so {result}"]
        held = holds(clause["when"], tally)
        lines.append(f"clause {number}: {_words(clause['when'], tally)}: {f'holds, so {result}' if held else 'no'}")
        if held:
            return lines
    return [*lines, "no clause holds, so rejected"]


def _words(part: Json, tally: Tally) -> str:
    """A condition or quantity in words, each quantity with its value."""
    which, inner = part["is"], [_words(inside, tally) for inside in _inside(part)]
    if which in ("all", "any"):
        return "(" + (" and " if which == "all" else " or ").join(inner) + ")"
    if which in ("compare", "not"):
        return f"{inner[0]} {part['relation']} {inner[1]}" if which == "compare" else f"not ({inner[0]})"
    if which == "number":
        return str(part.get("value", 0))
    words = "+".join(part["of"]) if which == "count" else "(" + " + ".join(inner) + ")" if which == "sum" else which
    if which == "share":
        words = f"{part['numerator']}/{part['denominator']} of {inner[0]}"
    words += f" in group {part['group']}" if "group" in part else ""
    words += f" by weight {part['weight']}" if "weight" in part else ""
    top, bottom = value(part, tally)
    return f"{words} [{top if bottom == 1 else f'{top}/{bottom}'}]"
