# SPDX-License-Identifier: Apache-2.0
"""A record read without a trace, whether or not a node runs on it: `Reader`.

    with Reader.open(folder) as record:
        record.register, record.head, record.entries(0, 10), record.tile("checkpoint")

- Nothing is written: no lock is taken, no snapshot, tile, checkpoint or note is made or removed.
- What is read is the record as committed when it was opened. Entries never change, and only those below that size are
  read, so that a node that goes on meanwhile makes no difference and is held up by nothing.
- As at a start, every entry is hashed, and the root must be the one that the log has signed. Signatures of acts are
  not verified: whoever reads a folder that he does not trust runs comity-verify.
- An older copy is read like any other; `note` says that it is one.

How SQLite is asked depends on what lies beside the file. With a write-ahead log in use: read-only, as any number of
readers do. With none: as a file that does not change, since SQLite would otherwise make a log; should the file change
after all, because a node began, what was read is read again. With a log but no index to it, as in a copy of a folder
whose node was killed: a temporary copy of both.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import apsw

import comity.domains  # noqa: F401  (every kind that may be on the record)
from comity.charter import fold
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.keys import log_key_of
from comity.node import recovery
from comity.node.answers import Head
from comity.node.errors import CannotStart, Damaged, RecordAbsent
from comity.node.highwater import HighWater, default_folder
from comity.node.publication import CHECKPOINT, Publication
from comity.node.steps import undisturbed
from comity.node.store import HEAD, LEAVES, StoredHead, require_ours, stored_head
from comity.record import envelope, tiles
from comity.record.errors import RecordError, TileError
from comity.record.merkle import Tree
from comity.record.note import VerifierKey

PIECE = 1024
"""Entries read at once."""

_READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
_COPIED = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
_BUSY_MS = 10_000


class StoredRecord:
    """The SQLite file of a record, for reading by one thread. As `Store` reads, but without leaving anything behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = contextlib.ExitStack()
        self._connection: apsw.Connection | None = None
        # What the file was when it was taken for one that does not change; None where SQLite itself looks after that.
        self._unchanged: tuple[int, ...] | None = None
        try:
            require_ours(self._number("PRAGMA application_id"), self._number("PRAGMA user_version"), path)
        except BaseException:
            self.close()
            raise

    def head(self) -> StoredHead | None:
        """The head row as committed, or None before the founding."""
        return stored_head(self._read(HEAD), self.path)

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The entries from `start` up to, not including, `stop`."""
        return [row[0] for row in self._read(LEAVES, (start, stop))]

    def stream(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Index and leaf of all entries from `start` on, in order."""
        query = f"SELECT number, leaf FROM entries WHERE number >= ? ORDER BY number LIMIT {PIECE}"
        while rows := self._read(query, (start,)):
            yield from rows
            start = rows[-1][0] + 1

    def close(self) -> None:
        """Let go of the file, and of the temporary copy if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None
        self._kept.close()

    def _number(self, query: str) -> int:
        return int(self._read(query)[0][0])

    def _read(self, query: str, values: Sequence[int] = ()) -> list[Any]:
        while True:
            try:
                connection = self._connection or self._connect()
                rows = connection.execute(query, tuple(values)).fetchall()
            except apsw.Error as error:
                if not self._has_changed():
                    raise Damaged(f"{self.path} cannot be read as a database ({error}). {recovery.HEAL}") from error
            else:
                if not self._has_changed():
                    return rows
            # What was read may be half old and half new.
            self.close()

    def _connect(self) -> apsw.Connection:
        place, options, flags = self.path, "mode=ro", _READ_ONLY
        found = self._identity()
        in_use = found[-1] > 0
        if not in_use:
            options = "mode=ro&immutable=1"
        elif not self._beside("-shm").exists():
            folder = Path(self._kept.enter_context(tempfile.TemporaryDirectory(prefix="comity-")))
            for path in (self.path, self._beside("-wal")):
                shutil.copyfile(path, folder / path.name)
            place, options, flags = folder / self.path.name, "mode=rw", _COPIED
        self._unchanged = None if in_use else found
        connection = apsw.Connection(f"file:{quote(str(place.absolute()))}?{options}", flags=flags)
        connection.set_busy_timeout(_BUSY_MS)
        self._connection = connection
        return connection

    def _identity(self) -> tuple[int, ...]:
        """What the file is, and last the size of its write-ahead log."""
        found = self.path.stat()
        try:
            log = self._beside("-wal").stat().st_size
        except FileNotFoundError:
            log = 0
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, log

    def _beside(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def _has_changed(self) -> bool:
        return self._unchanged is not None and self._unchanged != self._identity()


class Reader:
    """A record as it was when it was opened. Made by `open`; ended by `close` or at the end of a `with`."""

    def __init__(self, folder: Path, store: StoredRecord, notes: Path) -> None:
        self.folder = folder
        self._store = store
        key = _log_key(folder, store)
        # The note first: a running node commits, then notes. The other way round it would be ahead of what was read.
        try:
            noted, self.note = HighWater(notes, key.vkey()), ""
        except CannotStart as error:
            noted, self.note = None, str(error)
        stored = store.head()
        if stored is None:
            raise recovery.absent(folder)
        self.head: Head = stored.head
        """The end of the record: size, root, last stamp, signed checkpoint."""
        self.vkey = key.vkey()
        """The verifier key of the log, in the one line of C2SP signed-note."""
        self._tree = _tree(store, stored)
        recovery.require_checkpoint(self.head, key)
        if noted:
            self.note = recovery.behind(noted, self._tree)
        self._files = Publication(folder, self._tree, store, undisturbed)
        self._register: Register | None = None

    @classmethod
    def open(cls, folder: Path, *, high_water: Path | None = None) -> Self:
        """Read the record in a node's data folder.

        Raise RecordAbsent or Damaged. `note` is a sentence where the high-water note (in the folder `high_water`, by
        default $COMITY_NOTES or ~/.local/state/comity) knows of more or of something else, and otherwise ''.
        """
        if not (folder / recovery.STORE).exists():
            raise recovery.absent(folder)
        store = StoredRecord(folder / recovery.STORE)
        try:
            return cls(folder, store, high_water or default_folder())
        except BaseException:
            store.close()
            raise

    @property
    def register(self) -> Register:
        """The register at the head, from the newest snapshot that fits and the entries after it.

        Raise Damaged where an entry is void, CannotStart where an edition is needed that this program does not know.
        """
        if self._register is None:
            upto = _UpTo(self._store, self.head.size)
            self._register, _ = recovery.register_of(self.folder, upto, self._tree, self.head)
        return self._register

    def entry(self, index: int) -> bytes:
        """The leaf of an entry: stamp (u64, big-endian) and envelope. IndexError beyond the end."""
        found = self.entries(index, index + 1) if index >= 0 else []
        if not found:
            raise IndexError(f"The record has no entry {index}.")
        return found[0]

    def entries(self, start: int, stop: int) -> list[bytes]:
        """The leaves from `start` up to, not including, `stop`, as far as there are any."""
        return self._store.leaves(max(start, 0), min(stop, self.head.size))

    def tile(self, path: str) -> bytes | None:
        """What the tlog read layout has at the path (`checkpoint`, `tile/...`); None where it has nothing."""
        if path == CHECKPOINT:
            return self.head.checkpoint
        try:
            ref = tiles.parse_path(path)
        except TileError:
            return None
        return self._files.content(ref, self.head.size)

    def close(self) -> None:
        """Let go of the record."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _UpTo:
    """A store without the entries that were committed after it was opened."""

    def __init__(self, store: StoredRecord, size: int) -> None:
        self.path = store.path
        self._store = store
        self._size = size

    def leaves(self, start: int, stop: int) -> list[bytes]:
        return self._store.leaves(start, min(stop, self._size))

    def stream(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        for number, leaf in self._store.stream(start):
            if number >= self._size:
                return
            yield number, leaf


def _tree(store: StoredRecord, stored: StoredHead) -> Tree:
    """The tree of the entries up to the head, which must have its root; Damaged otherwise."""
    tree, _ = recovery.grow(_UpTo(store, stored.head.size), None)
    recovery.require_agreement(tree, stored, store)
    return tree


def _log_key(folder: Path, store: StoredRecord) -> VerifierKey:
    """The key that entry 0 gives to the log."""
    first = store.leaves(0, 1)
    if not first:
        raise RecordAbsent(f"{folder} holds no record: it has no founding act.")
    try:
        origin, key = log_key_of(fold.open_act(envelope.split_leaf(first[0])[1]).act)
    except (Refused, RecordError) as error:
        raise Damaged(f"Entry 0 in {store.path} is not a founding act: {error}. {recovery.HEAL}") from error
    return VerifierKey(origin, key)
