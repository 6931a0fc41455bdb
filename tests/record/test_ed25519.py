# SPDX-License-Identifier: Apache-2.0
"""Keys sign, and only what they signed holds."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from comity.record import ed25519
from comity.record.errors import SignatureError

# RFC 8032, section 7.1, TEST 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_rfc_8032() -> None:
    """Key and signature are those of the standard."""
    key = ed25519.SigningKey(SEED)
    assert key.public == PUBLIC
    assert key.seed == SEED
    assert key.keyid == ed25519.key_id(PUBLIC) == hashlib.sha256(PUBLIC).hexdigest()
    assert key.sign(b"\x72") == SIGNATURE
    assert ed25519.verify(PUBLIC, b"\x72", SIGNATURE)


@given(st.binary(max_size=200), st.integers(0, 8 * 64 - 1), st.integers(0, 8 * 32 - 1))
@settings(max_examples=100, deadline=None)
def test_one_bit_changed(message: bytes, signature_bit: int, key_bit: int) -> None:
    """With one bit of signature, key or message changed, nothing holds."""
    key = ed25519.SigningKey(SEED)
    signature = key.sign(message)
    assert ed25519.verify(key.public, message, signature)
    assert not ed25519.verify(key.public, message, _flip(signature, signature_bit))
    assert not ed25519.verify(_flip(key.public, key_bit), message, signature)
    assert not ed25519.verify(key.public, message + b"\x00", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.binary(min_size=64, max_size=64))
@settings(max_examples=200, deadline=None)
def test_the_verdict_is_pynacls(public: bytes, message: bytes, signature: bytes) -> None:
    """The short way into libsodium and PyNaCl's own way give the same verdict on random bytes."""
    try:
        VerifyKey(public).verify(message, signature)
        wanted = True
    except BadSignatureError:
        wanted = False
    assert ed25519.verify(public, message, signature) is wanted


@pytest.mark.parametrize(
    ("public", "signature"),
    [(PUBLIC[:31], SIGNATURE), (PUBLIC + b"\0", SIGNATURE), (b"", SIGNATURE), (PUBLIC, SIGNATURE[:63]),
     (PUBLIC, SIGNATURE + b"\0"), (PUBLIC, b"")],
)  # fmt: skip
def test_wrong_lengths(public: bytes, signature: bytes) -> None:
    """Keys and signatures of another length do not hold, and nothing beyond their end is read."""
    assert not ed25519.verify(public, b"\x72", signature)


def test_a_key_keeps_its_secret() -> None:
    """Neither its representation nor the error for a bad seed shows a byte of the secret."""
    key = ed25519.SigningKey(SEED)
    for shown in (repr(key), str(key), f"{key}"):
        assert SEED.hex() not in shown
        assert str(SEED) not in shown
        assert key.keyid in shown
    with pytest.raises(SignatureError, match="31") as refusal:
        ed25519.SigningKey(SEED[:31])
    assert SEED[:31].hex() not in str(refusal.value)


def test_new_keys_differ() -> None:
    """Two generated keys are two keys, and each verifies its own signatures only."""
    one, other = ed25519.generate(), ed25519.generate()
    assert one.keyid != other.keyid
    assert ed25519.verify(one.public, b"m", one.sign(b"m"))
    assert not ed25519.verify(one.public, b"m", other.sign(b"m"))


def test_many_threads() -> None:
    """Threads that verify side by side do not disturb each other's verdicts."""
    key = ed25519.SigningKey(SEED)
    messages = [b"message %d" % number for number in range(400)]
    signed = [(message, key.sign(message)) for message in messages]
    mixed = [(m, s if n % 3 else signed[n - 1][1]) for n, (m, s) in enumerate(signed)]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda pair: ed25519.verify(PUBLIC, *pair), mixed))
    assert verdicts == [bool(number % 3) for number in range(400)]


def _flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
