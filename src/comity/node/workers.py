# SPDX-License-Identifier: Apache-2.0
"""Signatures verified beside the writer, by processes that hold nothing else.

The writer opens the envelopes itself, which costs less than sending opened acts between processes, and hands the
signatures out in chunks, before it folds and commits the batch ahead of them. Which key a signature is checked under
is settled by its key id, the hash of the key: so the verdict holds whatever is folded in between. A verdict that is
missing (a key that no one knows yet, a worker that died) is None, and the fold verifies by itself.
"""

import fcntl
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence

from comity.charter.fold import Signed
from comity.node import verifying

CHUNK = 64
"""Acts per frame: some four milliseconds of work."""

_PIPE_BYTES = 1 << 20


def count_for_this_machine() -> int:
    """One worker for each processor this process may use; none where there is only one."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if processors > 1 else 0


class Ticket:
    """Verdicts under way for the acts of one batch."""

    __slots__ = ("chunks", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.chunks: list[tuple[_Worker | None, list[tuple[int, int]], int]] = []


class _Worker:
    """One process and how many frames it has not answered yet."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", verifying.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to, self.back = self.process.stdin.fileno(), self.process.stdout.fileno()
        # Room for several frames, so that the writer rarely waits for a worker to read.
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            try:
                fcntl.fcntl(self.to, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            except OSError:
                pass  # The system allows less; then the writer waits now and then.
        self.lost = False

    def send(self, data: bytes) -> None:
        """Hand over a frame; a worker that is gone is marked lost."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.to, view) :]
        except BrokenPipeError:
            self.lost = True

    def receive(self, count: int) -> bytes:
        """The next `count` verdicts; nothing if the worker is gone."""
        found = b""
        while len(found) < count and not self.lost:
            more = os.read(self.back, count - len(found))
            found += more
            self.lost = not more
        return found if len(found) == count else b""

    def end(self) -> None:
        """Close the pipes, at which the process ends, and take its leave."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


class Verifiers:
    """A number of workers. Used by the writer's thread alone."""

    def __init__(self, count: int) -> None:
        self._workers = deque(_Worker() for _ in range(count))

    def __len__(self) -> int:
        return len(self._workers)

    def send(self, acts: Sequence[Signed | None], keys: Mapping[str, bytes]) -> Ticket:
        """Hand out the signatures of a batch; acts that are None, or have a signer not in `keys`, are left out."""
        ticket = Ticket(len(acts))
        share: list[tuple[bytes, bytes, bytes]] = []
        counts: list[tuple[int, int]] = []
        for number, act in enumerate(acts):
            if act is None:
                continue
            try:
                wanted = [(keys[key_id], signature, act.pae) for key_id, signature in act.signatures]
            except KeyError:
                continue
            share += wanted
            counts.append((number, len(wanted)))
            if len(counts) == CHUNK:
                self._hand_out(ticket, share, counts)
                share, counts = [], []
        if counts:
            self._hand_out(ticket, share, counts)
        return ticket

    def collect(self, ticket: Ticket) -> list[bool | None]:
        """Wait for the verdicts of a batch, one for each act. Tickets are collected in the order they were given."""
        found: list[bool | None] = [None] * ticket.size
        for worker, counts, total in ticket.chunks:
            answer = worker.receive(total) if worker else b""
            if not answer:
                continue
            at = 0
            for number, count in counts:
                found[number] = 0 not in answer[at : at + count]
                at += count
        return found

    def close(self) -> None:
        """End all workers."""
        while self._workers:
            self._workers.popleft().end()

    def _hand_out(self, ticket: Ticket, share: list[tuple[bytes, bytes, bytes]], counts: list[tuple[int, int]]) -> None:
        worker = self._workers[0]
        self._workers.rotate(-1)
        if worker.lost:
            worker.end()
            self._workers[-1] = worker = _Worker()
        worker.send(verifying.frame(share))
        ticket.chunks.append((worker, counts, len(share)))
