# SPDX-License-Identifier: Apache-2.0
"""One running node: a data folder, a writer, and everything that can be read (the blueprint's laws 6, 9 and 10).

    node = Node.found(folder, founding_envelope, log_key)      # or Node.open(folder)
    receipt = node.submit(envelope).result()
    node.close()

Everything but `submit` and `submit_many` reads what is committed. Reads are safe from any thread; `register` and
`head` change inside `deliver` alone. A node that has failed answers nothing more: every call raises Failed.
"""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from comity.charter.register import Register
from comity.node import recovery
from comity.node.answers import Head, Pending, write_proof
from comity.node.errors import Failed, Full, Locked, Unwritable
from comity.node.files import is_full
from comity.node.highwater import default_folder
from comity.node.ledger import Ledger
from comity.node.publication import CHECKPOINT
from comity.node.snapshot import Snapshots
from comity.node.stamps import Clock, steady, utc
from comity.node.steps import Hook, undisturbed
from comity.node.workers import Verifiers, count_for_this_machine
from comity.node.writer import QUEUE, Counters, Deliver, Writer
from comity.record import tiles
from comity.record.ed25519 import SigningKey
from comity.record.errors import TileError

LOCK = "node.lock"
SNAPSHOT_EVERY = 100_000
"""Acts between two snapshots."""


