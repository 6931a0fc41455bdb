# SPDX-License-Identifier: Apache-2.0
"""The form of every field of edition 1, as data (`register.md`, `rules.md`, `kinds.md`).

A form is a function of a value and of the place where it stands; it returns nothing or raises `Malformed`.
Whatever can be said without the register is said here, and is refused with `form`.
"""

import itertools
import re
from collections.abc import Callable

from comity_verify.canonical import MAX_INTEGER, Malformed, unbase64

Form = Callable[[object, str], None]

POSITIONS = ("yes", "no", "abstain", "object", "present")
OUTCOMES = ("adopted", "rejected", "undecided")
ENACTABLE = frozenset(
    ("charter.add", "charter.replace", "charter.repeal", "edition.raise")
    + ("member.admit", "member.status", "key.add", "key.revoke")
)
EMPOWERED = frozenset(("member.admit", "member.status", "key.add", "key.revoke", "proposal.table"))

_ID = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def shown(value: object) -> str:
    """A value as an explanation quotes it: short, and harmless on a terminal."""
    text = ascii(value) if not isinstance(value, dict | list) else f"{type(value).__name__} of {len(value)}"
    return text if len(text) <= 60 else text[:57] + "..."


def pattern(expression: str, name: str, longest: int = MAX_INTEGER) -> Form:
    """A string that the expression matches from end to end."""
    match = re.compile(expression).fullmatch

    def form(value: object, where: str) -> None:
        if type(value) is not str or len(value) > longest or match(value) is None:
            raise Malformed(f"{where} is not {name}: {shown(value)}")

    return form


def integer(least: int) -> Form:
    """An integer from `least` to 2^53-1."""

    def form(value: object, where: str) -> None:
        if type(value) is not int or not least <= value <= MAX_INTEGER:
            raise Malformed(f"{where} is not an integer from {least} to 2^53-1: {shown(value)}")

    return form


def one_of(*values: str) -> Form:
    """One of a few strings."""

    def form(value: object, where: str) -> None:
        if type(value) is not str or value not in values:
            raise Malformed(f"{where} is not one of {', '.join(values)}: {shown(value)}")

    return form


def base64_of(length: int, name: str) -> Form:
    """Canonical base64 of so many bytes."""

    def form(value: object, where: str) -> None:
        try:
            right = type(value) is str and len(unbase64(value)) == length
        except Malformed:
            right = False
        if not right:
            raise Malformed(f"{where} is not {name} (base64 of {length} bytes): {shown(value)}")

    return form


def array(of: Form, least: int, most: int, *, distinct: bool = False, ascending: bool = False) -> Form:
    """An array of so many elements; `distinct` and `ascending` are for arrays of strings."""

    def form(value: object, where: str) -> None:
        if type(value) is not list or not least <= len(value) <= most:
            raise Malformed(f"{where} is not an array of {least} to {most} elements: {shown(value)}")
        for number, element in enumerate(value):
            of(element, f"{where}[{number}]")
        if distinct and len(set(value)) != len(value):
            raise Malformed(f"{where} names something twice")
        if ascending and any(a >= b for a, b in itertools.pairwise(value)):
            raise Malformed(f"{where} is not in strictly ascending order")

    return form


def mapping(key: Form, of: Form, least: int, most: int) -> Form:
    """An object with free keys: its members are data, so zero values stay."""

    def form(value: object, where: str) -> None:
        if type(value) is not dict or not least <= len(value) <= most:
            raise Malformed(f"{where} is not an object of {least} to {most} members: {shown(value)}")
        for name, element in value.items():
            key(name, f"a key of {where}")
            of(element, f"{where}.{name}")

    return form


