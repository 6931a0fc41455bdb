# SPDX-License-Identifier: Apache-2.0
"""What can be asked about votes: the roll call, the explanation, how a member voted.

Whether a vote is over is told as of the stamp of the record's last entry: nothing changes because time passes.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.authority import seat_of
from comity.charter.register import Register
from comity.charter.rule import SIGNS, Rule
from comity.charter.tables import Member
from comity.charter.terms import Outcome, Position
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, view
from comity.charter.words import rule_words
from comity.dialogue.acts import finding
from comity.dialogue.tables import Decision, Proposal, Vote
from comity.dialogue.views.short import NAMES, VoteItem, VoteStatus, seats, title_of, vote_item, vote_status


def _latest(rows: Mapping[str, Vote], found: Iterable[str]) -> list[str]:
    return sorted(found, key=lambda name: (-rows[name].opened, name))


@view("votes", title="Votes")
class VotesView(Listing, frozen=True, kw_only=True):
    """The votes, the last opened first."""

    organ: Annotated[str, Meta(description="Only votes in this organ")] = ""
    proposal: Annotated[str, Meta(description="Only votes on this proposal")] = ""
    status: Annotated[VoteStatus | Literal[""], Meta(description="Only votes that stand so")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[VoteItem]:
        rows = register.rows(Vote)
        found = _latest(
            rows,
            (
                name
                for name, row in rows.items()
                if self.organ in ("", row.organ)
                and self.proposal in ("", row.proposal)
                and (not self.status or vote_status(register, name, row, standing) == self.status)
            ),
        )
        return self.page(standing, found, lambda name: vote_item(register, name, rows[name], standing))


class SeatItem(Struct, frozen=True, kw_only=True):
    """A seat of a vote and the position it took ('' where it took none)."""

    member: str
    name: str
    position: Position | Literal[""]


class LineItem(Struct, frozen=True, kw_only=True):
    """A line of an explanation: how deep it stands and what it says."""

    depth: int
    text: str


class VoteAnswer(Answer, frozen=True, kw_only=True):
    """A vote: its frozen rule, the positions by roll call, and what the rule gives for them, line by line.

    While the vote is open, `finding` is what would follow if it were over now. `outcome`, `effect` and `refused` are
    as declared, empty before.
    """

    vote: str
    proposal: str
    symbol: str
    title: str
    date: str
    organ: str
    organ_title: str
    round: int
    meeting: str
    status: VoteStatus
    opened: int
    deadline: int
    closed: int
    seats: int
    none: Annotated[int, Meta(description="Seats that took no position")]
    counts: dict[str, int]
    rule: Rule
    rule_words: tuple[str, ...]
    finding: Annotated[Outcome, Meta(description="What the rule gives for the positions taken")]
    finding_reason: str
    lines: Annotated[tuple[LineItem, ...], Meta(description="The explanation; each line can be recomputed")]
    outcome: Annotated[Outcome | Literal[""], Meta(description="As declared; empty before")]
    reason: str
    declared: Annotated[int, Meta(description="Stamp of the declaration, or 0")]
    effect: Annotated[str, Meta(description="`enacted` or `refused`; empty where nothing is enacted")]
    refused: Annotated[str, Meta(description="The code for which the enacted act was refused")]
    roll: tuple[SeatItem, ...]


@view("vote", title="Vote", path="/votes/{vote:path}")
class VoteView(View, frozen=True, kw_only=True):
    """One vote, seat by seat, with its result explained."""

    vote: Annotated[str, Meta(description="Id of the vote: <proposal>/<round>")]

    def answer(self, register: Register, standing: Standing) -> VoteAnswer:
        row = register.get(Vote, self.vote)
        if row is None:
            raise absent("vote", self.vote, "votes")
        short, result = vote_item(register, self.vote, row, standing), finding(register, self.vote, row)
        decision = register.get(Decision, self.vote)
        return VoteAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            vote=self.vote,
            proposal=row.proposal,
            symbol=short.symbol,
            title=short.title,
            date=short.date,
            organ=row.organ,
            organ_title=title_of(register, row.organ),
            round=int(self.vote.rpartition("/")[2]),
            meeting=row.meeting,
            status=short.status,
            opened=row.opened,
            deadline=row.deadline,
            closed=row.closed,
            seats=short.seats,
            none=row.positions.count("-"),
            counts=short.counts,
            rule=row.rule,
            rule_words=rule_words(row.rule),
            finding=result.outcome,
            finding_reason=result.reason,
            lines=tuple(LineItem(depth=line.depth, text=line.text) for line in result.lines),
            outcome=short.outcome,
            reason=short.reason,
            declared=decision.declared if decision else 0,
            effect=decision.effect if decision else "",
            refused=decision.refused if decision else "",
            roll=_roll_call(register, row),
        )


def _roll_call(register: Register, vote: Vote) -> tuple[SeatItem, ...]:
    members = register.rows(Member)
    return tuple(
        SeatItem(
            member=member,
            name=members[member].name if member in members else member,
            position=NAMES[sign],
        )
        for member, sign in zip(seats(register, vote.roll), vote.positions, strict=True)
    )


@view("rollcall", title="Roll call", path="/votes/{vote:path}/rollcall")
class RollcallView(Listing, frozen=True, kw_only=True):
    """The roll call of one vote, seat by seat: for tables and spreadsheets."""

    vote: Annotated[str, Meta(description="Id of the vote: <proposal>/<round>")]
    position: Annotated[Position | Literal["", "none"], Meta(description="Only seats with this position")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[SeatItem]:
        row = register.get(Vote, self.vote)
        if row is None:
            raise absent("vote", self.vote, "votes")
        wanted = "" if self.position == "none" else self.position
        found = {
            seat.member: seat for seat in _roll_call(register, row) if not self.position or seat.position == wanted
        }
        return self.page(standing, list(found), lambda member: found[member])


class PositionItem(Struct, frozen=True, kw_only=True):
    """The position that a member took in one vote ('' where it took none)."""

    vote: str
    proposal: str
    symbol: str
    title: str
    date: str
    position: Position | Literal[""]
    outcome: Outcome | Literal[""]


@view("positions", title="How a member voted", path="/members/{member}/positions")
class PositionsView(Listing, frozen=True, kw_only=True):
    """The positions of one member in all votes in which it has a seat, the last opened first."""

    member: Annotated[str, Meta(description="Id of the member")]
    position: Annotated[Position | Literal["", "none"], Meta(description="Only votes with this position")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[PositionItem]:
        if register.get(Member, self.member) is None:
            raise absent("member", self.member, "members")
        rows = register.rows(Vote)
        known: dict[str, str] = {"": "", "none": "-"}
        wanted = (known | dict(SIGNS.items()))[self.position]
        holder = f"member/{self.member}"
        signs: dict[str, str] = {}
        for name, row in rows.items():
            seat = seat_of(register, row.roll, holder)
            if seat >= 0 and (not wanted or row.positions[seat] == wanted):
                signs[name] = row.positions[seat]

        def item(name: str) -> PositionItem:
            proposal, decision = register.get(Proposal, rows[name].proposal), register.get(Decision, name)
            return PositionItem(
                vote=name,
                proposal=rows[name].proposal,
                symbol=proposal.symbol if proposal else "",
                title=proposal.title if proposal else name,
                date=proposal.date if proposal else "",
                position=NAMES[signs[name]],
                outcome=decision.outcome if decision else "",
            )

        return self.page(standing, _latest(rows, signs), item)
