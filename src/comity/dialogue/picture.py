# SPDX-License-Identifier: Apache-2.0
"""Pictures of a vote, made here as SVG: one equal tile per seat, and a bar of the counts.

A tile has the colour and the letter of its position, so that neither colour vision nor colour print is needed, and
the seats of one position stand together, so that their number can be seen. The table beside the picture says the
same in words. Colours are attributes, which the pages' style sheet overrides for dark screens.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from comity.charter.view import MARKS
from comity.dialogue.views.short import ORDER
from comity.dialogue.views.votes import SeatItem, VoteAnswer

LABELS = {"yes": "Yes", "no": "No", "abstain": "Abstain", "present": "Present", "object": "Object", "": "No position"}
LETTERS = {"yes": "Y", "no": "N", "abstain": "A", "present": "P", "object": "O", "": "–"}
FILLS = {
    "yes": ("#1d7055", "#ffffff"),
    "no": ("#a63d2c", "#ffffff"),
    "abstain": ("#e3b341", "#2b2100"),
    "present": ("#56657a", "#ffffff"),
    "object": ("#74408a", "#ffffff"),
    "": ("#ffffff", "#56606e"),
}
"""The colour of a tile and of its letter, by position."""

TILE, GAP, COLUMNS, LINE = 40, 4, 14, 22
_SHORT = 4
"""Ids of up to so many characters are written into the tile."""
_XML_FORBIDS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF], "\ufffd")
_REORDERS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


def seat_counts(roll: Sequence[SeatItem]) -> dict[str, int]:
    """How many seats took each position, in the order in which positions are shown; '' for none."""
    found = Counter(str(seat.position) for seat in roll)
    return {name: found[name] for name in ORDER if found[name]}


def in_figures(counts: Mapping[str, int]) -> str:
    """`123 yes, 5 no, 12 abstain, 3 no position`."""
    return ", ".join(f"{counts[name]:,} {LABELS[name].lower()}" for name in ORDER if name in counts)


def tiles(vote: VoteAnswer, alone: bool = False) -> Markup:
    """The tile picture of a vote; `alone` makes it a document of its own. It carries the mark of the record."""
    ordered = sorted(vote.roll, key=lambda seat: ORDER.index(seat.position))
    columns = min(COLUMNS, max(6, _columns(len(ordered))))
    rows = -(-len(ordered) // columns)
    words = _wrapped(MARKS.get(vote.mark, ""), columns)
    width = columns * (TILE + GAP) + GAP
    height = rows * (TILE + GAP) + GAP + (len(words) * LINE + GAP if words else 0)
    title = f"Vote on {_safe(vote.symbol or vote.proposal)}, seat by seat"
    said = f"{in_figures(seat_counts(vote.roll))}. One tile per seat, grouped by position, then by id."
    root = Markup(' xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}"').format(width, height) if alone else ""
    parts = [
        Markup('<svg{} class="tiles" viewBox="0 0 {} {}" role="img" aria-labelledby="tiles-title tiles-desc"').format(
            root, width, height
        ),
        Markup(' font-family="system-ui, sans-serif" direction="ltr">'),
        Markup('<title id="tiles-title">{}</title>').format(title),
        Markup('<desc id="tiles-desc">{} {}</desc>').format(said, MARKS.get(vote.mark, "")),
        Markup('<rect width="{}" height="{}" fill="#ffffff"/>').format(width, height) if alone else Markup(""),
    ]
    parts += [_tile(seat, number % columns, number // columns) for number, seat in enumerate(ordered)]
    top = rows * (TILE + GAP) + GAP
    parts += [
        Markup('<text class="marked" x="{}" y="{}" font-size="14" fill="#8a2c0d">{}</text>').format(
            GAP, top + (number + 1) * LINE - 6, line
        )
        for number, line in enumerate(words)
    ]
    return Markup("").join([*parts, Markup("</svg>")])


def _columns(seats: int) -> int:
    number = 1
    while number * number < seats:
        number += 1
    return number


def _tile(seat: SeatItem, column: int, row: int) -> Markup:
    fill, ink = FILLS[seat.position]
    x, y = GAP + column * (TILE + GAP), GAP + row * (TILE + GAP)
    short = len(seat.member) <= _SHORT
    code = (
        Markup('<text x="{}" y="{}" font-size="11" fill="{}">{}</text>').format(
            x + TILE // 2, y + 33, ink, _safe(seat.member)
        )
        if short
        else Markup("")
    )
    return Markup(
        '<g class="p-{}" text-anchor="middle"><title>{}: {}</title>'
        '<rect x="{}" y="{}" width="{}" height="{}" rx="4" fill="{}" stroke="{}"/>'
        '<text x="{}" y="{}" font-size="18" font-weight="700" fill="{}">{}</text>{}</g>'
    ).format(
        seat.position or "none",
        _safe(seat.name),
        LABELS[seat.position].lower(),
        x,
        y,
        TILE,
        TILE,
        fill,
        fill if seat.position else "#8a94a3",
        x + TILE // 2,
        y + (20 if short else 26),
        ink,
        LETTERS[seat.position],
        code,
    )


def bar(counts: Mapping[str, int], seats: int = 0) -> Markup:
    """The counts of a vote as one bar, by position; what is missing to `seats` stays empty."""
    shown = {name: counts[name] for name in ORDER if counts.get(name)}
    total = max(seats, sum(shown.values()), 1)
    parts = [
        Markup('<svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" role="img" aria-label="{}">').format(
            in_figures(shown) or "no position taken"
        ),
        Markup('<rect class="rest" width="200" height="12" fill="#e4e6e9"/>'),
    ]
    at = 0.0
    for name, number in shown.items():
        width = 200 * number / total
        parts.append(
            Markup('<rect class="p-{}" x="{:.2f}" width="{:.2f}" height="12" fill="{}"/>').format(
                name, at, width, FILLS[name][0]
            )
        )
        at += width
    return Markup("").join([*parts, Markup("</svg>")])


def _wrapped(text: str, columns: int) -> list[str]:
    """The text in lines that fit under so many columns."""
    longest = columns * (TILE + GAP) // 8
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _safe(text: Any) -> str:
    """Text without what XML forbids and without what reorders it."""
    return str(text).translate(_XML_FORBIDS).translate(_REORDERS)