def fields(required: dict[str, Form], optional: dict[str, Form] | None = None) -> Form:
    """An object with these fields and no others; an optional one is absent exactly when it is zero."""
    maybe = optional or {}

    def form(value: object, where: str) -> None:
        if type(value) is not dict:
            raise Malformed(f"{where} is not an object: {shown(value)}")
        for name in required:
            if name not in value:
                raise Malformed(f"{where} lacks the field {name}")
        for name, element in value.items():
            if name in required:
                required[name](element, f"{where}.{name}")
            elif name not in maybe:
                raise Malformed(f"{where} has an unknown field {shown(name)}")
            elif not element:
                raise Malformed(f"{where}.{name} is written out although it is zero")
            else:
                maybe[name](element, f"{where}.{name}")

    return form


def variants(forms: dict[str, Form]) -> Form:
    """An object whose field `is` says which of the forms it has."""

    def form(value: object, where: str) -> None:
        which = value.get("is") if type(value) is dict else None
        if type(which) is not str or which not in forms:
            raise Malformed(f"{where} is none of {', '.join(forms)}: {shown(which)}")
        forms[which](value, where)

    return form


def _is(required: dict[str, Form], optional: dict[str, Form] | None = None) -> Form:
    return fields({"is": _any, **required}, optional)


def _any(value: object, where: str) -> None:
    """Already decided by `variants`."""


def _true(value: object, where: str) -> None:
    if value is not True:
        raise Malformed(f"{where} is not a boolean: {shown(value)}")


def _text(shortest: int, longest: int, name: str) -> Form:
    return pattern(rf"[^\x00-\x1f]{{{shortest},{longest}}}", name)


def _string(value: object, where: str) -> None:
    if type(value) is not str:
        raise Malformed(f"{where} is not a string: {shown(value)}")


ident = pattern(_ID, "an Id")
digest = pattern("[0-9a-f]{64}", "64 lower-case hexadecimal digits")
holder = pattern(f"(?:member|office)/{_ID}", "a holder")
kind = pattern(r"[a-z]+(?:\.[a-z_]+)+", "the name of a kind", 64)
title = _text(1, 300, "a title")
name = _text(1, 200, "a name")
date = pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date")
public_key = base64_of(32, "a key")
position = one_of(*POSITIONS)
outcome = one_of(*OUTCOMES)
mark = one_of("replay", "simulation")
origin = pattern(r"[!-*,-~]{1,128}", "an origin")
document = fields({"digest": digest, "media": pattern("[!-~]{1,100}", "a media type")}, {"size": integer(0)})
ids = array(ident, 1, 16, distinct=True)
kinds = array(kind, 1, 16, distinct=True)
groups = array(ident, 1, 32, ascending=True)
weights = mapping(ident, integer(0), 1, 16)
counts = mapping(position, integer(0), 0, 5)
plain_key = fields({"alg": one_of("ed25519"), "key": public_key})
new_key = fields({"alg": one_of("ed25519"), "key": public_key, "proof": base64_of(64, "a signature")})


# The rule language. Its two forms contain themselves and each other.


def quantity(value: object, where: str) -> None:
    """A quantity of the rule language."""
    _QUANTITY(value, where)


def condition(value: object, where: str) -> None:
    """A condition of the rule language."""
    _CONDITION(value, where)


_seats = {"group": ident, "weight": ident}
_QUANTITY = variants(
    {
        "count": _is({"of": array(position, 1, 5, distinct=True)}, _seats),
        "seats": _is({}, _seats),
        "number": _is({}, {"value": integer(0)}),
        "sum": _is({"of": array(quantity, 1, 16)}),
        "share": _is({"of": quantity, "numerator": integer(1), "denominator": integer(1)}),
        "round": _is({}),
    }
)
_CONDITION = variants(
    {
        "compare": _is({"left": quantity, "relation": one_of(">", ">=", "=", "<", "<="), "right": quantity}),
        "all": _is({"of": array(condition, 1, 16)}),
        "any": _is({"of": array(condition, 1, 16)}),
        "not": _is({"that": condition}),
    }
)
clause = fields({"outcome": outcome}, {"reason": ident, "when": condition})

