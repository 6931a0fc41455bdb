# SPDX-License-Identifier: Apache-2.0
"""The one admitted envelope: DSSE (in-toto), written in exactly one way.

DSSE lets one signature travel in many spellings. The record admits one:

    {"payload":"<base64>","payloadType":"application/vnd.comity.<kind>.v1+json",
     "signatures":[{"keyid":"<64 lowercase hex>","sig":"<base64 of 64 bytes>"},...]}

without the line break and the indent; base64 standard, padded, its unused bits zero; 1 to 16 signatures,
strictly ascending by keyid; no other field. The payload has at most 32,768 bytes and the envelope at most
49,152, so that a leaf fits an entry bundle (65,535). What is signed is the pre-authentication encoding of
type and payload; its SHA-256 is the identity of the act, whoever signs it in whatever number.

A leaf of the log is the stamp, in milliseconds as a big-endian u64, followed by the envelope.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

import msgspec

from comity.record.ed25519 import SIGNATURE_BYTES, SigningKey
from comity.record.errors import FormError, SizeError

MAX_PAYLOAD = 32_768
MAX_ENVELOPE = 49_152
MAX_SIGNATURES = 16
MAX_KIND = 64

_KIND = re.compile(r"[a-z]+(?:\.[a-z_]+)+", re.ASCII)
_TYPE_START = "application/vnd.comity."
_TYPE_END = ".v1+json"
_HEX = "0123456789abcdef"
_STAMP_BYTES = 8
_STAMP_LIMIT = 2**64


class _Signature(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    keyid: str
    sig: bytes


class _Envelope(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    payload: bytes
    payload_type: str
    signatures: list[_Signature]


_decode = msgspec.json.Decoder(_Envelope).decode
_encode = msgspec.json.Encoder().encode


class Opened(msgspec.Struct, frozen=True, gc=False):
    """An envelope in order, not yet verified.

    `signatures` holds (keyid as 64 hex digits, signature of 64 bytes), ascending by keyid; `pae` are the
    bytes that were signed; `id` is their SHA-256, the identity of the act.
    """

    kind: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]
    pae: bytes
    id: bytes


def open_envelope(raw: bytes) -> Opened:
    """Read an envelope in its one admitted form; raise SizeError or FormError for anything else.

    No signature is verified and the payload is not read: the caller knows the keys and the order of checks.
    """
    if len(raw) > MAX_ENVELOPE:
        raise SizeError(f"The envelope has {len(raw)} bytes; at most {MAX_ENVELOPE} are in order.")
    try:
        envelope = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormError(
            f"The bytes are not a DSSE envelope of payload, payloadType and signatures: {error}."
        ) from error
    # Decoding forgets every freedom of spelling, so that writing again gives the one form.
    if _encode(envelope) != raw:
        raise FormError(
            "The envelope is not in its one admitted form: payload, payloadType and signatures in this "
            "order, no whitespace or escapes, standard padded base64, keyid before sig."
        )
    payload = envelope.payload
    kind = _kind(envelope.payload_type)
    pairs = tuple([(one.keyid, one.sig) for one in envelope.signatures])
    _check_signatures(pairs)
    if len(payload) > MAX_PAYLOAD:
        raise SizeError(_too_large(payload))
    signed = pae(envelope.payload_type, payload)
    return Opened(kind, payload, pairs, signed, sha256(signed).digest())


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE: the bytes that are signed."""
    type_bytes = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(type_bytes), type_bytes, len(payload), payload)


def payload_type(kind: str) -> str:
    """The media type of a kind such as `vote.cast`; raise FormError if the name is not one."""
    if len(kind) > MAX_KIND or not _KIND.fullmatch(kind):
        raise FormError(
            f"The kind {kind[:80]!r} is not in order: lowercase words joined by dots, such as vote.cast, "
            f"in at most {MAX_KIND} characters."
        )
    return f"{_TYPE_START}{kind}{_TYPE_END}"


def seal(kind: str, payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Sign a payload with one to sixteen different keys and write the envelope."""
    signed = pae(payload_type(kind), payload)
    signatures = {key.keyid: key.sign(signed) for key in keys}
    if len(signatures) != len(keys):
        raise FormError("A key was given twice; each signs once.")
    return assemble(kind, payload, signatures)


def assemble(kind: str, payload: bytes, signatures: Mapping[str, bytes]) -> bytes:
    """Write the envelope of a payload with signatures made elsewhere, by keyid; they are not verified."""
    media_type = payload_type(kind)
    if len(payload) > MAX_PAYLOAD:
        raise SizeError(_too_large(payload))
    pairs = tuple(sorted(signatures.items()))
    _check_signatures(pairs)
    lines = ",".join([f'{{"keyid":"{keyid}","sig":"{_base64(sig)}"}}' for keyid, sig in pairs])
    text = f'{{"payload":"{_base64(payload)}","payloadType":"{media_type}","signatures":[{lines}]}}'
    return text.encode()


def leaf(stamp: int, envelope: bytes) -> bytes:
    """The log's entry: the stamp (UTC milliseconds) as a big-endian u64, then the envelope."""
    if not 0 <= stamp < _STAMP_LIMIT:
        raise FormError(f"The stamp {stamp} is not a number of milliseconds within 64 bits.")
    return stamp.to_bytes(_STAMP_BYTES, "big") + envelope


def split_leaf(entry: bytes) -> tuple[int, bytes]:
    """Take an entry apart into stamp and envelope; raise FormError if it is too short to hold both."""
    if len(entry) <= _STAMP_BYTES:
        raise FormError(f"The entry has {len(entry)} bytes; a stamp of {_STAMP_BYTES} and an envelope are in order.")
    return int.from_bytes(entry[:_STAMP_BYTES], "big"), entry[_STAMP_BYTES:]


# Few kinds exist and each is named a million times; the bound keeps a flood of odd names harmless.
@lru_cache(maxsize=1024)
def _kind(media_type: str) -> str:
    kind = media_type[len(_TYPE_START) : -len(_TYPE_END)]
    if media_type != payload_type(kind):
        raise FormError(
            f"The payloadType {media_type[:120]!r} is not in order; it reads {_TYPE_START}<kind>{_TYPE_END}."
        )
    return kind


def _check_signatures(pairs: tuple[tuple[str, bytes], ...]) -> None:
    if not 1 <= len(pairs) <= MAX_SIGNATURES:
        raise FormError(f"The envelope has {len(pairs)} signatures; 1 to {MAX_SIGNATURES} are in order.")
    before = ""
    for keyid, sig in pairs:
        if len(keyid) != 64 or keyid.strip(_HEX):
            raise FormError(f"The keyid {keyid[:80]!r} is not a SHA-256 in 64 lowercase hex digits.")
        if len(sig) != SIGNATURE_BYTES:
            raise FormError(f"A signature has {len(sig)} bytes; Ed25519 has {SIGNATURE_BYTES}.")
        if keyid <= before:
            raise FormError("The signatures are not strictly ascending by keyid, each key once.")
        before = keyid


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _too_large(payload: bytes) -> str:
    return (
        f"The payload has {len(payload)} bytes; at most {MAX_PAYLOAD} are in order. Keep longer text beside "
        "the record and put its digest in the act."
    )
