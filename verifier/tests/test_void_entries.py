# SPDX-License-Identifier: Apache-2.0
"""Every code of the specification: an entry that the host logged against the rules is named, and changes nothing."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from verifier.tests.checking import check
from verifier.tests.log_writer import (
    CONSENSUS,
    DAY,
    ONE,
    PLAIN,
    Json,
    Key,
    World,
    article,
    canonical,
    compare,
    count,
    encoding,
    envelope,
    share,
)

from comity_verify.forms import KINDS

Scene = Callable[[World], Any]


def world() -> World:
    """A founded organisation with things in every condition that a refusal can speak of."""
    w = World().found()
    w.table("tabled")
    w.table("running", rule="majority")
    w.open("running")
    w.table("silent", rule="silence")
    w.open("silent", lasts=3 * DAY)
    w.decide("done")
    w.table("withdrawn", by=w.members["M1"])
    w.act("proposal.withdraw", {"proposal": "withdrawn"}, w.members["M1"])
    w.act("meeting.convene", {"meeting": "convened", "organ": "council", "date": "2026-01-02"}, w.president)
    w.act("meeting.convene", {"meeting": "open", "organ": "council"}, w.president)
    for member in ("M0", "M1"):
        w.act("meeting.attend", {"meeting": "open"}, w.members[member])
    w.act("meeting.open", {"meeting": "open"}, w.president)
    w.act("meeting.convene", {"meeting": "over", "organ": "council"}, w.president)
    w.act("meeting.close", {"meeting": "over"}, w.president)
    spare = Key("spare").proven(w.organisation, "member/M4")
    w.act("key.add", {"holder": "member/M4", "key": spare}, w.secretary)
    w.act("key.revoke", {"key": Key("spare").id}, w.secretary)
    w.table("council-matter", organ="council")
    w.table("needs", enacts={"kind": "member.status", "act": {"member": "M4", "status": "former"}})
    return w


def proposal(**fields: Any) -> Json:
    """The fields of a proposal that would be in order."""
    return {"proposal": "new", "organ": "assembly", "title": "New", **fields}


def enacting(kind: str, **act: Any) -> Json:
    """A proposal that enacts something."""
    return proposal(enacts={"kind": kind, "act": act})


def admission(w: World, **fields: Any) -> Json:
    """The fields of an admission that would be in order."""
    return {"member": "N", "name": "N", "status": "full", **fields}


def deep(levels: int) -> Json:
    """A condition nested so deep."""
    condition = compare(count("yes"), ">", count("no"))
    for _ in range(levels):
        condition = {"is": "not", "that": condition}
    return condition


def rule(when: Json, *positions: str) -> Json:
    """A charter.add of a rule."""
    clauses = [{"outcome": "adopted", "when": when}]
    provision = {"is": "rule", "positions": list(positions or ("yes", "no")), "clauses": clauses}
    return enacting("charter.add", article="new", content=article(provision))


def adding(provision: Json) -> Json:
    """A charter.add of any provision."""
    return enacting("charter.add", article="new", content=article(provision))


def by_m0(kind: str, act: Json, **other: Any) -> Scene:
    """An act of member M0."""
    return lambda w: w.act(kind, act, w.members["M0"], **other)


def by_president(kind: str, act: Json, **other: Any) -> Scene:
    """An act of the president."""
    return lambda w: w.act(kind, act, w.president, **other)


def by_secretary(kind: str, act: Json, **other: Any) -> Scene:
    """An act of the secretary."""
    return lambda w: w.act(kind, act, w.secretary, **other)


def tabled(act: Json) -> Scene:
    """A proposal by M0."""
    return by_m0("proposal.table", act)


def new_key(w: World, holder: str = "member/M1", key: str = "fresh", proof_for: str = "", log: bool = False) -> Json:
    """A new key, well proven unless asked otherwise."""
    made = w.key if log else Key(key)
    return made.proven(w.organisation, proof_for or holder)


def add_key(holder: str = "member/M1", **how: Any) -> Scene:
    """A key.add by the secretary."""
    return lambda w: w.act("key.add", {"holder": holder, "key": new_key(w, holder, **how)}, w.secretary)


def twice(w: World) -> int:
    """An admission that gives one new key twice."""
    keys = [new_key(w, "member/N")] * 2
    return w.act("member.admit", admission(w, keys=keys), w.secretary)


def replayed(w: World) -> int:
    """The very bytes of an earlier envelope, with a new stamp."""
    w.now += 1
    return w.raw(w.now.to_bytes(8, "big") + w.entries[1][8:])


def meddled(w: World) -> int:
    """An entry whose signature is another's."""
    return w.act("vote.cast", CAST, w.members["M0"], forge=lambda _: w.members["M1"].sign(b"else"))


