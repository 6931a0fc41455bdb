# SPDX-License-Identifier: Apache-2.0
"""The one admitted envelope: sealed and opened it is the same; in any other spelling it is refused."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import canonical, ed25519, envelope
from comity.record.errors import FormError, RecordError, SizeError

KEYS = sorted((ed25519.SigningKey(bytes([n]) * 32) for n in range(1, 18)), key=lambda key: key.keyid)
PAYLOAD = canonical.encode({"counter": 7, "organisation": "ab" * 32, "position": "yes", "text": "Côte d’Ivoire"})
RAW = envelope.seal("vote.cast", PAYLOAD, KEYS[:2])
OPENED = envelope.open_envelope(RAW)

kinds = st.from_regex(r"[a-z]{1,8}(\.[a-z_]{1,8}){1,4}", fullmatch=True)


@given(kinds, st.binary(max_size=300), st.integers(1, 16))
@settings(max_examples=100, deadline=None)
def test_sealed_and_opened(kind: str, payload: bytes, count: int) -> None:
    """Kind, payload and signatures come back, each signature holds, and the id is that of what was signed."""
    raw = envelope.seal(kind, payload, KEYS[:count][::-1])
    opened = envelope.open_envelope(raw)
    assert (opened.kind, opened.payload) == (kind, payload)
    assert [keyid for keyid, _ in opened.signatures] == [key.keyid for key in KEYS[:count]]
    for key, (_, signature) in zip(KEYS, opened.signatures, strict=False):
        assert ed25519.verify(key.public, opened.pae, signature)
    media_type = f"application/vnd.comity.{kind}.v1+json"
    assert opened.pae == envelope.pae(media_type, payload)
    assert opened.id == sha256(opened.pae).digest()
    assert envelope.assemble(kind, payload, dict(opened.signatures)) == raw


def test_the_form_byte_for_byte() -> None:
    """The envelope as anyone can write it with a text editor."""
    key = KEYS[0]
    signed = b"DSSEv1 40 application/vnd.comity.vote.cast.v1+json 2 {}"
    signature = base64.b64encode(key.sign(signed)).decode()
    wanted = (
        '{"payload":"e30=","payloadType":"application/vnd.comity.vote.cast.v1+json",'
        f'"signatures":[{{"keyid":"{key.keyid}","sig":"{signature}"}}]}}'
    )
    assert envelope.seal("vote.cast", b"{}", [key]) == wanted.encode()
    assert envelope.open_envelope(wanted.encode()).pae == signed


def test_the_pre_authentication_encoding_of_dsse() -> None:
    """The example of the DSSE specification; lengths count bytes, not characters."""
    wanted = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert envelope.pae("http://example.com/HelloWorld", b"hello world") == wanted
    assert envelope.pae("é", "è".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xc3\xa8"


def test_the_id_does_not_depend_on_who_signs() -> None:
    """An act with one signature more is the same act; with another payload or kind it is another."""
    more = envelope.open_envelope(envelope.seal("vote.cast", PAYLOAD, KEYS[:3]))
    assert more.id == OPENED.id
    assert envelope.open_envelope(envelope.seal("vote.cast", PAYLOAD + b" ", KEYS[:2])).id != OPENED.id
    assert envelope.open_envelope(envelope.seal("vote.casts", PAYLOAD, KEYS[:2])).id != OPENED.id


def test_a_byte_changed_anywhere() -> None:
    """With any byte changed to any of many others, an envelope is refused or is visibly another.

    It never opens to the same id with the same signatures: no second spelling exists.
    """
    others = b'\x00\t\n "\\/+-_=,:{}[]09azAZ~\x7f\xc3\xff'
    for at in range(len(RAW)):
        for other in others:
            if RAW[at] == other:
                continue
            _refused_or_another(RAW[:at] + bytes([other]) + RAW[at + 1 :])


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_pieces_removed_repeated_and_moved(data: st.DataObject) -> None:
    """Cut, doubled, inserted or exchanged pieces never give a second spelling of the same act."""
    start = data.draw(st.integers(0, len(RAW)))
    end = data.draw(st.integers(start, min(len(RAW), start + 120)))
    piece = RAW[start:end]
    at = data.draw(st.integers(0, len(RAW)))
    noise = data.draw(st.one_of(st.binary(min_size=1, max_size=6), st.sampled_from([b" ", b"\n", b"\\u0061", b"="])))
    for changed in (
        RAW[:start] + RAW[end:],
        RAW[:end] + piece + RAW[end:],
        RAW[:at] + noise + RAW[at:],
        RAW[:start] + noise + RAW[end:],
        RAW[:at] + piece + RAW[at:],
    ):
        if changed != RAW:
            _refused_or_another(changed)


@given(st.binary(max_size=100))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes(data: bytes) -> None:
    """Arbitrary bytes, alone or as the inside of an envelope, raise a RecordError and nothing else."""
    for raw in (data, b'{"payload":"' + data, RAW[:-20] + data, b'{"payload":"e30=","payloadType":' + data):
        with pytest.raises(RecordError):
            envelope.open_envelope(raw)


def _refused_or_another(raw: bytes) -> None:
    try:
        opened = envelope.open_envelope(raw)
    except RecordError:
        return
    assert (opened.id, opened.signatures) != (OPENED.id, OPENED.signatures)
    # What was read is written in these bytes and no others.
    assert envelope.assemble(opened.kind, opened.payload, dict(opened.signatures)) == raw


def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RAW)
    return found


def _written(document: Any, **how: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), **how).encode()


def _with(**fields: Any) -> bytes:
    return _written({**_document(), **fields})


def _signed(*pairs: tuple[Any, Any]) -> bytes:
    return _with(signatures=[{"keyid": keyid, "sig": sig} for keyid, sig in pairs])


B64 = base64.b64encode(PAYLOAD).decode()
ID = KEYS[0].keyid
SIG = base64.b64encode(b"s" * 64).decode()
TYPE = "application/vnd.comity.vote.cast.v1+json"

HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not a DSSE envelope"),
    "null": (b"null", "not a DSSE envelope"),
    "an array": (b"[" + RAW + b"]", "not a DSSE envelope"),
    "no JSON": (RAW[:-1], "not a DSSE envelope"),
    "two envelopes": (RAW + RAW, "not a DSSE envelope"),
    "a newline after": (RAW + b"\n", "admitted form"),
    "a space before": (b" " + RAW, "admitted form"),
    "a byte order mark": (b"\xef\xbb\xbf" + RAW, "not a DSSE envelope"),
    "spaces between": (json.dumps(_document()).encode(), "admitted form"),
    "fields in another order": (_written(dict(reversed(_document().items()))), "admitted form"),
    "a field more": (_with(extra=1), "not a DSSE envelope"),
    "a field more in a signature": (_with(signatures=[{"keyid": ID, "sig": SIG, "cert": ""}]), "not a DSSE"),
    "a field twice": (RAW.replace(b'{"payload"', b'{"payload":"e30=","payload"'), "admitted form"),
    "no payload": (_written({k: v for k, v in _document().items() if k != "payload"}), "not a DSSE"),
    "no payloadType": (_written({k: v for k, v in _document().items() if k != "payloadType"}), "not a DSSE"),
    "no list of signatures": (_with(signatures=None), "not a DSSE"),
    "no keyid": (_with(signatures=[{"sig": SIG}]), "not a DSSE"),
    "sig before keyid": (_with(signatures=[{"sig": SIG, "keyid": ID}]), "admitted form"),
    "an escape": (RAW.replace(b"application/vnd", b"application\\/vnd"), "admitted form"),
    "an escaped letter": (RAW.replace(b"vote.cast", b"vote.c\\u0061st"), "admitted form"),
    "URL-safe base64": (_with(payload="-_-_"), "not a DSSE|admitted form"),
    "no padding": (_with(payload="e30"), "not a DSSE|admitted form"),
    "too much padding": (_with(payload="e30=="), "not a DSSE|admitted form"),
    "padding in the middle": (_with(payload="e30=e30="), "not a DSSE|admitted form"),
    "unused bits set": (_with(payload="e31="), "admitted form"),
    "a line break in base64": (_with(payload="e30=\n"), "not a DSSE|admitted form"),
    "a space in base64": (_with(payload="e3 0="), "not a DSSE|admitted form"),
    "a payload that is an object": (_with(payload={}), "not a DSSE"),
    "no signature": (_with(signatures=[]), "0 signatures"),
    "seventeen signatures": (_signed(*[(key.keyid, SIG) for key in KEYS]), "17 signatures"),
    "signatures out of order": (_signed((KEYS[1].keyid, SIG), (ID, SIG)), "ascending"),
    "a key twice": (_signed((ID, SIG), (ID, SIG)), "ascending"),
    "a keyid in capitals": (_signed((ID.upper(), SIG)), "keyid"),
    "a short keyid": (_signed((ID[:63], SIG)), "keyid"),
    "a keyid that is no hex": (_signed(("g" * 64, SIG)), "keyid"),
    "digits that are not ASCII": (_written({**_document(), "signatures": [{"keyid": "١" * 64, "sig": SIG}]},
                                           ensure_ascii=False), "keyid"),
    "no keyid but null": (_signed((None, SIG)), "not a DSSE"),
    "a signature of 63 bytes": (_signed((ID, base64.b64encode(b"s" * 63).decode())), "63 bytes"),
    "a signature of 65 bytes": (_signed((ID, base64.b64encode(b"s" * 65).decode())), "65 bytes"),
    "an empty signature": (_signed((ID, "")), "0 bytes"),
    "a signature with unused bits set": (_signed((ID, SIG.replace("w==", "x=="))), "admitted form"),
    "another payload type": (_with(payloadType="application/vnd.in-toto+json"), "payloadType|kind"),
    "no type": (_with(payloadType=""), "payloadType|kind"),
    "another version": (_with(payloadType=TYPE.replace(".v1+", ".v2+")), "payloadType|kind"),
    "a type in capitals": (_with(payloadType=TYPE.upper()), "payloadType|kind"),
    "a parameter": (_with(payloadType=TYPE + ";charset=utf-8"), "payloadType|kind"),
    "a kind of one word": (_with(payloadType=TYPE.replace("vote.cast", "vote")), "kind"),
    "a kind that ends in a dot": (_with(payloadType=TYPE.replace("vote.cast", "vote.")), "kind"),
    "a kind with a digit": (_with(payloadType=TYPE.replace("vote.cast", "vote.cast2")), "kind"),
    "a kind with a hyphen": (_with(payloadType=TYPE.replace("vote.cast", "vote.ca-st")), "kind"),
    "a kind that starts low": (_with(payloadType=TYPE.replace("vote.cast", "_vote.cast")), "kind"),
    "a kind with a newline": (_with(payloadType=TYPE.replace("vote.cast", "vote.cast\n")), "kind"),
    "a kind of 65 characters": (_with(payloadType=TYPE.replace("vote.cast", "a." + "b" * 63)), "kind"),
    "overlapping ends": (_with(payloadType="application/vnd.comity.v1+json"), "kind|payloadType"),
    "a null character": (RAW.replace(b"vote.cast", b"vote.\x00cast"), "not a DSSE"),
    "no UTF-8": (RAW.replace(b"vote.cast", b"vote.\xffcast"), "not a DSSE|kind"),
    "a lone surrogate": (RAW.replace(b"vote.cast", b"vote.\\ud800cast"), "not a DSSE"),
    "deep nesting": (b'{"payload":' + b"[" * 40_000, "not a DSSE"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_envelopes(name: str) -> None:
    """Each other form that a DSSE verifier might accept, or that might confuse one, is refused."""
    raw, reason = HOSTILE[name]
    assert raw != RAW
    with pytest.raises(FormError, match=reason):
        envelope.open_envelope(raw)


def test_sizes() -> None:
    """The largest payload with sixteen signatures fits envelope and bundle; one byte more is refused."""
    largest = b"x" * envelope.MAX_PAYLOAD
    kind = "a." + "b" * (envelope.MAX_KIND - 2)
    raw = envelope.seal(kind, largest, KEYS[:16])
    assert envelope.open_envelope(raw).payload == largest
    assert len(raw) <= envelope.MAX_ENVELOPE
    assert len(envelope.leaf(0, raw)) <= 65_535
    with pytest.raises(SizeError, match="32769"):
        envelope.seal(kind, largest + b"x", KEYS[:1])
    too_large = RAW.replace(B64.encode(), base64.b64encode(largest + b"x"))
    with pytest.raises(SizeError, match="32769"):
        envelope.open_envelope(too_large)
    with pytest.raises(SizeError, match="49153"):
        envelope.open_envelope(b"x" * (envelope.MAX_ENVELOPE + 1))


def test_too_large_or_out_of_form() -> None:
    """An envelope that is both is too large if all its bytes are, and out of form if only its payload is."""
    payload = base64.b64encode(b"x" * (envelope.MAX_PAYLOAD + 1)).decode()
    with pytest.raises(FormError, match="0 signatures"):
        envelope.open_envelope(_with(payload=payload, signatures=[]))
    with pytest.raises(SizeError):
        envelope.open_envelope(b"{" * (envelope.MAX_ENVELOPE + 1))


def test_what_is_not_written() -> None:
    """Sealing and assembling refuse what opening would refuse."""
    signature = b"s" * 64
    for kind in (
        "",
        "vote",
        "Vote.cast",
        "vote.cast.",
        "vote..cast",
        "vote.cast\n",
        "a." + "b" * 63,
        "vöte.cast",
    ):
        with pytest.raises(FormError, match="kind"):
            envelope.assemble(kind, b"{}", {ID: signature})
    for bad in ({}, {ID: signature[1:]}, {ID.upper(): signature}, {key.keyid: signature for key in KEYS}):
        with pytest.raises(FormError):
            envelope.assemble("vote.cast", b"{}", bad)
    with pytest.raises(FormError, match="twice"):
        envelope.seal("vote.cast", b"{}", [KEYS[0], KEYS[0]])
    with pytest.raises(FormError, match="0 signatures"):
        envelope.seal("vote.cast", b"{}", [])


@given(st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=100))
@settings(max_examples=100, deadline=None)
def test_leaves(stamp: int, raw: bytes) -> None:
    """A leaf is eight bytes of stamp, big-endian, and the envelope as it was received."""
    entry = envelope.leaf(stamp, raw)
    assert entry == stamp.to_bytes(8, "big") + raw
    assert envelope.split_leaf(entry) == (stamp, raw)


def test_stamps_and_leaves_out_of_range() -> None:
    """A stamp beyond 64 bits, or an entry without an envelope, is no leaf."""
    for stamp in (-1, 2**64):
        with pytest.raises(FormError):
            envelope.leaf(stamp, RAW)
    for entry in (b"", b"x" * 8):
        with pytest.raises(FormError):
            envelope.split_leaf(entry)
