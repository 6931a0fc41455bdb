# SPDX-License-Identifier: Apache-2.0
"""What several views show of a vote: its seats, its counts, how it stands, the vote in short."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.article import Article
from comity.charter.register import Register
from comity.charter.rule import SIGNS
from comity.charter.tables import Roll
from comity.charter.terms import Outcome, Position
from comity.charter.view import Standing
from comity.dialogue.tables import Decision, Proposal, Vote

NAMES: dict[str, Position | Literal[""]] = {"-": "", **{sign: name for name, sign in SIGNS.items()}}
"""The position of each character in a row of positions; '' where there is none."""

ORDER = ("yes", "no", "abstain", "present", "object", "")
"""The order in which positions are shown."""

VoteStatus = Literal["open", "over", "declared"]


def counts(vote: Vote) -> dict[str, int]:
    """How many seats have taken each position that the rule knows."""
    return {name: vote.positions.count(SIGNS[name]) for name in vote.rule.positions}


def vote_status(register: Register, name: str, vote: Vote, standing: Standing) -> VoteStatus:
    """Open, over, or declared, as of the record's last entry."""
    if register.get(Decision, name) is not None:
        return "declared"
    return "over" if vote.is_over(standing.stamp) else "open"


def title_of(register: Register, article: str) -> str:
    """The title of an article of the charter, or its id where it is gone."""
    row = register.get(Article, article)
    return row.title if row else article


def seats(register: Register, roll: str) -> tuple[str, ...]:
    """The seats of a frozen roll, by its digest."""
    row = register.get(Roll, roll)
    return row.seats if row else ()


class VoteItem(Struct, frozen=True, kw_only=True):
    """A vote in short."""

    vote: str
    proposal: str
    symbol: str
    title: str
    organ: str
    date: str
    status: VoteStatus
    opened: int
    deadline: int
    closed: Annotated[int, Meta(description="Stamp of its closing before the deadline, or 0")]
    seats: int
    counts: Annotated[dict[str, int], Meta(description="Seats by position, so far or at the end")]
    outcome: Annotated[Outcome | Literal[""], Meta(description="As declared; empty before")]
    reason: str


def vote_item(register: Register, name: str, row: Vote, standing: Standing) -> VoteItem:
    """A vote in short."""
    proposal, decision = register.get(Proposal, row.proposal), register.get(Decision, name)
    return VoteItem(
        vote=name,
        proposal=row.proposal,
        symbol=proposal.symbol if proposal else "",
        title=proposal.title if proposal else row.proposal,
        organ=row.organ,
        date=proposal.date if proposal else "",
        status=vote_status(register, name, row, standing),
        opened=row.opened,
        deadline=row.deadline,
        closed=row.closed,
        seats=len(row.positions),
        counts=counts(row),
        outcome=decision.outcome if decision else "",
        reason=decision.reason if decision else "",
    )
