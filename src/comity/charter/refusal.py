# SPDX-License-Identifier: Apache-2.0
"""A refusal teaches, and binds: code, article, rule, what was found, what would be in order (law 10)."""

from msgspec import Struct

MOST = 500
"""Characters that `found` and `wanted` may have: a refusal quotes an act, it does not send it back."""


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an act is not in order. The same object in the CLI, the API and the pages.

    `code` is normative (docs/spec); the rest is for people: `article` is the provision the check rests on, `rule`
    what it demands, `found` what the act or the register had instead, `wanted` what would be in order.
    """

    code: str
    rule: str
    found: str = ""
    wanted: str = ""
    article: str = ""

    def sentence(self) -> str:
        """The refusal in one line for a terminal or a log."""
        parts = [f"{self.rule}."]
        if self.found:
            parts.append(f"Found: {self.found}.")
        if self.wanted:
            parts.append(f"In order would be: {self.wanted}.")
        if self.article:
            parts.append(f"({self.article})")
        return f"{self.code}: {' '.join(parts)}"


class Refused(Exception):
    """An act is not in order; `refusal` says why."""

    def __init__(self, code: str, rule: str, *, found: object = "", wanted: object = "", article: str = "") -> None:
        self.refusal = Refusal(
            code=code, rule=rule, found=_quoted(str(found)), wanted=_quoted(str(wanted)), article=article
        )
        super().__init__(self.refusal.sentence())

    @property
    def code(self) -> str:
        """The normative code, for instance `vote.closed`."""
        return self.refusal.code


def _quoted(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


class UnknownEdition(Exception):
    """The register holds an edition that this program does not know; it stops and does not guess (law 2)."""

    def __init__(self, edition: int, known: int) -> None:
        self.edition = edition
        super().__init__(
            f"The register is at edition {edition}; this program knows editions up to {known}. "
            f"A release of Comity that knows edition {edition} is needed to go on from here."
        )
