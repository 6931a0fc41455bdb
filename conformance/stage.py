# SPDX-License-Identifier: Apache-2.0
"""An organisation in which every refusal of edition 1 can be provoked, and for each code the acts that provoke it.

`stage(seed)` writes a record with meetings, proposals and votes at every stage. `ATTEMPTS` are acts which are not in
order there: the code, what is wrong, and the envelope.
"""

from collections.abc import Callable
from typing import NamedTuple

from conformance.articles import (
    DAY,
    SILENCE,
    article,
    assembly,
    clause,
    compare,
    competence,
    count,
    electorate,
    never,
    number,
    office,
    organ,
    power,
    rule,
)
from conformance.scribe import Json, Scribe

SIX = {
    name: {"groups": ["north" if name in "ABC" else "south"], "weights": {"population": 10 * (number + 1)}}
    for number, name in enumerate("ABCDEF")
}


class Attempt(NamedTuple):
    """An act that is not in order on the stage."""

    code: str
    what: str
    make: Callable[[Scribe], bytes]


def stage(seed: str) -> Scribe:
    """The record on which each of `ATTEMPTS` is refused."""
    articles = assembly()
    articles["committee"] = organ("members", "chair", "simple")
    articles["board"] = organ("members", "chair", "simple", "tied")
    articles["competence-board"] = competence("member.status", "board", "simple")
    articles["competence-shadow"] = competence("edition.raise", "board", "simple")
    scribe = Scribe(seed, articles, SIX)
    _members(scribe)
    _meetings(scribe)
    _proposals(scribe)
    _votes(scribe)
    return scribe


def _members(scribe: Scribe) -> None:
    guest = {"member": "G", "name": "State of G", "status": "member", "keys": [scribe.new("member/G", "G")]}
    scribe.do("member.admit", guest, "secretariat")
    scribe.do("member.status", {"member": "G", "status": "suspended"}, "secretariat")
    scribe.do("key.add", {"holder": "member/A", "key": scribe.new("member/A", "A#2")}, "A")
    scribe.do("key.revoke", {"key": scribe.key("A#2").keyid}, "A")


def _meetings(scribe: Scribe) -> None:
    for meeting in ("convened", "open", "closed"):
        scribe.do("meeting.convene", {"meeting": meeting, "organ": "council", "date": "2027-01-15"}, "chair")
    for member in "AB":
        scribe.do("meeting.attend", {"meeting": "open"}, member)
    scribe.do("meeting.open", {"meeting": "open"}, "chair")
    scribe.do("meeting.close", {"meeting": "closed"}, "chair")
    # The committee's meeting outlives the committee, which is repealed below.
    scribe.do("meeting.convene", {"meeting": "orphan", "organ": "committee"}, "chair")


def _proposals(scribe: Scribe) -> None:
    scribe.table("tabled")
    scribe.table("met", "council", by="A")
    scribe.table("ghostly", "ghosts")
    scribe.table("quiet", rule="quiet")
    scribe.table("gone", "committee")
    scribe.table("stale", "board", rule="tied")
    scribe.table("changed", "board", enacts={"kind": "member.status", "act": {"member": "G", "status": "member"}})
    scribe.table("lost", "board", enacts={"kind": "edition.raise", "act": {"edition": 2}})
    # A vote that outlives its organ.
    scribe.table("widow", "committee")
    scribe.open("widow", lasts=DAY)
    for turn, (kind, act) in enumerate(
        (
            ("charter.repeal", {"article": "committee"}),
            ("charter.replace", {"article": "board", "content": organ("members", "chair", "simple")}),
            (
                "charter.replace",
                {"article": "competence-board", "content": competence("member.status", "board", "tied")},
            ),
            ("charter.repeal", {"article": "competence-shadow"}),
        )
    ):
        enacts = {"kind": kind, "act": act}
        scribe.decide(f"amend-{turn}", "adopted", "two-thirds", enacts=enacts, yes="A B C D", no="E")


def _votes(scribe: Scribe) -> None:
    scribe.decide("done", "adopted", "majority", yes="A B", no="C")
    scribe.table("over")
    scribe.open("over")
    scribe.cast("over/1", yes="A B", no="C", abstain="D")
    scribe.close("over/1")
    scribe.table("running")
    scribe.open("running", lasts=DAY)
    scribe.cast("running/1", yes="A")
    scribe.table("silent", rule="quiet")
    scribe.open("silent", lasts=SILENCE)


