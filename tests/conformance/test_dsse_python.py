# SPDX-License-Identifier: Apache-2.0
"""securesystemslib, the reference DSSE library for Python, accepts our envelopes and rejects altered ones."""

from __future__ import annotations

import base64
import json

import pytest

from comity.record import ed25519, envelope

pytestmark = pytest.mark.conformance

pytest.importorskip("securesystemslib", reason="securesystemslib absent")

from securesystemslib.dsse import Envelope  # noqa: E402
from securesystemslib.exceptions import VerificationError  # noqa: E402
from securesystemslib.signer import SSlibKey  # noqa: E402

KEYS = [ed25519.SigningKey(bytes([number]) * 32) for number in (1, 2, 3)]
PAYLOAD = '{"position":"yes","text":"Côte d’Ivoire"}'.encode()
RAW = envelope.seal("vote.cast", PAYLOAD, KEYS)


def _public(key: ed25519.SigningKey) -> SSlibKey:
    return SSlibKey(key.keyid, "ed25519", "ed25519", {"public": key.public.hex()})


def test_all_signatures_are_accepted() -> None:
    """With all three keys required, type, payload and signatures are read and hold; so is the signed text."""
    read = Envelope.from_dict(json.loads(RAW))
    assert (read.payload, read.payload_type) == (PAYLOAD, "application/vnd.comity.vote.cast.v1+json")
    assert read.pae() == envelope.open_envelope(RAW).pae
    accepted = read.verify([_public(key) for key in KEYS], len(KEYS))
    assert set(accepted) == {key.keyid for key in KEYS}


def test_what_they_write_is_not_our_form_but_the_same_act() -> None:
    """Their spelling is another, and refused; the signatures within it make our form again."""
    theirs = Envelope.from_dict(json.loads(RAW))
    opened = envelope.open_envelope(RAW)
    signatures = {one.keyid: bytes.fromhex(one.signature) for one in theirs.signatures.values()}
    assert envelope.assemble("vote.cast", theirs.payload, signatures) == RAW
    assert signatures == dict(opened.signatures)


@pytest.mark.parametrize("field", ["payload", "payloadType", "sig"])
def test_altered_envelopes_are_rejected(field: str) -> None:
    """With payload, type or a signature altered not all signatures hold."""
    document = json.loads(RAW)
    if field == "payload":
        document["payload"] = base64.b64encode(PAYLOAD.replace(b"yes", b"no!")).decode()
    elif field == "payloadType":
        document["payloadType"] = document["payloadType"].replace("cast", "lost")
    else:
        signature = bytearray(base64.b64decode(document["signatures"][1]["sig"]))
        signature[7] ^= 1
        document["signatures"][1]["sig"] = base64.b64encode(signature).decode()
    with pytest.raises(VerificationError):
        Envelope.from_dict(document).verify([_public(key) for key in KEYS], len(KEYS))
