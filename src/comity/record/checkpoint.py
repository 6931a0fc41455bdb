# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: C2SP tlog-checkpoint v1.0.0, what a log says about itself at one size.

The text of the note is three lines: the origin, which names the log; the number of leaves, in decimal
without leading zeros; the root in base64. Extension lines are refused: nobody can audit them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

import msgspec

from comity.record.errors import CheckpointError, NoteError
from comity.record.merkle import EMPTY_ROOT, HASH_BYTES
from comity.record.note import (
    Note,
    NoteSignature,
    VerifierKey,
    check_characters,
    format,
    from_base64,
    parse,
    to_base64,
    verify,
)

MAX_SIZE = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Signer(Protocol):
    """Whoever signs the text of a note: the log, under one or more of its keys."""

    def sign(self, text: str) -> NoteSignature: ...


class Checkpoint(msgspec.Struct, frozen=True):
    """The head of a log: its origin, its number of leaves, its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text to be signed; raise CheckpointError if a part of it is not in order."""
        _check(self)
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def parse_text(text: str) -> Checkpoint:
    """Read the text of a checkpoint; raise CheckpointError if it is anything but three lines in order."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise CheckpointError(
            f"A checkpoint is three lines, origin, size and root, each ended by a newline; this text has "
            f"{len(lines) - 1}. Extension lines are not in order."
        )
    origin, size, root = lines[:3]
    if not _DECIMAL.fullmatch(size):
        raise CheckpointError(f"The size {size[:40]!r} is not a decimal number without leading zeros.")
    try:
        found = Checkpoint(origin, int(size), from_base64(root, "the root"))
    except NoteError as error:
        raise CheckpointError(str(error)) from error
    _check(found)
    return found


def sign(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """Write a checkpoint as a note signed by the log's key, or by several during a change of keys."""
    text = checkpoint.text()
    return format(Note(text, tuple(signer.sign(text) for signer in signers)))


def open_checkpoint(data: bytes, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Read and verify the checkpoint of the log `origin`, whose keys are `keys`.

    Raise NoteError if the note is malformed or no known key signed it, CheckpointError if it is not a
    checkpoint, or one of another log. Cosignatures are ignored here (`cosignature.verify`).
    """
    note = parse(data)
    verify(note, keys)
    found = parse_text(note.text)
    if found.origin != origin:
        raise CheckpointError(f"The checkpoint is of the log {found.origin!r}, not of {origin!r}.")
    return found


def _check(checkpoint: Checkpoint) -> None:
    if not checkpoint.origin or "\n" in checkpoint.origin:
        raise CheckpointError("The origin of a checkpoint is one line that is not empty.")
    check_characters(checkpoint.origin)
    if not 0 <= checkpoint.size <= MAX_SIZE:
        raise CheckpointError(f"The size {checkpoint.size} is not from 0 to 2^63−1.")
    if len(checkpoint.root) != HASH_BYTES:
        raise CheckpointError(f"The root has {len(checkpoint.root)} bytes; SHA-256 has {HASH_BYTES}.")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise CheckpointError("The root of an empty log is SHA-256 of nothing; this checkpoint has another.")
