# SPDX-License-Identifier: Apache-2.0
"""Records in order: each function is one record of the corpus, its docstring the record's description."""

from collections.abc import Callable

from conformance.articles import DAY, IMPORTANT, SILENCE, SIMPLE, article, assembly, competence, electorate
from conformance.scribe import Json, Scribe
from conformance.stage import ENTRY, SIX

RECORDS: dict[str, Callable[[str], Scribe]] = {}
TEXT = {"digest": "12" * 32, "media": "application/pdf", "size": 4096}
NINE = {name: {} for name in "ABCDEFGHI"}


def record(make: Callable[[str], Scribe]) -> Callable[[str], Scribe]:
    """Register the function as a record; its name in the corpus is the function's, with hyphens."""
    RECORDS[make.__name__.replace("_", "-")] = make
    return make


def small(seed: str, **fields: str) -> Scribe:
    """Six members with groups and weights under the charter in which everything can happen."""
    return Scribe(seed, assembly(), SIX, **fields)


@record
def founding_only(seed: str) -> Scribe:
    """Entry 0 alone: one office, no members, one article."""
    return Scribe(seed, {"chair": article({"is": "office"})}, {}, officers=["chair"])


@record
def simple_vote(seed: str) -> Scribe:
    """A proposal with symbol, date and text is adopted by a simple majority; one is rejected, one gets no votes."""
    scribe = small(seed)
    scribe.table("first", by="A", symbol="A/1/L.1", date="2027-01-15", text=TEXT)
    scribe.open("first")
    scribe.cast("first/1", yes="A B C", no="D E", abstain="F")
    scribe.cast("first/1", no="A")
    scribe.cast("first/1", yes="A")
    scribe.close("first/1")
    scribe.declare("first/1", "adopted", "majority", yes=3, no=2, abstain=1)
    scribe.decide("second", "rejected", "no-majority", yes="A", no="B")
    scribe.decide("third", "rejected", "no-majority")
    scribe.table("fourth", by="B")
    scribe.do("proposal.withdraw", {"proposal": "fourth"}, "B")
    return scribe


@record
def important_question(seed: str) -> Scribe:
    """Two thirds of those voting, at exactly two thirds, just below, and with nobody voting."""
    scribe = Scribe(seed, assembly(), NINE)
    scribe.decide("exactly", "adopted", "two-thirds", rule="important", yes="A B C D E F", no="G H I")
    scribe.decide("below", "rejected", "no-two-thirds", rule="important", yes="A B C D E", no="F G H")
    scribe.decide("nobody", "rejected", "no-two-thirds", rule="important", abstain="A B C")
    return scribe


@record
def tie_and_revote(seed: str) -> Scribe:
    """Equally divided, undecided; the second vote on one proposal breaks the tie, on another it does not."""
    scribe = small(seed)
    for proposal, second in (("broken", "adopted"), ("lasting", "rejected")):
        scribe.table(proposal, rule="tied")
        scribe.open(proposal)
        scribe.cast(f"{proposal}/1", yes="A B", no="C D", abstain="E")
        scribe.close(f"{proposal}/1")
        scribe.declare(f"{proposal}/1", "undecided", "tie", yes=2, no=2, abstain=1)
        scribe.open(proposal)
        yes = "A B E" if second == "adopted" else "A B"
        scribe.cast(f"{proposal}/2", yes=yes, no="C D")
        scribe.close(f"{proposal}/2")
        reason = "majority" if second == "adopted" else "no-majority"
        scribe.declare(f"{proposal}/2", second, reason, yes=len(yes.split()), no=2, abstain=0)
    return scribe


