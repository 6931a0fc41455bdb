# SPDX-License-Identifier: Apache-2.0
"""The form of every field of edition 1 as one table, in the order of `register.md`, `rules.md` and `kinds.md`.

Whatever can be said of a value without the register is said here, and is refused with `form`. A line of the table is
a name and its fields, `field:type` or, where optional, `field?:type`. A type is the name of a string, an integer from
some least value to 2^53-1 (`int0`, `int1`), another line, or a sort: a line `sort/x` is the object of this sort whose
field `is` says x. After a type `[a,b]` makes an array of a to b elements, `!` distinct, `<` strictly ascending;
`{key:type}[a,b]` is a map.
"""

import itertools
import re
from collections.abc import Callable
from typing import Any

from comity_verify.canonical import MAX_INTEGER, Malformed

Form = Callable[[object, str], None]

ENACTABLE = frozenset(
    """charter.add charter.replace charter.repeal edition.raise
    member.admit member.status key.add key.revoke""".split()  # noqa: SIM905 - as the page has it
)
EMPOWERED = frozenset("member.admit member.status key.add key.revoke proposal.table".split())  # noqa: SIM905

_ID = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_STRINGS = {
    "Id": _ID,
    "digest": "[0-9a-f]{64}",
    "holder": f"(?:member|office)/{_ID}",
    "power-holder": f"(?:office|electorate)/{_ID}",
    "kind": r"(?=.{1,64}\Z)[a-z]+(?:\.[a-z_]+)+",
    "title": r"[^\x00-\x1f]{1,300}",
    "name": r"[^\x00-\x1f]{1,200}",
    "symbol": r"[^\x00-\x1f]{1,64}",
    "string": r"(?s:.*)",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "media": "[!-~]{1,100}",
    "origin": "[!-*,-~]{1,128}",
    "mark": "replay|simulation",
    "layer": "constitution|procedure|terms",
    "position": "yes|no|abstain|object|present",
    "outcome": "adopted|rejected|undecided",
    "relation": ">|>=|=|<|<=",
    "alg": "ed25519",
    # base64 without knowing its bytes: the last character before the padding has zero trailing bits
    "key": "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=",
    "signature": "[A-Za-z0-9+/]{85}[AQgw]==",
}
_TABLE = """
payload             act:object counter:int1 expires:int1 organisation?:digest signers:digest[1,16]!
document            digest:digest media:media size?:int0
article             title:title layer:layer provision:provision text?:document
provision/text
provision/electorate  statuses:Id[1,16]! groups?:Id[1,16]!
provision/office
provision/organ     electorate:Id chair:Id rules:Id[1,16]! opens?:condition
provision/rule      positions:position[1,5]! clauses:clause[1,16] least?:int0 early?:true
provision/power     kinds:kind[1,16]! holders:power-holder[1,16]!
provision/competence  kinds:kind[1,16]! organ:Id rule:Id
clause              outcome:outcome reason?:Id when?:condition
quantity/count      of:position[1,5]! group?:Id weight?:Id
quantity/seats      group?:Id weight?:Id
quantity/number     value?:int0
quantity/sum        of:quantity[1,16]
quantity/share      of:quantity numerator:int1 denominator:int1
quantity/round
condition/compare   left:quantity relation:relation right:quantity
condition/all       of:condition[1,16]
condition/any       of:condition[1,16]
condition/not       that:condition
plain-key           alg:alg key:key
new-key             alg:alg key:key proof:signature
founder             member:Id name:name status:Id keys:plain-key[1,16] groups?:Id[1,32]< weights?:{Id:int0}[1,16]
officer             office:Id keys:plain-key[1,16]
organisation.found  name:name origin:origin log_key:key edition:int1 articles:{Id:article}[1,256] mark?:mark
                    members?:founder[1,16] officers?:officer[1,16]
charter.add         article:Id content:article
charter.replace     article:Id content:article
charter.repeal      article:Id
edition.raise       edition:int1
member.admit        member:Id name:name status:Id keys?:new-key[1,16] groups?:Id[1,32]< weights?:{Id:int0}[1,16]
member.status       member:Id status:Id
key.add             holder:holder key:new-key
key.revoke          key:digest
meeting.convene     meeting:Id organ:Id date?:date
meeting.attend      meeting:Id
meeting.open        meeting:Id
meeting.close       meeting:Id
enactment           kind:kind act:object
proposal.table      proposal:Id organ:Id title:title rule?:Id symbol?:symbol date?:date text?:document
                    enacts?:enactment
proposal.withdraw   proposal:Id
vote.open           proposal:Id deadline:int1 meeting?:Id
vote.cast           vote:string position:position
vote.close          vote:string
vote.declare        vote:string outcome:outcome reason?:Id counts:{position:int0}[0,5]
"""
FORMS: dict[str, Form] = {}


def shown(value: object) -> str:
    """A value as an explanation quotes it: short."""
    text = repr(value) if not isinstance(value, dict | list) else f"{type(value).__name__} of {len(value)}"
    return text if len(text) <= 60 else text[:57] + "..."