_power_holder = pattern(f"(?:office|electorate)/{_ID}", "office/<Id> or electorate/<Id>")
provision = variants(
    {
        "text": _is({}),
        "electorate": _is({"statuses": ids}, {"groups": ids}),
        "office": _is({}),
        "organ": _is({"electorate": ident, "chair": ident, "rules": ids}, {"opens": condition}),
        "rule": _is(
            {"positions": array(position, 1, 5, distinct=True), "clauses": array(clause, 1, 16)},
            {"least": integer(0), "early": _true},
        ),
        "power": _is({"kinds": kinds, "holders": array(_power_holder, 1, 16, distinct=True)}),
        "competence": _is({"kinds": kinds, "organ": ident, "rule": ident}),
    }
)
article = fields(
    {"title": title, "layer": one_of("constitution", "procedure", "terms"), "provision": provision},
    {"text": document},
)


def _enactment(value: object, where: str) -> None:
    """What a proposal carries: a kind that a competence may list, and an act of that kind."""
    fields({"kind": kind, "act": _any}, {})(value, where)
    assert isinstance(value, dict)
    if value["kind"] not in ENACTABLE:
        raise Malformed(f"{where}.kind is not a kind that can be enacted: {shown(value['kind'])}")
    ACTS[value["kind"]](value["act"], f"{where}.act")


_plain_keys = array(plain_key, 1, 16)
_founder = fields(
    {"member": ident, "name": name, "status": ident, "keys": _plain_keys},
    {"groups": groups, "weights": weights},
)
_founding = fields(
    {
        "name": name,
        "origin": origin,
        "log_key": public_key,
        "edition": integer(1),
        "articles": mapping(ident, article, 1, 256),
    },
    {
        "mark": mark,
        "members": array(_founder, 1, 16),
        "officers": array(fields({"office": ident, "keys": _plain_keys}), 1, 16),
    },
)


def _found(value: object, where: str) -> None:
    """The founding act, with its form rules beyond types."""
    _founding(value, where)
    assert isinstance(value, dict)
    if value["edition"] != 1:
        raise Malformed(f"{where}.edition is not 1: {value['edition']}")
    if "members" not in value and "officers" not in value:
        raise Malformed(f"{where} registers no key at all")


ACTS: dict[str, Form] = {
    "organisation.found": _found,
    "charter.add": fields({"article": ident, "content": article}),
    "charter.replace": fields({"article": ident, "content": article}),
    "charter.repeal": fields({"article": ident}),
    "edition.raise": fields({"edition": integer(1)}),
    "member.admit": fields(
        {"member": ident, "name": name, "status": ident},
        {"keys": array(new_key, 1, 16), "groups": groups, "weights": weights},
    ),
    "member.status": fields({"member": ident, "status": ident}),
    "key.add": fields({"holder": holder, "key": new_key}),
    "key.revoke": fields({"key": digest}),
    "meeting.convene": fields({"meeting": ident, "organ": ident}, {"date": date}),
    "meeting.attend": fields({"meeting": ident}),
    "meeting.open": fields({"meeting": ident}),
    "meeting.close": fields({"meeting": ident}),
    "proposal.table": fields(
        {"proposal": ident, "organ": ident, "title": title},
        {
            "rule": ident,
            "symbol": _text(1, 64, "a symbol"),
            "date": date,
            "text": document,
            "enacts": _enactment,
        },
    ),
    "proposal.withdraw": fields({"proposal": ident}),
    "vote.open": fields({"proposal": ident, "deadline": integer(1)}, {"meeting": ident}),
    "vote.cast": fields({"vote": _string, "position": position}),
    "vote.close": fields({"vote": _string}),
    "vote.declare": fields({"vote": _string, "outcome": outcome, "counts": counts}, {"reason": ident}),
}

PAYLOAD = fields(
    {
        "act": _any,
        "counter": integer(1),
        "expires": integer(1),
        "signers": array(digest, 1, 16, distinct=True),
    },
    {"organisation": digest},
)