class Node:
    """A record that can be written and read. Made by `found` or `open`; ended by `close`."""

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        lock: int,
        *,
        clock: Clock,
        workers: int | None,
        deliver: Deliver | None,
        queue: int,
        snapshot_every: int,
        after: Hook,
        on_failure: Callable[[str], None] | None,
    ) -> None:
        self.folder = folder
        self._ledger = ledger
        self._lock = lock
        self._after = after
        self._verifiers = Verifiers(count_for_this_machine() if workers is None else workers)
        self.snapshots = Snapshots(folder, snapshot_every, after)
        self._writer = Writer(
            ledger,
            clock,
            self._verifiers,
            self.snapshots,
            deliver=deliver,
            limit=queue,
            after=after,
            on_failure=on_failure,
        )
        self._closed = False

    @classmethod
    def found(
        cls,
        folder: Path,
        envelope: bytes,
        log_key: SigningKey,
        *,
        high_water: Path | None = None,
        clock: Callable[[], int] = utc,
        unset_clock: Callable[[], int] = steady,
        workers: int | None = None,
        deliver: Deliver | None = None,
        queue: int = QUEUE,
        snapshot_every: int = SNAPSHOT_EVERY,
        after: Hook = undisturbed,
        on_failure: Callable[[str], None] | None = None,
    ) -> Self:
        """Make the folder, and in it the record with the founding act as entry 0; then run. Options as for `open`.

        Raise Refused if the act is not in order, RecordExists if the folder holds a record.
        """
        folder.mkdir(parents=True, exist_ok=True)
        after("folder made")
        lock = take_lock(folder)
        try:
            notes = high_water or default_folder()
            recovery.found(folder, envelope, log_key, notes, clock(), after)
        finally:
            os.close(lock)
        return cls.open(
            folder,
            high_water=high_water,
            clock=clock,
            unset_clock=unset_clock,
            workers=workers,
            deliver=deliver,
            queue=queue,
            snapshot_every=snapshot_every,
            after=after,
            on_failure=on_failure,
        )

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        high_water: Path | None = None,
        clock: Callable[[], int] = utc,
        unset_clock: Callable[[], int] = steady,
        workers: int | None = None,
        deliver: Deliver | None = None,
        queue: int = QUEUE,
        snapshot_every: int = SNAPSHOT_EVERY,
        after: Hook = undisturbed,
        on_failure: Callable[[str], None] | None = None,
    ) -> Self:
        """Run on the record in the folder; raise CannotStart, naming the reason, where that is not possible.

        high_water:     the folder of high-water notes, outside all backups ($COMITY_NOTES, ~/.local/state/comity)
        clock:          UTC in milliseconds; `unset_clock` counts milliseconds and is never set, to notice jumps
        workers:        verification processes; None: by the processors at hand; 0: the writer verifies
        deliver:        runs a function soon, once, in the thread that reads the register; None: in the writer's
        queue:          acts that may wait before `submit` raises Busy
        snapshot_every: acts between two snapshots
        after:          called after each step of the write path (`steps`)
        on_failure:     called, in the writer's thread, with the reason when the node has failed
        """
        if not folder.is_dir():
            raise recovery.absent(folder)
        lock = take_lock(folder)
        try:
            ledger = recovery.reopen(folder, high_water or default_folder(), after)
            return cls(
                folder,
                ledger,
                lock,
                clock=Clock(clock, unset_clock),
                workers=workers,
                deliver=deliver,
                queue=queue,
                snapshot_every=snapshot_every,
                after=after,
                on_failure=on_failure,
            )
        except BaseException:
            os.close(lock)
            raise

    # What is going on

    @property
    def register(self) -> Register:
        """The register as committed. For readers only."""
        self._require_sound()
        return self._ledger.register

    @property
    def head(self) -> Head:
        """The end of the record as committed; replaced as a whole."""
        self._require_sound()
        return self._ledger.head

    @property
    def failed(self) -> str:
        """Why the node answers nothing more, or ''."""
        return self._writer.failed

    @property
    def unwritable(self) -> Unwritable | None:
        """Why nothing can be written now though everything can be read, or None."""
        return self._writer.unwritable()

    @property
    def counters(self) -> Counters:
        """What was done since the start."""
        return self._writer.counters

    @property
    def depth(self) -> int:
        """How many acts wait in the queue."""
        return self._writer.depth

    @property
    def vkey(self) -> str:
        """The verifier key of the log, in the one line of C2SP signed-note."""
        return self._ledger.signer.key.vkey()

    @property
    def deliver(self) -> Deliver | None:
        """Where merges run (see `open`). An application points it at its own thread while it serves."""
        return self._writer.deliver

    @deliver.setter
    def deliver(self, deliver: Deliver | None) -> None:
        self._writer.deliver = deliver

    # Writing

    def submit(self, envelope: bytes) -> Pending:
        """Take an act. The future gives a Receipt or a SignedRefusal, or raises Unwritable or Failed.

        Raise Busy when the queue is full, Unwritable while nothing can be written, Failed after a failure.
        """
        return self._writer.submit((envelope,))[0]

    def submit_many(self, envelopes: Sequence[bytes]) -> list[Pending]:
        """Take many acts, in order, all or none; for as long as the queue is not full, however many they are."""
        return self._writer.submit(envelopes)

    def subscribe(self, call: Callable[[Head], None]) -> Callable[[], None]:
        """Have `call` called with each new head, where `deliver` runs; returns what ends that. It must not raise."""
        self._writer.subscribers.append(call)
        return lambda: self._writer.subscribers.remove(call)

    # Reading

    def entry(self, index: int) -> bytes:
        """The leaf of an entry: stamp (u64, big-endian) and envelope. IndexError beyond the committed end."""
        found = self.entries(index, index + 1) if index >= 0 else []
        if not found:
            raise IndexError(f"The record has no entry {index}.")
        return found[0]

    def entries(self, start: int, stop: int) -> list[bytes]:
        """The leaves from `start` up to, not including, `stop`, as far as they are committed."""
        return self._ledger.store.leaves(max(start, 0), min(stop, self.head.size))

    def find(self, act_id: bytes) -> int | None:
        """The index of an act by its id (32 bytes)."""
        found = self._ledger.find(act_id, self.head.size)
        return found[0] if found else None

    def receipt(self, index: int) -> bytes:
        """The tlog-proof of an entry under the present head. IndexError beyond the committed end."""
        head = self.head
        if not 0 <= index < head.size:
            raise IndexError(f"The record has no entry {index}.")
        return write_proof(self._ledger.tree, index, head)

    def consistency(self, old: int) -> list[bytes]:
        """The proof that the record of `old` entries is a prefix of the present one (RFC 6962)."""
        return self._ledger.tree.consistency(old, self.head.size)

    def tile(self, path: str) -> bytes | None:
        """What the tlog read layout has at the path (`checkpoint`, `tile/...`); None where it has nothing."""
        head = self.head
        if path == CHECKPOINT:
            return head.checkpoint
        try:
            ref = tiles.parse_path(path)
        except TileError:
            return None
        return self._ledger.publication.content(ref, head.size)

    # The end

    def close(self) -> None:
        """End cleanly: write what is queued, then partial tiles, checkpoint and snapshot. A second call does nothing.

        Not from the thread in which `deliver` runs its work, unless nothing else needs that thread meanwhile. Raise
        Full if there was no room for the files of a clean end; the record is complete all the same.
        """
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        try:
            if not self.failed:
                self._finish()
        finally:
            self._verifiers.close()
            self._ledger.close()
            os.close(self._lock)

    def _finish(self) -> None:
        head = self._ledger.head
        try:
            self.snapshots.wait()
            if self.snapshots.size != head.size:
                self.snapshots.take(head, self._ledger.register)
            self._ledger.publication.advance(head.size, [])
            self._ledger.publication.finish(head.size, head.checkpoint)
            self.snapshots.wait()
        except OSError as error:
            if not is_full(error):
                raise
            raise Full(f"No room for the files of a clean end: {error}.") from error
        self._after("closed")

    def _require_sound(self) -> None:
        if self._writer.failed:
            raise Failed(self._writer.failed)


def take_lock(folder: Path) -> int:
    """Be the only one to write in a data folder, until the descriptor is closed; raise Locked where somebody is."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Locked(f"Another node runs on {folder}; two would fork the record.") from error
    return descriptor