def _wrong(value: object, where: str, what: str) -> Malformed:
    return Malformed(f"{where} is not {what}: {shown(value)}")


def _when(test: Callable[[Any], object], what: str) -> Form:
    def form(value: object, where: str) -> None:
        if not test(value):
            raise _wrong(value, where, what)

    return form


def _string(name: str, expression: str) -> Form:
    match = re.compile(expression).fullmatch
    return _when(lambda value: type(value) is str and match(value), f"a string of the form '{name}'")


def _integer(least: int) -> Form:
    return _when(lambda v: type(v) is int and least <= v <= MAX_INTEGER, f"an integer from {least} to 2^53-1")


def _array(of: str, least: int, most: int, order: str) -> Form:
    def form(value: object, where: str) -> None:
        if type(value) is not list or not least <= len(value) <= most:
            raise _wrong(value, where, f"an array of {least} to {most} elements")
        for number, element in enumerate(value):
            FORMS[of](element, f"{where}[{number}]")
        if order == "!" and len(set(value)) != len(value):
            raise Malformed(f"{where} names something twice")
        if order == "<" and any(a >= b for a, b in itertools.pairwise(value)):
            raise Malformed(f"{where} is not in strictly ascending order")

    return form


def _map(key: str, of: str, least: int, most: int) -> Form:
    """Members of a map are data, so zero values stay."""

    def form(value: object, where: str) -> None:
        if type(value) is not dict or not least <= len(value) <= most:
            raise _wrong(value, where, f"an object of {least} to {most} members")
        for name, element in value.items():
            FORMS[key](name, f"a key of {where}")
            FORMS[of](element, f"{where}.{name}")

    return form


def _fields(required: dict[str, Form], optional: dict[str, Form]) -> Form:
    def form(value: object, where: str) -> None:
        if type(value) is not dict:
            raise _wrong(value, where, "an object")
        for name in required:
            if name not in value:
                raise Malformed(f"{where} lacks the field {name}")
        for name, element in value.items():
            if name in required:
                required[name](element, f"{where}.{name}")
            elif name not in optional:
                raise Malformed(f"{where} has an unknown field {shown(name)}")
            elif not element:
                raise Malformed(f"{where}.{name} is written out although it is zero")
            else:
                optional[name](element, f"{where}.{name}")

    return form


def _sort(sort: str) -> Form:
    def form(value: object, where: str) -> None:
        which = value.get("is") if type(value) is dict else None
        if type(which) is not str or f"{sort}/{which}" not in FORMS:
            raise _wrong(value, where, f"a {sort}")
        FORMS[f"{sort}/{which}"](value, where)

    return form


def _type(text: str) -> Form:
    """The form that a type of the table means; names are looked up when a value is at hand."""
    parts = re.fullmatch(r"(?:\{(\w+):([\w-]+)\}|([\w-]+))(?:\[(\d+),(\d+)\]([!<]?))?", text)
    assert parts is not None, text
    key, of, single, least, most, order = parts.groups()
    if key:
        return _map(key, of, int(least), int(most))
    if least:
        return _array(single, int(least), int(most), order)
    return lambda value, where: FORMS[single](value, where)


def _enter_table() -> None:
    FORMS.update({name: _string(name, expression) for name, expression in _STRINGS.items()})
    FORMS.update({"int0": _integer(0), "int1": _integer(1), "true": _when(lambda value: value is True, "a boolean")})
    FORMS["object"] = _when(lambda value: type(value) is dict, "an object")
    for line in _TABLE.replace("\n    ", " ").strip().splitlines():
        name, *pairs = line.split()
        about = [pair.partition(":")[::2] for pair in pairs]
        required = {field: _type(of) for field, of in about if field[-1] != "?"}
        if "/" in name:
            FORMS[name.partition("/")[0]] = _sort(name.partition("/")[0])
            required["is"] = FORMS["string"]
        FORMS[name] = _fields(required, {field[:-1]: _type(of) for field, of in about if field[-1] == "?"})


_enter_table()
KINDS = frozenset(name for name in FORMS if "." in name)


def _enactment(value: object, where: str, whole: Form = FORMS["enactment"]) -> None:
    """What a proposal carries: a kind that a competence may list, and an act of that kind."""
    whole(value, where)
    assert isinstance(value, dict)
    if value["kind"] not in ENACTABLE:
        raise _wrong(value["kind"], f"{where}.kind", "a kind that can be enacted")
    FORMS[value["kind"]](value["act"], f"{where}.act")


def _founding(value: object, where: str, whole: Form = FORMS["organisation.found"]) -> None:
    """The founding act, with its form rules beyond types."""
    whole(value, where)
    assert isinstance(value, dict)
    if value["edition"] != 1:
        raise _wrong(value["edition"], f"{where}.edition", "1")
    if "members" not in value and "officers" not in value:
        raise Malformed(f"{where} registers no key at all")


FORMS.update({"enactment": _enactment, "organisation.found": _founding})