@record
def quorum(seed: str) -> Scribe:
    """A meeting opens with a third of six; half of them are no quorum to decide, four are; presence carries over."""
    scribe = small(seed)
    scribe.do("meeting.convene", {"meeting": "M", "organ": "council", "date": "2027-02-01"}, "chair")
    scribe.do("meeting.attend", {"meeting": "M"}, "A")
    scribe.wrong("meeting.quorum", "meeting.open", {"meeting": "M"}, "chair")
    scribe.do("meeting.attend", {"meeting": "M"}, "B")
    scribe.do("meeting.open", {"meeting": "M"}, "chair")
    scribe.do("meeting.attend", {"meeting": "M"}, "C")
    scribe.table("P", "council", by="A")
    scribe.open("P", meeting="M")
    scribe.cast("P/1", yes="A B")
    scribe.close("P/1")
    scribe.declare("P/1", "undecided", "quorum", yes=2, no=0, abstain=0, present=1)
    scribe.do("meeting.attend", {"meeting": "M"}, "D")
    scribe.open("P", meeting="M")
    scribe.cast("P/2", yes="A B", no="C")
    scribe.close("P/2")
    scribe.declare("P/2", "adopted", "majority", yes=2, no=1, abstain=0, present=1)
    scribe.do("meeting.close", {"meeting": "M"}, "chair")
    return scribe


@record
def consensus_broken(seed: str) -> Scribe:
    """One proposal is adopted by consensus, another falls to one objection that came after a change of mind."""
    scribe = small(seed)
    for proposal in ("agreed", "broken"):
        scribe.table(proposal, rule="consensus")
        scribe.open(proposal)
    scribe.cast("broken/1", object="F")
    for proposal, objections in (("agreed", 0), ("broken", 1)):
        scribe.close(f"{proposal}/1")
        outcome = ("rejected", "objection") if objections else ("adopted", "consensus")
        scribe.declare(f"{proposal}/1", *outcome, object=objections)
    return scribe


@record
def silence_lapsed(seed: str) -> Scribe:
    """Silence for exactly 72 hours: the last millisecond still counts; a member declares the day after."""
    scribe = small(seed)
    for proposal in ("lapsed", "objected"):
        scribe.table(proposal, rule="quiet")
        scribe.open(proposal, lasts=SILENCE)
    scribe.later(SILENCE)
    told = {"vote": "lapsed/1", "outcome": "adopted", "reason": "silence", "counts": {"object": 0}}
    scribe.wrong("vote.running", "vote.declare", told, "A")
    scribe.cast("objected/1", object="B")
    scribe.later(1)
    scribe.wrong("vote.closed", "vote.cast", {"vote": "lapsed/1", "position": "object"}, "C")
    scribe.later(DAY)
    scribe.declare("lapsed/1", "adopted", "silence", by="A", object=0)
    scribe.declare("objected/1", "rejected", "objection", by="C", object=1)
    return scribe


@record
def amendment_while_open(seed: str) -> Scribe:
    """A vote is open when its rule is replaced, a voter is suspended and a member admitted: it ends as it began."""
    scribe = small(seed)
    scribe.table("old")
    scribe.open("old", lasts=DAY)
    scribe.cast("old/1", yes="A B C", no="D E")
    amended = {"article": "simple", "content": article(IMPORTANT, "Simple no more", "procedure")}
    scribe.decide(
        "amend", "adopted", "two-thirds", enacts={"kind": "charter.replace", "act": amended}, yes="A B C D", no="E F"
    )
    scribe.do("member.status", {"member": "A", "status": "suspended"}, "secretariat")
    admitted = {"member": "Z", "name": "State of Z", "status": "member", "keys": [scribe.new("member/Z", "Z")]}
    scribe.do("member.admit", admitted, "secretariat")
    scribe.wrong("seat.none", "vote.cast", {"vote": "old/1", "position": "no"}, "Z")
    scribe.cast("old/1", yes="A")
    scribe.table("new", by="Z")
    scribe.open("new", lasts=DAY)
    scribe.cast("new/1", yes="B C Z", no="D E")
    scribe.wrong("seat.none", "vote.cast", {"vote": "new/1", "position": "yes"}, "A")
    scribe.later(DAY + 1)
    scribe.declare("old/1", "adopted", "majority", yes=3, no=2, abstain=0)
    scribe.declare("new/1", "rejected", "no-two-thirds", yes=3, no=2, abstain=0)
    return scribe


