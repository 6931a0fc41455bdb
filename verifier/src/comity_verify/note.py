# SPDX-License-Identifier: Apache-2.0
"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""

import hashlib
import re
from typing import NamedTuple

from comity_verify.canonical import Malformed, unbase64, valid
from comity_verify.source import Broken, Unreadable

LONGEST = 1_000_000  # bytes of a checkpoint with all its signatures
ED25519, COSIGNATURE = 1, 4
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


class NoteKey(NamedTuple):
    """A key that may sign notes: its name, what it signs as, and its 32 bytes."""

    name: str
    algorithm: int
    key: bytes

    def tag(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key).digest()[:4]


class Checkpoint(NamedTuple):
    """A checkpoint as it was read; nothing about it has been verified yet."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list[tuple[str, bytes]]  # name, and four bytes of key id with the signature


def parse(data: bytes) -> Checkpoint:
    """Reads a checkpoint without extension lines; raises Broken where it is none."""
    note = data.decode(errors="replace")
    text, gap, lines = note.rpartition("\n\n")
    if "\ufffd" in note or _CONTROL.search(note) or not gap or not lines.endswith("\n"):
        raise Broken("The checkpoint is not a signed note: text, blank line, signature lines, in UTF-8.")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, name, blob = (*line.split(" "), "", "")[:3]
        if dash != "—" or line.count(" ") != 2 or not _is_name(name) or len(_base64(blob)) < 5:
            raise Broken("A signature line of the checkpoint is not of the form: dash, name, base64.")
        signatures.append((name, _base64(blob)))
    origin, size, root = (*text.split("\n"), "", "")[:3]
    if text.count("\n") != 2 or not origin or not _DECIMAL.fullmatch(size) or len(_base64(root)) != 32:
        raise Broken("The checkpoint is not three lines: an origin, a decimal size and the base64 of a root.")
    return Checkpoint(origin, int(size), _base64(root), (text + "\n").encode(), signatures)


def _base64(text: str) -> bytes:
    """The bytes of canonical base64; none where it is not that."""
    try:
        return unbase64(text)
    except Malformed:
        return b""


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def signed_by(checkpoint: Checkpoint, key: NoteKey) -> int | None:
    """The time at which the key signed (POSIX seconds; 0 for a plain signature), or None if it did not.

    Raises Broken where a signature in the key's name does not verify; then the whole note is to be refused.
    """
    found = None
    for name, blob in checkpoint.signatures:
        if name != key.name or blob[:4] != key.tag():
            continue
        time, message, signature = 0, checkpoint.text, blob[4:]
        if key.algorithm == COSIGNATURE:
            time, signature = int.from_bytes(blob[4:12], "big"), blob[12:]
            message = b"cosignature/v1\ntime %d\n" % time + checkpoint.text
        if time >= 2**63 or not valid(key.key, signature, message):
            raise Broken(f"The signature of {name} on the checkpoint does not verify: the text was altered.")
        found = max(time, found or 0)
    return found


def verifier_key(vkey: str) -> NoteKey:
    """A cosigner's key as people hand it over: `name+hash+base64`."""
    name, tag, encoded = (*vkey.split("+", 2), "", "")[:3]
    data = _base64(encoded)
    if not _is_name(name) or len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
        raise Unreadable(f"{vkey[:80]!r} is not a verifier key for Ed25519 (name+hash+base64).")
    key = NoteKey(name, data[0], data[1:])
    if tag != key.tag().hex():
        raise Unreadable(f"The verifier key of {name} carries the hash {tag[:16]!r}, but has {key.tag().hex()}.")
    return key
