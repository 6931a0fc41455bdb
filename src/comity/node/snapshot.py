# SPDX-License-Identifier: Apache-2.0
"""Snapshots of the register, so that a start folds only what came after: `snapshot/<size>.msgpack`.

A snapshot is a convenience and never an authority. It is used only where its checksum holds, where the tree of the
entries has its root at its size, and where it was written by the same code (`code_version`: the digest of every module
that takes part in folding). Anything else is ignored, and the entries are folded instead.

The writer copies the tables (references to rows that never change) between two batches; a thread encodes the copy in
small pieces and puts the file in place. File: frames of msgpack, each after its length as a u32; the header, then
`[table, {key: row}]` of at most `ROWS` rows each, then 32 bytes of SHA-256 over all before.
"""

import os
import threading
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

import comity
from comity.charter.register import TABLES, Register
from comity.node.answers import Head
from comity.node.files import is_full, sync_folder

FOLDER = "snapshot"
ROWS = 256
KEEP = 2

_LENGTH_BYTES = 4
_CHECKSUM_BYTES = 32
# What does not take part in folding, and may change without making a snapshot worthless.
_NOT_FOLDING = frozenset({"app", "bench", "cli", "node"})

Tables = dict[str, dict[str, Any]]


class Header(msgspec.Struct, frozen=True):
    """What a snapshot is of: the size and root of the record, its last stamp, and the code that folded it."""

    size: int
    root: bytes
    stamp: int
    code: str


@cache
def code_version() -> str:
    """The digest of every module that takes part in folding, in hexadecimal."""
    home = Path(comity.__file__).parent
    running = sha256()
    for path in sorted(home.rglob("*.py")):
        parts = path.relative_to(home).parts
        if parts[0] not in _NOT_FOLDING:
            running.update("/".join(parts).encode() + b"\0" + sha256(path.read_bytes()).digest())
    return running.hexdigest()


def copy_tables(register: Register) -> Tables:
    """The tables as they are now; rows are shared, since they never change."""
    return {name: dict(rows) for name, rows in register.tables.items() if rows}


def write(folder: Path, head: Head, tables: Tables, after: Callable[[str], None]) -> None:
    """Write a snapshot and put it in place; then remove all but the newest."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{head.size}.msgpack"
    beside = path.with_suffix(".new")
    running = sha256()
    try:
        with open(beside, "wb") as file:
            for frame in _frames(head, tables):
                data = len(frame).to_bytes(_LENGTH_BYTES, "big") + frame
                running.update(data)
                file.write(data)
            file.write(running.digest())
            file.flush()
            os.fsync(file.fileno())
        after("snapshot written")
        os.replace(beside, path)
        sync_folder(folder)
        after("snapshot renamed")
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    for old in in_folder(folder)[KEEP:]:
        old.unlink()


def in_folder(folder: Path) -> list[Path]:
    """The snapshots in a folder, newest first."""
    found = [path for path in folder.glob("*.msgpack") if path.stem.isascii() and path.stem.isdigit()]
    return sorted(found, key=lambda path: -int(path.stem))


def read(path: Path) -> tuple[Header, Register] | None:
    """Read a snapshot of this code; None if it is damaged or of other code."""
    try:
        data = path.read_bytes()
        body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        if sha256(body).digest() != checksum:
            return None
        frames = _split(body)
        header = msgspec.msgpack.decode(next(frames), type=Header)
        if header.code != code_version():
            return None
        return header, _register(frames)
    except (OSError, ValueError, StopIteration, KeyError):
        # Whatever is wrong with it, the entries say the same.
        return None


def _frames(head: Head, tables: Tables) -> Iterator[bytes]:
    yield msgspec.msgpack.encode(Header(head.size, head.root, head.stamp, code_version()))
    for name, rows in tables.items():
        pairs = iter(rows.items())
        while chunk := dict(islice(pairs, ROWS)):
            yield msgspec.msgpack.encode((name, chunk))


def _split(body: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(body[at:start], "big")
        yield body[start:at]


def _register(frames: Iterator[bytes]) -> Register:
    decoders = {name: msgspec.msgpack.Decoder(dict[str, row]) for name, row in TABLES.items()}  # type: ignore[valid-type]
    tables: Tables = {}
    for frame in frames:
        name, rows = msgspec.msgpack.decode(frame, type=tuple[str, msgspec.Raw])
        tables.setdefault(name, {}).update(decoders[name].decode(rows))
    return Register(tables)


class Snapshots:
    """Writes snapshots of one record, one at a time, in a thread of its own."""

    def __init__(self, folder: Path, every: int, after: Callable[[str], None]) -> None:
        self.folder = folder / FOLDER
        self.every = every
        self.size = max((int(path.stem) for path in in_folder(self.folder)), default=0)
        """The size at which the newest snapshot was taken."""
        self.missed = 0
        """How many could not be written because the disk was full."""
        self.error: BaseException | None = None
        self._after = after
        self._thread: threading.Thread | None = None

    def is_due(self, size: int) -> bool:
        """Whether it is time for the next one, and the last one is done."""
        return size - self.size >= self.every and not (self._thread and self._thread.is_alive())

    def take(self, head: Head, register: Register) -> None:
        """Copy the tables and leave the rest to a thread. Between two batches only."""
        self.wait()
        tables = copy_tables(register)
        self.size = head.size
        self._after("snapshot taken")
        self._thread = threading.Thread(target=self._write, args=(head, tables), name="comity-snapshot", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for the thread; raise what went wrong in it."""
        if self._thread:
            self._thread.join()
            self._thread = None
        if self.error:
            raise self.error

    def _write(self, head: Head, tables: Tables) -> None:
        try:
            write(self.folder, head, tables, self._after)
        except BaseException as error:
            if isinstance(error, OSError) and is_full(error):
                self.missed += 1
            else:
                self.error = error
