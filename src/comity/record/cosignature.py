# SPDX-License-Identifier: Apache-2.0
"""Cosignatures: C2SP tlog-cosignature, Ed25519 (type 04, "cosignature/v1").

A cosigner states that, as of a time, the largest consistent tree that it has seen of a log is the one of
the checkpoint. What it signs is `cosignature/v1`, `time <seconds>`, each on a line, and the whole text of
the checkpoint; what follows the key hash in its line is the time as a big-endian u64 and the signature.

The signed bytes do not name the cosigner, so a key serves one cosigner in one role, and never signs acts
or notes as well. Another type of cosignature (06, ML-DSA-44) would be another class beside `CosignerKey`
with the same members; nothing else here depends on the algorithm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from comity.record import checkpoint, ed25519
from comity.record.errors import NoteError
from comity.record.note import (
    NamedKey,
    Note,
    NoteKey,
    NoteSignature,
    VerifierKey,
    check_name,
    known_keys,
    split_vkey,
)

COSIGNATURE_V1 = 0x04
MAX_TIME = 2**63 - 1

_TIME_BYTES = 8


class CosigningKey(NoteKey, Protocol):
    """A note key whose signatures carry the time at which they were made."""

    def time_of(self, blob: bytes) -> int:
        """The time in POSIX seconds that a signature by this key carries."""
        ...


class CosignerKey(NamedKey, frozen=True):
    """A cosigner's name and Ed25519 public key."""

    alg: int = COSIGNATURE_V1

    @classmethod
    def parse(cls, vkey: str) -> CosignerKey:
        """Read `name+hash+key`; raise NoteError if it is malformed or of another type than 04."""
        name, alg, public = split_vkey(vkey)
        if alg != COSIGNATURE_V1:
            raise NoteError(f"The verifier key of {name} is of type {alg:02x}; a cosigner's is of type 04.")
        return cls(name, public)

    def holds(self, text: str, blob: bytes) -> bool:
        """Say whether `blob` is this cosigner's signature of a checkpoint's `text`."""
        if len(blob) != _TIME_BYTES + ed25519.SIGNATURE_BYTES:
            return False
        time = self.time_of(blob)
        return time <= MAX_TIME and ed25519.verify(self.public, _message(text, time), blob[_TIME_BYTES:])

    def time_of(self, blob: bytes) -> int:
        """The time in POSIX seconds that a signature by this key carries."""
        return int.from_bytes(blob[:_TIME_BYTES], "big")


class Cosignature(msgspec.Struct, frozen=True):
    """A cosignature that holds: by whom, and the time stated, in POSIX seconds."""

    key: CosigningKey
    time: int


class Cosigner:
    """A name and a private key that cosign checkpoints. Whoever calls it has checked consistency first."""

    __slots__ = ("_key", "key")

    def __init__(self, name: str, key: ed25519.SigningKey) -> None:
        check_name(name)
        self._key = key
        self.key = CosignerKey(name, key.public)

    @property
    def name(self) -> str:
        return self.key.name

    def cosign(self, note_text: str, time: int) -> NoteSignature:
        """Cosign the text of a checkpoint at a time in POSIX seconds.

        Raise CheckpointError if the text is no checkpoint, NoteError if the time is out of range.
        """
        checkpoint.parse_text(note_text)
        if not 0 <= time <= MAX_TIME:
            raise NoteError(f"The time {time} is not a number of seconds from 0 to 2^63−1.")
        signature = self._key.sign(_message(note_text, time))
        return NoteSignature(self.name, self.key.key_hash, time.to_bytes(_TIME_BYTES, "big") + signature)

    def __repr__(self) -> str:
        return f"Cosigner({self.key.vkey()!r})"


def verify(note: Note, keys: Iterable[CosigningKey]) -> list[Cosignature]:
    """The cosignatures of a note by the known `keys`, in the order of its lines; there may be none.

    Raise NoteError if a known cosigner's signature does not hold. How many, and whose, suffice is the
    caller's policy, and so is whether a time is acceptable.
    """
    known = known_keys(keys)
    held = []
    for one in note.signatures:
        key = known.get((one.name, one.key_hash))
        if key is None:
            continue
        if not key.holds(note.text, one.blob):
            raise NoteError(f"The cosignature by {one.name} does not hold; the note is rejected as a whole.")
        held.append(Cosignature(key, key.time_of(one.blob)))
    return held


def parse_key(vkey: str) -> VerifierKey | CosignerKey:
    """Read a verifier key of either type, as a policy file lists them."""
    name, alg, public = split_vkey(vkey)
    return CosignerKey(name, public) if alg == COSIGNATURE_V1 else VerifierKey.parse(vkey)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
