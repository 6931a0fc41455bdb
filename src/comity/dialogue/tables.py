# SPDX-License-Identifier: Apache-2.0
"""What the register remembers of meetings, proposals and votes (docs/spec/register.md, Tables).

A vote keeps one character per seat, open or closed: `y n a o p`, and `-` for none.
"""

from typing import Any, Literal

from msgspec import Struct

from comity.charter.register import Register, table
from comity.charter.rule import Rule
from comity.charter.tables import Roll, Row
from comity.charter.terms import Document, Outcome

ProposalStatus = Literal["tabled", "voting", "adopted", "rejected", "withdrawn", "without_effect"]


class Enactment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The act that a proposal enacts when it is adopted: a kind and its fields."""

    kind: str
    act: dict[str, Any]


@table("meetings")
class Meeting(Row, frozen=True, kw_only=True):
    """A meeting of an organ: its frozen roll and who is present (`p` or `-` per seat)."""

    organ: str
    roll: str
    present: str
    status: Literal["convened", "open", "closed"]
    date: str = ""


@table("proposals")
class Proposal(Row, frozen=True, kw_only=True):
    """What an organ decides on, who tabled it, by which rule it is decided and what it enacts."""

    organ: str
    title: str
    rule: str
    by: str
    tabled: int
    status: ProposalStatus
    symbol: str = ""
    date: str = ""
    text: Document | None = None
    enacts: Enactment | None = None
    rounds: int = 0


@table("votes")
class Vote(Row, frozen=True, kw_only=True):
    """One vote on a proposal. What decides it was fixed when it opened (law 7)."""

    proposal: str
    organ: str
    roll: str
    rule: Rule
    opened: int
    deadline: int
    positions: str
    closed: int = 0
    meeting: str = ""

    def is_over(self, stamp: int) -> bool:
        """Whether no position can be taken any more at this stamp."""
        return bool(self.closed) or stamp > self.deadline


@table("decisions")
class Decision(Row, frozen=True, kw_only=True):
    """The declared outcome of a vote, and what became of the enacted act."""

    outcome: Outcome
    counts: dict[str, int]
    declared: int
    reason: str = ""
    effect: Literal["", "enacted", "refused"] = ""
    refused: str = ""


def enter_roll(register: Register, digest: str, roll: Roll) -> None:
    """Keep a frozen electorate under its digest, once."""
    if register.get(Roll, digest) is None:
        register.put(digest, roll)


def seated(row: str, seat: int, sign: str) -> str:
    """The row of seats with another sign at one seat."""
    return f"{row[:seat]}{sign}{row[seat + 1 :]}"
