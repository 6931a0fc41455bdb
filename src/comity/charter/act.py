# SPDX-License-Identifier: Apache-2.0
"""Acts and their registry: one class in one file is one kind.

Signed bytes are forever: fields of a kind are only ever added, with a zero value as default; anything else is a new
kind, and old classes stay (law 2). `check` raises `Refused` and is deterministic: no clock, no floats, no chance, no
I/O. `apply` never raises where `check` passed. Zero values are left out of the canonical form, so an act is in
canonical form exactly when encoding it again gives the same bytes.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import Struct

from comity.charter.refusal import Refused
from comity.charter.register import Register, encode
from comity.charter.terms import Digest, Positive

A = TypeVar("A", bound="Act")


class Context(Struct, frozen=True, kw_only=True, gc=False):
    """What an act knows besides the register: whose keys signed it (first the actor), stamp (ms), index, organisation.

    An enacted act has nobody in `by`; the organ's decision is its authority.
    """

    by: tuple[str, ...]
    stamp: int
    index: int
    organisation: str
    enacted: bool = False

    @property
    def holder(self) -> str:
        """Whose act it is: the holder of the first signer's key; '' for an enacted act."""
        return self.by[0] if self.by else ""


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that can be done by signing it. Subclasses are frozen structs registered with `@act`."""

    kind: ClassVar[str]
    basis: ClassVar[str]

    def form(self) -> None:
        """Raise `Refused` with code `form` for what types, lengths and patterns cannot say."""

    def check(self, register: Register, context: Context) -> None:
        """Raise `Refused` unless the act is in order."""

    def apply(self, register: Register, context: Context) -> None:
        """Change the register. Never raises where `check` passed."""


class Payload(Struct, Generic[A], frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The signed payload: the act, the counter of the first signer, an expiry (ms), the organisation, the signers."""

    act: A
    counter: Positive
    expires: Positive
    signers: tuple[str, ...]
    organisation: Digest = ""


KINDS: dict[str, type[Act]] = {}
"""Every kind that this program knows, by name, in the order of registration."""

_payloads: dict[str, Callable[[bytes], Payload[Any]]] = {}

MAX_NESTING = 64


def act(kind: str, *, article: str) -> Callable[[type[A]], type[A]]:
    """Class decorator: register the class as the kind; `article` is the provision its refusals cite."""

    def register(cls: type[A]) -> type[A]:
        if kind in KINDS:
            raise ValueError(f"two classes claim the kind {kind}")
        cls.kind, cls.basis = kind, article
        KINDS[kind] = cls
        _payloads[kind] = msgspec.json.Decoder(Payload[cls]).decode  # type: ignore[valid-type]
        return cls

    return register


def decode_payload(kind: str, data: bytes) -> Payload[Any]:
    """The payload of an act of the kind, or `Refused` with code `form`."""
    decode = _payloads.get(kind)
    if decode is None:
        raise malformed(f"the kind {kind}", "a kind of this edition; the reference lists them")
    if data.count(b"{") + data.count(b"[") > MAX_NESTING:
        _require_shallow(data)
    try:
        payload = decode(data)
        again = encode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise malformed(str(error), f"the fields of {kind} as its reference page gives them") from error
    if again != data:
        raise malformed(
            "a payload that is not in canonical form",
            "canonical JSON (RFC 8785) without white space, keys sorted, zero values left out",
        )
    payload.act.form()
    return payload


def decode_act(kind: str, fields: object) -> Act:
    """The act of the kind from its fields (as decoded from JSON), or `Refused` with code `form`."""
    cls = KINDS.get(kind)
    if cls is None:
        raise malformed(f"the kind {kind}", "a kind of this edition; the reference lists them")
    try:
        given = encode(fields)
        decoded = msgspec.json.decode(given, type=cls)
        again = encode(decoded)
    except (msgspec.MsgspecError, TypeError, UnicodeError, RecursionError) as error:
        raise malformed(str(error), f"the fields of {kind} as its reference page gives them") from error
    if again != given:
        raise malformed(f"fields of {kind} with zero values written out", "zero values left out")
    decoded.form()
    return decoded


def malformed(found: str, wanted: str) -> Refused:
    """The refusal of an act whose form is wrong."""
    return Refused("form", "An act must be in its one admitted form", found=found, wanted=wanted)


def _require_shallow(data: bytes) -> None:
    """Refuse JSON nested deeper than `MAX_NESTING`, before any decoder recurses into it."""
    depth = 0
    inside = escaped = False
    for character in data:
        if inside:
            if escaped:
                escaped = False
            elif character == 0x5C:
                escaped = True
            elif character == 0x22:
                inside = False
        elif character == 0x22:
            inside = True
        elif character in b"{[":
            depth += 1
            if depth > MAX_NESTING:
                raise malformed("a payload nested too deep", f"at most {MAX_NESTING} levels")
        elif character in b"}]":
            depth -= 1
