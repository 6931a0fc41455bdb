# SPDX-License-Identifier: Apache-2.0
"""The register: what follows from the record, as tables of frozen rows; the draft over it; the digest (laws 3 and 9).

Readers see only the register. Acts write to a draft, which is merged after the commit, between two requests.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

TABLES: dict[str, Any] = {"counters": int}
"""The row type of every table; the modules named `tables` enter theirs with `@table`."""

encode = msgspec.json.Encoder(order="sorted").encode
"""Canonical JSON of rows and acts: their field names and keys are ASCII, their numbers whole (tests hold it so)."""


class Row(Protocol):
    """A frozen struct that is a row of the table it names."""

    table: ClassVar[str]


R = TypeVar("R", bound=Row)


def table(name: str) -> "_Enter":
    """Class decorator: rows of this class are kept in the table `name`."""
    return _Enter(name)


class _Enter:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, row: type[R]) -> type[R]:
        if self.name in TABLES:
            raise ValueError(f"two row types claim the table {self.name}")
        TABLES[self.name] = row
        row.table = self.name
        return row


class Register:
    """Tables of rows by key. `get`, `rows` and `counter` read; only a fold writes."""

    __slots__ = ("tables",)

    def __init__(self, tables: dict[str, dict[str, Any]] | None = None) -> None:
        self.tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
        self.tables.update(tables or {})

    def get(self, row: type[R], key: str) -> R | None:
        """The row under the key, or None."""
        return self.tables[row.table].get(key)

    def rows(self, row: type[R]) -> Mapping[str, R]:
        """All rows of a table. Not to be changed by the caller."""
        return self.tables[row.table]

    def put(self, key: str, row: Any) -> None:
        """Enter or replace a row in its own table."""
        self.tables[row.table][key] = row

    def remove(self, row: type[R], key: str) -> None:
        """Take a row out."""
        del self.tables[row.table][key]

    def counter(self, key_id: str) -> int:
        """The last counter that the key has used; 0 before its first act."""
        return int(self.tables["counters"].get(key_id, 0))

    def count(self, key_id: str, counter: int) -> None:
        """Set the counter of a key."""
        self.tables["counters"][key_id] = counter

    def digest(self) -> str:
        """The SHA-256 of canonical JSON of {table: digest}, empty tables left out, in hexadecimal."""
        return sha256(encode(self.table_digests())).hexdigest()

    def table_digests(self) -> dict[str, str]:
        """The digest of every table that is not empty, by name."""
        return {name: _digest(rows) for name, rows in sorted(self.tables.items()) if rows}


def _digest(rows: Mapping[str, Any]) -> str:
    running = sha256()
    for key in sorted(rows):
        running.update(encode((key, rows[key])) + b"\n")
    return running.hexdigest()


class Draft(Register):
    """Writes over a register that nobody else sees until `merge`. Drafts may lie over drafts."""

    __slots__ = ("under",)

    def __init__(self, under: Register) -> None:
        self.under = under
        self.tables = {name: {} for name in TABLES}

    def get(self, row: type[R], key: str) -> R | None:
        """The row as the draft has it, else as the register below has it."""
        changes = self.tables[row.table]
        return changes[key] if key in changes else self.under.get(row, key)

    def rows(self, row: type[R]) -> Mapping[str, R]:
        """All rows of a table, the draft's changes included."""
        changes = self.tables[row.table]
        below = self.under.rows(row)
        if not changes:
            return below
        return {key: each for key, each in {**below, **changes}.items() if each is not None}

    def remove(self, row: type[R], key: str) -> None:
        """Note that the row is gone."""
        self.tables[row.table][key] = None

    def counter(self, key_id: str) -> int:
        """The last counter, the draft's included."""
        changes = self.tables["counters"]
        return changes[key_id] if key_id in changes else self.under.counter(key_id)

    def merge(self) -> None:
        """Write all changes into the register below. Not to be used again afterwards."""
        for name, changes in self.tables.items():
            if not changes:
                continue
            rows = self.under.tables[name]
            if isinstance(self.under, Draft) or None not in changes.values():
                rows.update(changes)
                continue
            for key, row in changes.items():
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row

    def table_digests(self) -> dict[str, str]:
        """As of the register with the draft merged; the register below stays as it is."""
        merged = Register(dict(self._flattened()))
        return merged.table_digests()

    def _flattened(self) -> Iterator[tuple[str, dict[str, Any]]]:
        below = dict(self.under._flattened()) if isinstance(self.under, Draft) else self.under.tables
        for name, rows in below.items():
            both = {**rows, **self.tables[name]}
            yield name, {key: row for key, row in both.items() if row is not None}