def _act(code: str, what: str, kind: str, act: Json, *signers: str, **fields: int | str) -> Attempt:
    return Attempt(code, what, lambda scribe: scribe.seal(kind, act, *signers, **fields))


def _made(code: str, what: str, make: Callable[[Scribe], bytes]) -> Attempt:
    return Attempt(code, what, make)


def _enact(code: str, what: str, kind: str, act: Json, organ: str = "assembly", **more: str) -> Attempt:
    whole = {"proposal": "new", "organ": organ, "title": "New", "enacts": {"kind": kind, "act": act}, **more}
    return _act(code, what, "proposal.table", whole, "secretariat")


def _admit(scribe: Scribe, holder: str, name: str, **more: str) -> Json:
    return {"member": "H", "name": "State of H", "status": "member", "keys": [scribe.new(holder, name, **more)]}


CAST = {"vote": "running/1", "position": "yes"}
OVER = {"vote": "over/1", "outcome": "adopted", "reason": "majority", "counts": {"yes": 2, "no": 1, "abstain": 1}}
TABLE = {"proposal": "new", "organ": "assembly", "title": "New"}


def _forged(scribe: Scribe) -> bytes:
    """An act of A with B's signature under A's key id."""
    honest = scribe.seal("vote.cast", CAST, "A")
    sound, forged = (scribe.seal("vote.cast", CAST, name).split(b'"sig":"')[1][:88] for name in "AB")
    return honest.replace(sound, forged)


def _half_signed(scribe: Scribe) -> bytes:
    """An act of A and B in which one signature is over another act."""
    whole = scribe.seal("vote.cast", CAST, "A", "B")
    other = scribe.seal("vote.cast", {**CAST, "position": "no"}, "A", "B")
    return whole[: whole.rindex(b'"sig"')] + other[other.rindex(b'"sig"') :]


def counted(*positions: str) -> Json:
    """An article whose rule counts these positions."""
    when = compare(count(*positions), ">", number(0))
    return article(rule("yes no", clause("adopted", "", when)))


def nested(levels: int) -> Json:
    """An article with a rule so deep that a payload which carries it to be enacted is nested to so many levels."""
    when = compare(number(1), "=", number(1))
    for _ in range(levels - 10):
        when = never(when)
    return article(rule("yes", clause("adopted", "", when)))


ENTRY = [
    _made("size", "an envelope of 49,153 bytes", lambda s: b" " * 49_153),
    _made(
        "size",
        "a payload of 32,769 bytes",
        lambda s: s.raw("vote.cast", s.payload({**CAST, "vote": "x" * (32_769 - _spare(s))}, "A"), "A"),
    ),
    _made("form", "an empty envelope", lambda s: b""),
    _made("form", "not an envelope", lambda s: b"Comity"),
    _made("form", "white space", lambda s: s.seal("vote.cast", CAST, "A") + b"\n"),
    _made("form", "an unknown kind", lambda s: s.raw("vote.sell", s.payload(CAST, "A"), "A")),
    _made(
        "form",
        "a signature too many",
        lambda s: s.raw("vote.cast", s.payload(CAST, "A"), "A", "B"),
    ),
    _made("form", "a signature too few", lambda s: s.raw("vote.cast", s.payload(CAST, "A", "B"), "A")),
    _act("form", "an unknown field", "vote.cast", {**CAST, "why": "so"}, "A"),
    _act("form", "a field missing", "vote.cast", {"vote": "running/1"}, "A"),
    _act("form", "a zero value written out", "proposal.table", {**TABLE, "rule": ""}, "A"),
    _enact("form", "a payload nested 65 deep", "charter.add", {"article": "x", "content": nested(65)}),
    _enact("form", "a position counted twice", "charter.add", {"article": "x", "content": counted("yes", "yes")}),
    _act("form", "an organisation that is no digest", "vote.cast", CAST, "A", organisation="elsewhere"),
    _act("organisation", "another organisation", "vote.cast", CAST, "A", organisation="0" * 64),
    _made("organisation", "no organisation", lambda s: s.seal("vote.cast", CAST, "A", organisation=None)),
    _act("key", "an unregistered key", "vote.cast", CAST, "stranger"),
    _act("key", "a revoked key", "vote.cast", CAST, "A#2"),
    _act("key", "an unregistered key beside a good one", "vote.cast", CAST, "A", "stranger"),
    _act("key", "the log's key", "vote.cast", CAST, "log"),
    _made("counter", "an act a second time", lambda s: s.entries[1][8:]),
    _made("counter", "the last counter again", lambda s: s.seal("vote.cast", CAST, "A", counter=_last(s, "A"))),
    _made("expiry", "an expired act", lambda s: s.seal("vote.cast", CAST, "A", expires=s.now - 1)),
    _made("expiry", "over 90 days", lambda s: s.seal("vote.cast", CAST, "A", expires=s.now + 90 * DAY + 1)),
    _made("signature", "another's signature", _forged),
    _made("signature", "one of two signatures over another act", _half_signed),
    _made("founding.once", "founded again", lambda s: s.seal("organisation.found", s.founding, "A")),
]


