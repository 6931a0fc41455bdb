# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON as `entry.md` restricts RFC 8785, base64, SHA-256 and Ed25519: bytes have exactly one reading.

A text is canonical when it is what this module would write for what it reads there. So reading is: decode, write
again, compare. Numbers out of range and zero values are a matter of the fields (`forms.py`).
"""

import binascii
import hashlib
import importlib
import itertools
import json
import re
from typing import Any

MAX_INTEGER = 2**53 - 1

_DEEPEST = 64
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Malformed(ValueError):
    """The bytes or the value are not of the admitted form; the text says where and what was found."""


def _no_number(text: str) -> object:
    raise ValueError(f"the number {text[:40]} is not an integer")


_read = json.JSONDecoder(parse_float=_no_number, parse_constant=_no_number).decode
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def write(value: object) -> bytes:
    """The canonical bytes of a value made of objects, arrays, strings, integers and booleans."""
    return _write(value).encode()


def read(data: bytes) -> object:
    """The value of canonical bytes; raises Malformed for any others, and for what is nested too deep."""
    if data.count(b"{") + data.count(b"[") > _DEEPEST and _depth(data) > _DEEPEST:
        raise Malformed(f"the payload is nested more than {_DEEPEST} deep")
    try:
        value = _read(data.decode())
        again = write(value)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a lone surrogate, thousands of digits
        raise Malformed(f"the payload is not JSON of the admitted profile ({str(error)[:80]})") from None
    if again != data:
        raise Malformed("the payload is JSON, but not in its canonical form")
    return value


def _depth(data: bytes) -> int:
    """How deep brackets nest outside strings; for text that is no JSON any number may come out."""
    steps = ((byte in b"{[") - (byte in b"}]") for byte in _STRING.sub(b"", data))
    return max(itertools.accumulate(steps), default=0)


def unbase64(text: str | bytes) -> bytes:
    """The bytes of padded standard base64 with zero trailing bits; raises Malformed where it is not that."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        data = binascii.a2b_base64(raw)
    except ValueError:
        raise Malformed("it is not base64") from None
    if binascii.b2a_base64(data, newline=False) != raw:
        raise Malformed("it is not the canonical base64 of any bytes")
    return data


def hex256(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal: act ids, key ids and digests."""
    return hashlib.sha256(data).hexdigest()


_sodium: Any = importlib.import_module("nacl._sodium")
_open, _nowhere = _sodium.lib.crypto_sign_open, _sodium.ffi.NULL


def valid(key: bytes, signature: bytes, message: bytes) -> bool:
    """Strict Ed25519: whether the 64 bytes are the signature of the message by the 32-byte key.

    libsodium's `crypto_sign_open` calls `crypto_sign_verify_detached` on the two parts and, given no place for the
    message, does nothing else. PyNaCl's own function makes copies, which cost a twentieth of the whole.
    """
    if len(key) != 32 or len(signature) != 64:
        return False
    return bool(_open(_nowhere, _nowhere, signature + message, 64 + len(message), key) == 0)
