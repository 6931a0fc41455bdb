# SPDX-License-Identifier: Apache-2.0
"""The record itself, entry by entry: what was done, by whom, in words and in the signed bytes.

Filters look through a bounded number of entries per request; `next` says where to go on, so that no question about a
long record holds up the others.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.types import Scope

from comity.app.derived import Content
from comity.app.query import none, parameters
from comity.app.reads import JSON, encode, present
from comity.charter.act import KINDS
from comity.charter.fold import Signed, open_act
from comity.charter.register import Register
from comity.charter.tables import Key, Mark
from comity.charter.view import absent, holder_name, parameter
from comity.charter.words import in_words
from comity.node import Node
from comity.record.envelope import split_leaf

SCAN = 4096
"""Entries that a filter looks through in one request."""


class ActsQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some entries of the record."""

    start: Annotated[int | None, Meta(description="Index of the first; left out: the first or, newest, the last")] = (
        None
    )
    limit: Annotated[int, Meta(ge=1, le=500, description="How many at most")] = 50
    kind: Annotated[str, Meta(description="Only this kind of act")] = ""
    holder: Annotated[str, Meta(description="Only acts that this holder signed: member/… or office/…")] = ""
    newest: Annotated[bool, Meta(description="Downwards from `start` instead of upwards")] = False


class ActItem(Struct, frozen=True, kw_only=True):
    """An entry in short."""

    index: int
    id: str
    stamp: int
    kind: str
    holders: Annotated[tuple[str, ...], Meta(description="Whose keys signed; the first is the actor")]
    words: Annotated[str, Meta(description="What was done, in words")]


class ActsAnswer(Struct, frozen=True, kw_only=True):
    """Some entries of the record."""

    mark: Mark
    size: int
    stamp: int
    items: tuple[ActItem, ...]
    next: Annotated[int | None, Meta(description="Give this as `start` to go on; null at the end")]


class ActAnswer(Struct, frozen=True, kw_only=True):
    """One entry, decoded, and its signed bytes."""

    mark: Mark
    size: int
    index: int
    id: str
    stamp: int
    kind: str
    words: str
    holders: tuple[str, ...]
    signers: Annotated[tuple[str, ...], Meta(description="Key ids; the first owns the counter")]
    counter: int
    expires: int
    organisation: str
    act: Annotated[dict[str, Any], Meta(description="The fields of the kind")]
    envelope: Annotated[str, Meta(description="The signed envelope, byte for byte")]


def read_acts(node: Node, scope: Scope) -> Content:
    """`GET /v1/acts`."""
    return Content(encode(acts(node, question(parameters(scope["query_string"])))), JSON)


def read_act(node: Node, scope: Scope) -> Content:
    """`GET /v1/acts/{act}`."""
    none(scope["query_string"])
    return Content(encode(act(node, locate(node, scope["path_params"]["act"]))), JSON)


def question(given: dict[str, str]) -> ActsQuestion:
    """The question that the parameters put; `Refused` where it is not well put."""
    for name in given:
        if name not in ActsQuestion.__struct_fields__:
            raise parameter(name, given[name], ", ".join(ActsQuestion.__struct_fields__))
    try:
        asked = msgspec.convert(given, type=ActsQuestion, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else "query"
        raise parameter(name, str(error), "what the reference says") from error
    if asked.start is not None and asked.start < 0:
        raise parameter("start", asked.start, "the index of an entry, from 0")
    if asked.kind and asked.kind not in KINDS:
        raise parameter("kind", asked.kind, ", ".join(KINDS))
    return asked


def acts(node: Node, asked: ActsQuestion) -> ActsAnswer:
    """The entries that were asked for."""
    size, register = node.head.size, node.register
    first = asked.start if asked.start is not None else (size - 1 if asked.newest else 0)
    last = size - 1
    span = SCAN if asked.kind or asked.holder else asked.limit
    if asked.newest:
        first = min(first, last)
        indices = range(first, max(first - span, -1), -1)
    else:
        indices = range(min(first, size), min(first + span, size))
    wanted = _Wanted(register, asked)
    items: list[ActItem] = []
    at = first
    for index, leaf in _leaves(node, indices):
        at = index
        if wanted.lets_through(leaf):
            items.append(_item(register, index, leaf))
            if len(items) == asked.limit:
                break
    following = at + (-1 if asked.newest else 1)
    standing = present(node)
    return ActsAnswer(
        mark=standing.mark,
        size=size,
        stamp=standing.stamp,
        items=tuple(items),
        next=following if indices and 0 <= following < size else None,
    )


def _leaves(node: Node, indices: range) -> list[tuple[int, bytes]]:
    if not indices:
        return []
    low, high = min(indices[0], indices[-1]), max(indices[0], indices[-1])
    found = list(enumerate(node.entries(low, high + 1), low))
    return found if indices.step > 0 else found[::-1]


class _Wanted:
    """Whether an entry is of the kind and by the holder, told from its bytes without opening it."""

    def __init__(self, register: Register, asked: ActsQuestion) -> None:
        self.kind = f'"payloadType":"application/vnd.comity.{asked.kind}.v1+json"'.encode() if asked.kind else b""
        self.keys: list[bytes] | None = None
        if asked.holder:
            keys = register.rows(Key)
            self.keys = [f'"keyid":"{name}"'.encode() for name, row in keys.items() if row.holder == asked.holder]

    def lets_through(self, leaf: bytes) -> bool:
        if self.kind and self.kind not in leaf:
            return False
        return self.keys is None or any(key in leaf for key in self.keys)


def _holders(register: Register, signed: Signed) -> tuple[str, ...]:
    rows = [register.get(Key, name) for name in signed.signers]
    return tuple(row.holder if row else "" for row in rows)


def _item(register: Register, index: int, leaf: bytes) -> ActItem:
    stamp, envelope = split_leaf(leaf)
    signed = open_act(envelope)
    holders = _holders(register, signed)
    return ActItem(
        index=index,
        id=signed.id.hex(),
        stamp=stamp,
        kind=signed.kind,
        holders=holders,
        words=said(register, holders, signed),
    )


def said(register: Register, holders: tuple[str, ...], signed: Signed) -> str:
    """Who did what, in a sentence."""
    who = holder_name(register, holders[0]) if holders and holders[0] else "Somebody"
    return f"{who} {in_words(signed.act, register)}"


def act(node: Node, index: int) -> ActAnswer:
    """One entry, decoded."""
    stamp, envelope = split_leaf(node.entry(index))
    signed = open_act(envelope)
    register, standing = node.register, present(node)
    holders = _holders(register, signed)
    return ActAnswer(
        mark=standing.mark,
        size=standing.size,
        index=index,
        id=signed.id.hex(),
        stamp=stamp,
        kind=signed.kind,
        words=said(register, holders, signed),
        holders=holders,
        signers=signed.signers,
        counter=signed.counter,
        expires=signed.expires,
        organisation=signed.organisation,
        act=msgspec.to_builtins(signed.act),
        envelope=envelope.decode(),
    )


def locate(node: Node, name: str) -> int:
    """The index of the entry that is named by its index or its act id; `Refused` where there is none."""
    index: int | None = None
    if len(name) == 64 and not name.strip("0123456789abcdef"):
        index = node.find(bytes.fromhex(name))
    elif name.isascii() and name.isdecimal() and len(name) <= 16:
        index = int(name)
    if index is None or index >= node.head.size:
        raise absent("act", name, "/v1/acts")
    return index
