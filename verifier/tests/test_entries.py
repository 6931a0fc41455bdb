# SPDX-License-Identifier: Apache-2.0
"""Entries by themselves: hostile bytes never crash, and the short way to a vote cast says what the general one says."""

import contextlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verifier.tests.log_writer import DAY, Key, World, encoding, envelope
from verifier.tests.log_writer import canonical as written

from comity_verify import canonical, forms
from comity_verify.entries import Reader, examine
from comity_verify.register import Refused
from comity_verify.source import Folder

WORLD = World().found()
MEMBER = WORLD.members["M0"]


def reader() -> Reader:
    """A reader that knows the members' keys and the organisation."""
    made = Reader(Folder("/"))
    made.learn([key.public for key in WORLD.founders])
    made.belong(WORLD.organisation)
    return made


READER = reader()


def entry(payload: bytes, kind: str = "vote.cast", key: Key = MEMBER) -> bytes:
    """A well signed entry."""
    signature = key.sign(encoding(kind, payload))
    return (WORLD.now + 1).to_bytes(8, "big") + envelope(kind, payload, [(key.id, signature)])


def payload(**fields: Any) -> dict[str, Any]:
    """The payload of a vote cast."""
    about = {"counter": 9, "expires": WORLD.now + DAY, "organisation": WORLD.organisation, "signers": [MEMBER.id]}
    return {"act": {"vote": "p/1", "position": "yes"}, **about, **fields}


def both_ways_agree(data: bytes) -> bool:
    """Asks both ways; true where the short one took the entry."""
    short = READER._cast(data)
    item = READER._item(data)
    if short is None:
        return False
    stamp, signer, counter, expires, vote, position = short
    assert (item.kind, item.code, item.forged, item.unverified) == ("vote.cast", "", "", ())
    act = {"vote": vote, "position": position}
    about = {"counter": counter, "expires": expires, "organisation": WORLD.organisation}
    assert item.payload == {"act": act, "signers": [signer], **about}
    assert item.stamp == stamp
    return True


LETTERS = {"yes": "y", "no": "n", "abstain": "a", "object": "o", "present": "p"}


def test_the_short_way_takes_plain_votes() -> None:
    """Votes in order go the short way, with every position and the largest numbers."""
    for position in LETTERS:
        assert both_ways_agree(entry(written(payload(act={"vote": "a/1", "position": position}))))
    assert both_ways_agree(entry(written(payload(counter=2**53 - 1, expires=2**53 - 1))))
    assert both_ways_agree(entry(written(payload(act={"vote": "", "position": "yes"}))))


def test_the_short_way_leaves_everything_else() -> None:
    """What is not exactly that goes the general way, which names what is wrong with it."""
    text = written(payload())
    for changed in (
        written(payload(counter=2**53)),
        written(payload(organisation="ab" * 32)),
        written(payload(signers=[WORLD.members["M1"].id])),
        written(payload(act={"vote": "é/1", "position": "yes"})),
        text.replace(b'"counter":9', b'"counter":09'),
        text.replace(b'"counter":9', b'"counter":0'),
        text.replace(b'"counter":9', b'"counter":9,"counter":9'),
        text.replace(b',"signers"', b' ,"signers"'),
        b" " + text,
        text + b" ",
        b"",
        b"{}",
    ):
        assert not both_ways_agree(entry(changed))
    good = entry(text)
    for wrong in (
        good[:-1],
        good + b" ",
        good[:20] + b"\n" + good[20:],
        good[8:],
        b"",
        good[:-170],
        entry(text, "vote.close"),
    ):
        assert not both_ways_agree(wrong)
    assert not both_ways_agree(entry(written(payload(signers=[Key("stranger").id])), key=Key("stranger")))


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from(["flip", "insert", "delete", "swap"]), st.booleans())
def test_both_ways_agree_about_damaged_votes(seed: int, times: int, how: str, resign: bool) -> None:
    """Bytes changed in the payload (and signed) or in the entry: the short way never takes what the other refuses."""
    choice = random.Random(seed)  # noqa: S311
    good = bytearray(written(payload()) if resign else entry(written(payload())))
    for _ in range(times):
        at = choice.randrange(len(good))
        if how == "flip":
            good[at] ^= 1 << choice.randrange(8)
        elif how == "insert":
            good.insert(at, choice.choice(b'"{}[],:0123456789abcdef=\\ '))
        elif how == "delete":
            del good[at]
        else:
            good[at : at + 2] = good[at : at + 2][::-1]
    both_ways_agree(entry(bytes(good)) if resign else bytes(good))