def _last(scribe: Scribe, name: str) -> int:
    return scribe.counters[scribe.key(name).keyid]


def _spare(scribe: Scribe) -> int:
    return len(scribe.payload({**CAST, "vote": ""}, "A"))


AUTHORITY = [
    _act("power.none", "amending by oneself", "charter.repeal", {"article": "preamble"}, "secretariat"),
    _act("power.none", "adding by oneself", "charter.add", {"article": "x", "content": office()}, "A"),
    _act("power.none", "replacing by oneself", "charter.replace", {"article": "x", "content": office()}, "A"),
    _act("power.none", "raising by oneself", "edition.raise", {"edition": 2}, "A"),
    _made("power.none", "admitting without power", lambda s: s.seal("member.admit", _admit(s, "member/H", "H"), "A")),
    _act("power.none", "suspending without power", "member.status", {"member": "A", "status": "suspended"}, "B"),
    _made(
        "power.none",
        "adding a key for another",
        lambda s: s.seal("key.add", {"holder": "member/A", "key": s.new("member/A", "A#3")}, "D"),
    ),
    _made("power.none", "revoking another's key", lambda s: s.seal("key.revoke", {"key": s.key("A").keyid}, "B")),
    _made(
        "key.role",
        "the log's key for a member",
        lambda s: s.seal("member.admit", _admit(s, "member/H", "log"), "secretariat"),
    ),
    _made(
        "key.known",
        "a key that another holds",
        lambda s: s.seal("member.admit", _admit(s, "member/H", "A"), "secretariat"),
    ),
    _made(
        "key.known",
        "a revoked key again",
        lambda s: s.seal("key.add", {"holder": "member/A", "key": s.new("member/A", "A#2")}, "A"),
    ),
    _made(
        "key.known",
        "one key twice",
        lambda s: s.seal(
            "member.admit",
            {**_admit(s, "member/H", "H"), "keys": [s.new("member/H", "H"), s.new("member/H", "H")]},
            "secretariat",
        ),
    ),
    _made(
        "key.proof",
        "a proof for another holder",
        lambda s: s.seal("member.admit", _admit(s, "member/H", "H", signed_for="member/I"), "secretariat"),
    ),
    _made(
        "key.proof",
        "a proof for another holder, enacted",
        lambda s: s.seal(
            "proposal.table",
            {**TABLE, "enacts": {"kind": "member.admit", "act": _admit(s, "member/H", "H", signed_for="member/I")}},
            "secretariat",
        ),
    ),
    _act("member.exists", "a member twice", "member.admit", {"member": "A", "name": "A", "status": "s"}, "secretariat"),
    _act("member.unknown", "nobody", "member.status", {"member": "Z", "status": "member"}, "secretariat"),
    _act("member.same", "no change", "member.status", {"member": "A", "status": "member"}, "secretariat"),
    _made(
        "holder.unknown",
        "a key for nobody",
        lambda s: s.seal("key.add", {"holder": "member/Z", "key": s.new("member/Z", "Z")}, "A"),
    ),
    _made(
        "holder.unknown",
        "a key for what is no office",
        lambda s: s.seal("key.add", {"holder": "office/assembly", "key": s.new("office/assembly", "Z")}, "A"),
    ),
    _act("key.unknown", "revoking an unknown key", "key.revoke", {"key": "0" * 64}, "secretariat"),
    _made("key.revoked", "revoking twice", lambda s: s.seal("key.revoke", {"key": s.key("A#2").keyid}, "A")),
]

