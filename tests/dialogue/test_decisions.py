# SPDX-License-Identifier: Apache-2.0
"""Meetings, proposals and votes as they happen: what is fixed when a vote opens, and what a decision does."""

import pytest

from comity.charter.article import Article
from comity.charter.tables import Member, Roll
from comity.dialogue.acts import finding
from comity.dialogue.tables import Decision, Meeting, Proposal, Vote
from conformance.articles import DAY, IMPORTANT, SILENCE, article, assembly, electorate
from conformance.scribe import Scribe
from conformance.stage import SIX


@pytest.fixture
def scribe() -> Scribe:
    """Six members, an assembly, a council that meets, a chair, a secretariat."""
    return Scribe("decisions", assembly(), SIX)


def _code(scribe: Scribe, kind: str, act: dict[str, object], *signers: str) -> str:
    refused = scribe.try_out(scribe.seal(kind, act, *signers))
    return refused.code if refused else ""


def _vote(scribe: Scribe, name: str) -> Vote:
    vote = scribe.register.get(Vote, name)
    assert vote is not None
    return vote


def _status(scribe: Scribe, name: str) -> str:
    proposal = scribe.register.get(Proposal, name)
    assert proposal is not None
    return proposal.status


def test_a_position_may_be_changed_until_the_vote_is_over(scribe: Scribe) -> None:
    """The last position counts; the last millisecond before the deadline is still in time."""
    scribe.table("P")
    scribe.open("P", lasts=1000)
    scribe.cast("P/1", yes="A B", no="C")
    scribe.later(1000)
    scribe.cast("P/1", no="A")
    assert _vote(scribe, "P/1").positions == "nyn---"
    scribe.later(1)
    assert _code(scribe, "vote.cast", {"vote": "P/1", "position": "yes"}, "A") == "vote.closed"
    scribe.declare("P/1", "rejected", "no-majority", by="F", yes=1, no=2, abstain=0)
    assert _status(scribe, "P") == "rejected"


def test_what_decides_is_frozen_when_the_vote_opens(scribe: Scribe) -> None:
    """Rule and electorate are replaced while a vote is open: it is decided by what was in force when it opened."""
    scribe.table("P")
    scribe.open("P", lasts=DAY)
    before = _vote(scribe, "P/1")
    for number, (name, content) in enumerate({"simple": article(IMPORTANT), "members": electorate("honorary")}.items()):
        enacts = {"kind": "charter.replace", "act": {"article": name, "content": content}}
        scribe.decide(f"A{number}", "adopted", "two-thirds", enacts=enacts, yes="A B C", no="D")
    assert _vote(scribe, "P/1") == before
    scribe.cast("P/1", yes="A B C", no="D E")
    scribe.later(DAY + 1)
    scribe.declare("P/1", "adopted", "majority", by="A", yes=3, no=2, abstain=0)
    assert _status(scribe, "P") == "adopted"


def test_presence_counts_for_the_quorum(scribe: Scribe) -> None:
    """Who is present when the vote opens is counted as present, and by its position once it takes one."""
    scribe.do("meeting.convene", {"meeting": "M", "organ": "council"}, "chair")
    for member in "ABCD":
        scribe.do("meeting.attend", {"meeting": "M"}, member)
    scribe.do("meeting.open", {"meeting": "M"}, "chair")
    meeting = scribe.register.get(Meeting, "M")
    assert meeting is not None
    assert (meeting.present, meeting.status) == ("pppp--", "open")
    scribe.table("P", "council", by="A")
    scribe.open("P", meeting="M")
    assert _vote(scribe, "P/1").positions == "pppp--"
    scribe.cast("P/1", yes="A E", no="B")
    assert _vote(scribe, "P/1").positions == "ynppy-"
    result = finding(scribe.register, "P/1", _vote(scribe, "P/1"))
    assert (result.outcome, result.counts) == ("adopted", {"yes": 2, "no": 1, "abstain": 0, "present": 2})


def test_presence_of_a_member_who_lost_its_seat_since(scribe: Scribe) -> None:
    """The meeting's roll and the vote's may differ: a seat in the vote is of the electorate when the vote opens."""
    scribe.do("meeting.convene", {"meeting": "M", "organ": "council"}, "chair")
    for member in "ABF":
        scribe.do("meeting.attend", {"meeting": "M"}, member)
    scribe.do("meeting.open", {"meeting": "M"}, "chair")
    scribe.do("member.status", {"member": "A", "status": "suspended"}, "secretariat")
    scribe.table("P", "council", by="B")
    scribe.open("P", meeting="M")
    vote = _vote(scribe, "P/1")
    roll = scribe.register.get(Roll, vote.roll)
    assert roll is not None
    assert (roll.seats, vote.positions) == (("B", "C", "D", "E", "F"), "p---p")
    assert roll.groups == {"north": "11000", "south": "00111"}
    assert roll.weights == {"population": (20, 30, 40, 50, 60)}