@record
def enacted(seed: str) -> Scribe:
    """Decisions enact: admission, suspension, keys, articles added, replaced and repealed."""
    scribe = small(seed)
    admitted = {"member": "Y", "name": "State of Y", "status": "member", "keys": [scribe.new("member/Y", "Y")]}
    told: list[tuple[str, Json]] = [
        ("member.admit", {**admitted, "groups": ["east", "north"], "weights": {"population": 0}}),
        ("member.status", {"member": "F", "status": "suspended"}),
        ("key.add", {"holder": "office/chair", "key": scribe.new("office/chair", "chair#2")}),
        ("key.revoke", {"key": scribe.key("chair").keyid}),
        ("charter.add", {"article": "preface", "content": article({"is": "text"}, "Preface", "terms")}),
        ("charter.replace", {"article": "preamble", "content": article({"is": "text"}, "New preamble")}),
        ("charter.repeal", {"article": "preface"}),
    ]
    for number, (kind, act) in enumerate(told):
        name = f"E{number}"
        chair = "chair#2" if number > 3 else "chair"
        scribe.table(name, enacts={"kind": kind, "act": act})
        scribe.open(name, by=chair)
        scribe.cast(f"{name}/1", yes="A B C D")
        scribe.close(f"{name}/1", by=chair)
        scribe.declare(f"{name}/1", "adopted", "two-thirds", by="A", yes=4, no=0, abstain=0)
    scribe.wrong("key", "vote.open", {"proposal": "E0", "deadline": scribe.now + 1}, "chair")
    return scribe


@record
def carried_without_effect(seed: str) -> Scribe:
    """Proposals carried when what they enact is no longer in order: each with the code of its refusal."""
    scribe = small(seed)
    admitted = {"member": "X", "name": "State of X", "status": "member", "keys": [scribe.new("member/X", "X")]}
    suspended = {"member": "F", "status": "suspended"}
    repealed = {"article": "preamble"}
    told = [
        ("exists", "assembly", "member.admit", admitted, "important"),
        ("same", "assembly", "member.status", suspended, "important"),
        ("unknown", "assembly", "charter.repeal", repealed, "important"),
        ("key", "assembly", "key.revoke", {"key": scribe.key("F").keyid}, "important"),
        ("edition", "assembly", "edition.raise", {"edition": 2}, "important"),
    ]
    for name, organ, kind, act, _ in told:
        scribe.table(name, organ, enacts={"kind": kind, "act": act})
        scribe.open(name, lasts=DAY)
        scribe.cast(f"{name}/1", yes="A B C D")
    scribe.do("member.admit", admitted, "secretariat")
    scribe.do("member.status", suspended, "secretariat")
    scribe.do("key.revoke", {"key": scribe.key("F").keyid}, "secretariat")
    scribe.decide(
        "sooner", "adopted", "two-thirds", enacts={"kind": "charter.repeal", "act": repealed}, yes="A B C D", no="E"
    )
    scribe.later(DAY + 1)
    for name, *_ in told[:-1]:
        scribe.declare(f"{name}/1", "adopted", "two-thirds", by="B", yes=4, no=0, abstain=0)
    # The competence itself changes last: the edition is then decided by another rule.
    changed = {"article": "competence-charter", "content": competence("edition.raise", "assembly", "simple")}
    enacts = {"kind": "charter.replace", "act": changed}
    scribe.decide("power", "adopted", "two-thirds", enacts=enacts, yes="A B C D", no="E")
    scribe.declare("edition/1", "adopted", "two-thirds", by="B", yes=4, no=0, abstain=0)
    refused = [scribe.register.tables["decisions"][f"{name}/1"].refused for name, *_ in told]
    assert refused == ["member.exists", "member.same", "charter.unknown", "key.revoked", "competence.changed"]
    return scribe


