# SPDX-License-Identifier: Apache-2.0
"""Proofs about a run of leaves [start, end) inside a larger tree.

A run is a *subtree* if `start` is a multiple of the smallest power of two that is at least its length; its
root is then the root of a tree of just these leaves. Mirrors use such proofs to send entries in packages
(C2SP tlog-mirror); the steps are those of draft-ietf-plants-merkle-tree-certs, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.record.errors import ProofError
from comity.record.merkle import EMPTY_ROOT, HASH_BYTES, node_hash, verify_inclusion


def is_subtree(start: int, end: int) -> bool:
    """Say whether the leaves from `start` up to, not including, `end` form a subtree; an empty run does."""
    if not 0 <= start <= end:
        return False
    if start == end:
        return True
    return start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_inclusion(
    leaf_hash: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that leaf `index` of the whole tree is in the subtree [start, end) with this `root`.

    Raise ProofError if it is not shown.
    """
    if start == end or not is_subtree(start, end):
        raise ProofError(f"The leaves {start} to {end} are not a subtree that could hold one.")
    verify_inclusion(leaf_hash, index - start, end - start, proof, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, subtree_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the subtree [start, end) with `subtree_root` is part of the tree of `size` with `root`.

    An empty run is part of every tree that reaches it: `subtree_root` must be the empty root, the proof
    empty, and nothing is said about `root`. Raise ProofError if it is not shown.
    """
    if not is_subtree(start, end) or end > size:
        raise ProofError(f"The leaves {start} to {end} are not a subtree of a tree of {size} leaves.")
    if start == end:
        if proof or subtree_root != EMPTY_ROOT:
            raise ProofError("An empty run of leaves has the empty root and an empty proof.")
        return
    if (start, end) == (0, size):
        if proof or subtree_root != root:
            raise ProofError(f"A tree of {size} leaves is part of itself, with one root and an empty proof.")
        return
    for found in (subtree_root, root, *proof):
        if len(found) != HASH_BYTES:
            raise ProofError(f"A hash in the proof has {len(found)} bytes; SHA-256 has {HASH_BYTES}.")
    fn, sn, tn = start, end - 1, size - 1
    # Climb to where the proof begins: the subtree's own root if that is a node of the larger tree,
    # otherwise its last perfect part.
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    hashes = list(proof)
    if fn == sn:
        first = second = subtree_root
    elif hashes:
        first = second = hashes.pop(0)
    else:
        raise ProofError(f"The proof that leaves {start} to {end} are part of {size} is empty.")
    for sibling in hashes:
        if tn == 0:
            raise ProofError(f"The subtree proof has {len(proof)} hashes, more than its place needs.")
        if sn & 1 or sn == tn:
            if fn < sn:
                first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not sn & 1 and sn:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if tn != 0:
        raise ProofError(f"The subtree proof has {len(proof)} hashes, fewer than its place needs.")
    if first != subtree_root:
        raise ProofError(f"The subtree proof contradicts the root {subtree_root.hex()} of the subtree.")
    if second != root:
        raise ProofError(f"The subtree proof contradicts the root {root.hex()} of {size} leaves.")
