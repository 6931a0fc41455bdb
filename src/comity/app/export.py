# SPDX-License-Identifier: Apache-2.0
"""Lists as comma-separated values, for spreadsheets (RFC 4180). The mark of the record travels in every row.

A cell that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
from typing import Any

import msgspec

from comity.charter.view import MARKS, Page

LIMIT = 10_000
"""Rows in one export; the Link header leads to the next."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(page: Page[Any], columns: tuple[str, ...]) -> bytes:
    """The items of a page as CSV, the first line a comment where the record is marked."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    marked = ("mark",) if page.mark else ()
    if page.mark:
        writer.writerow([f"# {MARKS[page.mark]}"])
    writer.writerow([*marked, *columns])
    for item in page.items:
        writer.writerow([*((page.mark,) if page.mark else ()), *(_cell(getattr(item, name)) for name in columns)])
    return out.getvalue().encode()


def _cell(value: Any) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        text = value
    elif isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        text = "; ".join(value)
    else:
        text = msgspec.json.encode(value, order="sorted").decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