def stripped(w: World) -> int:
    """Of two signers only one has signed."""
    data = canonical(payload_of(w, CAST, [w.members["M0"].id, w.members["M1"].id]))
    signature = w.members["M0"].sign(encoding("vote.cast", data))
    return raw(w, envelope("vote.cast", data, [(w.members["M0"].id, signature)]))


def payload_of(w: World, act: Json, signers: list[str]) -> Json:
    """A payload in order."""
    about = {"counter": 99, "expires": w.now + DAY, "organisation": w.organisation}
    return {"act": act, "signers": signers, **about}


def raw(w: World, data: bytes, stamp: int | None = None) -> int:
    """Logs any envelope with the next stamp."""
    w.now += 1
    return w.raw((w.now if stamp is None else stamp).to_bytes(8, "big") + data)


def signed(w: World, data: bytes, kind: str = "vote.cast", key: Key | None = None) -> int:
    """Logs any payload bytes, well signed by M0."""
    key = key or w.members["M0"]
    return raw(w, envelope(kind, data, [(key.id, key.sign(encoding(kind, data)))]))


def payload(change: Callable[[Json], Any], act: Json | None = None, kind: str = "vote.cast") -> Scene:
    """A well signed payload that was changed."""

    def scene(w: World) -> int:
        about = payload_of(w, dict(act or CAST), [w.members["M0"].id])
        change(about)
        return signed(w, canonical(about), kind)

    return scene


def text(change: Callable[[bytes], bytes]) -> Scene:
    """Well signed payload bytes that were changed."""
    return lambda w: signed(w, change(canonical(payload_of(w, CAST, [w.members["M0"].id]))))


def wrapping(change: Callable[[bytes], bytes]) -> Scene:
    """An envelope in order whose bytes were changed."""

    def scene(w: World) -> int:
        data, key = canonical(payload_of(w, CAST, [w.members["M0"].id])), w.members["M0"]
        return raw(w, change(envelope("vote.cast", data, [(key.id, key.sign(encoding("vote.cast", data)))])))

    return scene


CAST: Json = {"vote": "running/1", "position": "yes"}
COUNTS: Json = {"yes": 0, "no": 0, "abstain": 0}
YES, NO = count("yes"), count("no")