@record
def organ_gone(seed: str) -> Scribe:
    """An organ is repealed while it votes: members still declare; what it would have enacted is without effect."""
    articles = assembly()
    articles["board"] = {**articles["assembly"], "title": "A board"}
    articles["competence-board"] = competence("member.status", "board", "simple")
    scribe = Scribe(seed, articles, SIX)
    scribe.table("plain", "board")
    scribe.table("act", "board", enacts={"kind": "member.status", "act": {"member": "F", "status": "suspended"}})
    for name in ("plain", "act"):
        scribe.open(name, lasts=DAY)
        scribe.cast(f"{name}/1", yes="A B")
    for number, name in enumerate(("competence-board", "board")):
        enacts = {"kind": "charter.repeal", "act": {"article": name}}
        scribe.decide(f"repeal-{number}", "adopted", "two-thirds", enacts=enacts, yes="A B")
    scribe.later(DAY + 1)
    told = {"vote": "plain/1", "outcome": "adopted", "reason": "majority", "counts": {"yes": 2, "no": 0, "abstain": 0}}
    scribe.wrong("declare.by", "vote.declare", told, "chair")
    for name in ("plain", "act"):
        scribe.declare(f"{name}/1", "adopted", "majority", by="C", yes=2, no=0, abstain=0)
    return scribe


@record
def key_rotation(seed: str) -> Scribe:
    """A member adds a key, the new one revokes the old; a power adds a key for another; counters belong to keys."""
    scribe = small(seed)
    scribe.do("key.add", {"holder": "member/A", "key": scribe.new("member/A", "A#2")}, "A", counter=41)
    scribe.do("key.revoke", {"key": scribe.key("A").keyid}, "A#2")
    scribe.wrong("key", "key.add", {"holder": "member/A", "key": scribe.new("member/A", "A#3")}, "A")
    scribe.do("key.add", {"holder": "member/F", "key": scribe.new("member/F", "F#2")}, "B")
    scribe.wrong("power.none", "key.add", {"holder": "member/F", "key": scribe.new("member/F", "F#3")}, "E")
    scribe.do("key.revoke", {"key": scribe.key("F#2").keyid}, "secretariat")
    scribe.do("key.revoke", {"key": scribe.key("A#2").keyid}, "A#2")
    scribe.table("P")
    scribe.open("P")
    scribe.wrong("key", "vote.cast", {"vote": "P/1", "position": "yes"}, "A#2")
    scribe.cast("P/1", yes="B F")
    return scribe


@record
def cosigned(seed: str) -> Scribe:
    """Acts with several signers: the first acts and owns the counter, the others witness. One bad one is enough."""
    scribe = small(seed)
    scribe.do("proposal.table", {"proposal": "P", "organ": "assembly", "title": "Together"}, "C", "A", "B", "chair")
    scribe.wrong("proposal.by", "proposal.withdraw", {"proposal": "P"}, "A", "C")
    scribe.wrong("counter", "proposal.withdraw", {"proposal": "P"}, "C", "A", counter=1)
    scribe.open("P")
    scribe.do("vote.cast", {"vote": "P/1", "position": "yes"}, *"FEDCBA")
    one = next(attempt for attempt in ENTRY if attempt.what.startswith("one of two signatures"))
    assert scribe.log(one.make(scribe)) == "signature"
    return scribe


