# SPDX-License-Identifier: Apache-2.0
"""Published roll calls, read from two CSV files into little memory.

`votes` has a row for each roll call and member (columns rcid, member_iso3, vote; also session, date, resolution),
plain or gzip; `rollcalls` has a row for each roll call (rcid, session, date, resolution, published_yes, published_no,
published_abstain, description). Neither needs to be sorted or complete: docs/decisions/0005-import-of-roll-calls.md
says what becomes of what is missing. A vote is kept in three bytes.
"""

import csv
import gzip
import io
import re
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from comity.cli.outcome import Failure

POSITIONS = {"yes": "y", "no": "n", "abstain": "a", "absent": "-"}
"""What the column `vote` may say, and the sign under which it is kept."""

NOTHING = frozenset({"", "na", "n/a", "nan", "."})
"""How a source writes that a total is not known (in small letters)."""

TITLE, SYMBOL = 300, 64
"""The longest title and symbol of a proposal, in code points."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CONTROL = re.compile(r" *[\x00-\x1f\x7f-\x9f\ud800-\udfff][\x00- \x7f-\x9f\ud800-\udfff]*")


class RollCall(Struct, kw_only=True):
    """One roll call: who had a row (numbers of members) with which sign, and what was published about it."""

    rcid: int
    session: str = ""
    date: str = ""
    resolution: str = ""
    description: str = ""
    published: Mapping[str, int | None] | None = None
    members: "array[int]"
    signs: bytearray

    @property
    def title(self) -> str:
        """A title in one line: the description, cut; where there is none, the label."""
        label = f"Roll call {self.rcid}" + (f", {self.resolution}" if self.resolution else "")
        return (line(self.description) or line(label))[:TITLE].rstrip()

    @property
    def symbol(self) -> str:
        """The source's label of the resolution, cut to what a symbol may have; '' where there is none."""
        return line(self.resolution)[:SYMBOL].rstrip()


class RollCalls(Struct):
    """All roll calls in the order of play, the member codes by number, and what could not be played."""

    played: list[RollCall]
    codes: list[str]
    without_votes: list[int]
    votes: int = 0


def line(text: str) -> str:
    """The text in one line, without control characters."""
    return _CONTROL.sub(" ", text).strip()


def read(votes: Path, rollcalls: Path, sessions: set[str] | None) -> RollCalls:
    """Read both files; only the sessions named, where any are."""
    codes: dict[str, int] = {}
    found = _votes(votes, codes)
    listed = _listed(rollcalls, found)
    without = [
        rcid for rcid in listed if rcid not in found and (sessions is None or listed[rcid]["session"] in sessions)
    ]
    for rcid, row in listed.items():
        if rcid in found:
            _describe(found[rcid], row)
    played = [each for each in in_time(found) if sessions is None or each.session in sessions]
    signs = sum(len(each.signs) - each.signs.count(b"-") for each in played)
    return RollCalls(played, list(codes), sorted(without), signs)


def in_time(found: Mapping[int, RollCall]) -> list[RollCall]:
    """By year and month, then by rcid; where a date is missing, the month of the roll call before it counts.

    Days are not used: those of the source are known to be wrong, and within a month the numbers are in order.
    """
    month, order = "", []
    for rcid in sorted(found):
        each = found[rcid]
        month = each.date[:7] or month
        order.append((month, rcid))
    return [found[rcid] for _, rcid in sorted(order)]


def _votes(path: Path, codes: dict[str, int]) -> dict[int, RollCall]:
    found: dict[int, RollCall] = {}
    with _rows(path, ("rcid", "member_iso3", "vote")) as rows:
        for number, row in rows:
            rcid, code = _rcid(row["rcid"], path, number), row["member_iso3"].strip()
            sign = POSITIONS.get(row["vote"].strip().lower())
            if sign is None:
                raise _wrong(path, number, f"vote {row['vote']!r}", f"one of {', '.join(POSITIONS)}")
            member = codes.get(code)
            if member is None:
                if not _ID.fullmatch(code):
                    raise _wrong(path, number, f"member {code!r}", "a code such as FRA")
                member = codes[code] = len(codes)
            each = found.get(rcid)
            if each is None:
                each = found[rcid] = RollCall(rcid=rcid, members=array("I"), signs=bytearray())
                _describe(each, row)
            each.members.append(member)
            each.signs.append(ord(sign))
    return found


def _listed(path: Path, found: Mapping[int, RollCall]) -> dict[int, dict[str, str]]:
    listed: dict[int, dict[str, str]] = {}
    with _rows(path, ("rcid",)) as rows:
        for number, row in rows:
            listed[_rcid(row["rcid"], path, number)] = {"session": "", **row}
            for name in ("published_yes", "published_no", "published_abstain"):
                _published(row.get(name), path, number)
    return listed


def _describe(each: RollCall, row: Mapping[str, str]) -> None:
    """Take over what a row says; what it leaves empty stays as it was."""
    date = row.get("date", "").strip()[:10]
    each.session = row.get("session", "").strip() or each.session
    each.date = date if _DATE.fullmatch(date) else each.date
    each.resolution = row.get("resolution", "").strip() or each.resolution
    each.description = row.get("description", "").strip() or each.description
    if "published_yes" in row:
        names = ("yes", "no", "abstain")
        totals = {name: _number(row.get(f"published_{name}", "")) for name in names}
        each.published = totals if any(total is not None for total in totals.values()) else None


@contextmanager
def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[Iterator[tuple[int, dict[str, str]]]]:
    """The rows of a CSV file with their line numbers; the file may be gzip."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            data = gzip.GzipFile(fileobj=raw) if packed else raw
            # A byte that is no UTF-8 spoils a word of a description, not the import; a code with one is refused.
            text = io.TextIOWrapper(data, "utf-8-sig", errors="replace", newline="")
            yield _parsed(path, text, needed)
    except (EOFError, gzip.BadGzipFile) as error:
        raise Failure(f"{path} is not a whole gzip file: {error}.") from error
    except FileNotFoundError:
        raise Failure(f"There is no file {path}.") from None


def _parsed(path: Path, text: TextIO, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text)
    try:
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in needed if name not in header]:
            raise Failure(
                f"{path} has no column {', '.join(missing)}; its first line reads {','.join(header)[:200]!r}."
            )
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise _wrong(path, reader.line_num, f"{len(row)} columns", f"{len(header)}, as in the first line")
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise Failure(f"{path}, line {reader.line_num}: {error}.") from error


def _rcid(text: str, path: Path, number: int) -> int:
    found = _number(text)
    if found is None:
        raise _wrong(path, number, f"rcid {text!r}", "a whole number")
    return found


def _published(text: str | None, path: Path, number: int) -> None:
    if text is not None and text.strip().lower() not in NOTHING and _number(text) is None:
        raise _wrong(path, number, f"published total {text!r}", "a whole number, or nothing")


def _number(text: str) -> int | None:
    bare = text.strip().removesuffix(".0")
    return int(bare) if re.fullmatch(r"[0-9]{1,15}", bare, re.ASCII) else None


def _wrong(path: Path, number: int, found: str, wanted: str) -> Failure:
    return Failure(f"{path}, line {number}: {found}; in order would be {wanted}.")
