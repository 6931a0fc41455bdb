# SPDX-License-Identifier: Apache-2.0
"""The tree against the recursive definitions of RFC 6962, written out naively here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import merkle, subtree
from comity.record.errors import ProofError

ENTRIES = [b"entry %d" % number for number in range(700)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def _split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


@cache
def mth(start: int, end: int) -> bytes:
    """MTH(D[start:end]) of RFC 6962, section 2.1."""
    if start == end:
        return sha256(b"").digest()
    if end - start == 1:
        return sha256(b"\x00" + ENTRIES[start]).digest()
    k = start + _split(end - start)
    return sha256(b"\x01" + mth(start, k) + mth(k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end]) of RFC 6962, section 2.1.1."""
    if end - start == 1:
        return []
    k = _split(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(first: int, last: int, start: int, end: int, whole: bool) -> list[bytes]:
    """The proof for leaves [first, last) within [start, end): RFC 6962, 2.1.2, extended to any run."""
    if (first, last) == (start, end):
        return [] if whole else [mth(start, end)]
    k = start + _split(end - start)
    if last <= k:
        return [*subproof(first, last, start, k, whole), mth(k, end)]
    if k <= first:
        return [*subproof(first, last, k, end, whole), mth(start, k)]
    return [*subproof(k, last, k, end, False), mth(start, k)]


def grown(size: int) -> merkle.Tree:
    tree = merkle.Tree()
    tree.extend(b"".join(LEAVES[:size]))
    return tree


FULL = grown(len(LEAVES))


def test_roots_of_all_sizes() -> None:
    """Appended singly, extended at once or asked of the past, a tree has the RFC's root."""
    growing = merkle.Tree()
    for size in range(len(LEAVES) + 1):
        assert growing.size == size
        assert growing.root() == mth(0, size) == FULL.root(size)
        assert merkle.root_of_frontier(FULL.frontier(size)) == mth(0, size)
        if size < len(LEAVES):
            growing.append(LEAVES[size])
    assert mth(0, 0) == merkle.EMPTY_ROOT
    assert merkle.node_hash(LEAVES[0], LEAVES[1]) == mth(0, 2)


def test_all_proofs_of_small_trees() -> None:
    """Up to 70 leaves every inclusion and consistency proof is the RFC's, and verifies."""
    for size in range(71):
        root = mth(0, size)
        for index in range(size):
            proof = FULL.inclusion(index, size)
            assert proof == path(index, 0, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
        for old in range(size + 1):
            proof = FULL.consistency(old, size)
            assert proof == (subproof(0, old, 0, size, True) if old else [])
            merkle.verify_consistency(old, size, mth(0, old), root, proof)


def test_all_subtree_proofs_of_small_trees() -> None:
    """Up to 40 leaves, each run that is a subtree is shown to be part; no other run is."""
    for size in range(1, 41):
        for start in range(size):
            for end in range(start + 1, size + 1):
                args = (start, end, size, mth(start, end), mth(0, size))
                if subtree.is_subtree(start, end):
                    subtree.verify_subtree_consistency(*args, subproof(start, end, 0, size, True))
                    for index in range(start, end):
                        proof = path(index - start, start, end)
                        subtree.verify_subtree_inclusion(LEAVES[index], index, start, end, proof, mth(start, end))
                else:
                    with pytest.raises(ProofError, match="not a subtree"):
                        subtree.verify_subtree_consistency(*args, [])


def test_a_subtree_beyond_the_tree() -> None:
    """Leaves that a tree has not reached yet are no part of it, whatever proof is given."""
    for start, end, size in ((0, 4, 3), (4, 8, 6), (0, 8, 1), (8, 8, 7)):
        for proof in ([], [LEAVES[0]], FULL.consistency(min(end, size) or 1, max(end, size))):
            with pytest.raises(ProofError, match="not a subtree"):
                subtree.verify_subtree_consistency(start, end, size, mth(start, end), mth(0, size), proof)


sizes = st.integers(1, len(LEAVES))


@given(sizes, st.data())
@settings(max_examples=150, deadline=None)
def test_larger_proofs(size: int, data: st.DataObject) -> None:
    """Proofs of some hundreds of leaves are the RFC's and verify."""
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    assert FULL.inclusion(index, size) == path(index, 0, size)
    assert FULL.consistency(old, size) == subproof(0, old, 0, size, True)
    merkle.verify_inclusion(LEAVES[index], index, size, FULL.inclusion(index, size), mth(0, size))
    merkle.verify_consistency(old, size, mth(0, old), mth(0, size), FULL.consistency(old, size))


def _mutations(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof changed in a bit, cut at either end, lengthened, doubled, and with two hashes exchanged."""
    mutated = [[*proof, LEAVES[0]], [LEAVES[0], *proof], [*proof, b""]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = bytearray(proof[at])
        changed[bit // 8] ^= 1 << bit % 8
        mutated += [
            [*proof[:at], bytes(changed), *proof[at + 1 :]],
            [*proof[:at], proof[at][:31], *proof[at + 1 :]],
            [*proof[:at], proof[at], *proof[at:]],
            proof[1:],
            proof[:-1],
        ]
    if len(proof) > 1:
        mutated.append([proof[1], proof[0], *proof[2:]])
    return mutated


@given(sizes, st.data())
@settings(max_examples=150, deadline=None)
def test_altered_inclusion_proofs_fail(size: int, data: st.DataObject) -> None:
    """A changed, cut or lengthened proof, another leaf, index, size or root: none is accepted."""
    index = data.draw(st.integers(0, size - 1))
    proof, root, leaf = FULL.inclusion(index, size), mth(0, size), LEAVES[index]
    other = data.draw(st.integers(0, len(LEAVES) - 1).filter(lambda number: number != index))
    attempts = [(leaf, index, size, changed, root) for changed in _mutations(proof, data)]
    attempts += [
        (leaf, other, size, proof, root),
        (LEAVES[other], index, size, proof, root),
        (leaf, index, size, proof, mth(0, size - 1)),
        (leaf, -1, size, proof, root),
        (leaf, size, size, proof, root),
        (leaf, index, 0, proof, root),
        (leaf, index, 2 * size + 1, proof, root),
        (leaf[:31], index, size, proof, root),
    ]
    for attempt in attempts:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*attempt)


@given(st.integers(2, len(LEAVES)), st.data())
@settings(max_examples=150, deadline=None)
def test_altered_consistency_proofs_fail(new: int, data: st.DataObject) -> None:
    """A changed, cut or lengthened proof, other sizes or roots: none is accepted."""
    old = data.draw(st.integers(1, new - 1))
    proof, old_root, new_root = FULL.consistency(old, new), mth(0, old), mth(0, new)
    attempts = [(old, new, old_root, new_root, changed) for changed in _mutations(proof, data)]
    attempts += [
        (old, new, new_root, old_root, proof),
        (old, new, mth(0, old - 1), new_root, proof),
        (old, new, old_root, mth(0, new - 1), proof),
        (new, old, new_root, old_root, proof),
        (old, old, old_root, new_root, proof),
        (-1, new, old_root, new_root, proof),
        (old, new, old_root[:31], new_root, proof),
        (0, new, old_root, new_root, []),
        (0, new, merkle.EMPTY_ROOT, new_root, proof),
    ]
    for attempt in attempts:
        with pytest.raises(ProofError):
            merkle.verify_consistency(*attempt)


@given(st.lists(st.tuples(st.sampled_from(["append", "extend", "truncate"]), st.integers(0, 200)), max_size=12))
@settings(max_examples=100, deadline=None)
def test_any_history_of_growth(steps: list[tuple[str, int]]) -> None:
    """However a tree came to its size, by single leaves, runs and cuts, it is the same tree."""
    tree = merkle.Tree()
    for step, count in steps:
        if step == "append" and tree.size < len(LEAVES):
            tree.append(LEAVES[tree.size])
        elif step == "extend":
            tree.extend(b"".join(LEAVES[tree.size : tree.size + count]))
        elif step == "truncate":
            tree.truncate(min(count, tree.size))
    size = tree.size
    fresh = grown(size)
    assert tree.root() == mth(0, size)
    assert tree.frontier() == fresh.frontier()
    for level in range(11):
        assert tree.nodes(level, 0, size >> level) == fresh.nodes(level, 0, size >> level)
    if size:
        assert tree.inclusion(size // 2) == path(size // 2, 0, size)


def test_truncate_then_append_again() -> None:
    """A tree cut back and grown with other leaves forgets the old ones."""
    tree = grown(300)
    tree.truncate(130)
    other = [merkle.leaf_hash(b"other %d" % number) for number in range(100)]
    for leaf in other:
        tree.append(leaf)
    fresh = merkle.Tree()
    fresh.extend(b"".join(LEAVES[:130] + other))
    assert tree.root() == fresh.root() != mth(0, 230)
    assert tree.root(130) == mth(0, 130)


def test_questions_out_of_range() -> None:
    """What a tree does not hold it refuses to prove."""
    tree = grown(5)
    attempts: list[Callable[[], object]] = [
        lambda: tree.root(6), lambda: tree.root(-1), lambda: tree.inclusion(5), lambda: tree.inclusion(-1),
        lambda: tree.inclusion(3, 3), lambda: tree.inclusion(0, 6), lambda: tree.consistency(6),
        lambda: tree.consistency(4, 3), lambda: tree.consistency(-1), lambda: tree.nodes(0, 0, 6),
        lambda: tree.nodes(2, 1, 2), lambda: tree.nodes(-1, 0, 1), lambda: tree.nodes(0, 3, 2),
        lambda: tree.truncate(6), lambda: tree.append(b"short"), lambda: tree.extend(b"x" * 33),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(ProofError):
            attempt()
    assert tree.root() == mth(0, 5)
    assert tree.nodes(1, 0, 2) == mth(0, 2) + mth(2, 4)
    assert tree.nodes(9, 0, 0) == b""


def test_what_is_handed_out_is_a_copy() -> None:
    """Proofs and nodes are bytes of their own, which stay as they are while the tree grows."""
    tree = grown(255)
    nodes, proof, edge = tree.nodes(0, 0, 255), tree.inclusion(254), tree.frontier()
    assert {type(one) for one in [nodes, *proof, *edge]} == {bytes}
    tree.append(LEAVES[255])
    assert tree.root() == mth(0, 256)


def test_readers_beside_the_writer() -> None:
    """While one thread appends, others read proofs of complete sizes, and all of them verify."""
    tree = merkle.Tree()
    leaves = [sha256(b"%d" % number).digest() for number in range(20_000)]
    failures: list[str] = []
    proved: list[int] = []
    done = threading.Event()

    def read(step: int) -> None:
        count = 0
        while not (done.is_set() and count):
            size = tree.size
            if size < 2:
                continue
            index = count * step % size
            try:
                root = tree.root(size)
                merkle.verify_inclusion(leaves[index], index, size, tree.inclusion(index, size), root)
                old = index + 1
                proof = tree.consistency(old, size)
                merkle.verify_consistency(old, size, tree.root(old), root, proof)
            except ProofError as error:
                failures.append(str(error))
                return
            count += 1
        proved.append(count)

    readers = [threading.Thread(target=read, args=(step,)) for step in (7919, 104_729)]
    for reader in readers:
        reader.start()
    for leaf in leaves:
        tree.append(leaf)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(proved) == 2
    assert min(proved) > 0
