# SPDX-License-Identifier: Apache-2.0
"""Votes: opened, cast, closed, declared. A declaration is refused unless it is what the rule gives."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, structs

from comity.charter.act import Act, Context, act
from comity.charter.article import Article, Organ
from comity.charter.authority import convene, require_chair, require_organ, require_seat, seat_of
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.rule import SIGNS, Finding, Rule, Tally, decide
from comity.charter.tables import Roll
from comity.charter.terms import Count, Id, Outcome, Position, Stamp
from comity.dialogue.acts.proposals import (
    by_decision,
    enacted,
    require_proposal,
    require_still_competent,
    wrong_status,
)
from comity.dialogue.tables import Decision, Enactment, Meeting, Proposal, Vote, enter_roll, seated

VoteId = Annotated[str, Meta(description="The vote, by its id: <proposal>/<round>, as A-1/1")]


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


def _rule(register: Register, name: str) -> Rule:
    """The rule that the article provides; coherence has seen to it that there is one."""
    article = register.get(Article, name)
    if article is None or not isinstance(article.provision, Rule):
        raise LookupError(f"article {name} is not a rule")
    return article.provision


@act("vote.open", article="Voting: opening")
class OpenVote(Act, frozen=True, kw_only=True):
    """The presiding office opens the vote on a proposal until a deadline (UTC ms); everything is frozen now."""

    proposal: Annotated[Id, Meta(description="The proposal, by its id")]
    deadline: Stamp
    meeting: Annotated[Id, Meta(description="The open meeting, by its id, where the organ meets")] = ""

    def check(self, register: Register, context: Context) -> None:
        proposal = require_proposal(register, self.proposal)
        organ = require_organ(register, proposal.organ)
        require_chair(organ, context)
        if proposal.status != "tabled":
            raise wrong_status(proposal, "a proposal that is tabled")
        require_still_competent(register, proposal, organ)
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
        proposal = require_proposal(register, self.proposal)
        digest, roll = convene(register, require_organ(register, proposal.organ).electorate)
        enter_roll(register, digest, roll)
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

    vote: VoteId
    position: Annotated[Position, Meta(description="The position taken: one that the vote's rule knows")]

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
        positions = seated(vote.positions, seat, SIGNS[self.position])
        register.put(self.vote, structs.replace(vote, positions=positions))


@act("vote.close", article="Voting: closing")
class CloseVote(Act, frozen=True, kw_only=True):
    """The presiding office closes a vote before its deadline, where the rule allows it."""

    vote: VoteId

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

    vote: VoteId
    outcome: Annotated[Outcome, Meta(description="What the rule gives")]
    counts: Annotated[
        dict[Position, Count], Meta(max_length=5, description="Seats by position, for every position of the rule")
    ]
    reason: Annotated[Id, Meta(description="The reason that the rule's clause gives, where it gives one")] = ""

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
                found=_told(self.counts, vote.rule),
                wanted=_told(result.counts, vote.rule),
            )
        if (self.outcome, self.reason) != (result.outcome, result.reason):
            raise Refused(
                "declare.outcome",
                "The outcome is what the rule gives",
                found=f"{self.outcome} {self.reason}".strip(),
                wanted=f"{result.outcome} {result.reason}".strip(),
                article=require_proposal(register, vote.proposal).rule,
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
        proposal = require_proposal(register, vote.proposal)
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
    carried, decided = enacted(enacts), by_decision(context)
    try:
        require_still_competent(register, proposal, require_organ(register, proposal.organ))
        carried.check(register, decided)
    except Refused as refused:
        return refused.code
    carried.apply(register, decided)
    return ""


def _told(counts: Mapping[Any, int], rule: Rule) -> str:
    """Counts in words: in the order of the rule's positions, any other position after them."""
    known = [name for name in rule.positions if name in counts]
    return ", ".join(f"{name} {counts[name]}" for name in [*known, *sorted(set(counts) - set(known))])
