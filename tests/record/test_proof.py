# SPDX-License-Identifier: Apache-2.0
"""Receipts: a text that proves to anyone, offline, that a log holds an entry."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import checkpoint, cosignature, ed25519, merkle, note, proof
from comity.record.errors import CheckpointError, NoteError, ProofError, RecordError

ORIGIN = "acts.example.int/1"
LOG = note.NoteSigner(ORIGIN, ed25519.SigningKey(b"l" * 32))
WITNESS = cosignature.Cosigner("witness.example.int", ed25519.SigningKey(b"w" * 32))
ENTRIES = [b"entry %d" % number for number in range(100)]
TREE = merkle.Tree()
TREE.extend(b"".join(merkle.leaf_hash(entry) for entry in ENTRIES))


def receipt(index: int, size: int, extra: bytes | None = None) -> proof.TlogProof:
    head = checkpoint.Checkpoint(ORIGIN, size, TREE.root(size))
    return proof.TlogProof(index, tuple(TREE.inclusion(index, size)), checkpoint.sign(head, LOG), extra)


@given(st.integers(1, 100), st.data(), st.one_of(st.none(), st.binary(max_size=40)))
@settings(max_examples=150, deadline=None)
def test_receipts_prove(size: int, data: st.DataObject, extra: bytes | None) -> None:
    """A receipt comes back as it was written and proves its entry, not another."""
    index = data.draw(st.integers(0, size - 1))
    one = receipt(index, size, extra)
    read = proof.parse(proof.format(one))
    assert read == one
    head = proof.verify(read, ENTRIES[index], ORIGIN, [LOG.key])
    assert (head.size, head.root) == (size, TREE.root(size))
    assert proof.verify_leaf(read, merkle.leaf_hash(ENTRIES[index]), ORIGIN, [LOG.key]) == head
    with pytest.raises(ProofError):
        proof.verify(read, ENTRIES[index] + b"x", ORIGIN, [LOG.key])


@given(st.integers(2, 100), st.data())
@settings(max_examples=200, deadline=None)
def test_changed_receipts(size: int, data: st.DataObject) -> None:
    """With any byte changed a receipt is refused."""
    index = data.draw(st.integers(0, size - 1))
    raw = bytearray(proof.format(receipt(index, size)))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RecordError):
        proof.verify(proof.parse(bytes(raw)), ENTRIES[index], ORIGIN, [LOG.key])


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes(data: bytes) -> None:
    """Arbitrary bytes behind the first line are no receipt, unless they are one's exact spelling."""
    raw = b"c2sp.org/tlog-proof@v1\nindex 0\n" + data
    try:
        read = proof.parse(raw)
    except ProofError:
        return
    assert proof.format(read) == raw


def test_the_layout() -> None:
    """Line by line as the specification lays it out; a log of one leaf needs no hash."""
    one = receipt(0, 1, b"age")
    assert proof.format(one) == b"c2sp.org/tlog-proof@v1\nextra YWdl\nindex 0\n\n" + one.checkpoint
    lines = proof.format(receipt(3, 7)).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert [base64.b64decode(line) for line in lines[2:5]] == TREE.inclusion(3, 7)
    assert lines[5:7] == ["", ORIGIN]


def test_cosignatures_travel_with_the_receipt() -> None:
    """Witnesses' lines do not disturb the proof and can be verified from it."""
    one = receipt(5, 9)
    read = note.parse(one.checkpoint)
    data = note.format(note.with_signatures(read, WITNESS.cosign(read.text, 77)))
    joined = proof.parse(proof.format(proof.TlogProof(one.index, one.hashes, data)))
    assert proof.verify(joined, ENTRIES[5], ORIGIN, [LOG.key]).size == 9
    held = cosignature.verify(note.parse(joined.checkpoint), [WITNESS.key])
    assert [(found.key, found.time) for found in held] == [(WITNESS.key, 77)]


def test_receipts_of_another_log() -> None:
    """Another origin, or a key that is not the log's, proves nothing."""
    stranger = note.NoteSigner(ORIGIN, ed25519.SigningKey(b"x" * 32))
    with pytest.raises(CheckpointError):
        proof.verify(receipt(1, 5), ENTRIES[1], ORIGIN + "x", [LOG.key])
    with pytest.raises(NoteError):
        proof.verify(receipt(1, 5), ENTRIES[1], ORIGIN, [stranger.key])


HASH = base64.b64encode(b"h" * 32).decode()
TAIL = f"\n{ORIGIN}\n"
HOSTILE = {
    "nothing": "",
    "no first line": f"index 1\n{HASH}\n{TAIL}",
    "another version": f"c2sp.org/tlog-proof@v2\nindex 1\n{HASH}\n{TAIL}",
    "no index": f"c2sp.org/tlog-proof@v1\n{HASH}\n{TAIL}",
    "nothing after the first line": f"c2sp.org/tlog-proof@v1\n{TAIL}",
    "extra after index": f"c2sp.org/tlog-proof@v1\nindex 1\nextra YWdl\n{TAIL}",
    "extra twice": f"c2sp.org/tlog-proof@v1\nextra YWdl\nextra YWdl\nindex 1\n{TAIL}",
    "extra that is not base64": f"c2sp.org/tlog-proof@v1\nextra ???\nindex 1\n{TAIL}",
    "extra with unused bits set": f"c2sp.org/tlog-proof@v1\nextra YWe=\nindex 1\n{TAIL}",
    "a leading zero": f"c2sp.org/tlog-proof@v1\nindex 01\n{TAIL}",
    "a negative index": f"c2sp.org/tlog-proof@v1\nindex -1\n{TAIL}",
    "a huge index": f"c2sp.org/tlog-proof@v1\nindex {'9' * 19}\n{TAIL}",
    "ten thousand digits": f"c2sp.org/tlog-proof@v1\nindex {'9' * 10_000}\n{TAIL}",
    "a short hash": f"c2sp.org/tlog-proof@v1\nindex 1\n{base64.b64encode(b'h' * 31).decode()}\n{TAIL}",
    "64 hashes": "c2sp.org/tlog-proof@v1\nindex 1\n" + f"{HASH}\n" * 64 + TAIL,
    "no empty line": f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}\n{ORIGIN}\n",
    "no checkpoint": f"c2sp.org/tlog-proof@v1\nindex 1\n{HASH}\n\n",
    "carriage returns": f"c2sp.org/tlog-proof@v1\r\nindex 1\r\n{HASH}\r\n{TAIL}",
    "not ASCII": f"c2sp.org/tlog-proof@v1\nindex ١\n{TAIL}",
    "too large": f"c2sp.org/tlog-proof@v1\nextra {'A' * 2_000_000}\nindex 1\n{TAIL}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_receipts(name: str) -> None:
    """Each malformed receipt is refused before anything in it is believed."""
    with pytest.raises(ProofError):
        proof.parse(HOSTILE[name].encode())


def test_receipts_that_could_not_be_read_are_not_written() -> None:
    """Writing refuses what reading would refuse."""
    one = receipt(1, 5)
    for bad in (
        proof.TlogProof(-1, one.hashes, one.checkpoint),
        proof.TlogProof(1, (b"x" * 31,), one.checkpoint),
        proof.TlogProof(1, (b"x" * 32,) * 64, one.checkpoint),
        proof.TlogProof(1, one.hashes, b""),
    ):
        with pytest.raises(ProofError):
            proof.format(bad)
