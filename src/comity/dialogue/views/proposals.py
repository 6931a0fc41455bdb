# SPDX-License-Identifier: Apache-2.0
"""What can be asked about proposals and about what was decided on them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.article import Article
from comity.charter.register import Register
from comity.charter.rule import Rule
from comity.charter.terms import Document, Outcome
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, holder_name, view
from comity.charter.words import rule_words
from comity.dialogue.tables import Decision, Enactment, Proposal, ProposalStatus, Vote
from comity.dialogue.views.short import VoteItem, title_of, vote_item
from comity.dialogue.words import enactment_words


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