SCENES: list[tuple[str, str, Scene]] = [
    # entry.md: size and form
    ("size", "payload", payload(lambda p: p["act"].update(vote="x" * 33_000))),
    ("size", "envelope", lambda w: raw(w, b"{" + b" " * 50_000)),
    ("form", "too short for a stamp", lambda w: w.raw(b"1234567")),
    ("form", "empty", lambda w: w.raw(b"")),
    ("form", "no envelope", lambda w: raw(w, b"")),
    ("form", "no JSON", lambda w: raw(w, b"\xff\x00garbage")),
    ("form", "white space around", wrapping(lambda e: e + b"\n")),
    ("form", "other field order", wrapping(lambda e: b'{"payloadType"' + e[10:])),
    ("form", "unpadded base64", wrapping(lambda e: e.replace(b'=="}]', b'"}]'))),
    ("form", "base64 with a space", wrapping(lambda e: e[:40] + b" " + e[40:])),
    ("form", "url-safe base64", wrapping(lambda e: e[:12] + b"-" + e[13:])),
    ("form", "upper-case key id", wrapping(lambda e: e.replace(e[-166:-102], e[-166:-102].upper()))),
    ("form", "no signatures", wrapping(lambda e: e[: e.index(b"[") + 1] + b"]}")),
    ("form", "a signature twice", wrapping(lambda e: e[:-2] + b"," + e[e.index(b"[") + 1 : -2] + b"]}")),
    ("form", "trailing bits in a signature", wrapping(lambda e: e[:-7] + bytes([e[-7] ^ 1]) + e[-6:])),
    ("form", "unknown kind", lambda w: signed(w, canonical(payload_of(w, {}, [w.members["M0"].id])), "vote.wish")),
    ("form", "kind without a dot", wrapping(lambda e: e.replace(b"comity.vote.cast", b"comity.vote"))),
    ("form", "other media type", wrapping(lambda e: e.replace(b".v1+json", b".v2+json"))),
    ("form", "no UTF-8", text(lambda p: p.replace(b"running", b"runn\xffng"))),
    ("form", "lone surrogate", text(lambda p: p.replace(b"running", b"\\ud800"))),
    ("form", "needless escape", text(lambda p: p.replace(b"running", b"\\u0072unning"))),
    ("form", "space", text(lambda p: p.replace(b":", b": ", 1))),
    ("form", "float", text(lambda p: p.replace(b'"counter":99', b'"counter":99.0'))),
    ("form", "exponent", text(lambda p: p.replace(b'"counter":99', b'"counter":9e9'))),
    ("form", "infinity", text(lambda p: p.replace(b'"counter":99', b'"counter":Infinity'))),
    ("form", "negative zero", text(lambda p: p.replace(b'"counter":99', b'"counter":-0'))),
    ("form", "endless integer", text(lambda p: p.replace(b'"counter":99', b'"counter":' + b"9" * 9_000))),
    ("form", "integer over 2^53-1", payload(lambda p: p.update(counter=2**53))),
    ("form", "counter zero", payload(lambda p: p.update(counter=0))),
    ("form", "boolean for an integer", payload(lambda p: p.update(counter=True))),
    ("form", "null", payload(lambda p: p["act"].update(vote=None))),
    ("form", "key twice", text(lambda p: p.replace(b'"counter":99', b'"counter":99,"counter":99'))),
    ("form", "unsorted keys", text(lambda p: b'{"counter":99,' + p[1:].replace(b'"counter":99,', b""))),
    ("form", "unknown field", payload(lambda p: p.update(note="x"))),
    ("form", "unknown field in the act", payload(lambda p: p["act"].update(note="x"))),
    ("form", "missing field", payload(lambda p: p["act"].pop("vote"))),
    ("form", "missing signers", payload(lambda p: p.pop("signers"))),
    ("form", "signer twice", payload(lambda p: p.update(signers=p["signers"] * 2))),
    ("form", "signers other than signatures", stripped),
    ("form", "act is an array", payload(lambda p: p.update(act=[]))),
    ("form", "payload is an array", lambda w: signed(w, b"[]")),
    ("form", "payload is empty", lambda w: signed(w, b"")),
    ("form", "nested to the end", lambda w: signed(w, b"[" * 16_000 + b"]" * 16_000)),
    ("form", "open to the end", lambda w: signed(w, b'{"a":' * 6_000)),
    ("form", "position of another language", by_m0("vote.cast", {"vote": "running/1", "position": "oui"})),
    ("form", "zero written out", tabled(proposal(rule=""))),
    ("form", "false written out", tabled(adding({**PLAIN, "early": False}))),
    ("form", "no object written out", tabled(proposal(text={}))),
    ("form", "Id with a slash", tabled(proposal(proposal="a/b"))),
    ("form", "Id with a line end", tabled(proposal(proposal="ab\n"))),
    ("form", "Id too long", tabled(proposal(proposal="a" * 65))),
    ("form", "title too long", tabled(proposal(title="é" * 301))),
    ("form", "title with a control character", tabled(proposal(title="a\x1fb"))),
    ("form", "symbol too long", tabled(proposal(symbol="a" * 65))),
    ("form", "date", tabled(proposal(date="2026-1-01"))),
    ("form", "document without media", tabled(proposal(text={"digest": "ab" * 32}))),
    ("form", "enacted kind", tabled(enacting("vote.cast", **CAST))),
    ("form", "enacted form", tabled(enacting("member.status", member="M1"))),
    ("form", "groups descending", by_secretary("member.admit", {**admission(World()), "groups": ["b", "a"]})),
    ("form", "weight below zero", by_secretary("member.admit", {**admission(World()), "weights": {"a": -1}})),
    (
        "form",
        "key too short",
        by_secretary("key.add", {"holder": "member/M1", "key": {"alg": "ed25519", "key": "AA=="}}),
    ),
    ("form", "founding with edition 2", by_m0("organisation.found", {**World().founding, "edition": 2})),
    (
        "form",
        "founding without keys",
        by_m0("organisation.found", {k: v for k, v in World().founding.items() if k not in ("members", "officers")}),
    ),
    ("form", "unknown provision", tabled(adding({"is": "wish"}))),
    ("form", "provision without is", tabled(adding({"kinds": []}))),
    ("form", "share by zero", tabled(rule(compare(share(YES, 1, 2) | {"denominator": 0}, ">", NO)))),
    ("form", "unknown relation", tabled(rule(compare(YES, "!=", NO)))),
    ("form", "condition for a quantity", tabled(rule(compare(compare(YES, ">", NO), ">", NO)))),
    ("form", "quantity for a condition", tabled(rule(YES))),
    ("form", "number zero written out", tabled(rule(compare(YES, ">", {"is": "number", "value": 0})))),
    # the other common checks
    ("stamp", "backwards", by_m0("vote.cast", CAST, stamp=5)),
    ("stamp", "over 2^53-1", by_m0("vote.cast", CAST, stamp=2**53, expires=2**53 - 1)),
    ("organisation", "another's", by_m0("vote.cast", CAST, organisation="cd" * 32)),
    ("organisation", "none", by_m0("vote.cast", CAST, organisation="")),
    ("key", "unknown", lambda w: w.act("vote.cast", CAST, Key("stranger"))),
    ("key", "revoked", lambda w: w.act("vote.cast", CAST, Key("spare"))),
    ("key", "second signer unknown", lambda w: w.act("vote.cast", CAST, w.members["M0"], Key("stranger"))),
    ("counter", "replayed", replayed),
    ("counter", "again", lambda w: w.act("vote.cast", CAST, w.members["M0"], counter=w.members["M0"].counter)),
    ("expiry", "before the stamp", lambda w: w.act("vote.cast", CAST, w.members["M0"], expires=w.now)),
    ("expiry", "too late", lambda w: w.act("vote.cast", CAST, w.members["M0"], expires=w.now + 1 + 90 * DAY + 1)),
    ("signature", "another's", meddled),
    (
        "signature",
        "second of two",
        lambda w: w.act("vote.cast", CAST, w.members["M0"], w.members["M1"], forge=lambda s: s[:63] + b"\x7f"),
    ),
    (
        "signature",
        "proposal",
        lambda w: w.act("proposal.table", proposal(), w.members["M0"], forge=lambda s: bytes(64)),
    ),
    ("founding.once", "a second founding", by_m0("organisation.found", World().founding)),
    # the charter
    *[
        ("power.none", kind, by_president(kind, {"article": "new", "content": article(PLAIN)}))
        for kind in ("charter.add", "charter.replace")
    ],
    ("power.none", "charter.repeal", by_president("charter.repeal", {"article": "board"})),
    ("power.none", "edition.raise", by_president("edition.raise", {"edition": 2})),
    ("charter.exists", "", tabled(enacting("charter.add", article="board", content=article(PLAIN)))),
    ("charter.unknown", "replace", tabled(enacting("charter.replace", article="none", content=article(PLAIN)))),
    ("charter.unknown", "repeal", tabled(enacting("charter.repeal", article="none"))),
    ("charter.reference", "repeal", tabled(enacting("charter.repeal", article="full-members"))),
    (
        "charter.reference",
        "organ",
        tabled(adding({"is": "organ", "electorate": "president", "chair": "president", "rules": ["simple"]})),
    ),
    (
        "charter.reference",
        "rules",
        tabled(adding({"is": "organ", "electorate": "the-board", "chair": "president", "rules": ["simple", "x"]})),
    ),
    (
        "charter.reference",
        "power",
        tabled(adding({"is": "power", "kinds": ["key.add"], "holders": ["electorate/president"]})),
    ),
    (
        "charter.reference",
        "competence",
        tabled(adding({"is": "competence", "kinds": ["key.add"], "organ": "board", "rule": "board"})),
    ),
    (
        "charter.kind",
        "power",
        tabled(adding({"is": "power", "kinds": ["charter.add"], "holders": ["office/president"]})),
    ),
    (
        "charter.kind",
        "competence",
        tabled(adding({"is": "competence", "kinds": ["proposal.table"], "organ": "board", "rule": "simple"})),
    ),
    ("charter.rule", "foreign position", tabled(rule(compare(count("object"), ">", NO)))),
    ("charter.rule", "too deep", tabled(rule(deep(16)))),
    ("charter.rule", "far too deep", tabled(rule(deep(50)))),
    ("form", "deeper than any payload", tabled(rule(deep(60)))),
    ("form", "far deeper than any payload", tabled(rule(deep(300)))),
    ("charter.rule", "quantity too deep", tabled(rule({"is": "all", "of": [deep(14)]}))),
    (
        "charter.rule",
        "too large",
        tabled(rule({"is": "any", "of": [{"is": "any", "of": [compare(YES, ">", NO)] * 6}] * 14})),
    ),
    ("charter.rule", "share", tabled(rule(compare(share(YES, 1_000_001, 1), ">", NO)))),
    (
        "charter.rule",
        "opens",
        tabled(
            adding(
                {
                    "is": "organ",
                    "electorate": "the-board",
                    "chair": "president",
                    "rules": ["simple"],
                    "opens": compare(YES, ">", ONE),
                }
            )
        ),
    ),
    ("edition.step", "", tabled(enacting("edition.raise", edition=3))),
    # members and keys
    ("power.none", "member.admit", lambda w: w.act("member.admit", admission(w), w.members["M1"])),
    ("member.exists", "", lambda w: w.act("member.admit", admission(w, member="M1"), w.secretary)),
    ("member.exists", "enacted", tabled(enacting("member.admit", **admission(World(), member="M1")))),
    ("key.known", "twice in an admission", twice),
    ("key.role", "", add_key(log=True)),
    ("key.known", "in force", add_key(key="member 1")),
    ("key.known", "revoked", add_key(key="spare")),
    ("key.proof", "", add_key(proof_for="member/M2")),
    (
        "power.none",
        "member.status",
        lambda w: w.act("member.status", {"member": "M1", "status": "former"}, w.secretary),
    ),
    ("member.unknown", "", by_president("member.status", {"member": "X", "status": "full"})),
    ("member.same", "", by_president("member.status", {"member": "M1", "status": "full"})),
    ("power.none", "key.add", lambda w: w.act("key.add", {"holder": "member/M1", "key": new_key(w)}, w.members["M2"])),
    ("holder.unknown", "member", add_key("member/X")),
    ("holder.unknown", "office", add_key("office/assembly")),
    ("key.unknown", "", by_secretary("key.revoke", {"key": "ab" * 32})),
    ("key.revoked", "", by_m0("key.revoke", {"key": Key("spare").id})),
    ("power.none", "key.revoke", lambda w: w.act("key.revoke", {"key": w.members["M1"].id}, w.members["M2"])),
    # meetings
    ("organ.unknown", "convene", by_president("meeting.convene", {"meeting": "m", "organ": "simple"})),
    ("organ.chair", "convene", by_secretary("meeting.convene", {"meeting": "m", "organ": "council"})),
    ("meeting.exists", "", by_president("meeting.convene", {"meeting": "open", "organ": "council"})),
    ("meeting.unknown", "attend", by_m0("meeting.attend", {"meeting": "none"})),
    ("meeting.closed", "attend", by_m0("meeting.attend", {"meeting": "over"})),
    ("seat.none", "attend", by_president("meeting.attend", {"meeting": "convened"})),
    ("meeting.present", "", by_m0("meeting.attend", {"meeting": "open"})),
    ("meeting.unknown", "open", by_president("meeting.open", {"meeting": "none"})),
    ("organ.chair", "open", by_secretary("meeting.open", {"meeting": "convened"})),
    ("meeting.convened", "", by_president("meeting.open", {"meeting": "open"})),
    ("meeting.quorum", "", by_president("meeting.open", {"meeting": "convened"})),
    ("meeting.unknown", "close", by_president("meeting.close", {"meeting": "none"})),
    ("organ.chair", "close", by_secretary("meeting.close", {"meeting": "open"})),
    ("meeting.closed", "close", by_president("meeting.close", {"meeting": "over"})),
    # proposals
    ("organ.unknown", "table", tabled(proposal(organ="nowhere"))),
    ("seat.none", "table", by_president("proposal.table", proposal())),
    (
        "seat.none",
        "table in another organ",
        lambda w: w.act("proposal.table", proposal(organ="board"), w.members["M1"]),
    ),
    ("proposal.exists", "", tabled(proposal(proposal="tabled"))),
    ("competence.none", "", tabled({**enacting("member.status", member="M1", status="x"), "organ": "board"})),
    ("rule.other", "enacting", tabled({**enacting("member.status", member="M1", status="x"), "rule": "simple"})),
    ("rule.other", "table", tabled(proposal(organ="board", rule="simple"))),
    ("proposal.unknown", "withdraw", by_m0("proposal.withdraw", {"proposal": "none"})),
    ("proposal.by", "", by_president("proposal.withdraw", {"proposal": "tabled"})),
    ("proposal.status", "withdraw", by_m0("proposal.withdraw", {"proposal": "running"})),
    # votes
    ("proposal.unknown", "open", lambda w: w.open("none")),
    (
        "organ.chair",
        "vote.open",
        lambda w: w.act("vote.open", {"proposal": "tabled", "deadline": w.now + DAY}, w.secretary),
    ),
    ("proposal.status", "open", lambda w: w.open("done")),
    ("proposal.status", "open withdrawn", lambda w: w.open("withdrawn")),
    ("vote.meeting", "none", lambda w: w.open("council-matter")),
    ("vote.meeting", "not open", lambda w: w.open("council-matter", meeting="convened")),
    ("vote.meeting", "unknown", lambda w: w.open("council-matter", meeting="none")),
    ("vote.meeting", "not wanted", lambda w: w.open("tabled", meeting="open")),
    ("vote.deadline", "now", lambda w: w.open("tabled", lasts=0)),
    ("vote.deadline", "least", lambda w: (w.table("s2", rule="silence"), w.open("s2", lasts=3 * DAY - 1))[1]),
    ("vote.unknown", "cast", by_m0("vote.cast", {"vote": "running/2", "position": "yes"})),
    ("vote.unknown", "cast with an empty name", by_m0("vote.cast", {"vote": "", "position": "yes"})),
    ("vote.unknown", "cast with a strange name", by_m0("vote.cast", {"vote": "\x1b[2J\u202e", "position": "yes"})),
    ("seat.none", "cast", by_president("vote.cast", CAST)),
    ("vote.closed", "cast after closing", by_m0("vote.cast", {"vote": "done/1", "position": "yes"})),
    (
        "vote.closed",
        "cast after the deadline",
        lambda w: w.act("vote.cast", CAST, w.members["M0"], stamp=w.now + 2 * DAY),
    ),
    ("vote.position", "", by_m0("vote.cast", {"vote": "running/1", "position": "object"})),
    ("vote.unknown", "close", lambda w: w.close("running/01")),
    ("organ.chair", "vote.close", by_secretary("vote.close", {"vote": "running/1"})),
    ("vote.closed", "close again", lambda w: w.close("done/1")),
    ("vote.early", "", lambda w: w.close("silent/1")),
    ("vote.unknown", "declare", lambda w: w.declare("none/1", "adopted", COUNTS)),
    ("vote.declared", "", lambda w: w.declare("done/1", "adopted", COUNTS)),
    ("vote.running", "", lambda w: w.declare("running/1", "rejected", COUNTS)),
    (
        "declare.by",
        "",
        lambda w: w.act(
            "vote.declare",
            {"vote": "running/1", "outcome": "rejected", "counts": COUNTS},
            w.secretary,
            stamp=w.now + 2 * DAY,
        ),
    ),
    (
        "declare.counts",
        "wrong",
        lambda w: w.declare("running/1", "rejected", COUNTS | {"no": 1}, stamp=w.now + 2 * DAY),
    ),
    (
        "declare.counts",
        "incomplete",
        lambda w: w.declare("running/1", "rejected", {"yes": 0, "no": 0}, stamp=w.now + 2 * DAY),
    ),
    ("declare.counts", "empty", lambda w: w.declare("running/1", "rejected", {}, stamp=w.now + 2 * DAY)),
    ("declare.outcome", "outcome", lambda w: w.declare("running/1", "adopted", COUNTS, stamp=w.now + 2 * DAY)),
    ("declare.outcome", "reason", lambda w: w.declare("running/1", "rejected", COUNTS, "tie", stamp=w.now + 2 * DAY)),
]


