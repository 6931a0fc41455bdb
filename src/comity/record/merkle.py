# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962, section 2.1, over SHA-256.

- An entry is hashed with a leading 00, two nodes with a leading 01, the empty tree is SHA-256 of nothing.
- A tree of n leaves is split at the largest power of two below n.
- `Tree` keeps every completed node once. It grows in one thread; other threads may meanwhile read roots,
  proofs and nodes of any size that was complete when they asked for it.
- Proofs and their verification are the RFC's own; nothing is accepted that has a hash to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from comity.record.errors import ProofError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry of the log."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes (32 bytes each) into their parent."""
    return sha256(b"\x01" + left + right).digest()


def root_of_frontier(frontier: Sequence[bytes]) -> bytes:
    """Fold the roots of the perfect subtrees, left to right as `Tree.frontier` gives them, into the root."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = sha256(b"\x01" + left + root).digest()
    return root


class Tree:
    """A growing Merkle tree held in memory, 64 bytes a leaf.

    Level 0 holds the leaf hashes; node i of level l is the root of the perfect subtree over the leaves
    i·2^l up to (i+1)·2^l, stored as soon as its last leaf is there and never changed afterwards. What is
    handed out is always a copy: a view into a level would stop that level from growing.
    """

    __slots__ = ("_levels", "_size")

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf hash (32 bytes)."""
        if len(leaf_hash) != HASH_BYTES:
            raise ProofError(f"A leaf hash has {HASH_BYTES} bytes; this one has {len(leaf_hash)}.")
        levels = self._levels
        index = self._size
        level = levels[0]
        level += leaf_hash
        height = 0
        while index & 1:
            node = sha256(b"\x01" + level[-64:]).digest()
            index >>= 1
            height += 1
            if height == len(levels):
                levels.append(bytearray())
            level = levels[height]
            level += node
        # Last, so that a reader never sees a size whose nodes are not all there.
        self._size += 1

    def extend(self, hashes: bytes) -> None:
        """Add many leaves: their hashes of 32 bytes each, one after another."""
        if len(hashes) % HASH_BYTES:
            raise ProofError(f"Leaf hashes have {HASH_BYTES} bytes each; {len(hashes)} is no multiple.")
        levels = self._levels
        levels[0] += hashes
        height = 0
        while len(levels[height]) >= 2 * HASH_BYTES:
            if height + 1 == len(levels):
                levels.append(bytearray())
            lower, upper = levels[height], levels[height + 1]
            # Parents that are already there cover the first 2·len(upper) bytes.
            pairs = bytes(lower[2 * len(upper) : len(lower) // 64 * 64])
            if not pairs:
                break
            upper += b"".join([sha256(b"\x01" + pairs[at : at + 64]).digest() for at in range(0, len(pairs), 64)])
            height += 1
        self._size = len(levels[0]) // HASH_BYTES

    def truncate(self, size: int) -> None:
        """Cut the tree back to its first `size` leaves, as if the later ones had never been added."""
        self._within(size)
        self._size = size
        for height, level in enumerate(self._levels):
            del level[(size >> height) * HASH_BYTES :]
        while len(self._levels) > 1 and not self._levels[-1]:
            self._levels.pop()

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves (all of them if left out)."""
        return root_of_frontier(self.frontier(size))

    def frontier(self, size: int | None = None) -> list[bytes]:
        """The roots of the perfect subtrees that make up the first `size` leaves, left to right."""
        size = self._within(size)
        return [self._node(height, (size >> height) - 1) for height in _set_bits(size)]

    def nodes(self, level: int, start: int, end: int) -> bytes:
        """The stored nodes `start` up to, not including, `end` of a level, 32 bytes each.

        Level 0 holds the leaves. Raise ProofError if one of these nodes is not complete yet.
        """
        if level < 0 or not 0 <= start <= end <= self._size >> level:
            raise ProofError(
                f"Level {level} of a tree of {self._size} leaves has {self._size >> max(level, 0)} complete "
                f"nodes; nodes {start} to {end} are not all among them."
            )
        if start == end:
            return b""
        return bytes(self._levels[level][start * HASH_BYTES : end * HASH_BYTES])

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that leaf `index` is in the tree of the first `size` leaves (RFC 6962, section 2.1.1)."""
        size = self._within(size)
        if not 0 <= index < size:
            raise ProofError(f"A tree of {size} leaves has no leaf {index}; leaves are counted from 0.")
        return self._path(0, index, size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Prove that the tree of `old` leaves is a prefix of that of `new` (RFC 6962, section 2.1.2).

        The proof from size 0, and from a size to itself, is empty.
        """
        new = self._within(new)
        if not 0 <= old <= new:
            raise ProofError(f"A tree of {new} leaves cannot be shown to have grown from one of {old}.")
        if old in (0, new):
            return []
        # Start at the last perfect subtree of the old tree. Where that is the whole old tree, the verifier
        # has its root already.
        height = (old & -old).bit_length() - 1
        index = (old >> height) - 1
        first = [self._node(height, index)] if index else []
        return first + self._path(height, index, new)

    def _path(self, height: int, index: int, size: int) -> list[bytes]:
        """The siblings from node `index` at `height` up to the root of the first `size` leaves."""
        levels = self._levels
        path = []
        last = (size - 1) >> height
        while last:
            sibling = index ^ 1
            if sibling < size >> height:
                at = sibling * HASH_BYTES
                path.append(bytes(levels[height][at : at + HASH_BYTES]))
            elif sibling == last:
                # The right edge, not a perfect subtree: the perfect ones below it, folded.
                rest = size & ((1 << height) - 1)
                path.append(root_of_frontier([self._node(h, (size >> h) - 1) for h in _set_bits(rest)]))
            index >>= 1
            last >>= 1
            height += 1
        return path

    def _node(self, height: int, index: int) -> bytes:
        at = index * HASH_BYTES
        return bytes(self._levels[height][at : at + HASH_BYTES])

    def _within(self, size: int | None) -> int:
        if size is None:
            return self._size
        if not 0 <= size <= self._size:
            raise ProofError(f"The tree has {self._size} leaves; a size of {size} is not within it.")
        return size


def _set_bits(number: int) -> list[int]:
    """The positions of the set bits, highest first: the heights of the perfect subtrees."""
    return [height for height in range(number.bit_length() - 1, -1, -1) if number >> height & 1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `proof` leads from leaf `index` to `root` of `size` leaves; raise ProofError otherwise.

    The steps are those of RFC 9162, section 2.1.3.2, which are those of RFC 6962 written out.
    """
    _hashes_only(leaf_hash, root, *proof)
    if not 0 <= index < size:
        raise ProofError(f"A tree of {size} leaves has no leaf {index}; leaves are counted from 0.")
    fn, sn = index, size - 1
    node = leaf_hash
    for sibling in proof:
        if sn == 0:
            raise ProofError(f"The inclusion proof has {len(proof)} hashes, more than its place needs.")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofError(f"The inclusion proof has {len(proof)} hashes, fewer than its place needs.")
    if node != root:
        raise ProofError(
            f"The inclusion proof of leaf {index} leads to the root {node.hex()}, not to {root.hex()} "
            f"of the tree of {size} leaves."
        )


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is a prefix of that of `new`; raise ProofError otherwise.

    Every tree has grown from the empty one: with `old` = 0 the proof must be empty (tlog-witness) and
    `old_root` the empty root. The steps for the rest are those of RFC 9162, section 2.1.4.2.
    """
    if not 0 <= old <= new:
        raise ProofError(f"A tree of {new} leaves cannot have grown from one of {old}.")
    if old in (0, new):
        _verify_trivial(old, new, old_root, new_root, proof)
        return
    _hashes_only(old_root, new_root, *proof)
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofError(f"The consistency proof from {old} to {new} leaves is empty.")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if sn == 0:
            raise ProofError(f"The consistency proof has {len(proof)} hashes, more than its sizes need.")
        if fn & 1 or fn == sn:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofError(f"The consistency proof has {len(proof)} hashes, fewer than its sizes need.")
    if first != old_root:
        raise ProofError(f"The consistency proof contradicts the root {old_root.hex()} of {old} leaves.")
    if second != new_root:
        raise ProofError(f"The consistency proof contradicts the root {new_root.hex()} of {new} leaves.")


def _verify_trivial(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError(f"The consistency proof from {old} to {new} leaves has hashes; it must be empty.")
    if old == new and old_root != new_root:
        raise ProofError(f"Two trees of {old} leaves have different roots: the log has been forked.")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("The root given for the empty tree is not SHA-256 of nothing.")
    if old == 0:
        _hashes_only(new_root)


def _hashes_only(*hashes: bytes) -> None:
    for found in hashes:
        if len(found) != HASH_BYTES:
            raise ProofError(f"A hash in the proof has {len(found)} bytes; SHA-256 has {HASH_BYTES}.")
