# SPDX-License-Identifier: Apache-2.0
"""What can be asked about members and keys."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.article import Article, Electorate
from comity.charter.authority import seats
from comity.charter.register import Register
from comity.charter.tables import Key, Member
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, holder_name, view


class MemberItem(Struct, frozen=True, kw_only=True):
    """A member in short."""

    member: str
    name: str
    status: str
    admitted: Annotated[int, Meta(description="Index of the entry that admitted it; 0 for a founder")]
    groups: tuple[str, ...]
    weights: dict[str, int]


@view("members", title="Members")
class MembersView(Listing, frozen=True, kw_only=True):
    """The members of the organisation, by name."""

    status: Annotated[str, Meta(description="Only members of this status")] = ""
    group: Annotated[str, Meta(description="Only members of this group")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[MemberItem]:
        rows = register.rows(Member)
        keys = sorted(
            (
                name
                for name, row in rows.items()
                if self.status in ("", row.status) and (not self.group or self.group in row.groups)
            ),
            key=lambda name: (rows[name].name, name),
        )

        def item(name: str) -> MemberItem:
            row = rows[name]
            return MemberItem(
                member=name,
                name=row.name,
                status=row.status,
                admitted=row.admitted,
                groups=row.groups,
                weights=row.weights,
            )

        return self.page(standing, keys, item)


class KeyItem(Struct, frozen=True, kw_only=True):
    """A public key and whose it is."""

    keyid: Annotated[str, Meta(description="SHA-256 of the public key, hex")]
    alg: str
    key: Annotated[str, Meta(description="The public key, base64")]
    holder: str
    name: Annotated[str, Meta(description="Name of the member or title of the office")]
    since: Annotated[int, Meta(description="Index of the entry that registered it; it signs from the next one on")]
    revoked: Annotated[int, Meta(description="Index of the entry that revoked it; 0 while it is in force")]
    counter: Annotated[int, Meta(description="The last counter it has used; the next act needs a higher one")]


def _key(register: Register, keyid: str, row: Key) -> KeyItem:
    return KeyItem(
        keyid=keyid,
        alg=row.alg,
        key=row.key,
        holder=row.holder,
        name=holder_name(register, row.holder),
        since=row.since,
        revoked=row.revoked,
        counter=register.counter(keyid),
    )


class MemberAnswer(Answer, frozen=True, kw_only=True):
    """A member: its standing, its keys, the electorates and organs it sits in now."""

    member: str
    name: str
    status: str
    admitted: int
    groups: tuple[str, ...]
    weights: dict[str, int]
    electorates: Annotated[tuple[str, ...], Meta(description="Electorates in which it has a seat now")]
    keys: tuple[KeyItem, ...]


@view("member", title="Member", path="/members/{member}")
class MemberView(View, frozen=True, kw_only=True):
    """One member. How it voted is the view `positions`."""

    member: Annotated[str, Meta(description="Id of the member")]

    def answer(self, register: Register, standing: Standing) -> MemberAnswer:
        row = register.get(Member, self.member)
        if row is None:
            raise absent("member", self.member, "members")
        holder = f"member/{self.member}"
        return MemberAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            member=self.member,
            name=row.name,
            status=row.status,
            admitted=row.admitted,
            groups=row.groups,
            weights=row.weights,
            electorates=tuple(
                name
                for name, article in sorted(register.rows(Article).items())
                if isinstance(article.provision, Electorate) and self.member in seats(register, name)
            ),
            keys=tuple(
                _key(register, keyid, key) for keyid, key in sorted(register.rows(Key).items()) if key.holder == holder
            ),
        )


@view("keys", title="Keys")
class KeysView(Listing, frozen=True, kw_only=True):
    """The keys by which members and offices act."""

    keyid: Annotated[str, Meta(description="Only the key with this id")] = ""
    holder: Annotated[str, Meta(description="Only keys of this holder: member/… or office/…")] = ""
    standing: Annotated[Literal["", "in_force", "revoked"], Meta(description="Only keys in force, or revoked")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[KeyItem]:
        rows = register.rows(Key)
        if self.keyid:
            found = [self.keyid] if self.keyid in rows else []
        else:
            found = (
                sorted(rows, key=lambda name: (rows[name].holder, name))
                if not self.holder
                else sorted(name for name, row in rows.items() if row.holder == self.holder)
            )
        keys = [name for name in found if self._lets_through(rows[name])]
        return self.page(standing, keys, lambda name: _key(register, name, rows[name]))

    def _lets_through(self, row: Key) -> bool:
        if self.holder and row.holder != self.holder:
            return False
        return not self.standing or bool(row.revoked) == (self.standing == "revoked")