@pytest.mark.parametrize(("code", "what", "scene"), SCENES, ids=[f"{code}: {what}" for code, what, _ in SCENES])
def test_an_entry_out_of_order_is_named_and_changes_nothing(code: str, what: str, scene: Scene, tmp_path: Path) -> None:
    """The last entry is void with this code, and the register is what it was before."""
    w = world()
    before = len(w.entries)
    scene(w)
    last = len(w.entries) - 1
    verdict = check(w.write(tmp_path / "after"))
    assert [(entry["index"], entry["code"]) for entry in verdict["void"]] == [(last, code)]
    assert verdict["exit"] == 1
    assert not verdict["ok"]
    assert not verdict["faults"]
    assert verdict["void"][0]["why"]
    del w.entries[last:]
    clean = check(w.write(tmp_path / "before"))
    assert clean["ok"]
    assert clean["register"] == verdict["register"]
    assert clean["acts"] == verdict["acts"] == last
    assert before <= last


def test_organ_empty(tmp_path: Path) -> None:
    """An organ whose electorate has no seat can neither meet nor vote."""
    w = World().found()
    w.decide("no-board", "yyyy-", enacts={"kind": "member.status", "act": {"member": "M0", "status": "former"}})
    w.act("meeting.convene", {"meeting": "m", "organ": "board"}, w.secretary)
    w.table("board-matter", by=w.secretary, organ="board")
    w.act("vote.open", {"proposal": "board-matter", "deadline": w.now + DAY}, w.secretary)
    verdict = check(w.write(tmp_path))
    last = len(w.entries) - 1
    assert [(void["index"], void["code"]) for void in verdict["void"]] == [
        (last - 2, "organ.empty"),
        (last, "organ.empty"),
    ]


