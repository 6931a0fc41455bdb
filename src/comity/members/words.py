# SPDX-License-Identifier: Apache-2.0
"""What is done about members, in plain words."""

from comity.charter.register import Register
from comity.charter.tables import Key
from comity.charter.view import holder_name
from comity.charter.words import told
from comity.members.acts import AddKey, AdmitMember, ChangeStatus, RevokeKey


@told(AdmitMember)
def _admit(act: AdmitMember, register: Register) -> str:
    return f"admitted {act.name} as {act.status}"


@told(ChangeStatus)
def _status(act: ChangeStatus, register: Register) -> str:
    return f"changed the status of {holder_name(register, f'member/{act.member}')} to {act.status}"


@told(AddKey)
def _add(act: AddKey, register: Register) -> str:
    return f"registered a key for {holder_name(register, act.holder)}"


@told(RevokeKey)
def _revoke(act: RevokeKey, register: Register) -> str:
    row = register.get(Key, act.key)
    whose = f" of {holder_name(register, row.holder)}" if row else ""
    return f"revoked the key {act.key[:8]}…{whose}"
