# SPDX-License-Identifier: Apache-2.0
"""The rows that the charter itself remembers (docs/spec/register.md, Tables).

Fields are only ever added, with a zero value as default: rows are part of the digest.
"""

from typing import ClassVar, Literal

from msgspec import Struct

from comity.charter.article import Article
from comity.charter.register import table

Mark = Literal["", "replay", "simulation"]

table("articles")(Article)


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all rows share: zero values are left out of their canonical form."""

    table: ClassVar[str]


@table("organisation")
class Organisation(Row, frozen=True, kw_only=True):
    """The organisation that runs on this record; one row, under `self`."""

    id: str
    name: str
    origin: str
    log_key: str
    edition: int
    founded: int
    mark: Mark = ""


@table("members")
class Member(Row, frozen=True, kw_only=True):
    """A member: its name, its status, the entry that admitted it, its groups and weights."""

    name: str
    status: str
    admitted: int = 0
    groups: tuple[str, ...] = ()
    weights: dict[str, int] = {}


@table("keys")
class Key(Row, frozen=True, kw_only=True):
    """A public key and whose it is; in force from the entry after `since` until `revoked`."""

    alg: str
    key: str
    holder: str
    since: int = 0
    revoked: int = 0


@table("rolls")
class Roll(Row, frozen=True, kw_only=True):
    """A frozen electorate: seats in ascending order, and for each group and weight a value per seat."""

    seats: tuple[str, ...]
    groups: dict[str, str] = {}
    weights: dict[str, tuple[int, ...]] = {}
