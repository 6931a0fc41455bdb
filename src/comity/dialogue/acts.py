# SPDX-License-Identifier: Apache-2.0
"""What is done in meetings and on proposals: convene, table, open, vote, close, declare (docs/spec/kinds.md).

What is decided is fixed when a vote opens: rule, electorate, weights, deadline and enacted act are frozen then, and
the outcome follows from these and the positions alone, whoever declares it and whenever (law 7).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, structs

from comity.charter.act import Act, Context, act, decode_act, malformed
from comity.charter.article import ENACTABLE, Article, Organ
from comity.charter.authority import (
    competence,
    convene,
    holds_power,
    require_chair,
    require_organ,
    require_seat,
    seat_of,
    seats,
)
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.rule import SIGNS, Finding, Rule, Tally, decide, holds
from comity.charter.tables import Roll
from comity.charter.terms import Count, Date, Document, Id, Outcome, Position, Stamp, Symbol, Title
from comity.dialogue.tables import Decision, Enactment, Meeting, Proposal, Vote


def finding(register: Register, name: str, vote: Vote) -> Finding:
    """What the rule of the vote gives for the positions taken so far, explained."""
    roll = register.get(Roll, vote.roll)
    tally = Tally(
        positions=vote.positions,
        groups=roll.groups if roll else {},
        weights=roll.weights if roll else {},
        round=int(name.rpartition("/")[2]),
    )
    return decide(vote.rule, tally)


def enacted(enacts: Enactment) -> Act:
    """The act that is enacted, typed; `Refused` with code `form` where its fields are not of its kind."""
    if enacts.kind not in ENACTABLE:
        raise malformed(f"{enacts.kind} as an enacted act", ", ".join(sorted(ENACTABLE)))
    return decode_act(enacts.kind, enacts.act)


def _by_decision(context: Context) -> Context:
    return structs.replace(context, by=(), enacted=True)


# Meetings


def _meeting(register: Register, name: str) -> Meeting:
    meeting = register.get(Meeting, name)
    if meeting is None:
        raise Refused("meeting.unknown", "The meeting exists", found=name, wanted="a meeting that was convened")
    return meeting


def _require_meeting(good: bool, code: str, rule: str, meeting: Meeting) -> None:
    if not good:
        raise Refused(code, rule, found=f"a meeting that is {meeting.status}", wanted=rule.lower())


@act("meeting.convene", article="Meetings")
class ConveneMeeting(Act, frozen=True, kw_only=True):
    """The presiding office convenes a meeting; the electorate is frozen as its roll."""

    meeting: Id
    organ: Id
    date: Date = ""

    def check(self, register: Register, context: Context) -> None:
        organ = require_organ(register, self.organ)
        require_chair(organ, context)
        if register.get(Meeting, self.meeting) is not None:
            raise Refused("meeting.exists", "A meeting is convened once", found=self.meeting, wanted="an id not in use")
        convene(register, organ.electorate)

    def apply(self, register: Register, context: Context) -> None:
        digest, roll = convene(register, require_organ(register, self.organ).electorate)
        _enter_roll(register, digest, roll)
        row = Meeting(
            organ=self.organ,
            roll=digest,
            present="-" * len(roll.seats),
            status="convened",
            date=self.date,
        )
        register.put(self.meeting, row)


def _enter_roll(register: Register, digest: str, roll: Roll) -> None:
    if register.get(Roll, digest) is None:
        register.put(digest, roll)


def _seated(row: str, seat: int, sign: str) -> str:
    return f"{row[:seat]}{sign}{row[seat + 1 :]}"


@act("meeting.attend", article="Meetings")
class AttendMeeting(Act, frozen=True, kw_only=True):
    """A member is present."""

    meeting: Id

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        _require_meeting(meeting.status != "closed", "meeting.closed", "The meeting is not closed", meeting)
        seat = require_seat(register, meeting.roll, context.holder)
        if meeting.present[seat] != "-":
            raise Refused(
                "meeting.present",
                "A member registers its presence once",
                found=f"{context.holder}, who is present already",
                wanted="nothing more",
            )

    def apply(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        present = _seated(meeting.present, seat_of(register, meeting.roll, context.holder), "p")
        register.put(self.meeting, structs.replace(meeting, present=present))


@act("meeting.open", article="Meetings: quorum")
class OpenMeeting(Act, frozen=True, kw_only=True):
    """The presiding office opens the meeting, when the quorum to open is there."""

    meeting: Id

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        organ = require_organ(register, meeting.organ)
        require_chair(organ, context)
        _require_meeting(meeting.status == "convened", "meeting.convened", "The meeting is convened", meeting)
        if organ.opens is None:
            return
        roll = register.get(Roll, meeting.roll)
        tally = Tally(
            positions=meeting.present,
            groups=roll.groups if roll else {},
            weights=roll.weights if roll else {},
        )
        good, lines = holds(organ.opens, tally)
        if not good:
            raise Refused(
                "meeting.quorum",
                "A meeting opens with its quorum",
                found="; ".join(line.text for line in lines),
                wanted="more members present",
                article=meeting.organ,
            )

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.meeting, structs.replace(_meeting(register, self.meeting), status="open"))


@act("meeting.close", article="Meetings")
class CloseMeeting(Act, frozen=True, kw_only=True):
    """The presiding office closes the meeting."""

    meeting: Id

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        require_chair(require_organ(register, meeting.organ), context)
        _require_meeting(meeting.status != "closed", "meeting.closed", "The meeting is not closed", meeting)

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.meeting, structs.replace(_meeting(register, self.meeting), status="closed"))


# Proposals


def _proposal(register: Register, name: str) -> Proposal:
    proposal = register.get(Proposal, name)
    if proposal is None:
        raise Refused("proposal.unknown", "The proposal exists", found=name, wanted="a proposal that was tabled")
    return proposal


@act("proposal.table", article="Proposals")
class TableProposal(Act, frozen=True, kw_only=True):
    """A proposal is tabled in an organ; it may carry an act, which it enacts when it is adopted."""

    proposal: Id
    organ: Id
    title: Title
    rule: Id = ""
    symbol: Symbol = ""
    date: Date = ""
    text: Document | None = None
    enacts: Enactment | None = None

    def form(self) -> None:
        if self.enacts is not None:
            enacted(self.enacts)

    def check(self, register: Register, context: Context) -> None:
        organ = require_organ(register, self.organ)
        holder = context.holder
        seated = holder.startswith("member/") and holder[7:] in seats(register, organ.electorate)
        if not seated and not holds_power(register, "proposal.table", holder):
            raise Refused(
                "seat.none",
                "A proposal is tabled by a member of the organ, or by whoever has the power to",
                found=holder,
                wanted=f"a member in {organ.electorate}, or a power over proposal.table",
            )
        if register.get(Proposal, self.proposal) is not None:
            raise Refused(
                "proposal.exists", "A proposal has an id of its own", found=self.proposal, wanted="another id"
            )
        if self.enacts is None:
            if self.rule and self.rule not in organ.rules:
                raise _other_rule(self.rule, ", ".join(organ.rules))
            return
        needed = competence(register, self.organ, self.enacts.kind)
        if needed is None:
            raise Refused(
                "competence.none",
                f"The charter must make the organ competent for {self.enacts.kind}",
                found=f"{self.organ}, which no article makes competent",
                wanted="an organ that is, or an amendment of the charter first",
            )
        if self.rule and self.rule != needed.rule:
            raise _other_rule(self.rule, needed.rule)
        enacted(self.enacts).check(register, _by_decision(context))

    def apply(self, register: Register, context: Context) -> None:
        organ = require_organ(register, self.organ)
        needed = competence(register, self.organ, self.enacts.kind) if self.enacts else None
        row = Proposal(
            organ=self.organ,
            title=self.title,
            rule=self.rule or (needed.rule if needed else organ.rules[0]),
            by=context.holder,
            tabled=context.stamp,
            status="tabled",
            symbol=self.symbol,
            date=self.date,
            text=self.text,
            enacts=self.enacts,
        )
        register.put(self.proposal, row)


def _other_rule(found: str, wanted: str) -> Refused:
    return Refused("rule.other", "The charter says by which rule this is decided", found=found, wanted=wanted)


@act("proposal.withdraw", article="Proposals: withdrawal")
class WithdrawProposal(Act, frozen=True, kw_only=True):
    """Whoever tabled a proposal withdraws it before voting on it has begun."""

    proposal: Id

    def check(self, register: Register, context: Context) -> None:
        proposal = _proposal(register, self.proposal)
        if context.holder != proposal.by:
            raise Refused("proposal.by", "Who tabled a proposal withdraws it", found=context.holder, wanted=proposal.by)
        if proposal.status != "tabled" or proposal.rounds:
            raise _wrong_status(proposal, "a proposal on which no vote was opened")

    def apply(self, register: Register, context: Context) -> None:
        proposal = _proposal(register, self.proposal)
        register.put(self.proposal, structs.replace(proposal, status="withdrawn"))


def _wrong_status(proposal: Proposal, wanted: str) -> Refused:
    return Refused(
        "proposal.status",
        "The proposal must be at the right stage",
        found=f"a proposal that is {proposal.status} after {proposal.rounds} votes",
        wanted=wanted,
    )


# Votes


def _require_still_competent(register: Register, proposal: Proposal, organ: Organ) -> None:
    """The rule by which the proposal is decided is still the one that the charter wants."""
    if proposal.enacts is None:
        if proposal.rule not in organ.rules:
            raise _other_rule(proposal.rule, ", ".join(organ.rules))
        return
    needed = competence(register, proposal.organ, proposal.enacts.kind)
    if needed is None or needed.rule != proposal.rule:
        raise Refused(
            "competence.changed",
            f"The organ must still be competent for {proposal.enacts.kind} by the same rule",
            found="no competence" if needed is None else f"rule {needed.rule}",
            wanted=f"rule {proposal.rule}; table the proposal anew",
        )


def _rule(register: Register, name: str) -> Rule:
    """The rule that the article provides; coherence has seen to it that there is one."""
    article = register.get(Article, name)
    if article is None or not isinstance(article.provision, Rule):
        raise LookupError(f"article {name} is not a rule")
    return article.provision


@act("vote.open", article="Voting: opening")
class OpenVote(Act, frozen=True, kw_only=True):
    """The presiding office opens the vote on a proposal until a deadline (UTC ms); everything is frozen now."""

    proposal: Id
    deadline: Stamp
    meeting: Id = ""

    def check(self, register: Register, context: Context) -> None:
        proposal = _proposal(register, self.proposal)
        organ = require_organ(register, proposal.organ)
        require_chair(organ, context)
        if proposal.status != "tabled":
            raise _wrong_status(proposal, "a proposal that is tabled")
        _require_still_competent(register, proposal, organ)
        self._require_meeting(register, proposal, organ)
        least = max(_rule(register, proposal.rule).least, 1)
        if self.deadline - context.stamp < least:
            raise Refused(
                "vote.deadline",
                "A vote stays open as long as its rule wants",
                found=f"a deadline {self.deadline - context.stamp} ms from now",
                wanted=f"at least {least} ms",
                article=proposal.rule,
            )
        convene(register, organ.electorate)

    def _require_meeting(self, register: Register, proposal: Proposal, organ: Organ) -> None:
        if organ.opens is None:
            good = not self.meeting
        else:
            meeting = register.get(Meeting, self.meeting) if self.meeting else None
            good = meeting is not None and meeting.organ == proposal.organ and meeting.status == "open"
        if not good:
            raise Refused(
                "vote.meeting",
                "An organ that meets votes in an open meeting; one that does not, without",
                found=self.meeting or "no meeting",
                wanted="no meeting" if organ.opens is None else f"an open meeting of {proposal.organ}",
            )

    def apply(self, register: Register, context: Context) -> None:
        proposal = _proposal(register, self.proposal)
        digest, roll = convene(register, require_organ(register, proposal.organ).electorate)
        _enter_roll(register, digest, roll)
        rule = _rule(register, proposal.rule)
        row = Vote(
            proposal=self.proposal,
            organ=proposal.organ,
            roll=digest,
            rule=rule,
            opened=context.stamp,
            deadline=self.deadline,
            positions=self._at_first(register, roll, rule),
            meeting=self.meeting,
        )
        register.put(f"{self.proposal}/{proposal.rounds + 1}", row)
        register.put(self.proposal, structs.replace(proposal, status="voting", rounds=proposal.rounds + 1))

    def _at_first(self, register: Register, roll: Roll, rule: Rule) -> str:
        """Nobody has a position yet; who is present in the meeting counts as present, where the rule knows that."""
        meeting = register.get(Meeting, self.meeting) if self.meeting else None
        there = register.get(Roll, meeting.roll) if meeting else None
        if meeting is None or there is None or "present" not in rule.positions:
            return "-" * len(roll.seats)
        present = {name for name, sign in zip(there.seats, meeting.present, strict=True) if sign == "p"}
        return "".join("p" if name in present else "-" for name in roll.seats)


def _vote(register: Register, name: str) -> Vote:
    vote = register.get(Vote, name)
    if vote is None:
        raise Refused("vote.unknown", "The vote exists", found=name, wanted="a vote that was opened")
    return vote


def _require_running(vote: Vote, stamp: int) -> None:
    if vote.is_over(stamp):
        raise Refused(
            "vote.closed",
            "Positions are taken while the vote is open",
            found=f"closed at {vote.closed or vote.deadline}, now {stamp}",
            wanted="an open vote",
        )


@act("vote.cast", article="Voting: recorded vote")
class CastVote(Act, frozen=True, kw_only=True):
    """A member takes its position in a vote. A later one replaces it until the vote is over."""

    vote: str
    position: Position

    def check(self, register: Register, context: Context) -> None:
        vote = _vote(register, self.vote)
        require_seat(register, vote.roll, context.holder)
        _require_running(vote, context.stamp)
        if self.position not in vote.rule.positions:
            raise Refused(
                "vote.position",
                "The rule says which positions there are",
                found=self.position,
                wanted=", ".join(vote.rule.positions),
            )

    def apply(self, register: Register, context: Context) -> None:
        vote = _vote(register, self.vote)
        seat = seat_of(register, vote.roll, context.holder)
        positions = _seated(vote.positions, seat, SIGNS[self.position])
        register.put(self.vote, structs.replace(vote, positions=positions))


@act("vote.close", article="Voting: closing")
class CloseVote(Act, frozen=True, kw_only=True):
    """The presiding office closes a vote before its deadline, where the rule allows it."""

    vote: str

    def check(self, register: Register, context: Context) -> None:
        vote = _vote(register, self.vote)
        require_chair(require_organ(register, vote.organ), context)
        _require_running(vote, context.stamp)
        if not vote.rule.early:
            raise Refused(
                "vote.early",
                "Only some rules let a vote be closed before its deadline",
                found="a rule that does not",
                wanted=f"to wait until after {vote.deadline}",
            )

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.vote, structs.replace(_vote(register, self.vote), closed=context.stamp))


@act("vote.declare", article="Voting: declaration of the result")
class DeclareVote(Act, frozen=True, kw_only=True):
    """The result of a vote that is over is declared: a wrong one is refused. What was decided is enacted."""

    vote: str
    outcome: Outcome
    counts: Annotated[dict[Position, Count], Meta(max_length=5)]
    reason: Id = ""

    def check(self, register: Register, context: Context) -> None:
        vote = _vote(register, self.vote)
        if register.get(Decision, self.vote) is not None:
            raise Refused("vote.declared", "A result is declared once", found=self.vote, wanted="nothing more")
        if not vote.is_over(context.stamp):
            raise Refused(
                "vote.running",
                "A result is declared when the vote is over",
                found=f"a vote open until {vote.deadline}",
                wanted="its deadline to pass, or its closing",
            )
        self._require_declarer(register, vote, context)
        result = finding(register, self.vote, vote)
        if dict(self.counts) != result.counts:
            raise Refused(
                "declare.counts",
                "The counts are right",
                found=_told(self.counts),
                wanted=_told(result.counts),
            )
        if (self.outcome, self.reason) != (result.outcome, result.reason):
            raise Refused(
                "declare.outcome",
                "The outcome is what the rule gives",
                found=f"{self.outcome} {self.reason}".strip(),
                wanted=f"{result.outcome} {result.reason}".strip(),
                article=_proposal(register, vote.proposal).rule,
            )

    def _require_declarer(self, register: Register, vote: Vote, context: Context) -> None:
        if seat_of(register, vote.roll, context.holder) >= 0:
            return
        article = register.get(Article, vote.organ)
        organ = article.provision if article else None
        if not isinstance(organ, Organ) or context.holder != f"office/{organ.chair}":
            raise Refused(
                "declare.by",
                "The presiding office or a member with a seat declares the result",
                found=context.holder,
                wanted="one of them",
            )

    def apply(self, register: Register, context: Context) -> None:
        vote = _vote(register, self.vote)
        proposal = _proposal(register, vote.proposal)
        status = "tabled" if self.outcome == "undecided" else self.outcome
        after = structs.replace(proposal, status=status)
        decision = Decision(
            outcome=self.outcome,
            counts={str(name): number for name, number in self.counts.items()},
            declared=context.stamp,
            reason=self.reason,
        )
        register.put(self.vote, decision)
        register.put(vote.proposal, after)
        if self.outcome == "adopted" and proposal.enacts is not None:
            refused = _enact(register, proposal, proposal.enacts, context)
            effect = "refused" if refused else "enacted"
            register.put(self.vote, structs.replace(decision, effect=effect, refused=refused))
            if refused:
                register.put(vote.proposal, structs.replace(after, status="without_effect"))


def _enact(register: Register, proposal: Proposal, enacts: Enactment, context: Context) -> str:
    """Check the enacted act again as things are now, and apply it; the code of the refusal, or ''."""
    carried, decided = enacted(enacts), _by_decision(context)
    try:
        _require_still_competent(register, proposal, require_organ(register, proposal.organ))
        carried.check(register, decided)
    except Refused as refused:
        return refused.code
    carried.apply(register, decided)
    return ""


def _told(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