CHARTER = [
    _enact("charter.exists", "an id in use", "charter.add", {"article": "simple", "content": office()}),
    _enact("charter.unknown", "replacing nothing", "charter.replace", {"article": "x", "content": office()}),
    _enact("charter.unknown", "repealing nothing", "charter.repeal", {"article": "x"}),
    _enact("charter.reference", "repealing what others need", "charter.repeal", {"article": "chair"}),
    _enact(
        "charter.reference",
        "an organ without an office",
        "charter.add",
        {"article": "x", "content": organ("members", "simple", "simple")},
    ),
    _enact(
        "charter.kind",
        "a power to amend",
        "charter.add",
        {"article": "x", "content": power("charter.add", "office/chair")},
    ),
    _enact(
        "charter.kind",
        "a competence to vote",
        "charter.add",
        {"article": "x", "content": competence("vote.cast", "assembly", "simple")},
    ),
    _enact(
        "charter.rule",
        "a count of a position that the rule does not offer",
        "charter.add",
        {"article": "x", "content": counted("abstain")},
    ),
    _enact("charter.rule", "a rule nested 64 deep", "charter.add", {"article": "x", "content": nested(64)}),
    _enact("edition.step", "two editions at once", "edition.raise", {"edition": 3}),
    _enact(
        "charter.reference",
        "an electorate that is an office",
        "charter.replace",
        {"article": "members", "content": office()},
    ),
    _enact("charter.exists", "an electorate in use", "charter.add", {"article": "members", "content": electorate("s")}),
]

MEETINGS = [
    _act("organ.unknown", "no organ", "meeting.convene", {"meeting": "new", "organ": "simple"}, "chair"),
    _act("organ.unknown", "a repealed organ opens", "meeting.open", {"meeting": "orphan"}, "chair"),
    _act("organ.unknown", "a repealed organ closes", "meeting.close", {"meeting": "orphan"}, "chair"),
    _act("organ.chair", "a member convenes", "meeting.convene", {"meeting": "new", "organ": "council"}, "A"),
    _act("organ.chair", "a member opens", "meeting.open", {"meeting": "convened"}, "A"),
    _act("organ.chair", "a member closes", "meeting.close", {"meeting": "open"}, "A"),
    _act("meeting.exists", "convened twice", "meeting.convene", {"meeting": "open", "organ": "council"}, "chair"),
    _act("organ.empty", "nobody to meet", "meeting.convene", {"meeting": "new", "organ": "ghosts"}, "chair"),
    _act("meeting.unknown", "attending nothing", "meeting.attend", {"meeting": "x"}, "A"),
    _act("meeting.unknown", "opening nothing", "meeting.open", {"meeting": "x"}, "chair"),
    _act("meeting.unknown", "closing nothing", "meeting.close", {"meeting": "x"}, "chair"),
    _act("meeting.closed", "attending a closed meeting", "meeting.attend", {"meeting": "closed"}, "A"),
    _act("meeting.closed", "closing twice", "meeting.close", {"meeting": "closed"}, "chair"),
    _act("seat.none", "attending without a seat", "meeting.attend", {"meeting": "open"}, "G"),
    _act("seat.none", "an office attends", "meeting.attend", {"meeting": "open"}, "chair"),
    _act("meeting.present", "attending twice", "meeting.attend", {"meeting": "open"}, "A"),
    _act("meeting.convened", "opening twice", "meeting.open", {"meeting": "open"}, "chair"),
    _act("meeting.quorum", "opening without a quorum", "meeting.open", {"meeting": "convened"}, "chair"),
]

PROPOSALS = [
    _act("organ.unknown", "no organ", "proposal.table", {**TABLE, "organ": "simple"}, "A"),
    _act("seat.none", "a suspended member tables", "proposal.table", TABLE, "G"),
    _act("seat.none", "an office without the power tables", "proposal.table", TABLE, "chair"),
    _act("proposal.exists", "tabled twice", "proposal.table", {**TABLE, "proposal": "tabled"}, "A"),
    _enact("competence.none", "no competence", "charter.repeal", {"article": "preamble"}, organ="council"),
    _enact("rule.other", "another rule", "charter.repeal", {"article": "preamble"}, rule="simple"),
    _act("rule.other", "not a rule of the organ", "proposal.table", {**TABLE, "rule": "quorate"}, "A"),
    _act("proposal.unknown", "withdrawing nothing", "proposal.withdraw", {"proposal": "x"}, "A"),
    _act("proposal.by", "withdrawing another's", "proposal.withdraw", {"proposal": "tabled"}, "A"),
    _act("proposal.status", "withdrawing too late", "proposal.withdraw", {"proposal": "running"}, "secretariat"),
]


