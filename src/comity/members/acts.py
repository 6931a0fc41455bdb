# SPDX-License-Identifier: Apache-2.0
"""What is done about members: admission, status, keys (docs/spec/kinds.md)."""

from typing import Annotated

from msgspec import Meta, structs

from comity.charter.act import Act, Context, act
from comity.charter.acts import Groups, Weights, require_groups
from comity.charter.authority import NewKey, enter_keys, is_office, require_new_keys, require_power
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.tables import Key, Member
from comity.charter.terms import Holder, Id, KeyId, Name


@act("member.admit", article="Admission of members")
class AdmitMember(Act, frozen=True, kw_only=True):
    """A member is admitted with a status and its keys, each with a proof of possession."""

    member: Annotated[Id, Meta(description="A new id for it: letters, digits, '.', '_', '-'; at most 64")]
    name: Annotated[Name, Meta(description="The member's name")]
    status: Annotated[Id, Meta(description="Its status; the charter's electorates name those that give a vote")]
    keys: Annotated[
        tuple[NewKey, ...], Meta(max_length=16, description="Its keys, each with a proof that the member has it")
    ] = ()
    groups: Groups = ()
    weights: Weights = {}

    def form(self) -> None:
        require_groups(self.groups)

    def check(self, register: Register, context: Context) -> None:
        require_power(register, context, "member.admit")
        if register.get(Member, self.member) is not None:
            raise Refused("member.exists", "A member is admitted once", found=self.member, wanted="an id not in use")
        require_new_keys(register, context, f"member/{self.member}", self.keys)

    def apply(self, register: Register, context: Context) -> None:
        row = Member(
            name=self.name,
            status=self.status,
            admitted=context.index,
            groups=self.groups,
            weights=self.weights,
        )
        register.put(self.member, row)
        enter_keys(register, context, f"member/{self.member}", self.keys)


@act("member.status", article="Status of members")
class ChangeStatus(Act, frozen=True, kw_only=True):
    """The status of a member changes: suspended, restored, withdrawn."""

    member: Annotated[Id, Meta(description="The member, by its id")]
    status: Annotated[Id, Meta(description="The new status; the charter's electorates name those that give a vote")]

    def check(self, register: Register, context: Context) -> None:
        require_power(register, context, "member.status")
        member = register.get(Member, self.member)
        if member is None:
            raise Refused("member.unknown", "The member exists", found=self.member, wanted="the id of a member")
        if member.status == self.status:
            raise Refused("member.same", "The status changes", found=f"{self.status} already", wanted="another status")

    def apply(self, register: Register, context: Context) -> None:
        member = register.get(Member, self.member)
        if member is not None:
            register.put(self.member, structs.replace(member, status=self.status))


@act("key.add", article="Keys")
class AddKey(Act, frozen=True, kw_only=True):
    """A holder registers a further key of its own, in force from the next entry on."""

    holder: Annotated[Holder, Meta(description="Whose key it will be: member/<Id> or office/<Id>")]
    key: Annotated[NewKey, Meta(description="The new key, with a proof that the holder has it")]

    def check(self, register: Register, context: Context) -> None:
        if context.enacted or context.holder != self.holder:
            require_power(register, context, "key.add")
        what, _, which = self.holder.partition("/")
        known = is_office(register, which) if what == "office" else register.get(Member, which) is not None
        if not known:
            raise Refused(
                "holder.unknown",
                "A key is held by a member or an office",
                found=self.holder,
                wanted="a member of the organisation or an office of its charter",
            )
        require_new_keys(register, context, self.holder, (self.key,))

    def apply(self, register: Register, context: Context) -> None:
        enter_keys(register, context, self.holder, (self.key,))


@act("key.revoke", article="Keys")
class RevokeKey(Act, frozen=True, kw_only=True):
    """A key is revoked from the next entry on; what it signed before stands."""

    key: Annotated[KeyId, Meta(description="The key to be revoked, by its id (SHA-256 of the public key)")]

    def check(self, register: Register, context: Context) -> None:
        row = register.get(Key, self.key)
        if row is None:
            raise Refused("key.unknown", "The key is registered", found=self.key, wanted="a registered key id")
        if row.revoked:
            raise Refused(
                "key.revoked",
                "A key is revoked once",
                found=f"revoked by entry {row.revoked}",
                wanted="a key in force",
            )
        if context.enacted or context.holder != row.holder:
            require_power(register, context, "key.revoke")

    def apply(self, register: Register, context: Context) -> None:
        row = register.get(Key, self.key)
        if row is not None:
            register.put(self.key, structs.replace(row, revoked=context.index))