def test_rules_and_competences_that_changed(tmp_path: Path) -> None:
    """A vote does not open under a rule or a competence that is gone since the proposal was tabled."""
    w = World().found()
    w.table("by-rule", rule="consensus")
    w.table("by-competence", enacts={"kind": "member.status", "act": {"member": "M4", "status": "x"}})
    assembly = {"is": "organ", "electorate": "full-members", "chair": "president", "rules": ["majority"]}
    change = {"article": "assembly", "content": article(assembly)}
    w.decide("fewer-rules", "yyyyy", enacts={"kind": "charter.replace", "act": change})
    w.decide("no-competence", "yyyyy", enacts={"kind": "charter.repeal", "act": {"article": "admission"}})
    w.open("by-rule")
    w.open("by-competence")
    verdict = check(w.write(tmp_path))
    assert [void["code"] for void in verdict["void"]] == ["rule.other", "competence.changed"]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("form", {"edition": 2}),
        ("form", {"mark": "joke"}),
        ("form", {"origin": "with space"}),
        ("form", {"articles": {}}),
        ("founding.twice", "member"),
        ("founding.twice", "office"),
        ("key.role", "log"),
        ("founding.office", "office-unknown"),
        (
            "charter.rule",
            {
                "articles": {
                    "president": article({"is": "office"}),
                    "secretary": article({"is": "office"}),
                    "r": article({**CONSENSUS, "positions": ["yes"]}),
                }
            },
        ),
        (
            "charter.reference",
            {
                "articles": {
                    "president": article({"is": "office"}),
                    "secretary": article({"is": "office"}),
                    "o": article({"is": "competence", "kinds": ["key.add"], "organ": "o", "rule": "o"}),
                }
            },
        ),
    ],
    ids=str,
)
def test_a_founding_act_out_of_order_leaves_no_organisation(code: str, change: Any, tmp_path: Path) -> None:
    """If entry 0 is void there is no organisation, and verification ends there."""
    w = World(2)
    if isinstance(change, dict):
        w.founding.update(change)
    elif change == "member":
        w.founding["members"][1]["member"] = "M0"
    elif change == "office":
        w.founding["officers"][1]["office"] = "president"
    elif change == "log":
        w.founding["officers"][1]["keys"] = [w.key.plain()]
        w.founders[-1] = w.key
    else:
        w.founding["officers"][1]["office"] = "treasurer"
    w.found()
    w.table("more")
    verdict = check(w.write(tmp_path))
    assert [(void["index"], void["code"]) for void in verdict["void"]] == [(0, code)]
    assert (verdict["exit"], verdict["acts"], verdict["register"]) == (1, 0, "")


