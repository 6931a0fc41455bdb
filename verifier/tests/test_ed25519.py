# SPDX-License-Identifier: Apache-2.0
"""Strict Ed25519 against published vectors; skipped by name where they are absent."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from comity_verify.canonical import valid

DATA = Path(os.environ.get("COMITY_DATA", Path(__file__).parents[2] / "../shared/data"))


def vectors(name: str) -> Any:
    """The parsed file, or a skip that names it."""
    path = DATA / "vectors" / name
    if not path.exists():
        pytest.skip(f"vectors/{name} absent")
    return json.loads(path.read_text())


@pytest.mark.conformance
def test_cctv() -> None:
    """Of the 914 edge cases of the CCTV project exactly the 43 are accepted that libsodium accepts."""
    cases = vectors("ed25519-cctv/ed25519vectors.json")
    accepted = [c for c in cases if valid(bytes.fromhex(c["key"]), bytes.fromhex(c["sig"]), c["msg"].encode())]
    assert (len(cases), len(accepted)) == (914, 43)


@pytest.mark.conformance
def test_wycheproof() -> None:
    """Every case of Wycheproof has the result that it says."""
    groups = vectors("ed25519-wycheproof/ed25519_test.json")["testGroups"]
    seen = 0
    for group in groups:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            seen += 1
            found = valid(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            assert found == (case["result"] == "valid"), case["tcId"]
    assert seen > 100


def test_lengths() -> None:
    """A key or a signature of another length is no signature, not an error."""
    assert not valid(b"", b"", b"")
    assert not valid(bytes(32), bytes(63), b"")
    assert not valid(bytes(31), bytes(64), b"")
