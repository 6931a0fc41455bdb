# SPDX-License-Identifier: Apache-2.0
"""The writer: one thread, a bounded queue, batches. Nobody else writes.

- A batch is what is queued, up to `BATCH` acts; nobody waits for it to fill.
- The envelopes of the next batches are opened and their signatures handed to the workers before the batch ahead of them
  is folded and committed; a small batch is verified on the spot.
- What readers see changes only inside `deliver`, which an application points at its own thread so that a batch is
  merged between two requests. The next batch is folded when the one before it has been merged.
- A full disk or a doubtful clock turns acts away until that is over. Any other error ends the writer for good.
"""

import gc
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from msgspec import Struct

from comity.charter import fold
from comity.charter.fold import Signed
from comity.charter.refusal import Refused
from comity.charter.tables import Key
from comity.node.answers import Head, Pending, SignedRefusal, settle
from comity.node.errors import Busy, Failed, Full, NodeError, Unwritable
from comity.node.ledger import Judged, Ledger, Opened
from comity.node.snapshot import Snapshots
from comity.node.stamps import Clock
from comity.node.workers import Ticket, Verifiers
from comity.record.note import from_base64

BATCH = 1024
"""Acts per transaction, at most."""

QUEUE = 8 * BATCH
"""Acts that may wait, unless said otherwise."""

QUEUE_BYTES = 64 << 20
AHEAD = 3
"""Batches opened, where workers verify them meanwhile."""

YOUNG = 20_000
"""Objects made between two looks for garbage, at least."""

WORTH_SENDING = 32
"""Acts from which on a batch is handed to the workers."""

FULL = "The disk of the record is full."
FULL_PAUSE_S = 1.0
"""How long nothing is tried after the disk was found full."""

FULL_RETRY_S = 5
CLOCK_PAUSE_S = 30
CLOSING_PAUSE_S = 5
EDITION_PAUSE_S = 3600

COMMIT_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds by which commits are counted."""

Deliver = Callable[[Callable[[], None]], None]


class Counters:
    """What the writer has done since the start, for metrics. Written by the writer alone but for `busy`."""

    def __init__(self) -> None:
        self.acts = 0
        self.duplicates = 0
        self.refusals: dict[str, int] = {}
        """Refused acts by code."""
        self.batches = 0
        self.commit_seconds = 0.0
        """Time in commits, high-water note included."""
        self.commits = [0] * (len(COMMIT_BOUNDS) + 1)
        """How many commits took up to each of `COMMIT_BOUNDS`, and longer than the last."""
        self.unwritable = 0
        """Acts turned away because nothing could be written."""
        self.busy = 0
        """Submissions turned away because the queue was full."""


class _Batch(Struct):
    envelopes: list[bytes]
    futures: list[Pending]
    opened: list[Opened] = []
    ticket: Ticket | None = None


class _Delivery:
    """Work that is done once, by whoever comes first: the application's thread, or the writer while closing."""

    def __init__(self, work: Callable[[], None], on_error: Callable[[], None]) -> None:
        self._work = work
        self._on_error = on_error
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._done = threading.Event()

    def __call__(self) -> None:
        with self._lock:
            if self._done.is_set():
                return
            try:
                self._work()
            except BaseException as error:
                self._error = error
            self._done.set()
        if self._error:
            self._on_error()

    def wait(self, closing: threading.Event) -> None:
        """Return when it is done. An application that is closing may not come to it any more."""
        while not self._done.wait(0.1):
            if closing.is_set():
                self()
        if self._error:
            raise self._error


