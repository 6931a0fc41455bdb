# SPDX-License-Identifier: Apache-2.0
"""Answers of views as text: fields one under the other, lists of objects as tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
    shown = {name: value for name, value in answer.items() if value not in ("", [], {}, None)}
    width = max((len(name) for name in shown), default=0)
    lines = []
    for name, value in shown.items():
        if _is_table(value):
            lines += ["", f"{indent}{name}", *[f"{indent}  {line}" for line in table(value)]]
        else:
            lines.append(f"{indent}{name:<{width}}  {plain(value)}")
    return lines


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Objects as a table with a head; columns that are empty in every row are left out."""
    if rows and set(rows[0]) == {"depth", "text"}:
        return [f"{'  ' * row['depth']}{row['text']}" for row in rows]
    names = [name for name in (rows[0] if rows else ()) if any(row.get(name) not in ("", [], {}, None) for row in rows)]
    cells = [list(names), *[[_cut(plain(row.get(name, ""))) for name in names] for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def plain(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return (" " if any(each.endswith(".") for each in value) else ", ").join(value)
    if isinstance(value, dict) and all(isinstance(each, int | str) for each in value.values()):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
