# SPDX-License-Identifier: Apache-2.0
"""pymerkle, an independent implementation of RFC 6962, finds the same roots."""

from __future__ import annotations

import pytest

from comity.record import merkle

pytestmark = pytest.mark.conformance


def test_roots_of_sizes_1_to_600() -> None:
    """At each size from 1 to 600 both trees over the same entries have the same root."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle absent")
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    ours = merkle.Tree()
    for size in range(1, 601):
        entry = b"entry %d" % size
        theirs.append_entry(entry)
        ours.append(merkle.leaf_hash(entry))
        assert ours.root() == theirs.get_root(), size
    assert ours.size == 600
