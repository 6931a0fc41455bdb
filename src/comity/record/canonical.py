# SPDX-License-Identifier: Apache-2.0
"""The one canonical form of JSON on the record: a profile of RFC 8785.

Admitted are objects, arrays, strings without lone surrogates, integers within ±(2^53−1) and booleans,
nested at most 64 deep. There is no null and there are no floats. Object keys are sorted by their UTF-16
code units, nothing is written between tokens, and a string escapes only what it must. Each value then has
exactly one sequence of bytes, and `decode` accepts no other.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

from comity.record.errors import FormError

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64

_decoder = msgspec.json.Decoder()
_sorting = msgspec.json.Encoder(order="sorted")
_keeping = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Write a value of the profile in its canonical form.

    The value is built of exactly dict (with str keys), list, str, int and bool; anything else, a tuple,
    an enumeration or None included, raises FormError and says where.
    """
    _admit(value, MAX_DEPTH)
    return _write(value)


def decode(data: bytes) -> Any:
    """Read canonical bytes; raise FormError for bytes that are not the canonical form of their value."""
    try:
        value = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormError(_unreadable(data, error)) from error
    _admit(value, MAX_DEPTH)
    canonical = _write(value)
    if canonical != data:
        raise FormError(_difference(bytes(data), canonical))
    return value


def _write(value: object) -> bytes:
    try:
        data = _sorting.encode(value)
    except UnicodeEncodeError as error:
        raise FormError(
            f"The text {error.object!r} holds a lone surrogate at position {error.start}; "
            "only whole Unicode characters are in order."
        ) from error
    # msgspec sorts by code point. UTF-16 order differs from it only for keys beyond the Basic Multilingual
    # Plane, whose UTF-8 starts with a byte from F0 on; the same byte in a mere value does no harm.
    if not data.isascii() and max(data) >= 0xF0:
        return _keeping.encode(_sorted(value))
    return data


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _admit(value: object, depth: int) -> None:
    """Refuse what the profile does not hold; `depth` is how many more containers may be nested."""
    kind = type(value)
    if kind is str or kind is bool:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise FormError("An integer is beyond ±(2^53−1); write larger numbers as text.")
        return
    if depth == 0:
        raise FormError(f"The value is nested deeper than {MAX_DEPTH} arrays and objects.")
    if kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) is not str:
                raise FormError(f"An object's key is {key!r}; only strings are in order.")
            # Most values are strings: the call is spared them.
            if type(item) is not str:
                _admit(item, depth - 1)
    elif kind is list:
        for item in value:  # type: ignore[attr-defined]
            if type(item) is not str:
                _admit(item, depth - 1)
    else:
        _refuse(value)


def _refuse(value: object) -> NoReturn:
    if value is None:
        raise FormError("A value is null; leave the field out instead.")
    if isinstance(value, float):
        raise FormError(f"The number {value!r} is a float; write an integer, or a text such as a ratio.")
    raise FormError(
        f"A value is of the Python type {type(value).__name__}; "
        "only dict, list, str, int and bool have a canonical form."
    )


def _unreadable(data: bytes, error: Exception) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        return "The JSON starts with a byte order mark; canonical JSON has none."
    if isinstance(error, RecursionError):
        return f"The value is nested deeper than {MAX_DEPTH} arrays and objects."
    return f"The bytes are not JSON in UTF-8: {error}."


def _difference(data: bytes, canonical: bytes) -> str:
    """Explain, for people, why readable JSON within the profile is not its canonical form."""
    repeated = _repeated_key(data)
    if repeated is not None:
        return f"The key {repeated!r} appears twice in one object; once is in order."
    at = next(
        (i for i, (found, wanted) in enumerate(zip(data, canonical, strict=False)) if found != wanted),
        min(len(data), len(canonical)),
    )
    found, wanted = data[at : at + 24], canonical[at : at + 24]
    return (
        f"The JSON is not canonical (RFC 8785) from byte {at} on: found {found!r}, in order is {wanted!r} "
        "(keys sorted, no whitespace, shortest escapes, plain integers)."
    )


def _repeated_key(data: bytes) -> str | None:
    repeated: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                repeated.append(key)
            seen.add(key)

    json.loads(data, object_pairs_hook=note)
    return repeated[0] if repeated else None
