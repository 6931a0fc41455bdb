# SPDX-License-Identifier: Apache-2.0
"""One value, one sequence of bytes: what canonical JSON writes, and what it refuses to read."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import canonical
from comity.record.errors import FormError

LIMIT = canonical.MAX_INTEGER

# Characters at which the two sort orders, the escapes and the encodings can go wrong, and all the rest.
awkward = st.sampled_from([*'\x00\x08\t\n\x0b\x0c\r\x1f "\\/\x7f\x80é€\ud7ff\ue000\ufb33\uffff\U00010000\U0010ffff'])
texts = st.text(st.one_of(awkward, st.characters(exclude_categories=["Cs"])), max_size=8)
scalars = st.one_of(texts, st.integers(-LIMIT, LIMIT), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=6)),
    max_leaves=20,
)


@given(values)
@settings(max_examples=400, deadline=None)
def test_encoding_is_rfc_8785(value: Any) -> None:
    """Whatever the profile admits is written as the reference package writes it, and is read back."""
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value


@given(st.dictionaries(st.text(st.sampled_from("a\ue000\uffff\U00010000\U0001f600é"), max_size=3), st.just(1)))
@settings(max_examples=200, deadline=None)
def test_keys_are_sorted_by_utf_16(value: dict[str, int]) -> None:
    """Keys beyond the Basic Multilingual Plane sort before U+E000 and after U+D7FF, as in UTF-16."""
    assert canonical.encode({"outer": [value]}) == rfc8785.dumps({"outer": [value]})


@given(values, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_any_other_spelling_is_refused(value: Any, random: Any) -> None:
    """The same value with spaces, escapes or another order of keys is not read."""
    canonical_bytes = canonical.encode(value)

    def shuffled(item: Any) -> Any:
        if isinstance(item, dict):
            pairs = [(key, shuffled(inner)) for key, inner in item.items()]
            random.shuffle(pairs)
            return dict(pairs)
        return [shuffled(inner) for inner in item] if isinstance(item, list) else item

    for ascii_only in (True, False):
        for separators in ((",", ":"), (", ", ": ")):
            text = json.dumps(shuffled(value), ensure_ascii=ascii_only, separators=separators)
            data = text.encode()
            if data == canonical_bytes:
                assert canonical.decode(data) == value
            else:
                with pytest.raises(FormError):
                    canonical.decode(data)


@given(st.binary(max_size=40))
@settings(max_examples=400, deadline=None)
def test_arbitrary_bytes(data: bytes) -> None:
    """Arbitrary bytes are refused with a FormError, or are the canonical form of what they say."""
    try:
        value = canonical.decode(data)
    except FormError:
        return
    assert canonical.encode(value) == data


HOSTILE = {
    "nothing": (b"", "not JSON"),
    "null": (b"null", "null"),
    "null within": (b'{"a":[null]}', "null"),
    "a fraction": (b"1.5", "float"),
    "an integer written as a fraction": (b"1.0", "float"),
    "an exponent": (b"1e3", "float"),
    "minus zero": (b"-0", "not canonical"),
    "minus zero as a fraction": (b"-0.0", "float"),
    "a leading zero": (b"01", "not JSON"),
    "a plus": (b"+1", "not JSON"),
    "NaN": (b"NaN", "not JSON"),
    "infinity": (b"Infinity", "not JSON"),
    "2^53": (b"9007199254740992", "beyond"),
    "-2^53": (b"-9007199254740992", "beyond"),
    "2^64": (b"18446744073709551616", "beyond|float"),
    "ten thousand digits": (b"9" * 10_000, "beyond|not JSON|float"),
    "a space before": (b" 1", "not canonical"),
    "a newline after": (b"1\n", "not canonical"),
    "a space within": (b'{"a": 1}', "not canonical"),
    "two values": (b"1 2", "not JSON"),
    "a trailing comma": (b"[1,]", "not JSON"),
    "keys out of order": (b'{"b":1,"a":2}', "not canonical"),
    "a key twice": (b'{"a":1,"a":1}', "'a' appears twice"),
    "a key twice, once escaped": (b'{"a":1,"\\u0061":1}', "'a' appears twice"),
    "an escape that is not needed": (b'"\\u0041"', "not canonical"),
    "an escaped slash": (b'"\\/"', "not canonical"),
    "a long escape where a short one exists": (b'"\\u000a"', "not canonical"),
    "an escape in capitals": (b'"\\u001F"', "not canonical"),
    "a raw control character": (b'"\x01"', "not JSON"),
    "a lone high surrogate": (b'"\\ud800"', "not JSON"),
    "a lone low surrogate": (b'"\\udc00"', "not JSON"),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', "not JSON in UTF-8"),
    "an escaped pair": (b'"\\ud83d\\ude02"', "not canonical"),
    "a byte order mark": (b"\xef\xbb\xbf1", "byte order mark"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "not JSON"),
    "Latin-1": (b'"\xe9"', "not JSON in UTF-8"),
    "an overlong encoding": (b'"\xc0\xaf"', "not JSON in UTF-8"),
    "beyond U+10FFFF": (b'"\xf4\x90\x80\x80"', "not JSON in UTF-8"),
    "65 deep": (b"[" * 65 + b"]" * 65, "deeper than 64"),
    "65 deep in objects": (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
    "a hundred thousand deep": (b"[" * 100_000, "deeper|not JSON"),
    "a comment": (b"1//", "not JSON"),
    "single quotes": (b"'a'", "not JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input(name: str) -> None:
    """Each way to write JSON otherwise is refused with a sentence that says what was found."""
    data, reason = HOSTILE[name]
    with pytest.raises(FormError, match=reason):
        canonical.decode(data)


class Position(IntEnum):
    """An enumeration, which is not of the profile although it is an integer."""

    YES = 1


CYCLE: list[Any] = []
CYCLE.append(CYCLE)

OUTSIDE: dict[str, tuple[Any, str]] = {
    "None": (None, "null"),
    "a float": (0.5, "float"),
    "a float that is whole": ({"a": 1.0}, "float"),
    "bytes": (b"a", "bytes"),
    "a tuple": ((1, 2), "tuple"),
    "a set": ({1}, "set"),
    "an enumeration": ([Position.YES], "Position"),
    "a key that is no text": ({1: "a"}, "only strings"),
    "a key that is None": ({None: "a"}, "only strings"),
    "a large integer": (LIMIT + 1, "beyond"),
    "a huge integer": (10**5000, "beyond"),
    "a lone surrogate": ({"a": "\ud800"}, "surrogate"),
    "a lone surrogate as a key": ({"\udfff": 1}, "surrogate"),
    "a list within itself": (CYCLE, "deeper"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_values_outside_the_profile(name: str) -> None:
    """What has no canonical form is not written in some other form."""
    value, reason = OUTSIDE[name]
    with pytest.raises(FormError, match=reason):
        canonical.encode(value)


def test_the_edges_of_the_profile() -> None:
    """The largest integers and 64 levels are still in order."""
    edges: list[Any] = [LIMIT, -LIMIT, 0, True, "", [], {}]
    for value in edges:
        assert canonical.decode(canonical.encode(value)) == value
    deep = b"[" * 64 + b"]" * 64
    assert canonical.encode(canonical.decode(deep)) == deep
