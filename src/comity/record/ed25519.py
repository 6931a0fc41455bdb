# SPDX-License-Identifier: Apache-2.0
"""Ed25519 under one rule: a signature holds exactly if libsodium accepts it.

That is the strict rule: no small-order point as key or as R, only canonical encodings, S below the group
order, and no multiplication by the cofactor. Libraries differ at these edges, and two programs that
differ there would fold one record into two registers; so the rule is part of the record's law.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import nacl.bindings
import nacl.utils

# libsodium's own function, below PyNaCl's wrappers: they copy the message out, which a verdict does not
# need. Importing nacl.bindings first has initialised the library.
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]

from comity.record.errors import SignatureError

PUBLIC_BYTES = 32
SEED_BYTES = 32
SIGNATURE_BYTES = 64

_open: Any = lib.crypto_sign_open
_NULL: Any = ffi.NULL


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` (64 bytes) over `message` holds for the key `public` (32 bytes).

    Anything of another length does not hold. The interpreter lock is released during the check, so
    threads verify side by side.
    """
    # The lengths are checked here because the C function reads them unseen.
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    signed = signature + message
    verdict: int = _open(_NULL, _NULL, signed, len(signed), public)
    return verdict == 0


def key_id(public: bytes) -> str:
    """Name a public key: lowercase hex SHA-256 of its 32 bytes."""
    return sha256(public).hexdigest()


class SigningKey:
    """A private Ed25519 key. It signs deterministically (RFC 8032) and never shows its secret.

    `public` is the 32-byte public key, `keyid` its name (`key_id`).
    """

    __slots__ = ("_secret", "keyid", "public")

    def __init__(self, seed: bytes) -> None:
        """Derive the key from a 32-byte seed; raise SignatureError for any other length."""
        if len(seed) != SEED_BYTES:
            raise SignatureError(f"An Ed25519 seed is {SEED_BYTES} bytes long; this one has {len(seed)}.")
        self.public, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.keyid = key_id(self.public)

    @property
    def seed(self) -> bytes:
        """The 32 bytes from which the key can be made again. Whoever has them can sign."""
        return self._secret[:SEED_BYTES]

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; return the 64 bytes of the signature."""
        return nacl.bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey(keyid={self.keyid!r})"


def generate() -> SigningKey:
    """Make a new key from the operating system's randomness."""
    return SigningKey(nacl.utils.random(SEED_BYTES))