def _opened(code: str, what: str, proposal: str, by: str = "chair", lasts: int = DAY, meeting: str = "") -> Attempt:
    def make(scribe: Scribe) -> bytes:
        act = {"proposal": proposal, "deadline": scribe.now + lasts, **({"meeting": meeting} if meeting else {})}
        return scribe.seal("vote.open", act, by)

    return Attempt(code, what, make)


VOTES = [
    _opened("proposal.unknown", "a vote on nothing", "x"),
    _opened("organ.unknown", "the organ is gone", "gone"),
    _opened("organ.chair", "a member opens a vote", "tabled", by="A"),
    _opened("proposal.status", "a second vote at once", "running"),
    _opened("proposal.status", "a vote on what is adopted", "done"),
    _opened("competence.changed", "the competence has another rule", "changed"),
    _opened("competence.changed", "the competence is gone", "lost"),
    _opened("rule.other", "the organ gave the rule up", "stale"),
    _opened("vote.meeting", "a vote outside a meeting", "met"),
    _opened("vote.meeting", "a vote in a meeting that is not open", "met", meeting="convened"),
    _opened("vote.meeting", "a vote in another organ's meeting", "met", meeting="orphan"),
    _opened("vote.meeting", "a vote in a meeting of an organ that has none", "tabled", meeting="open"),
    _opened("vote.deadline", "a deadline that is now", "tabled", lasts=0),
    _opened("vote.deadline", "a millisecond short of 72 hours", "quiet", lasts=SILENCE - 1),
    _opened("organ.empty", "nobody to vote", "ghostly"),
    _act("vote.unknown", "voting on nothing", "vote.cast", {**CAST, "vote": "tabled/1"}, "A"),
    _act("vote.unknown", "a round with a leading zero", "vote.cast", {**CAST, "vote": "running/01"}, "A"),
    _act("vote.unknown", "a lone control character", "vote.cast", {**CAST, "vote": "\u007f"}, "A"),
    _act("seat.none", "voting without a seat", "vote.cast", CAST, "G"),
    _act("seat.none", "an office votes", "vote.cast", CAST, "chair"),
    _act("vote.closed", "voting after the close", "vote.cast", {**CAST, "vote": "over/1"}, "A"),
    _act("vote.position", "an objection where there is none", "vote.cast", {**CAST, "position": "object"}, "A"),
    _act("vote.unknown", "closing nothing", "vote.close", {"vote": "x/1"}, "chair"),
    _act("organ.unknown", "the organ of the vote is gone", "vote.close", {"vote": "widow/1"}, "chair"),
    _act("organ.chair", "a member closes a vote", "vote.close", {"vote": "running/1"}, "A"),
    _act("vote.closed", "closing twice", "vote.close", {"vote": "over/1"}, "chair"),
    _act("vote.early", "closing what runs to its deadline", "vote.close", {"vote": "silent/1"}, "chair"),
    _act("vote.unknown", "declaring nothing", "vote.declare", {**OVER, "vote": "x/1"}, "chair"),
    _act("vote.declared", "declaring twice", "vote.declare", {**OVER, "vote": "done/1"}, "chair"),
    _act("vote.running", "declaring too early", "vote.declare", {**OVER, "vote": "running/1"}, "chair"),
    _act("declare.by", "declaring without a seat", "vote.declare", OVER, "G"),
    _act("declare.by", "another office declares", "vote.declare", OVER, "secretariat"),
    _act("declare.counts", "wrong counts", "vote.declare", {**OVER, "counts": {"yes": 3, "no": 1, "abstain": 1}}, "A"),
    _act("declare.counts", "a count left out", "vote.declare", {**OVER, "counts": {"yes": 2, "no": 1}}, "A"),
    _act("declare.outcome", "the wrong outcome", "vote.declare", {**OVER, "outcome": "rejected"}, "A"),
    _act("declare.outcome", "the wrong reason", "vote.declare", {**OVER, "reason": "tie"}, "A"),
]

ATTEMPTS = [*ENTRY, *AUTHORITY, *CHARTER, *MEETINGS, *PROPOSALS, *VOTES]
