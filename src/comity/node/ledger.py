# SPDX-License-Identifier: Apache-2.0
"""Commit, then speak (law 9): how a batch of acts becomes part of the record.

`judge` folds a batch into a draft and gives every act its answer; `commit` puts it on the record; `publish` lets the
world see it. In this order:

1. each act is folded into a draft over the register; one that is refused leaves no trace but its answer
2. the leaves of the others go into the tree, and the new root into a checkpoint that the log signs
3. entries, frontier and checkpoint are committed in one transaction, on the condition that nobody else has written
4. the high-water note is forced to the disk
5. the draft is merged, the head replaced, answers given, subscribers called
6. full tiles are written

If 3 fails for lack of room, tree and draft are dropped and the ledger is as it was. Any other error ends the node.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from comity.charter import fold
from comity.charter.fold import Signed
from comity.charter.refusal import Refused, UnknownEdition
from comity.charter.register import Draft, Register
from comity.node.answers import Answer, Head, Receipt, SignedRefusal, sign_refusal
from comity.node.errors import Full
from comity.node.highwater import HighWater
from comity.node.publication import Publication
from comity.node.store import Row, Store
from comity.record import checkpoint, envelope
from comity.record.checkpoint import Checkpoint
from comity.record.merkle import Tree
from comity.record.note import NoteSigner

STAMP_BYTES = 8

Opened = Signed | Refused
"""An act whose envelope is in order, or why it is not."""


Fate = SignedRefusal | tuple[int, int, bytes, bool]
"""A refusal that is signed already; or the index, stamp and act id of an entry, and whether it was there before."""


class Judged(Struct):
    """A batch that was folded: what is to be appended, and each act's answer or the row that it became.

    `places` are the indices of the new entries by act id. `halted` says why the fold went no further, where an act
    raised the register to an edition that this program does not know; later acts have no fate.
    """

    draft: Draft
    stamp: int
    rows: list[Row] = []
    hashes: list[bytes] = []
    fates: list[Fate] = []
    places: dict[bytes, int] = {}
    halted: str = ""


class Ledger:
    """The record of one organisation, open for writing: tree, register, head, and where they are kept."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        tree: Tree,
        register: Register,
        head: Head,
        signer: NoteSigner,
        note: HighWater,
        after: Callable[[str], None],
    ) -> None:
        self.store = store
        self.tree = tree
        self.register = register
        self.head = head
        self.signer = signer
        self.note = note
        self.publication = Publication(folder, tree, store, after)
        self._after = after
        # The head as committed, which readers see only after `publish`.
        self.committed = head

    def judge(self, batch: Iterable[tuple[bytes, Opened, bool | None]], stamp: int) -> Judged:
        """Fold a batch of (envelope, opened, verdict on its signatures) at one stamp."""
        judged = Judged(Draft(self.register), stamp)
        draft, rows, hashes, fates, places = (
            judged.draft,
            judged.rows,
            judged.hashes,
            judged.fates,
            judged.places,
        )
        prefix = b"\0" + stamp.to_bytes(STAMP_BYTES, "big")
        index, last = self.committed.size, self.committed.stamp
        step, from_bytes = fold.step, int.from_bytes
        for raw, opened, verified in batch:
            try:
                if isinstance(opened, Refused):
                    # A later edition may know the form that this program does not.
                    fold.require_known_edition(draft)
                    raise opened
                step(draft, opened, stamp, last, index, verified)
            except Refused as refused:
                fates.append(self._refuse(refused, opened, index, judged))
                continue
            except UnknownEdition as error:
                judged.halted = str(error)
                break
            act = opened.id
            marked = prefix + raw
            hashes.append(sha256(marked).digest())
            rows.append((index, from_bytes(act[:8], "big", signed=True), marked[1:]))
            fates.append((index, stamp, act, False))
            places[act] = index
            index += 1
            last = stamp
        return judged

    def commit(self, judged: Judged) -> Head:
        """Put a batch on the record. Raise Full if there is no room; the ledger is then as it was."""
        before = self.committed
        if not judged.rows:
            return before
        self.tree.extend(b"".join(judged.hashes))
        self._after("hashed")
        size, root = self.tree.size, self.tree.root()
        text = checkpoint.sign(Checkpoint(self.signer.name, size, root), self.signer)
        head = Head(size, root, judged.stamp, text)
        self._after("signed")
        try:
            self.store.append(before.size, judged.rows, head, self.tree.frontier())
        except Full:
            self.tree.truncate(before.size)
            raise
        self._after("committed")
        self.note.write(size, root)
        self._after("noted")
        self.committed = head
        return head

    def publish(self, judged: Judged, head: Head) -> list[Answer]:
        """Let readers see a committed batch, and return the answers to it."""
        if judged.rows:
            judged.draft.merge()
            self.head = head
        self._after("merged")
        tree = self.tree
        return [
            Receipt(fate[0], fate[1], fate[2], head, tree, fate[3]) if type(fate) is tuple else fate  # type: ignore[misc]
            for fate in judged.fates
        ]

    def find(self, act: bytes, size: int) -> tuple[int, int] | None:
        """Index and stamp of an act among the first `size` entries."""
        for index, leaf in self.store.candidates(act):
            stamp, raw = envelope.split_leaf(leaf)
            if index < size and envelope.open_envelope(raw).id == act:
                return index, stamp
        return None

    def close(self) -> None:
        """Let go of store and note."""
        self.store.close()
        self.note.close()

    def _refuse(self, refused: Refused, opened: Opened, index: int, judged: Judged) -> Fate:
        """A refusal, signed; or, where the act is on the record already, the place that it has there.

        An act that was logged fails the fold whatever else is true, because counters increase: so only here does
        anybody need to look for it.
        """
        if isinstance(opened, Refused):
            return sign_refusal(self.signer, refused.refusal, "", index, judged.stamp)
        act = opened.id
        if act in judged.places:
            return judged.places[act], judged.stamp, act, True
        first = self.find(act, self.committed.size)
        if first:
            return (*first, act, True)
        return sign_refusal(self.signer, refused.refusal, act.hex(), index, judged.stamp)
