# SPDX-License-Identifier: Apache-2.0
"""What others do with the same rows on the same disk, and what they leave to whoever uses them.

None of them verifies a signature, checks a charter, folds a register or signs a checkpoint; so their figures say what
the storage below costs, and not what an organisation could do with it.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from pymerkle import SqliteTree

from comity.bench.world import World
from comity.record.envelope import leaf

AT_ONCE = 100
"""Events of one transaction, with `eventsourcing`."""

BATCH = 1024
"""Rows of one transaction, in the plain table: as many as the writer takes."""

Found = dict[str, Any]


def compared(folder: Path, rows: int, single: int, proofs: int) -> Found:
    """Rows per second of each peer: `rows` in bulk, `single` one by one; and proofs per second."""
    world = World()
    world.organisation = "0" * 64
    entries: list[bytes] = []
    while len(entries) < rows:
        entries += [leaf(0, raw) for raw in world.casts(world.opening()[0])]
    del entries[rows:]
    return {
        **_tree(folder, entries, single, proofs),
        **_events(folder, entries),
        **_table(folder, entries, single),
    }


def _tree(folder: Path, entries: Sequence[bytes], single: int, proofs: int) -> Found:
    with SqliteTree(str(folder / "pymerkle.sqlite")) as tree:
        bulk = _rate(len(entries), lambda: tree.append_entries(entries))
        one = _rate(single, lambda: [tree.append_entry(entry) for entry in entries[:single]])
        chance = random.Random(6962)  # noqa: S311  # which entries does not matter
        size = tree.get_size()
        wanted = [chance.randrange(1, size + 1) for _ in range(proofs)]
        proved = _rate(proofs, lambda: [tree.prove_inclusion(index, size) for index in wanted])
    return {"pymerkle_bulk": bulk, "pymerkle_single": one, "pymerkle_proofs": proved, "pymerkle_size": size}


class Taken(Aggregate):
    """An aggregate with an event for each entry."""

    def __init__(self) -> None:
        self.count = 0

    @event("Logged")
    def take(self, entry: str) -> None:
        """One more entry."""
        self.count += 1


def _events(folder: Path, entries: Sequence[bytes]) -> Found:
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "events.sqlite")}
    application: Application[Any] = Application(env=environment)
    try:
        return {"eventsourcing": _rate(len(entries), lambda: _save(application, entries))}
    finally:
        application.close()


def _save(application: "Application[Any]", entries: Sequence[bytes]) -> None:
    taken = Taken()
    for number, entry in enumerate(entries, 1):
        # Its default transcoder writes JSON, which has no bytes.
        taken.take(entry.hex())
        if number % AT_ONCE == 0:
            application.save(taken)
    application.save(taken)


def _table(folder: Path, entries: Sequence[bytes], single: int) -> Found:
    with sqlite3.connect(folder / "plain.sqlite", isolation_level=None) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
        bulk = _rate(len(entries), lambda: _insert(plain, entries))
        one = _rate(single, lambda: _insert(plain, entries[:single], 1))
    plain.close()
    return {"sqlite_bulk": bulk, "sqlite_single": one}


def _insert(plain: sqlite3.Connection, entries: Sequence[bytes], at_once: int = BATCH) -> None:
    for at in range(0, len(entries), at_once):
        plain.execute("BEGIN IMMEDIATE")
        plain.executemany("INSERT INTO entries (leaf) VALUES (?)", [(one,) for one in entries[at : at + at_once]])
        plain.execute("COMMIT")


def _rate(count: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)
