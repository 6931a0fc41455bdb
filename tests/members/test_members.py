# SPDX-License-Identifier: Apache-2.0
"""Members and their keys over time: admitted, suspended, locked out, let in again."""

import pytest

from comity.charter.authority import seats
from comity.charter.tables import Key, Member
from conformance.articles import assembly
from conformance.scribe import Scribe
from conformance.stage import SIX


@pytest.fixture
def scribe() -> Scribe:
    """Six members; A, B and C are in the group north, D, E and F in the group south."""
    return Scribe("members", assembly(), SIX)


def _code(scribe: Scribe, kind: str, act: dict[str, object], *signers: str) -> str:
    refused = scribe.try_out(scribe.seal(kind, act, *signers))
    return refused.code if refused else ""


def test_admission(scribe: Scribe) -> None:
    """A member admitted by the secretariat is in the electorate, with groups and weights, and acts from then on."""
    index = len(scribe.entries)
    keys = [scribe.new("member/Z", "Z"), scribe.new("member/Z", "Z#2")]
    fields = {"member": "Z", "name": "Zélande", "status": "member", "groups": ["east", "north"]}
    scribe.do("member.admit", {**fields, "keys": keys, "weights": {"population": 0}}, "secretariat")
    row = scribe.register.get(Member, "Z")
    assert row == Member(
        name="Zélande", status="member", admitted=index, groups=("east", "north"), weights={"population": 0}
    )
    assert seats(scribe.register, "members") == ("A", "B", "C", "D", "E", "F", "Z")
    assert seats(scribe.register, "north") == ("A", "B", "C", "Z")
    scribe.table("first", by="Z#2")


def test_a_member_without_keys(scribe: Scribe) -> None:
    """A member may be admitted before it has keys; it has a seat, and a key comes later by whoever has the power."""
    scribe.do("member.admit", {"member": "Z", "name": "Z", "status": "member"}, "secretariat")
    act = {"holder": "member/Z", "key": scribe.new("member/Z", "Z")}
    assert _code(scribe, "key.add", act, "Z") == "key"
    scribe.do("key.add", act, "A")
    scribe.table("first", by="Z")


def test_suspension_and_return(scribe: Scribe) -> None:
    """A suspended member has no seat, but still holds its keys; restored, it has its seat again."""
    scribe.do("member.status", {"member": "A", "status": "suspended"}, "secretariat")
    assert "A" not in seats(scribe.register, "members")
    table = {"proposal": "P", "organ": "assembly", "title": "P"}
    assert _code(scribe, "proposal.table", table, "A") == "seat.none"
    scribe.do("key.add", {"holder": "member/A", "key": scribe.new("member/A", "A#2")}, "A")
    scribe.do("member.status", {"member": "A", "status": "member"}, "secretariat")
    scribe.do("proposal.table", table, "A#2")


def test_a_power_of_an_electorate_follows_its_members(scribe: Scribe) -> None:
    """What members of a group may do ends with their seat in it."""
    act = {"holder": "member/F", "key": scribe.new("member/F", "F#2")}
    assert _code(scribe, "key.add", act, "A") == ""
    scribe.do("member.status", {"member": "A", "status": "suspended"}, "secretariat")
    assert _code(scribe, "key.add", act, "A") == "power.none"
    assert _code(scribe, "key.add", act, "D") == "power.none"
    assert _code(scribe, "key.add", act, "B") == ""


def test_locked_out_and_let_in_again(scribe: Scribe) -> None:
    """A member that lost its only key gets a new one by a decision; the lost key is known for ever, never in force."""
    lost = scribe.key("F").keyid
    scribe.do("key.revoke", {"key": lost}, "F")
    revoked = scribe.register.get(Key, lost)
    assert revoked is not None
    assert revoked.revoked == len(scribe.entries) - 1
    again = {"kind": "key.add", "act": {"holder": "member/F", "key": scribe.new("member/F", "F")}}
    table = {"proposal": "P", "organ": "assembly", "title": "P", "enacts": again}
    assert _code(scribe, "proposal.table", table, "secretariat") == "key.known"
    fresh = {"kind": "key.add", "act": {"holder": "member/F", "key": scribe.new("member/F", "F#2")}}
    scribe.decide("P", "adopted", "two-thirds", enacts=fresh, yes="A B", no="C")
    scribe.table("Q", by="F#2")
    scribe.open("Q")
    scribe.cast("Q/1", yes="F#2")


def test_what_a_key_signed_stands_after_its_revocation(scribe: Scribe) -> None:
    """A position taken before the key was revoked counts."""
    scribe.table("P")
    scribe.open("P")
    scribe.cast("P/1", yes="A")
    scribe.do("key.revoke", {"key": scribe.key("A").keyid}, "A")
    assert _code(scribe, "vote.cast", {"vote": "P/1", "position": "no"}, "A") == "key"
    scribe.close("P/1")
    scribe.declare("P/1", "adopted", "majority", yes=1, no=0, abstain=0)


def test_a_key_made_for_another_organisation(scribe: Scribe) -> None:
    """A proof of possession names organisation and holder, so that it cannot be used elsewhere."""
    elsewhere = Scribe("elsewhere", assembly(), SIX)
    key = elsewhere.new("member/F", "F#2")
    assert _code(scribe, "key.add", {"holder": "member/F", "key": key}, "A") == "key.proof"


def test_an_office_whose_article_is_gone(scribe: Scribe) -> None:
    """Its keys still sign, for an office that nothing names: it can do nothing, and nobody adds a key to it."""
    added = {"kind": "charter.add", "act": {"article": "envoy", "content": scribe.founding["articles"]["chair"]}}
    scribe.decide("P", "adopted", "two-thirds", enacts=added, yes="A B", no="C")
    keyed = {"kind": "key.add", "act": {"holder": "office/envoy", "key": scribe.new("office/envoy", "envoy")}}
    scribe.decide("Q", "adopted", "two-thirds", enacts=keyed, yes="A B", no="C")
    gone = {"kind": "charter.repeal", "act": {"article": "envoy"}}
    scribe.decide("R", "adopted", "two-thirds", enacts=gone, yes="A B", no="C")
    act = {"holder": "office/envoy", "key": scribe.new("office/envoy", "envoy#2")}
    assert _code(scribe, "key.add", act, "envoy") == "holder.unknown"
    assert _code(scribe, "member.status", {"member": "A", "status": "x"}, "envoy") == "power.none"
