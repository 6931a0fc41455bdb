# SPDX-License-Identifier: Apache-2.0
"""Records of void entries, of editions, without an organisation; and the golden record of everything."""

from comity.record import envelope
from conformance.articles import DAY, DOUBLE, QUIET, SILENCE, article
from conformance.foundings import FOUNDINGS, misfounded
from conformance.scribe import START, Scribe
from conformance.stage import (
    ATTEMPTS,
    AUTHORITY,
    CHARTER,
    ENTRY,
    MEETINGS,
    PROPOSALS,
    VOTES,
    Attempt,
    stage,
)
from conformance.stories import RECORDS, TEXT, record, small


@record
def late_stamps(seed: str) -> Scribe:
    """A void entry's stamp binds nobody: the one after it only has to follow the last entry that is not void."""
    scribe = small(seed)
    scribe.later(5_000)
    scribe.table("P", by="A")
    table = {"proposal": "Q", "organ": "assembly", "title": "Q"}
    assert scribe.log(scribe.seal("proposal.table", table, "B"), scribe.now - 1) == "stamp"
    assert scribe.log(scribe.seal("proposal.table", table, "B"), 0) == "stamp"
    assert scribe.log(scribe.seal("proposal.table", table, "B"), 2**53) == "stamp"
    assert scribe.log(scribe.seal("proposal.table", table, "B"), 2**64 - 1) == "stamp"
    ahead = scribe.now + 10 * DAY
    assert scribe.log(scribe.seal("proposal.table", table, "B"), ahead) == "expiry"
    scribe.do("proposal.table", table, "B")
    return scribe


@record
def edition_raised(seed: str) -> Scribe:
    """The last entry raises the edition: the register is that of edition 2, and no program of edition 1 goes on."""
    scribe = small(seed)
    scribe.decide(
        "raise", "adopted", "two-thirds", enacts={"kind": "edition.raise", "act": {"edition": 2}}, yes="A B C D", no="E"
    )
    return scribe


@record
def edition_unknown(seed: str) -> Scribe:
    """The edition is raised, and entries of a later edition follow: a program of edition 1 stops before them."""
    scribe = edition_raised(seed)
    scribe.entries.append(envelope.leaf(scribe.now, scribe.raw("moon.land", scribe.payload({"moon": "M"}, "A"), "A")))
    scribe.entries.append(envelope.leaf(scribe.now, b"not an envelope of edition 1"))
    return scribe


def _void(name: str, attempts: list[Attempt], description: str) -> None:
    def make(seed: str) -> Scribe:
        scribe = stage(seed)
        for attempt in attempts:
            code = scribe.log(attempt.make(scribe))
            assert code == attempt.code, (attempt.what, code)
        scribe.cast("running/1", no="A")
        return scribe

    make.__doc__ = description
    RECORDS[name] = make


_void(
    "void-entry", ENTRY, "Entries void by size, form, organisation, key, counter, expiry, signature, second founding."
)
_void("void-authority", AUTHORITY, "Void for want of power, or by what they say of members and keys.")
_void("void-charter", CHARTER, "Void proposals to amend: existence and coherence of articles, editions.")
_void("void-meetings", MEETINGS, "Void acts of meetings.")
_void("void-proposals", PROPOSALS, "Void proposals and withdrawals.")
_void("void-votes", VOTES, "Void openings, positions, closings and declarations.")


@record
def void_leaves(seed: str) -> Scribe:
    """Entries that are too short to hold a stamp and an envelope, and one that is empty."""
    scribe = small(seed)
    for entry in (b"", b"\x00", b"\x00" * 7, b"\x00" * 8, START.to_bytes(8, "big")):
        assert scribe.log_entry(entry) == "form"
    scribe.table("P")
    return scribe


def golden(seed: str) -> Scribe:
    """Everything of edition 1 in one record: every kind, and an entry void for each reason there is after entry 0."""
    scribe = stage(seed)
    for attempt in ATTEMPTS:
        assert scribe.log(attempt.make(scribe)) == attempt.code, attempt.what
    scribe.declare("over/1", "adopted", "majority", by="F", yes=2, no=1, abstain=1)
    scribe.open("met", meeting="open")
    scribe.cast("met/1", yes="A B", no="C", abstain="D")
    scribe.close("met/1")
    scribe.declare("met/1", "adopted", "majority", yes=2, no=1, abstain=1, present=0)
    scribe.do("meeting.close", {"meeting": "open"}, "chair")
    scribe.do("proposal.withdraw", {"proposal": "quiet"}, "secretariat")
    scribe.later(SILENCE + 1)
    scribe.declare("silent/1", "adopted", "silence", by="C", object=0)
    scribe.declare("running/1", "adopted", "majority", yes=1, no=0, abstain=0)
    quieter = {"article": "quiet", "content": article({**QUIET, "early": True}, "Silence", "procedure")}
    added = {"article": "added", "content": article(DOUBLE, "Double majority", "terms", text=TEXT)}
    for number, (kind, act) in enumerate([("charter.replace", quieter), ("charter.add", added)]):
        enacts = {"kind": kind, "act": act}
        scribe.decide(f"then-{number}", "adopted", "two-thirds", enacts=enacts, yes="A B C D E", no="F")
    suspended = {"kind": "member.status", "act": {"member": "F", "status": "suspended"}}
    for name in ("late", "soon"):
        scribe.table(name, enacts=suspended)
        scribe.open(name)
        scribe.cast(f"{name}/1", yes="A B", abstain="F")
        scribe.close(f"{name}/1")
    for name in ("soon", "late"):
        scribe.declare(f"{name}/1", "adopted", "two-thirds", by="F", yes=2, no=0, abstain=1)
    assert scribe.register.tables["proposals"]["late"].status == "without_effect"
    scribe.decide("both", "adopted", "both-groups", rule="split", yes="A B D E", no="C")
    raised = {"kind": "edition.raise", "act": {"edition": 2}}
    scribe.decide("raise", "adopted", "two-thirds", enacts=raised, yes="A B C D", no="E")
    return scribe


def unfounded() -> dict[str, tuple[Scribe, str]]:
    """Records whose entry 0 is void, with their descriptions: there is no organisation, verification ends there."""
    found = {}
    for number, founding in enumerate(FOUNDINGS):
        name = f"unfounded-{number}-{founding.code.replace('.', '-')}"
        scribe, raw = misfounded(name, founding)
        assert scribe.log(raw) == founding.code
        found[name] = (scribe, f"Entry 0 is void: {founding.what}.")
    return found
