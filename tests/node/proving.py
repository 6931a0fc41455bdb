# SPDX-License-Identifier: Apache-2.0
"""What must hold after every restart, whatever happened before it: checked from outside, by proofs."""

from __future__ import annotations

from pathlib import Path

from comity.charter.register import Register
from comity.node import Node, recovery
from comity.node.store import Store
from comity.record import checkpoint, merkle, proof, tiles
from comity.record.note import VerifierKey


class Witness:
    """Remembers every receipt and checkpoint that anybody was given, and holds the record to them."""

    def __init__(self, vkey: str) -> None:
        self.key = VerifierKey.parse(vkey)
        self.receipts: dict[int, tuple[str, bytes]] = {}
        self.roots: dict[int, bytes] = {}

    def given(self, index: int, act: str, text: bytes) -> None:
        """Somebody was given this receipt."""
        assert self.receipts.setdefault(index, (act, text))[0] == act, f"two acts were given the index {index}"
        self.saw(proof.parse(text).checkpoint)

    def saw(self, note: bytes) -> checkpoint.Checkpoint:
        """Somebody was shown this checkpoint; no other one of its size may have another root."""
        found = checkpoint.open_checkpoint(note, self.key.name, [self.key])
        assert self.roots.setdefault(found.size, found.root) == found.root, f"two roots were signed at {found.size}"
        return found

    def examine(self, node: Node) -> None:
        """Every receipt verifies and stands under the new head, and the register is what the entries give."""
        head = self.saw(node.head.checkpoint)
        assert (head.size, head.root) == (node.head.size, node.head.root)
        for index, (act, text) in self.receipts.items():
            proof.verify(proof.parse(text), node.entry(index), self.key.name, [self.key])
            assert node.find(bytes.fromhex(act)) == index
        for size, root in self.roots.items():
            merkle.verify_consistency(size, head.size, root, head.root, node.consistency(size))
        assert refolded(node).digest() == node.register.digest()


def refolded(node: Node) -> Register:
    """The register as the entries give it, from the first to the last."""
    store = Store(node.folder / recovery.STORE, lambda _: None)
    register = Register()
    try:
        recovery.refold(store, register, 0, 0)
    finally:
        store.close()
    return register


def published(folder: Path, head: int) -> list[bytes]:
    """The entries of a data folder as a stranger reads them: from its bundles, full ones first, then the partial."""
    entries: list[bytes] = []
    for index in range(-(-head // tiles.TILE)):
        width = min(tiles.TILE, head - index * tiles.TILE)
        entries += tiles.decode_bundle((folder / tiles.bundle_path(index, width)).read_bytes())
    return entries
