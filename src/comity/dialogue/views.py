# SPDX-License-Identifier: Apache-2.0
"""What can be asked about meetings, proposals, votes and decisions.

Whether a vote is over is told as of the stamp of the record's last entry: nothing changes because time passes.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from comity.charter.article import Article
from comity.charter.authority import seat_of
from comity.charter.register import Register
from comity.charter.rule import SIGNS, Rule
from comity.charter.tables import Member, Roll
from comity.charter.terms import Document, Outcome, Position
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, holder_name, view
from comity.charter.words import rule_words
from comity.dialogue.acts import finding
from comity.dialogue.tables import Decision, Enactment, Meeting, Proposal, ProposalStatus, Vote
from comity.dialogue.words import enactment_words

NAMES = {sign: name for name, sign in SIGNS.items()} | {"-": ""}
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


# Meetings


class MeetingItem(Struct, frozen=True, kw_only=True):
    """A meeting in short."""

    meeting: str
    organ: str
    status: str
    date: str
    present: int
    seats: int


@view("meetings", title="Meetings")
class MeetingsView(Listing, frozen=True, kw_only=True):
    """The meetings, the latest date first."""

    organ: Annotated[str, Meta(description="Only meetings of this organ")] = ""
    status: Annotated[Literal["", "convened", "open", "closed"], Meta(description="Only meetings so far")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[MeetingItem]:
        rows = register.rows(Meeting)
        found = sorted(
            name for name, row in rows.items() if self.organ in ("", row.organ) and self.status in ("", row.status)
        )
        found.sort(key=lambda name: rows[name].date, reverse=True)

        def item(name: str) -> MeetingItem:
            row = rows[name]
            return MeetingItem(
                meeting=name,
                organ=row.organ,
                status=row.status,
                date=row.date,
                present=row.present.count("p"),
                seats=len(row.present),
            )

        return self.page(standing, found, item)


class Attendance(Struct, frozen=True, kw_only=True):
    """A seat of a meeting."""

    member: str
    name: str
    present: bool


class MeetingAnswer(Answer, frozen=True, kw_only=True):
    """A meeting, who has a seat in it and who is present, and the votes taken in it."""

    meeting: str
    organ: str
    organ_title: str
    status: str
    date: str
    present: int
    seats: int
    roll: tuple[Attendance, ...]
    votes: tuple[str, ...]


@view("meeting", title="Meeting", path="/meetings/{meeting}")
class MeetingView(View, frozen=True, kw_only=True):
    """One meeting."""

    meeting: Annotated[str, Meta(description="Id of the meeting")]

    def answer(self, register: Register, standing: Standing) -> MeetingAnswer:
        row = register.get(Meeting, self.meeting)
        if row is None:
            raise absent("meeting", self.meeting, "meetings")
        return MeetingAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            meeting=self.meeting,
            organ=row.organ,
            organ_title=title_of(register, row.organ),
            status=row.status,
            date=row.date,
            present=row.present.count("p"),
            seats=len(row.present),
            roll=tuple(
                Attendance(member=member, name=holder_name(register, f"member/{member}"), present=sign == "p")
                for member, sign in zip(_seats(register, row.roll), row.present, strict=True)
            ),
            votes=tuple(name for name, vote in register.rows(Vote).items() if vote.meeting == self.meeting),
        )


def _seats(register: Register, roll: str) -> tuple[str, ...]:
    row = register.get(Roll, roll)
    return row.seats if row else ()


# Proposals


class ProposalItem(Struct, frozen=True, kw_only=True):
    """A proposal in short."""

    proposal: str
    symbol: str
    title: str
    organ: str
    status: str
    rule: str
    by: str
    by_name: str
    tabled: Annotated[int, Meta(description="Stamp of its tabling, UTC milliseconds")]
    date: Annotated[str, Meta(description="The date of the text, where it has one of its own")]
    votes: Annotated[int, Meta(description="How many votes were opened on it")]


def proposal_item(register: Register, name: str, row: Proposal) -> ProposalItem:
    """A proposal in short."""
    return ProposalItem(
        proposal=name,
        symbol=row.symbol,
        title=row.title,
        organ=row.organ,
        status=row.status,
        rule=row.rule,
        by=row.by,
        by_name=holder_name(register, row.by),
        tabled=row.tabled,
        date=row.date,
        votes=row.rounds,
    )


@view("proposals", title="Proposals")
class ProposalsView(Listing, frozen=True, kw_only=True):
    """The proposals, the last tabled first."""

    organ: Annotated[str, Meta(description="Only proposals in this organ")] = ""
    status: Annotated[ProposalStatus | Literal[""], Meta(description="Only proposals at this stage")] = ""
    by: Annotated[str, Meta(description="Only proposals tabled by this holder: member/… or office/…")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[ProposalItem]:
        rows = register.rows(Proposal)
        found = [
            name
            for name, row in rows.items()
            if self.organ in ("", row.organ) and self.status in ("", row.status) and self.by in ("", row.by)
        ]
        found.sort(key=lambda name: (-rows[name].tabled, name))
        return self.page(standing, found, lambda name: proposal_item(register, name, rows[name]))


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


class ProposalAnswer(Answer, frozen=True, kw_only=True):
    """A proposal: its stage, the rule by which it is decided, what it enacts, the votes on it."""

    proposal: str
    symbol: str
    title: str
    organ: str
    organ_title: str
    status: str
    by: str
    by_name: str
    tabled: int
    date: str
    rule: str
    rule_words: Annotated[tuple[str, ...], Meta(description="The rule in force for it, in sentences")]
    text: Document | None
    enacts: Enactment | None
    enacts_words: Annotated[str, Meta(description="What it does if adopted, as `admitted Y as member`")]
    votes: tuple[VoteItem, ...]


@view("proposal", title="Proposal", path="/proposals/{proposal}")
class ProposalView(View, frozen=True, kw_only=True):
    """One proposal."""

    proposal: Annotated[str, Meta(description="Id of the proposal")]

    def answer(self, register: Register, standing: Standing) -> ProposalAnswer:
        row = register.get(Proposal, self.proposal)
        if row is None:
            raise absent("proposal", self.proposal, "proposals")
        votes = self._votes(register, row, standing)
        return ProposalAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            proposal=self.proposal,
            symbol=row.symbol,
            title=row.title,
            organ=row.organ,
            organ_title=title_of(register, row.organ),
            status=row.status,
            by=row.by,
            by_name=holder_name(register, row.by),
            tabled=row.tabled,
            date=row.date,
            rule=row.rule,
            rule_words=self._rule_words(register, row),
            text=row.text,
            enacts=row.enacts,
            enacts_words=enactment_words(row.enacts, register) if row.enacts else "",
            votes=votes,
        )

    def _votes(self, register: Register, row: Proposal, standing: Standing) -> tuple[VoteItem, ...]:
        names = [f"{self.proposal}/{number}" for number in range(1, row.rounds + 1)]
        found = [(name, register.get(Vote, name)) for name in names]
        return tuple(vote_item(register, name, vote, standing) for name, vote in found if vote is not None)

    def _rule_words(self, register: Register, row: Proposal) -> tuple[str, ...]:
        """The rule as frozen when the last vote opened; before any, as the charter has it now."""
        vote = register.get(Vote, f"{self.proposal}/{row.rounds}")
        if vote is not None:
            return rule_words(vote.rule)
        article = register.get(Article, row.rule)
        return rule_words(article.provision) if article and isinstance(article.provision, Rule) else ()


# Votes


def _latest(rows: Any, found: Iterable[str]) -> list[str]:
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
            position=NAMES[sign],  # type: ignore[arg-type]
        )
        for member, sign in zip(_seats(register, vote.roll), vote.positions, strict=True)
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
        wanted = {"": "", "none": "-"}.get(self.position) if self.position in ("", "none") else SIGNS[self.position]
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
                position=NAMES[signs[name]],  # type: ignore[arg-type]
                outcome=decision.outcome if decision else "",
            )

        return self.page(standing, _latest(rows, signs), item)


# Decisions


class DecisionItem(Struct, frozen=True, kw_only=True):
    """A declared result."""

    vote: str
    proposal: str
    symbol: str
    title: str
    organ: str
    date: str
    outcome: Outcome
    reason: str
    counts: dict[str, int]
    declared: Annotated[int, Meta(description="Stamp of the declaration, UTC milliseconds")]
    effect: Annotated[str, Meta(description="`enacted` or `refused`; empty where nothing is enacted")]
    refused: Annotated[str, Meta(description="The code for which the enacted act was refused")]


@view("decisions", title="Decisions")
class DecisionsView(Listing, frozen=True, kw_only=True):
    """The declared results, the last declared first."""

    organ: Annotated[str, Meta(description="Only decisions of this organ")] = ""
    outcome: Annotated[Outcome | Literal[""], Meta(description="Only decisions with this outcome")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[DecisionItem]:
        rows, votes = register.rows(Decision), register.rows(Vote)
        found = sorted(
            (
                name
                for name, row in rows.items()
                if self.outcome in ("", row.outcome) and self.organ in ("", votes[name].organ)
            ),
            key=lambda name: (-rows[name].declared, name),
        )

        def item(name: str) -> DecisionItem:
            row, vote = rows[name], votes[name]
            proposal = register.get(Proposal, vote.proposal)
            return DecisionItem(
                vote=name,
                proposal=vote.proposal,
                symbol=proposal.symbol if proposal else "",
                title=proposal.title if proposal else name,
                organ=vote.organ,
                date=proposal.date if proposal else "",
                outcome=row.outcome,
                reason=row.reason,
                counts=row.counts,
                declared=row.declared,
                effect=row.effect,
                refused=row.refused,
            )

        return self.page(standing, found, item)
