# SPDX-License-Identifier: Apache-2.0
"""Answers of views as text: fields one under the other, lists of objects as tables.

What stands beside its own words (a rule and `rule_words`, a provision and `words`) is told in words alone; the data is
there with --json.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

EMPTY: tuple[Any, ...] = ("", [], (), {}, None)
"""What says nothing and is left out."""

MOMENTS = frozenset({"opened", "deadline", "closed", "declared", "tabled", "founded", "stamp"})
"""Fields that are stamps: UTC milliseconds, told as a date and a time."""

LAST = 253_402_300_799_999
"""The last millisecond of the year 9999."""

WIDEST = 64
"""The widest column, in characters: a key id or an act id is never cut. Longer text is, with an ellipsis."""


def told(answer: Mapping[str, Any]) -> list[str]:
    """The answer of a view in lines: its items as a table, or its fields."""
    from comity.charter.view import MARKS

    lines = [MARKS[answer["mark"]], ""] if answer.get("mark") in MARKS else []
    if "items" in answer and "total" in answer:
        lines += table(answer["items"]) or ["nothing"]
        more = f"; more with --after {answer['next']}" if answer.get("next") else ""
        return [*lines, "", f"{len(answer['items'])} of {answer['total']}{more}"]
    return lines + fields({name: value for name, value in answer.items() if name != "mark"})


def fields(answer: Mapping[str, Any], indent: str = "") -> list[str]:
    """Fields one under the other; empty ones are left out, lists of objects follow as tables."""
    shown = {name: _moment(name, value) for name, value in _in_words(answer).items()}
    shown = {name: value for name, value in shown.items() if value not in EMPTY}
    width = max((len(name) for name in shown), default=0)
    lines = []
    for name, value in shown.items():
        if _is_table(value):
            lines += ["", f"{indent}{name}", *[f"{indent}  {line}" for line in table(value)]]
        elif _is_prose(value):
            first, *more = value
            lines += [f"{indent}{name:<{width}}  {first}", *[f"{indent}{'':<{width}}  {line}" for line in more]]
        else:
            lines.append(f"{indent}{name:<{width}}  {plain(value)}")
    return lines


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Objects as a table with a head; columns that are empty in every row are left out."""
    if rows and set(rows[0]) == {"depth", "text"}:
        return [f"{'  ' * row['depth']}{row['text']}" for row in rows]
    rows = [{name: _moment(name, value) for name, value in row.items()} for row in rows]
    names = [name for name in (rows[0] if rows else ()) if any(row.get(name) not in EMPTY for row in rows)]
    cells = [list(names), *[[_cut(plain(row.get(name, ""))) for name in names] for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def plain(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return (" " if _is_prose(value) else ", ").join(value)
    if isinstance(value, dict) and all(isinstance(each, int | str) for each in value.values()):
        return ", ".join(f"{name} {value[name]}" for name in _ordered(value))
    return json.dumps(value, ensure_ascii=False)


def _moment(name: str, value: Any) -> Any:
    """The value; of a stamp, the moment in UTC to the second, or nothing where it has not come."""
    if name not in MOMENTS or not isinstance(value, int):
        return value
    # A deadline may lie beyond the calendar's last year; the number is then told as it is.
    return f"{datetime.fromtimestamp(value // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" if 0 < value <= LAST else value or ""


def _in_words(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with the words in the place of the data that they tell."""
    told = dict(answer)
    for name, value in answer.items():
        words = next((each for each in (f"{name}_words", "words") if told.get(each)), "")
        if isinstance(value, dict) and (words == f"{name}_words" or name == "provision"):
            told[name] = told.pop(words, value)
    return told


def _ordered(counts: Mapping[str, Any]) -> list[str]:
    """Counts by position in the order in which positions are always named; anything else as it came."""
    from comity.charter.terms import Position

    positions = get_args(Position)
    return sorted(counts, key=positions.index) if set(counts) <= set(positions) else list(counts)


def _is_prose(value: Any) -> bool:
    """Whether it is sentences."""
    return isinstance(value, list | tuple) and any(isinstance(each, str) and each.endswith(".") for each in value)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _is_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, dict) for each in value)
