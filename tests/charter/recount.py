# SPDX-License-Identifier: Apache-2.0
"""The rule language once more, over plain JSON and a list of seats: the recount that tests compare with.

A seat is `{"position": "yes" or "", "groups": [...], "weights": {...}}`. Written without the interpreter and on purpose
in another way: it goes from seat to seat and has no rows of characters.
"""

from fractions import Fraction
from typing import Any

Json = dict[str, Any]

RELATIONS = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


def recount(rule: Json, seats: list[Json], round: int) -> tuple[str, str]:
    """Outcome and reason."""
    for clause in rule["clauses"]:
        when = clause.get("when")
        if when is None or _condition(when, seats, round):
            return clause["outcome"], clause.get("reason", "")
    return "rejected", ""


def _condition(node: Json, seats: list[Json], round: int) -> bool:
    if node["is"] == "compare":
        a, b = (_quantity(node[side], seats, round) for side in ("left", "right"))
        return RELATIONS[node["relation"]](a, b)
    if node["is"] == "not":
        return not _condition(node["that"], seats, round)
    results = [_condition(part, seats, round) for part in node["of"]]
    return False not in results if node["is"] == "all" else True in results


def _quantity(node: Json, seats: list[Json], round: int) -> Fraction:
    if node["is"] in ("count", "seats"):
        total = Fraction(0)
        for seat in seats:
            if "of" in node and seat["position"] not in node["of"]:
                continue
            if "group" in node and node["group"] not in seat["groups"]:
                continue
            total += seat["weights"].get(node["weight"], 0) if "weight" in node else 1
        return total
    if node["is"] == "number":
        return Fraction(node.get("value", 0))
    if node["is"] == "round":
        return Fraction(round)
    if node["is"] == "sum":
        return Fraction(sum(_quantity(part, seats, round) for part in node["of"]))
    return _quantity(node["of"], seats, round) * Fraction(node["numerator"], node["denominator"])