@record
def groups_and_weights(seed: str) -> Scribe:
    """A majority in each of two groups; 55 % of the states with 65 % of the people; an electorate of one group."""
    articles = assembly()
    articles["caucus"] = {
        **articles["assembly"],
        "provision": {**articles["assembly"]["provision"], "electorate": "north"},
    }
    scribe = Scribe(seed, articles, SIX)
    scribe.decide("both", "adopted", "both-groups", rule="split", yes="A B D E", no="C F")
    scribe.decide("one", "rejected", "no-majority", rule="split", yes="A B C D", no="E F")
    scribe.table("people", rule="double")
    scribe.open("people")
    scribe.cast("people/1", yes="C D E F", no="A B")
    scribe.table("few", rule="double")
    scribe.open("few")
    scribe.cast("few/1", yes="A B C", no="D E F")
    scribe.later(60_001)
    scribe.declare("people/1", "adopted", "double-majority", yes=4, no=2, abstain=0)
    scribe.declare("few/1", "rejected", "no-majority", yes=3, no=3, abstain=0)
    scribe.table("north", "caucus", by="A")
    scribe.open("north")
    scribe.cast("north/1", yes="A", no="B")
    scribe.wrong("seat.none", "vote.cast", {"vote": "north/1", "position": "no"}, "D")
    scribe.close("north/1")
    scribe.declare("north/1", "rejected", "no-majority", by="C", yes=1, no=1, abstain=0)
    return scribe


@record
def replay_mark(seed: str) -> Scribe:
    """An organisation marked as a replay: no state signed anything."""
    scribe = small(seed, mark="replay")
    scribe.decide("P", "adopted", "majority", yes="A B", no="C")
    return scribe


@record
def simulation_mark(seed: str) -> Scribe:
    """An organisation marked as a simulation, founded by members alone."""
    articles = {"members": electorate("member"), "rule": article(SIMPLE), "text": article({"is": "text"})}
    return Scribe(seed, articles, {"A": {}, "B": {"groups": ["g", "h"]}}, officers=[], mark="simulation")


@record
def full_tile(seed: str) -> Scribe:
    """Three hundred entries: a full tile and bundle, then partial ones, and a tile of level 1."""
    scribe = Scribe(seed, assembly(), NINE)
    number = 0
    while len(scribe.entries) < 285:
        number += 1
        scribe.decide(f"P{number}", "adopted", "majority", yes="A B C D E F G", no="H I")
    scribe.table("last")
    scribe.open("last")
    positions = ["yes", "no", "abstain"]
    while len(scribe.entries) < 300:
        turn = len(scribe.entries)
        scribe.cast("last/1", **{positions[turn % 3]: "ABCDEFGHI"[turn % 9]})
    return scribe


@record
def edges(seed: str) -> Scribe:
    """What is just in order: equal stamps, the last millisecond of an expiry, 90 days exactly, gaps of counters."""
    scribe = small(seed)
    scribe.table("P", by="A")
    most = 2**53 - 1
    act = {"proposal": "P", "deadline": most}
    scribe.do("vote.open", act, "chair", expires=scribe.now, counter=1_000_000)
    scribe.do("vote.cast", {"vote": "P/1", "position": "yes"}, "A", expires=scribe.now + 90 * DAY, counter=most)
    scribe.wrong("counter", "vote.cast", {"vote": "P/1", "position": "no"}, "A", counter=most)
    scribe.wrong("expiry", "vote.cast", {"vote": "P/1", "position": "no"}, "B", expires=scribe.now - 1)
    scribe.wrong("expiry", "vote.cast", {"vote": "P/1", "position": "no"}, "B", expires=scribe.now + 90 * DAY + 1)
    pad = len(scribe.payload({"vote": "", "position": "no"}, "B"))
    scribe.wrong("vote.unknown", "vote.cast", {"vote": "x" * (32_768 - pad), "position": "no"}, "B")
    scribe.table("Q", title='“Ω”, 国, 🕊, \u2028 \u007f \\ " /', symbol="\u00e9/e\u0301")
    scribe.table("R", title="\U0001f54a" * 300)
    scribe.table("A" * 64, rule="quiet")
    scribe.open("A" * 64, lasts=SILENCE)
    return scribe
