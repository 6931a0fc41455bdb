# SPDX-License-Identifier: Apache-2.0
"""Proposals: tabled in an organ, withdrawn before voting; the act that one enacts, and the competence for it."""

from typing import Annotated

from msgspec import Meta, structs

from comity.charter.act import Act, Context, act, decode_act, malformed
from comity.charter.article import ENACTABLE, Organ
from comity.charter.authority import competence, holds_power, require_organ, seats
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.terms import Date, Document, Id, Symbol, Title
from comity.dialogue.tables import Enactment, Proposal


def enacted(enacts: Enactment) -> Act:
    """The act that is enacted, typed; `Refused` with code `form` where its fields are not of its kind."""
    if enacts.kind not in ENACTABLE:
        raise malformed(f"{enacts.kind} as an enacted act", ", ".join(sorted(ENACTABLE)))
    return decode_act(enacts.kind, enacts.act)


def by_decision(context: Context) -> Context:
    return structs.replace(context, by=(), enacted=True)


def require_proposal(register: Register, name: str) -> Proposal:
    proposal = register.get(Proposal, name)
    if proposal is None:
        raise Refused("proposal.unknown", "The proposal exists", found=name, wanted="a proposal that was tabled")
    return proposal


@act("proposal.table", article="Proposals")
class TableProposal(Act, frozen=True, kw_only=True):
    """A proposal is tabled in an organ; it may carry an act, which it enacts when it is adopted."""

    proposal: Annotated[Id, Meta(description="A new id for it: letters, digits, '.', '_', '-'; at most 64")]
    organ: Annotated[Id, Meta(description="The organ that is to decide, by its article of the charter")]
    title: Annotated[Title, Meta(description="Its title, in one line")]
    rule: Annotated[Id, Meta(description="The rule to decide by, where the organ has several; else its first")] = ""
    symbol: Annotated[Symbol, Meta(description="A document symbol, as A/RES/1")] = ""
    date: Annotated[Date, Meta(description="The date of its text, as 2026-07-16")] = ""
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
                raise other_rule(self.rule, ", ".join(organ.rules))
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
            raise other_rule(self.rule, needed.rule)
        enacted(self.enacts).check(register, by_decision(context))

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


def other_rule(found: str, wanted: str) -> Refused:
    return Refused("rule.other", "The charter says by which rule this is decided", found=found, wanted=wanted)


@act("proposal.withdraw", article="Proposals: withdrawal")
class WithdrawProposal(Act, frozen=True, kw_only=True):
    """Whoever tabled a proposal withdraws it before voting on it has begun."""

    proposal: Annotated[Id, Meta(description="The proposal, by its id")]

    def check(self, register: Register, context: Context) -> None:
        proposal = require_proposal(register, self.proposal)
        if context.holder != proposal.by:
            raise Refused("proposal.by", "Who tabled a proposal withdraws it", found=context.holder, wanted=proposal.by)
        if proposal.status != "tabled" or proposal.rounds:
            raise wrong_status(proposal, "a proposal on which no vote was opened")

    def apply(self, register: Register, context: Context) -> None:
        proposal = require_proposal(register, self.proposal)
        register.put(self.proposal, structs.replace(proposal, status="withdrawn"))


def wrong_status(proposal: Proposal, wanted: str) -> Refused:
    return Refused(
        "proposal.status",
        "The proposal must be at the right stage",
        found=f"a proposal that is {proposal.status} after {proposal.rounds} votes",
        wanted=wanted,
    )


def require_still_competent(register: Register, proposal: Proposal, organ: Organ) -> None:
    """The rule by which the proposal is decided is still the one that the charter wants."""
    if proposal.enacts is None:
        if proposal.rule not in organ.rules:
            raise other_rule(proposal.rule, ", ".join(organ.rules))
        return
    needed = competence(register, proposal.organ, proposal.enacts.kind)
    if needed is None or needed.rule != proposal.rule:
        raise Refused(
            "competence.changed",
            f"The organ must still be competent for {proposal.enacts.kind} by the same rule",
            found="no competence" if needed is None else f"rule {needed.rule}",
            wanted=f"rule {proposal.rule}; table the proposal anew",
        )
