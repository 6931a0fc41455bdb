# SPDX-License-Identifier: Apache-2.0
"""Receipts: C2SP tlog-proof@v1, a text that proves offline that a log holds an entry.

    c2sp.org/tlog-proof@v1
    extra <base64>              (may be left out)
    index <decimal>
    <base64 of a hash>          (from the leaf's sibling up; none in a log of one leaf)

    <the checkpoint, as the log signed it, with its cosignatures>

The extra data is not authenticated: nothing may be believed because it stands there.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable

import msgspec

from comity.record.checkpoint import MAX_SIZE, Checkpoint, open_checkpoint
from comity.record.errors import NoteError, ProofError
from comity.record.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from comity.record.note import MAX_NOTE, VerifierKey, from_base64, to_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
# Room for the checkpoint, the hashes and extra data of the size of an entry.
_MAX_PROOF = MAX_NOTE + 200_000


class TlogProof(msgspec.Struct, frozen=True):
    """Where an entry is, the hashes from it to the root, and the signed checkpoint with that root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format(proof: TlogProof) -> bytes:
    """Write a proof; raise ProofError if a part of it could not be read back."""
    _check(proof)
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {to_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    head = "\n".join(lines).encode()
    # Each hash with its line feed, written without a detour through text: receipts are asked for by the thousand.
    return b"%b\n%b\n%b" % (head, b"".join([b2a_base64(one) for one in proof.hashes]), proof.checkpoint)


def parse(data: bytes) -> TlogProof:
    """Read a proof without verifying it; raise ProofError if it is malformed."""
    if len(data) > _MAX_PROOF:
        raise ProofError(f"The proof has {len(data)} bytes; at most {_MAX_PROOF} are read.")
    head, separator, checkpoint = data.partition(b"\n\n")
    if not separator:
        raise ProofError("A proof has an empty line between its hashes and the checkpoint.")
    try:
        lines = head.decode("ascii").split("\n")
        return _read(lines, checkpoint)
    except (UnicodeDecodeError, NoteError) as error:
        raise ProofError(f"The proof is malformed: {error}") from error


def verify(proof: TlogProof, entry: bytes, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Check that the log `origin` holds `entry`; return the checkpoint that says so.

    Raise NoteError or CheckpointError if the checkpoint is not that log's, ProofError if the entry is not
    shown to be in it.
    """
    return verify_leaf(proof, leaf_hash(entry), origin, keys)


def verify_leaf(proof: TlogProof, leaf: bytes, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The same for whoever holds only the leaf hash (32 bytes) of the entry."""
    found = open_checkpoint(proof.checkpoint, origin, keys)
    verify_inclusion(leaf, proof.index, found.size, proof.hashes, found.root)
    return found


def _read(lines: list[str], checkpoint: bytes) -> TlogProof:
    if lines[0] != HEADER:
        raise ProofError(f"The proof does not start with the line {HEADER!r}.")
    rest = lines[1:]
    extra = None
    if rest and rest[0].startswith("extra "):
        extra = from_base64(rest.pop(0).removeprefix("extra "), "the extra data")
    number = rest[0].removeprefix("index ") if rest else ""
    if not rest or not rest[0].startswith("index ") or not _DECIMAL.fullmatch(number):
        raise ProofError("The proof has no line 'index <decimal without leading zeros>' in its place.")
    proof = TlogProof(int(number), tuple(from_base64(one, "a hash") for one in rest[1:]), checkpoint, extra)
    _check(proof)
    return proof


def _check(proof: TlogProof) -> None:
    if not 0 <= proof.index < MAX_SIZE:
        raise ProofError(f"The index {proof.index} is not one of a log's.")
    if len(proof.hashes) > MAX_HASHES:
        raise ProofError(f"The proof has {len(proof.hashes)} hashes; no log needs more than {MAX_HASHES}.")
    for one in proof.hashes:
        if len(one) != HASH_BYTES:
            raise ProofError(f"A hash in the proof has {len(one)} bytes; SHA-256 has {HASH_BYTES}.")
    if not proof.checkpoint:
        raise ProofError("The proof carries no checkpoint.")