class Writer:
    """The one thread that writes, and the queue before it."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        verifiers: Verifiers,
        snapshots: Snapshots,
        *,
        deliver: Deliver | None,
        limit: int,
        after: Callable[[str], None],
        on_failure: Callable[[str], None] | None,
    ) -> None:
        self.counters = Counters()
        self.failed = ""
        """Why the writer ended for good, or ''."""
        self.subscribers: list[Callable[[Head], None]] = []
        self._ledger = ledger
        self._clock = clock
        self._verifiers = verifiers
        self._snapshots = snapshots
        self.deliver = deliver
        self._limit = limit
        self._after = after
        self._on_failure = on_failure
        self._queue: deque[tuple[bytes, Pending]] = deque()
        self._queued_bytes = 0
        self._more = threading.Condition()
        self._closing = threading.Event()
        self._full_until = 0.0
        self._stuck = ""
        self._delivery: _Delivery | None = None
        self._delivered: list[Pending] = []
        self._broken = False
        self._ended = False
        self._keys: dict[str, bytes] = {}
        # A batch makes thousands of objects that all live until it is answered: looking for garbage among them every
        # 700 objects, which is the interpreter's habit, would cost as much as committing them.
        young, *older = gc.get_threshold()
        gc.set_threshold(max(young, YOUNG) if young else 0, *older)
        self._thread = threading.Thread(target=self._run, name="comity-writer", daemon=True)
        self._thread.start()

    # For all threads

    @property
    def depth(self) -> int:
        """How many acts wait in the queue."""
        return len(self._queue)

    def unwritable(self) -> Unwritable | None:
        """Why nothing can be written now, or None."""
        if self._closing.is_set():
            return Unwritable("The node is closing.", CLOSING_PAUSE_S)
        if self._stuck:
            return Unwritable(self._stuck, EDITION_PAUSE_S)
        if self._full_until and time.monotonic() < self._full_until:
            return Unwritable(FULL, FULL_RETRY_S)
        doubt = self._clock.doubt(self._ledger.committed.stamp)
        return Unwritable(doubt, CLOCK_PAUSE_S) if doubt else None

    def submit(self, envelopes: Sequence[bytes]) -> list[Pending]:
        """Queue acts; raise Busy, Unwritable or Failed, and then none was taken."""
        if self.failed:
            raise Failed(self.failed)
        if problem := self.unwritable():
            self.counters.unwritable += len(envelopes)
            raise problem
        shared = threading.Condition()
        futures = [Pending(shared) for _ in envelopes]
        size = sum(map(len, envelopes))
        with self._more:
            if self._ended:
                raise self._ending()
            if len(self._queue) >= self._limit or (self._queue and self._queued_bytes + size > QUEUE_BYTES):
                self.counters.busy += 1
                raise Busy(self._patience())
            self._queue.extend(zip(envelopes, futures, strict=True))
            self._queued_bytes += size
            self._more.notify()
        return futures

    def close(self) -> None:
        """Write what is queued and end. The thread has ended when this returns."""
        self._closing.set()
        with self._more:
            self._more.notify()
        self._thread.join()

    def _wake(self) -> None:
        """Have the writer notice, though nothing is queued, that a delivery went wrong."""
        with self._more:
            self._broken = True
            self._more.notify()

    def _ending(self) -> NodeError:
        return Failed(self.failed) if self.failed else Unwritable("The node is closing.", CLOSING_PAUSE_S)

    def _patience(self) -> int:
        counters = self.counters
        mean = counters.commit_seconds / counters.acts if counters.acts else 0.0
        return 1 + int(len(self._queue) * (mean + 1e-4))

    # The writer's own thread

    def _run(self) -> None:
        ahead: deque[_Batch] = deque()
        try:
            while True:
                while len(ahead) < (AHEAD if len(self._verifiers) else 1):
                    batch = self._take(wait=not ahead)
                    if batch is None:
                        break
                    ahead.append(batch)
                    self._after("taken")
                    self._open(batch)
                if not ahead:
                    break
                self._write(ahead[0])
                ahead.popleft()
            self._settled()
        except BaseException as error:
            self._fail(error, self._delivered + [future for batch in ahead for future in batch.futures])
        with self._more:
            self._ended = True
            waiting = [future for _, future in self._queue]
            self._queue.clear()
        self._turn_away(waiting, self._ending())

    def _take(self, *, wait: bool) -> _Batch | None:
        """What is queued, up to a batch; None if there is nothing and no point in waiting."""
        with self._more:
            while not self._queue:
                if self._broken:
                    self._settled()
                if not wait or self._closing.is_set():
                    return None
                self._more.wait()
            count = min(BATCH, len(self._queue))
            envelopes, futures = zip(*islice(self._queue, count), strict=True)
            if count == len(self._queue):
                self._queue.clear()
                self._queued_bytes = 0
            else:
                for _ in range(count):
                    self._queue.popleft()
                self._queued_bytes -= sum(map(len, envelopes))
        return _Batch(list(envelopes), list(futures))

    def _open(self, batch: _Batch) -> None:
        opened = batch.opened
        for raw in batch.envelopes:
            try:
                opened.append(fold.open_act(raw))
            except Refused as refused:
                opened.append(refused)
        if len(self._verifiers) and len(opened) >= WORTH_SENDING:
            acts = [one if isinstance(one, Signed) else None for one in opened]
            batch.ticket = self._verifiers.send(acts, self._public_keys(acts))
        self._after("opened")

    def _verify(self, acts: Sequence[Opened]) -> list[bool | None]:
        """The verdicts that workers would give. One after another they are quicker than each amid its fold."""
        signed = [one if isinstance(one, Signed) else None for one in acts]
        keys = self._public_keys(signed)
        return [fold.verify(keys, one) if one and keys.keys() >= {*one.signers} else None for one in signed]

    def _public_keys(self, acts: Sequence[Signed | None]) -> dict[str, bytes]:
        """The public keys known by now; a key id is the hash of its key, so that none of them ever changes."""
        known = self._keys
        for act in acts:
            if act is not None:
                for key_id in act.signers:
                    if key_id not in known:
                        row = self._ledger.register.get(Key, key_id)
                        if row is not None:
                            known[key_id] = from_base64(row.key, "a key")
        return known

    def _write(self, batch: _Batch) -> None:
        """Fold, commit, speak. In the order of the ledger's docstring."""
        ledger = self._ledger
        verdicts = self._verifiers.collect(batch.ticket) if batch.ticket else self._verify(batch.opened)
        self._settled()
        if self._snapshots.is_due(ledger.committed.size):
            self._snapshots.take(ledger.committed, ledger.register)
        problem = self._doubt()
        if problem:
            return self._turn_away(batch.futures, problem)
        stamp = self._clock.stamp(ledger.committed.stamp)
        judged = ledger.judge(zip(batch.envelopes, batch.opened, verdicts, strict=True), stamp)
        if judged.halted:
            self._stuck = judged.halted
            left = batch.futures[len(judged.fates) :]
            del batch.futures[len(judged.fates) :]
            self._turn_away(left, Unwritable(self._stuck, EDITION_PAUSE_S))
        self._after("folded")
        begun = time.perf_counter()
        try:
            head = ledger.commit(judged)
        except Full:
            self._full_until = time.monotonic() + FULL_PAUSE_S
            return self._turn_away(batch.futures, Unwritable(FULL, FULL_RETRY_S))
        self._full_until = 0.0
        self._count(judged, time.perf_counter() - begun)
        self._delivered = batch.futures
        self._delivery = _Delivery(lambda: self._publish(batch.futures, judged, head), self._wake)
        deliver = self.deliver
        if deliver:
            deliver(self._delivery)
        else:
            self._delivery()
        ledger.publication.advance(head.size, [row[2] for row in judged.rows])
        self._after("tiles written")
        return None

    def _publish(self, futures: list[Pending], judged: Judged, head: Head) -> None:
        answers = self._ledger.publish(judged, head)
        settle(zip(futures, answers, strict=True))
        self._after("answered")
        if judged.rows:
            for call in tuple(self.subscribers):
                call(head)

    def _settled(self) -> None:
        """Wait until the last batch has been merged; raise what went wrong with it."""
        if self._delivery:
            self._delivery.wait(self._closing)
            self._delivery = None
            self._delivered = []

    def _doubt(self) -> Unwritable | None:
        doubt = self._stuck or self._clock.doubt(self._ledger.committed.stamp)
        return Unwritable(doubt, CLOCK_PAUSE_S) if doubt else None

    def _count(self, judged: Judged, seconds: float) -> None:
        counters = self.counters
        counters.acts += len(judged.rows)
        counters.batches += 1
        counters.commit_seconds += seconds
        counters.commits[bisect_left(COMMIT_BOUNDS, seconds)] += 1
        if len(judged.fates) == len(judged.rows):
            return
        for fate in judged.fates:
            if isinstance(fate, SignedRefusal):
                code = fate.refusal.code
                counters.refusals[code] = counters.refusals.get(code, 0) + 1
            elif fate[3]:
                counters.duplicates += 1

    def _turn_away(self, futures: list[Pending], problem: NodeError) -> None:
        self.counters.unwritable += len(futures)
        settle((future, problem) for future in futures)

    def _fail(self, error: BaseException, waiting: list[Pending]) -> None:
        """End for good: whether the last batch was committed is not known here, and the next start finds out."""
        self.failed = f"The node has stopped: {type(error).__name__}: {error}. Start it again; it recovers by itself."
        problem = Failed(self.failed)
        problem.__cause__ = error
        settle((future, problem) for future in waiting if not future.done())
        if self._on_failure:
            self._on_failure(self.failed)