def test_entry_0_that_is_no_founding_act(tmp_path: Path) -> None:
    """A log must begin with a founding act; one that names an organisation, or lacks a founder, is none."""
    w = World(2)
    w.table("first", by=w.members["M0"])
    assert check(w.write(tmp_path / "a"))["void"][0]["code"] == "organisation"
    named = World(2).found(organisation="ab" * 32)
    assert check(named.write(tmp_path / "b"))["void"][0]["code"] == "organisation"
    lacking = World(2)
    lacking.founders.pop()
    assert check(lacking.found().write(tmp_path / "c"))["void"][0]["code"] == "key"
    forged = World(2).found(forge=lambda signature: signature[:-1] + b"\x00")
    assert check(forged.write(tmp_path / "d"))["void"][0]["code"] == "signature"
    timeless = World(2).found(stamp=0)
    assert check(timeless.write(tmp_path / "f"))["void"][0]["code"] == "stamp"
    twice = World(2)
    twice.founding["members"][1]["keys"] = twice.founding["members"][0]["keys"]
    del twice.founders[1]
    assert check(twice.found().write(tmp_path / "e"))["void"][0]["code"] == "founding.twice"


def test_void_entries_are_explained_in_words_without_control_characters(tmp_path: Path) -> None:
    """What a hostile entry says cannot reach the terminal raw, nor break the JSON line."""
    w = World().found()
    by_m0("vote.cast", {"vote": "\x1b[2J\u202e\n", "position": "yes"})(w)
    verdict = check(w.write(tmp_path))
    assert "\x1b" not in verdict["text"]
    assert "\u202e" not in verdict["text"]
    assert "entry 1, vote.unknown: there is no vote \\x1b[2J" in verdict["text"]
    json.dumps(verdict["void"])


def test_every_code_of_the_kinds_has_a_scene() -> None:
    """The scenes above name every code that the page on the kinds gives."""
    named = {code for code, _, _ in SCENES} | {"organ.empty", "competence.changed", "founding.twice", "founding.office"}
    page = (Path(__file__).parents[2] / "docs/spec/kinds.md").read_text()
    written = set(re.findall(r"`([a-z]+\.[a-z]+)`", page)) - {
        "register.md",
        "entry.md",
        "rules.md",
        "organisation.edition",
    }
    assert len(written) > 50
    assert written - set(KINDS) - named == set()
