# SPDX-License-Identifier: Apache-2.0
"""The store: entries and head in one SQLite file, moved forward together or not at all.

- One connection writes. WAL with synchronous=FULL: when a commit returns, it is on the disk.
- One transaction per batch: first the head, on the condition that its size is the one this node committed last, then
  the entries. The head holds frontier and signed checkpoint, so that there is no moment at which the record and what
  the log has signed about it disagree.
- Entries are found by index, and by the first eight bytes of their act id; whoever looks for an act compares the rest.
- Readers have connections of their own and are never in the writer's way.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import apsw
from msgspec import Struct

from comity.node.answers import Head
from comity.node.errors import Damaged, Full, Overtaken
from comity.node.files import is_full
from comity.record.merkle import HASH_BYTES

LAYOUT = 1
"""The layout of the tables, kept as the file's user_version."""

APPLICATION = 0x436F6D69
"""`Comi`, as the file's application_id."""

_BUSY_MS = 10_000
_CACHE_KIB = 32 * 1024
# In pages of 4 KiB: large enough that a batch of a thousand acts does not pay for copying the log back each time.
_CHECKPOINT_PAGES = 8_000
_IDLE_READERS = 8

_TABLES = """
CREATE TABLE entries (number INTEGER PRIMARY KEY, id8 INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE INDEX entries_by_id ON entries (id8);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 0),
    size INTEGER NOT NULL, root BLOB NOT NULL, stamp INTEGER NOT NULL, frontier BLOB NOT NULL, checkpoint BLOB NOT NULL
) STRICT;
"""

HEAD = "SELECT size, root, stamp, frontier, checkpoint FROM head"
LEAVES = "SELECT leaf FROM entries WHERE number >= ? AND number < ? ORDER BY number"

Row = tuple[int, int, bytes]
"""An entry as it is stored: its index, the first eight bytes of its act id as an integer, its leaf."""


class StoredHead(Struct, frozen=True):
    """The head row: what a reader may know, and the frontier it follows from."""

    head: Head
    frontier: tuple[bytes, ...]


class Entries(Protocol):
    """Entries that can be read by index: what a start, a reader and the publication need of a store."""

    path: Path

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The entries from `start` up to, not including, `stop`."""

    def stream(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Index and leaf of all entries from `start` on, in order."""


def id8(act: bytes) -> int:
    """The first eight bytes of an act id as the signed integer that SQLite indexes."""
    return int.from_bytes(act[:8], "big", signed=True)


def stored_head(rows: Sequence[Any], path: Path) -> StoredHead | None:
    """The head out of the rows that `HEAD` gives; None before the founding, Damaged where it contradicts itself."""
    if not rows:
        return None
    size, root, stamp, frontier, checkpoint = rows[0]
    if len(frontier) != HASH_BYTES * size.bit_count():
        raise Damaged(f"The frontier in {path} is not that of {size} entries.")
    hashes = tuple(frontier[at : at + HASH_BYTES] for at in range(0, len(frontier), HASH_BYTES))
    return StoredHead(Head(size, root, stamp, checkpoint), hashes)


def require_ours(application: int, layout: int, path: Path) -> None:
    """Raise Damaged for a database that is none of ours, or of a layout that this program does not know."""
    if (application, layout) != (APPLICATION, LAYOUT):
        raise Damaged(f"{path} is not a record of layout {LAYOUT}; a release that knows its layout is needed.")


class Store:
    """The SQLite file of one record. `append` belongs to the writer's thread; reading to any."""

    def __init__(self, path: Path, after: Callable[[str], None]) -> None:
        self.path = path
        self._after = after
        self._idle: SimpleQueue[apsw.Connection] = SimpleQueue()
        self._writer = self._connect()
        if not self._number("SELECT count(*) FROM sqlite_schema"):
            with self._writer:
                self._writer.execute(_TABLES)
                self._writer.execute(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT}")
        self._require_ours()

    def append(self, previous: int, rows: Sequence[Row], head: Head, frontier: Sequence[bytes]) -> None:
        """Commit a batch and its head, on the condition that the record still ends at `previous`.

        Raise Full if there is no room (the store is as before), Overtaken if another node has written. After any
        other error it is not known whether the batch was committed.
        """
        try:
            self._write(previous, rows, head, frontier)
        except apsw.Error as error:
            self._roll_back()
            if not is_full(error):
                raise
            stored = self.head()
            if (stored.head.size if stored else 0) != previous:
                raise
            raise Full(f"No room for the record: {error}.") from error
        except BaseException:
            self._roll_back()
            raise

    def _write(self, previous: int, rows: Sequence[Row], head: Head, frontier: Sequence[bytes]) -> None:
        execute = self._writer.execute
        execute("BEGIN IMMEDIATE")
        self._after("begun")
        values = (head.size, head.root, head.stamp, b"".join(frontier), head.checkpoint)
        if previous:
            execute(
                "UPDATE head SET size = ?, root = ?, stamp = ?, frontier = ?, checkpoint = ? WHERE size = ?",
                (*values, previous),
            )
        else:
            execute("INSERT INTO head VALUES (0, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
        if self._writer.changes() != 1:
            raise Overtaken(
                f"The record no longer ends at {previous} entries: another node has written to {self.path}."
            )
        self._after("head moved")
        self._writer.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        self._after("entries inserted")
        execute("COMMIT")

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def head(self) -> StoredHead | None:
        """The head row as committed, or None before the founding."""
        return stored_head(self._read(HEAD, ()), self.path)

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The entries from `start` up to, not including, `stop`."""
        return [row[0] for row in self._read(LEAVES, (start, stop))]

    def candidates(self, act: bytes) -> list[tuple[int, bytes]]:
        """Index and leaf of the entries whose act id begins like this one."""
        return self._read("SELECT number, leaf FROM entries WHERE id8 = ? ORDER BY number", (id8(act),))

    def stream(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Index and leaf of all entries from `start` on, in order."""
        connection = self._connect()
        try:
            query = "SELECT number, leaf FROM entries WHERE number >= ? ORDER BY number"
            yield from connection.execute(query, (start,))
        finally:
            connection.close()

    def close(self) -> None:
        """Close all connections; the last one out folds the write-ahead log into the file."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                break
        self._writer.close()

    def _read(self, query: str, values: tuple[int, ...]) -> list[Any]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            return connection.execute(query, values).fetchall()
        finally:
            if self._idle.qsize() < _IDLE_READERS:
                self._idle.put(connection)
            else:
                connection.close()

    def _number(self, query: str) -> int:
        (row,) = self._writer.execute(query).fetchall()
        return int(row[0])  # type: ignore[arg-type]

    def _connect(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path))
        connection.set_busy_timeout(_BUSY_MS)
        # A statement that answers holds up those after it until its answer has been fetched.
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").fetchall()
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}; PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        return connection

    def _require_ours(self) -> None:
        require_ours(self._number("PRAGMA application_id"), self._number("PRAGMA user_version"), self.path)
