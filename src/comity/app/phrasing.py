# SPDX-License-Identifier: Apache-2.0
"""How values are written on pages: moments, numbers, links; and what is taken out of text before it is shown."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from markupsafe import Markup

from comity.charter.words import span

_HIDDEN = dict.fromkeys(
    [
        *range(0x09),
        *range(0x0B, 0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),  # embeddings and overrides of direction
        *range(0x2066, 0x206A),  # isolates
        0xFFF9,
        0xFFFA,
        0xFFFB,
        0xFFFE,
        0xFFFF,
    ],
    "\N{REPLACEMENT CHARACTER}",
)


def clean(value: Any) -> Any:
    """Text in which nothing hides or reorders anything; every expression of every template passes through here."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_HIDDEN)
    return value


def moment(stamp: int) -> Markup:
    """A stamp (UTC ms) as a `time` element: 23 November 2026, 17:20 UTC."""
    try:
        at = datetime.fromtimestamp(stamp / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return Markup("<span>{} ms</span>").format(f"{stamp:,}")
    shown = f"{at.day} {at:%B} {at.year:04d}, {at:%H:%M} UTC"
    iso = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(iso, shown)


def day(date: str) -> Markup:
    """A date as 2026-07-16 as a `time` element: 16 July 2026."""
    try:
        at = datetime.strptime(date, "%Y-%m-%d")
    except ValueError:
        return Markup("{}").format(date)
    return Markup('<time datetime="{}">{}</time>').format(date, f"{at.day} {at:%B} {at.year}")


def number(value: int) -> str:
    """1,234."""
    return f"{value:,}"


def spread(identity: str) -> Markup:
    """A long identifier that may break anywhere and is not translated."""
    return Markup('<code translate="no" class="id">{}</code>').format(clean(identity))


def cell(value: Any) -> Any:
    """Any value of an answer as text for a plain page."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return msgspec.json.encode(value, order="sorted").decode()


def label(name: str) -> str:
    """The name of a field as a heading: `Log key`."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def segment(text: str) -> str:
    """Text as part of a path."""
    return quote(text, safe="/")


def link(to: str, lang: str, query: dict[str, Any]) -> str:
    """An address within the site that keeps the language; empty parameters are left out."""
    kept = {name: str(value) for name, value in query.items() if value not in ("", None)}
    if lang != "en":
        kept["lang"] = lang
    return quote(to, safe="/:") + (f"?{urlencode(kept)}" if kept else "")


def data(view: str, **query: Any) -> str:
    """The address of a view's answer as data."""
    return link(f"/v1/views/{view}", "en", query)


def pretty(value: Any) -> str:
    """Data as JSON for reading: keys sorted, two spaces to a level."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode()


FILTERS = {
    "pretty": pretty,
    "moment": moment,
    "day": day,
    "number": number,
    "spread": spread,
    "cell": cell,
    "label": label,
    "segment": segment,
    "span": span,
}