values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(), st.text(max_size=8), st.just("ab" * 32)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place within a value that can be replaced."""
    found = []
    for at in value if isinstance(value, dict) else range(len(value)):
        found.append((value, at))
        if isinstance(value[at], dict | list) and value[at]:
            found += places(value[at])
    return found


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(forms.KINDS)), values, st.integers(0, 10**6))
def test_values_of_any_type_anywhere_are_a_matter_of_form(kind: str, value: Any, where: int) -> None:
    """Whatever stands in whatever place of an act: it has the form or it has not; nothing else happens."""
    act = json.loads(json.dumps(WORLD.founding if kind == "organisation.found" else EXAMPLES[kind]))
    forms.conform(kind, act, "act")
    spots = places(act)
    container, at = spots[where % len(spots)]
    container[at] = value
    with contextlib.suppress(canonical.Malformed):
        forms.conform(kind, act, "act")


@settings(max_examples=800, deadline=None)
@given(
    st.one_of(values.map(lambda v: json.dumps(v).encode()), st.binary(max_size=60)),
    st.sampled_from(sorted(forms.KINDS)),
)
def test_any_payload_is_read_or_void(data: bytes, kind: str) -> None:
    """Signed rubbish is void with `form`."""
    with pytest.raises(Refused) as void:
        examine(entry(data, kind))
    assert void.value.args[0] == "form"


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_void(data: bytes) -> None:
    """So are bytes of any kind in an entry's place."""
    with pytest.raises(Refused) as void:
        examine(data)
    assert void.value.args[0] == "form"


def test_payloads_nest_at_most_64_deep() -> None:
    """Sixty-four levels are read, one more is not, and neither are as many as a payload can hold."""
    for levels, admitted in ((64, True), (65, False), (16_000, False)):
        data = b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)
        if admitted:
            assert canonical.read(data)
        else:
            with pytest.raises(canonical.Malformed):
                canonical.read(data)
    assert canonical.read(canonical.write({"a": "[" * 1000 + '"'}))


EXAMPLES: dict[str, dict[str, Any]] = {
    "charter.add": {"article": "a", "content": WORLD.founding["articles"]["simple"]},
    "charter.replace": {"article": "a", "content": WORLD.founding["articles"]["council"]},
    "charter.repeal": {"article": "a"},
    "edition.raise": {"edition": 2},
    "member.admit": {**World().found().admit("X"), "groups": ["a", "b"], "weights": {"w": 0}},
    "member.status": {"member": "a", "status": "b"},
    "key.add": {"holder": "office/a", "key": Key("x").proven("ab" * 32, "office/a")},
    "key.revoke": {"key": "ab" * 32},
    "meeting.convene": {"meeting": "m", "organ": "o", "date": "2026-01-01"},
    "meeting.attend": {"meeting": "m"},
    "meeting.open": {"meeting": "m"},
    "meeting.close": {"meeting": "m"},
    "proposal.table": {
        "proposal": "p",
        "organ": "o",
        "title": "t",
        "rule": "r",
        "symbol": "s",
        "date": "2026-01-01",
        "text": {"digest": "ab" * 32, "media": "text/html", "size": 9},
        "enacts": {"kind": "charter.add", "act": {"article": "a", "content": WORLD.founding["articles"]["silence"]}},
    },
    "proposal.withdraw": {"proposal": "p"},
    "vote.open": {"proposal": "p", "deadline": 1, "meeting": "m"},
    "vote.cast": {"vote": "p/1", "position": "yes"},
    "vote.close": {"vote": "p/1"},
    "vote.declare": {"vote": "p/1", "outcome": "adopted", "reason": "r", "counts": {"yes": 1}},
}


def test_paths_of_tiles() -> None:
    """Indices in groups of three digits, as C2SP tlog-tiles writes them."""
    from comity_verify.tree import path

    assert path("entries", 0) == "tile/entries/000"
    assert path(1, 1_234_067) == "tile/1/x001/x234/067"
    assert path(0, 1000) == "tile/0/x001/000"
    assert Path(path(0, 999)).name == "999"
