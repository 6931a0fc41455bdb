# SPDX-License-Identifier: Apache-2.0
"""Every limit of form in the specification: what is just within it is of the form, what is just beyond is not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.charter.test_outsider import agrees

from conformance.articles import article, clause, compare, competence, electorate, never, number, organ, power, rule
from conformance.scribe import Json, Scribe, judge
from conformance.stage import stage

KEY = {"alg": "ed25519", "key": "A" * 43 + "="}
NEW = {**KEY, "proof": "A" * 86 + "=="}
TABLE = {"proposal": "P", "organ": "nowhere", "title": "T"}
ADMIT = {"member": "M", "name": "N", "status": "s"}
DECLARE = {"vote": "x", "outcome": "adopted", "counts": {}}
FIVE = ["yes", "no", "abstain", "object", "present"]


def _ids(count: int) -> list[str]:
    return [f"i{number:03d}" for number in range(count)]


def _founding(**fields: object) -> Json:
    return {
        "name": "N",
        "origin": "o",
        "log_key": KEY["key"],
        "edition": 1,
        "articles": {"a": article({"is": "text"})},
        "officers": [{"office": "a", "keys": [KEY]}],
        **fields,
    }


def _added(content: Json) -> tuple[str, Json]:
    return "proposal.table", {**TABLE, "enacts": {"kind": "charter.add", "act": {"article": "a", "content": content}}}


def _clauses(count: int) -> Json:
    return article(rule("yes", *[clause("adopted")] * count))


def _condition(node: Json) -> tuple[str, Json]:
    return _added(article(rule("yes", clause("adopted", "", node))))


def _listed(what: str, count: int) -> tuple[str, Json]:
    return _condition({"is": what, "of": [compare(number(1), "=", number(1))] * count})


def _deep(levels: int) -> tuple[str, Json]:
    """A condition that makes the payload as a whole nested so deep; ten levels stand around and inside it."""
    node = compare(number(1), "=", number(1))
    for _ in range(levels - 10):
        node = never(node)
    return _condition(node)


Make = Callable[[int], tuple[str, Json]]


def _texts(count: int) -> Json:
    return {name: article({"is": "text"}) for name in _ids(count)}


def _kinds(count: int) -> str:
    return " ".join(f"a.{'b' * (each + 1)}" for each in range(count))


def _counted(count: int) -> Json:
    return compare({"is": "count", "of": [*FIVE, "none"][:count]}, "=", number(1))


def _zeros(count: int) -> Json:
    return dict.fromkeys([*FIVE, "none"][:count], 0)


def _sized(size: int) -> Json:
    return {**TABLE, "text": {"digest": "0" * 64, "media": "a", "size": size}}


LIMITS: dict[str, tuple[int, int, Make]] = {
    "Id": (1, 64, lambda n: ("meeting.attend", {"meeting": "x" * n})),
    "name": (1, 200, lambda n: ("member.admit", {**ADMIT, "name": "é" * n})),
    "name in code points": (1, 200, lambda n: ("member.admit", {**ADMIT, "name": "\U0001f54a" * n})),
    "title": (1, 300, lambda n: ("proposal.table", {**TABLE, "title": "\u2028" * n})),
    "symbol": (1, 64, lambda n: ("proposal.table", {**TABLE, "symbol": "/" * n})),
    "media": (1, 100, lambda n: ("proposal.table", {**TABLE, "text": {"digest": "0" * 64, "media": "~" * n}})),
    "origin": (1, 128, lambda n: ("organisation.found", _founding(origin="!" * n))),
    "digest": (64, 64, lambda n: ("key.revoke", {"key": "a" * n})),
    "holder": (1, 64, lambda n: ("key.add", {"holder": "member/" + "x" * n, "key": NEW})),
    "articles": (1, 256, lambda n: ("organisation.found", _founding(articles=_texts(n)))),
    "members": (1, 16, lambda n: ("organisation.found", _founding(members=[{**ADMIT, "keys": [KEY]}] * n))),
    "officers": (1, 16, lambda n: ("organisation.found", _founding(officers=[{"office": "a", "keys": [KEY]}] * n))),
    "root keys": (1, 16, lambda n: ("organisation.found", _founding(officers=[{"office": "a", "keys": [KEY] * n}]))),
    "edition": (1, 1, lambda n: ("organisation.found", _founding(edition=n))),
    "new keys": (1, 16, lambda n: ("member.admit", {**ADMIT, "keys": [NEW] * n})),
    "groups": (1, 32, lambda n: ("member.admit", {**ADMIT, "groups": _ids(n)})),
    "weights": (1, 16, lambda n: ("member.admit", {**ADMIT, "weights": dict.fromkeys(_ids(n), 0)})),
    "weight": (0, 2**53 - 1, lambda n: ("member.admit", {**ADMIT, "weights": {"w": n}})),
    "raised edition": (1, 2**53 - 1, lambda n: ("edition.raise", {"edition": n})),
    "deadline": (1, 2**53 - 1, lambda n: ("vote.open", {"proposal": "x", "deadline": n})),
    "positions counted": (0, 5, lambda n: ("vote.declare", {**DECLARE, "counts": _zeros(n)})),
    "count": (0, 2**53 - 1, lambda n: ("vote.declare", {**DECLARE, "counts": {"yes": n}})),
    "size": (1, 2**53 - 1, lambda n: ("proposal.table", _sized(n))),
    "statuses": (1, 16, lambda n: _added(electorate(*_ids(n)))),
    "groups of an electorate": (1, 16, lambda n: _added(electorate("s", groups=_ids(n)))),
    "rules of an organ": (1, 16, lambda n: _added(organ("a", "a", *_ids(n)))),
    "kinds of a power": (1, 16, lambda n: _added(power(_kinds(n), "office/a"))),
    "length of a kind": (3, 64, lambda n: _added(power("a." + "b" * (n - 2), "office/a"))),
    "kinds of a competence": (1, 16, lambda n: _added(competence(_kinds(n), "a", "a"))),
    "holders": (1, 16, lambda n: _added(power("key.add", *(f"office/{each}" for each in _ids(n))))),
    "positions": (1, 5, lambda n: _added(article(rule(" ".join([*FIVE, "none"][:n]), clause("adopted"))))),
    "positions of a count": (1, 5, lambda n: _condition(_counted(n))),
    "clauses": (1, 16, lambda n: _added(_clauses(n))),
    "least": (1, 2**53 - 1, lambda n: _added(article(rule("yes", clause("adopted"), least=n)))),
    "conditions of all": (1, 16, lambda n: _listed("all", n)),
    "conditions of any": (1, 16, lambda n: _listed("any", n)),
    "quantities of a sum": (1, 16, lambda n: _condition(compare({"is": "sum", "of": [number(1)] * n}, "=", number(1)))),
    "value": (1, 2**53 - 1, lambda n: _condition(compare(number(1), "=", {"is": "number", "value": n}))),
    "numerator": (1, 2**53 - 1, lambda n: _condition(
        compare({"is": "share", "of": number(1), "numerator": n, "denominator": 1}, "=", number(1)))),
    "denominator": (1, 2**53 - 1, lambda n: _condition(
        compare({"is": "share", "of": number(1), "numerator": 1, "denominator": n}, "=", number(1)))),
    "nesting": (11, 64, _deep),
}  # fmt: skip

UNSIZED = {"positions counted", "nesting"}
"""What cannot be below its least."""

TWICE: dict[str, tuple[str, Json]] = {
    "statuses": _added(electorate("s", "s")),
    "groups of an electorate": _added(electorate("s", groups=["g", "g"])),
    "rules of an organ": _added(organ("a", "a", "r", "r")),
    "kinds of a power": _added(power("key.add key.add", "office/a")),
    "kinds of a competence": _added(competence("key.add key.add", "a", "a")),
    "holders": _added(power("key.add", "office/a", "office/a")),
    "positions": _added(article(rule("yes yes", clause("adopted")))),
    "positions of a count": _condition(never(compare({"is": "count", "of": ["yes", "yes"]}, "=", number(1)))),
    "positions of a count within a share within a sum": _condition(compare(number(1), "=", {"is": "sum", "of": [
        {"is": "share", "of": {"is": "count", "of": ["yes", "yes"]}, "numerator": 1, "denominator": 2}]})),
    "positions of a count to open": _added(
        organ("a", "a", "r", opens=compare({"is": "count", "of": ["present", "present"]}, "=", number(1)))
    ),
    "groups of a member": ("member.admit", {**ADMIT, "groups": ["g", "g"]}),
    "groups not ascending": ("member.admit", {**ADMIT, "groups": ["h", "g"]}),
    "groups of a founder": (
        "organisation.found",
        _founding(members=[{**ADMIT, "keys": [KEY], "groups": ["b", "a"]}]),
    ),
}  # fmt: skip

LINE_FEEDS: dict[str, tuple[str, Json]] = {
    "Id": ("meeting.attend", {"meeting": "x\n"}),
    "digest": ("key.revoke", {"key": "a" * 64 + "\n"}),
    "name": ("member.admit", {**ADMIT, "name": "N\n"}),
    "date": ("meeting.convene", {"meeting": "x", "organ": "x", "date": "2027-01-01\n"}),
    "holder": ("key.add", {"holder": "member/x\n", "key": NEW}),
    "key": ("key.add", {"holder": "member/x", "key": {**NEW, "key": NEW["key"] + "\n"}}),
    "key with set bits": ("key.add", {"holder": "member/x", "key": {**NEW, "key": "A" * 42 + "B="}}),
    "proof with set bits": ("key.add", {"holder": "member/x", "key": {**NEW, "proof": "A" * 85 + "B=="}}),
    "origin": ("organisation.found", _founding(origin="o\n")),
    "origin with a plus": ("organisation.found", _founding(origin="o+")),
    "kind": _added(article({"is": "power", "kinds": ["key.add\n"], "holders": ["office/a"]})),
    "capital in a kind": _added(power("key.Add", "office/a")),
    "constituency": _added(power("key.add", "office/a\n")),
    "media with a space": ("proposal.table", {**TABLE, "text": {"digest": "0" * 64, "media": "a b"}}),
    "date with other digits": ("meeting.convene", {"meeting": "x", "organ": "x", "date": "2027-01-0\u0661"}),
    "Id with another letter": ("meeting.attend", {"meeting": "é"}),
    "a control character in a title": ("proposal.table", {**TABLE, "title": "a\u001fb"}),
}


def _acts() -> Iterator[tuple[str, bool, str, Json]]:
    for name, (least, most, make) in LIMITS.items():
        for value in dict.fromkeys((least - 1, least, most, most + 1)):
            if name in UNSIZED and value < least:
                continue
            yield f"{name} {value}", least <= value <= most, *make(value)
    for table in (TWICE, LINE_FEEDS):
        yield from ((name, False, kind, act) for name, (kind, act) in table.items())


def test_each_limit_of_form() -> None:
    """The code is `form` exactly beyond a limit."""
    scribe = stage("limits")
    wrong = []
    for name, good, kind, act in _acts():
        refused = scribe.try_out(scribe.raw(kind, scribe.payload(act, "A"), "A"))
        if refused is None or (refused.code == "form") is good:
            wrong.append((name, str(refused)))
    assert wrong == []


@pytest.mark.conformance
def test_the_verifier_has_the_same_limits(tmp_path: Path) -> None:
    """The independent verifier finds the same codes at each limit."""
    scribe = stage("limits")
    for _, _, kind, act in _acts():
        scribe.log(scribe.raw(kind, scribe.payload(act, "A"), "A"))
    for stamps in ({"counter": 0}, {"counter": 2**53}, {"expires": 0}, {"expires": 2**53}, {"signers": []}):
        scribe.log(scribe.raw("vote.cast", scribe.payload({"vote": "x", "position": "yes"}, "A", **stamps), "A"))
    assert "form" in agrees(scribe, tmp_path)


def test_brackets_in_a_text_are_no_nesting() -> None:
    """Only objects and arrays count as levels, not brackets within strings, after escapes neither."""
    scribe = stage("brackets")
    for text in ("[" * 100, '"' + "[" * 100, '\\"' + "{" * 100, "\\" + "[{" * 70, "[]" * 200):
        refused = scribe.try_out(scribe.seal("vote.cast", {"vote": text, "position": "yes"}, "A"))
        assert refused is not None
        assert refused.code == "vote.unknown"


@pytest.mark.parametrize("open_bracket", [b"[", b'{"a":', b'["\\"",'])
def test_a_payload_of_nothing_but_nesting(open_bracket: bytes) -> None:
    """It is refused for its form, however deep it goes."""
    scribe = stage("nesting")
    for levels in (10, 64, 65, 1000, 5000):
        refused = scribe.try_out(scribe.raw("vote.cast", open_bracket * levels, "A"))
        assert refused is not None
        assert refused.code == "form"


def test_the_first_stamp() -> None:
    """An organisation may be founded at stamp 1, and not at stamp 0."""
    scribe = Scribe("early", {"a": article({"is": "office"})}, {}, officers=["a"], found=False)
    raw = scribe.seal("organisation.found", scribe.founding, "a", expires=1)
    refused = scribe.try_out(raw, 0)
    assert refused is not None
    assert refused.code == "stamp"
    assert scribe.try_out(raw, 1) is None


def test_entry_0_is_the_founding_act() -> None:
    """Anything else as entry 0 is refused, and so is a founding act that names an organisation or lacks a signature."""
    scribe = Scribe("zero", {"a": article({"is": "office"})}, {}, officers=["a"], found=False)
    cases = [
        ("organisation", scribe.seal("vote.cast", {"vote": "x", "position": "yes"}, "a")),
        ("organisation", scribe.seal("organisation.found", scribe.founding, "a", organisation="0" * 64)),
        ("key", scribe.seal("organisation.found", scribe.founding, "a", "b")),
        ("key", scribe.seal("organisation.found", scribe.founding, "b")),
    ]
    for code, raw in cases:
        refused = scribe.try_out(raw)
        assert refused is not None
        assert refused.code == code
    good = scribe.seal("organisation.found", scribe.founding, "a")
    assert scribe.try_out(good) is None
    late = judge(scribe.register, scribe.now.to_bytes(8, "big") + good, 0, 1)[1]
    assert late is not None
    assert late.code == "organisation"
