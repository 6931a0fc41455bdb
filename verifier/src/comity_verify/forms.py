# SPDX-License-Identifier: Apache-2.0
"""The form of every field of edition 1 as one table, in the order of `register.md`, `rules.md` and `kinds.md`.

What can be said of a value without the register is said here, and refused with `form`. A line is a name and its
fields, `field:type` or, where optional, `field?:type`. A type is a string, an integer from a least value to 2^53-1
(`int0`, `int1`), another line, or a sort: a line `sort/x` is the object of the sort whose field `is` says x. After it
`[a,b]` makes an array of a to b elements, `!` distinct, `<` strictly ascending; `{key:type}[a,b]` is a map.
"""

import functools
import itertools
import re
from typing import Any

from comity_verify.canonical import MAX_INTEGER, Malformed

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
_TYPE = re.compile(r"(?:\{(\w+):([\w-]+)\}|([\w./-]+))(?:\[(\d+),(\d+)\]([!<]?))?")
_LINES = {line.split()[0]: line.split()[1:] for line in _TABLE.replace("\n    ", " ").strip().splitlines()}
_FIELDS = {name: dict([pair.split(":", 1) for pair in pairs]) for name, pairs in _LINES.items()}
_SORTS = frozenset(name.partition("/")[0] for name in _LINES if "/" in name)
KINDS = frozenset(name for name in _LINES if "." in name)


def shown(value: object) -> str:
    """A value as an explanation quotes it: short."""
    text = repr(value) if not isinstance(value, dict | list) else f"{type(value).__name__} of {len(value)}"
    return text if len(text) <= 60 else text[:57] + "..."


def _must(holds: object, value: object, where: str, what: str) -> None:
    if not holds:
        raise Malformed(f"{where} is not {what}: {shown(value)}")


@functools.cache
def _parsed(of: str) -> tuple[str, str, str, int, int, str]:
    """Key and value of a map or the type of single elements, least and most (0 for no array), and the order."""
    parts = _TYPE.fullmatch(of)
    assert parts is not None, of
    return parts[1] or "", parts[2] or "", parts[3] or "", int(parts[4] or 0), int(parts[5] or 0), parts[6] or ""


def conform(of: str, value: Any, where: str) -> None:
    """Raises Malformed where the value is not of the type of the table."""
    key, element, single, least, most, order = _parsed(of)
    if not most:
        return _conform_single(single, value, where)
    right = type(value) is (dict if key else list) and least <= len(value) <= most
    _must(right, value, where, f"{'a map' if key else 'an array'} of {least} to {most}")
    if key:
        for name, inner in value.items():
            conform(key, name, f"a key of {where}")
            conform(element, inner, f"{where}.{name}")
        return None
    for number, inner in enumerate(value):
        conform(single, inner, f"{where}[{number}]")
    _must(order != "!" or len(set(value)) == len(value), value, where, "without repetition")
    ascending = order != "<" or all(a < b for a, b in itertools.pairwise(value))
    return _must(ascending, value, where, "in strictly ascending order")


def _conform_single(of: str, value: Any, where: str) -> None:
    if of in _STRINGS:
        return _must(type(value) is str and re.fullmatch(_STRINGS[of], value), value, where, f"of the form '{of}'")
    if of in ("int0", "int1"):
        least = int(of[3])
        right = type(value) is int and least <= value <= MAX_INTEGER
        return _must(right, value, where, f"an integer from {least} to 2^53-1")
    if of == "true":
        return _must(value is True, value, where, "a boolean")
    _must(type(value) is dict, value, where, "an object")
    if of in _SORTS:
        of = f"{of}/{value.get('is')}"
        _must(of in _LINES, value.get("is"), f"{where}.is", "one that is known")
    return None if of == "object" else _conform_fields(of, value, where)


def _conform_fields(of: str, value: dict[str, Any], where: str) -> None:
    fields = _FIELDS[of]
    for name in fields:
        if name[-1] != "?" and name not in value:
            raise Malformed(f"{where} lacks the field {name}")
    for name, inner in value.items():
        if name in fields:
            conform(fields[name], inner, f"{where}.{name}")
        elif f"{name}?" in fields:
            _must(inner, inner, f"{where}.{name}", "absent, although it is zero")
            conform(fields[f"{name}?"], inner, f"{where}.{name}")
        elif name != "is" or "/" not in of:
            raise Malformed(f"{where} has an unknown field {shown(name)}")
    if of == "enactment":
        _must(value["kind"] in ENACTABLE, value["kind"], f"{where}.kind", "a kind that can be enacted")
        conform(value["kind"], value["act"], f"{where}.act")
    if of == "organisation.found":
        _must(value["edition"] == 1, value["edition"], f"{where}.edition", "1")
        _must("members" in value or "officers" in value, "none", f"{where}: the number of keys", "at least one")