def test_a_decision_enacts(scribe: Scribe) -> None:
    """An adopted proposal does what it carries, in the same entry, and says so."""
    index = len(scribe.entries)
    admitted = {"member": "Z", "name": "Z", "status": "member", "keys": [scribe.new("member/Z", "Z")]}
    scribe.decide("P", "adopted", "two-thirds", enacts={"kind": "member.admit", "act": admitted}, yes="A B", no="C")
    decision = scribe.register.get(Decision, "P/1")
    assert decision is not None
    assert (decision.effect, decision.refused) == ("enacted", "")
    member = scribe.register.get(Member, "Z")
    assert member is not None
    assert member.admitted == len(scribe.entries) - 1 > index


def test_carried_without_effect(scribe: Scribe) -> None:
    """Adopted, but what it carries is no longer in order: nothing happens, and the reason stands in the register."""
    enacts = {"kind": "charter.repeal", "act": {"article": "preamble"}}
    scribe.table("slow", enacts=enacts)
    scribe.open("slow")
    scribe.cast("slow/1", yes="A B")
    scribe.decide("quick", "adopted", "two-thirds", enacts=enacts, yes="A B")
    assert scribe.register.get(Article, "preamble") is None
    scribe.close("slow/1")
    scribe.declare("slow/1", "adopted", "two-thirds", yes=2, no=0, abstain=0)
    decision = scribe.register.get(Decision, "slow/1")
    assert decision is not None
    assert (decision.outcome, decision.effect, decision.refused) == ("adopted", "refused", "charter.unknown")
    assert _status(scribe, "slow") == "without_effect"


def test_a_rejected_proposal_enacts_nothing(scribe: Scribe) -> None:
    """What it carries does not happen; there is no effect to tell of."""
    enacts = {"kind": "charter.repeal", "act": {"article": "preamble"}}
    scribe.decide("P", "rejected", "no-two-thirds", enacts=enacts, yes="A", no="B")
    decision = scribe.register.get(Decision, "P/1")
    assert decision is not None
    assert (decision.effect, decision.refused) == ("", "")
    assert scribe.register.get(Article, "preamble") is not None


def test_undecided_is_tabled_again_and_not_withdrawn(scribe: Scribe) -> None:
    """After a tie the proposal may be put to the vote again; who tabled it cannot take it back any more."""
    scribe.table("P", by="A", rule="tied")
    scribe.open("P")
    scribe.close("P/1")
    scribe.declare("P/1", "undecided", "tie", yes=0, no=0, abstain=0)
    assert _status(scribe, "P") == "tabled"
    assert _code(scribe, "proposal.withdraw", {"proposal": "P"}, "A") == "proposal.status"
    scribe.open("P")
    scribe.close("P/2")
    scribe.declare("P/2", "rejected", "no-majority", yes=0, no=0, abstain=0)
    assert _status(scribe, "P") == "rejected"


def test_silence_cannot_be_cut_short(scribe: Scribe) -> None:
    """Seventy-two hours are seventy-two hours, to the millisecond."""
    scribe.table("P", rule="quiet")
    act = {"proposal": "P", "deadline": scribe.now + SILENCE - 1}
    assert _code(scribe, "vote.open", act, "chair") == "vote.deadline"
    scribe.open("P", lasts=SILENCE)
    assert _code(scribe, "vote.close", {"vote": "P/1"}, "chair") == "vote.early"
    scribe.later(SILENCE)
    told = {"vote": "P/1", "outcome": "adopted", "reason": "silence", "counts": {"object": 0}}
    assert _code(scribe, "vote.declare", told, "A") == "vote.running"
    scribe.later(1)
    scribe.declare("P/1", "adopted", "silence", by="A", object=0)


def test_the_smallest_competence_counts(scribe: Scribe) -> None:
    """Of two competences for one kind in one organ the one with the smallest id gives the rule."""
    first = {**assembly(), "a-competence": assembly()["competence-charter"]}
    first["a-competence"]["provision"]["rule"] = "tied"
    other = Scribe("smallest", first, SIX)
    enacts = {"kind": "charter.repeal", "act": {"article": "preamble"}}
    other.table("P", enacts=enacts)
    proposal = other.register.get(Proposal, "P")
    assert proposal is not None
    assert proposal.rule == "tied"
    table = {"proposal": "Q", "organ": "assembly", "title": "Q", "rule": "important", "enacts": enacts}
    assert _code(other, "proposal.table", table, "A") == "rule.other"
