# SPDX-License-Identifier: Apache-2.0
"""Strict Ed25519: exactly what libsodium accepts, called without the copies that PyNaCl's own function makes."""

import importlib
from typing import Any

_sodium: Any = importlib.import_module("nacl._sodium")
_open = _sodium.lib.crypto_sign_open
_nowhere = _sodium.ffi.NULL


def valid(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the 64 bytes are the signature of the message by the 32-byte key.

    `crypto_sign_open` calls `crypto_sign_verify_detached` on the two parts and, given no place for the message,
    does nothing else.
    """
    if len(key) != 32 or len(signature) != 64:
        return False
    return bool(_open(_nowhere, _nowhere, signature + message, 64 + len(message), key) == 0)
