# SPDX-License-Identifier: Apache-2.0
"""The denominators: PyNaCl verifying the same signatures over the same bytes and doing nothing else, on one core or,
by two processes, on two; and one forced write of the same disk.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple

import msgspec
from nacl.signing import VerifyKey

from comity.record.ed25519 import SigningKey
from comity.record.envelope import open_envelope

BLOCK = 4096
"""Bytes of one forced write."""


class Message(NamedTuple):
    """What one verification needs: public key, signed bytes, signature."""

    public: bytes
    signed: bytes
    signature: bytes


def messages(envelopes: Iterable[bytes], keys: Iterable[SigningKey]) -> list[Message]:
    """What is verified of envelopes with one signature each."""
    publics = {key.keyid: key.public for key in keys}
    found = []
    for raw in envelopes:
        opened = open_envelope(raw)
        key_id, signature = opened.signatures[0]
        found.append(Message(publics[key_id], opened.pae, signature))
    return found


def verify_seconds(wanted: Sequence[Message]) -> float:
    """Seconds in which this process verifies the messages; its `VerifyKey` objects are made before."""
    keys = {public: VerifyKey(public) for public in {one.public for one in wanted}}
    ready = [(keys[one.public].verify, one.signed, one.signature) for one in wanted]
    begun = time.perf_counter()
    for verify, signed, signature in ready:
        verify(signed, signature)
    return time.perf_counter() - begun


class Pair:
    """Two processes, one on each of the processors given, that verify half of the messages each."""

    def __init__(self, processors: Sequence[int]) -> None:
        self._processes = [_spawn(processors[number % len(processors)] if processors else None) for number in (0, 1)]

    def seconds(self, wanted: Sequence[Message]) -> float:
        """Seconds until both are done; what they need is theirs before the time starts."""
        halves = (wanted[::2], wanted[1::2])
        for process, half in zip(self._processes, halves, strict=True):
            _send(process.stdin, half)
        for process in self._processes:
            _line(process)
        begun = time.perf_counter()
        for process in self._processes:
            _write(process.stdin, b"go\n")
        for process in self._processes:
            _line(process)
        return time.perf_counter() - begun

    def close(self) -> None:
        """End both."""
        for process in self._processes:
            process.communicate()


@contextmanager
def pair(processors: Sequence[int]) -> Iterator[Pair]:
    """Two verifying processes for a while."""
    made = Pair(processors)
    try:
        yield made
    finally:
        made.close()


def _spawn(processor: int | None) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-P", "-m", "comity.bench.bare", "" if processor is None else str(processor)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _send(pipe: IO[bytes] | None, wanted: Sequence[Message]) -> None:
    body = msgspec.msgpack.encode(wanted)
    _write(pipe, len(body).to_bytes(8, "big") + body)


def _write(pipe: IO[bytes] | None, data: bytes) -> None:
    if pipe is not None:
        pipe.write(data)
        pipe.flush()


def _line(process: "subprocess.Popen[bytes]") -> None:
    if process.stdout is None or not process.stdout.readline():
        raise RuntimeError("a process of the benchmark that verifies signatures has ended")


def _serve() -> None:
    """One of the two: read messages, say so, wait for the word, verify, say so."""
    if sys.argv[1]:
        pin([int(sys.argv[1])])
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while length := source.read(8):
        wanted = msgspec.msgpack.decode(source.read(int.from_bytes(length, "big")), type=list[Message])
        target.write(b"ready\n")
        target.flush()
        source.readline()
        verify_seconds(wanted)
        target.write(b"done\n")
        target.flush()


def processors() -> list[int]:
    """The processors that this process may use; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def pin(wanted: Sequence[int]) -> None:
    """Keep this thread, and what it starts from now on, on these processors."""
    if wanted and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, wanted)


class Disk:
    """Forced writes of one block each, at the end of a file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "forced"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._took: list[float] = []

    def force(self) -> None:
        """Append a block and wait until it is on the disk."""
        begun = time.perf_counter()
        os.write(self._file, bytes(BLOCK))
        getattr(os, "fdatasync", os.fsync)(self._file)
        self._took.append(time.perf_counter() - begun)

    def median(self) -> float:
        """Seconds of a forced write."""
        return median(self._took)

    def close(self) -> None:
        """Remove the file."""
        os.close(self._file)
        self._path.unlink()


if __name__ == "__main__":
    _serve()
