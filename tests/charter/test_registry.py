# SPDX-License-Identifier: Apache-2.0
"""Every kind in the registry is complete, specified, and has exactly one canonical form."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.charter.strategies import acts, any_act

import comity.domains  # noqa: F401  (completes the registries)
from comity.charter.act import KINDS, Act, Payload, decode_act, decode_payload
from comity.charter.article import ENACTABLE, GRANTABLE
from comity.charter.refusal import Refused
from comity.charter.register import TABLES, encode

SPEC = Path(__file__).parents[2] / "docs/spec"
SIGNER = "ab" * 32
ORGANISATION = "cd" * 32
PATIENT = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def _specified() -> set[str]:
    """The kinds that the headings of docs/spec/kinds.md name."""
    headings = re.findall(r"^## (.+)$", (SPEC / "kinds.md").read_text(), re.M)
    return {kind.strip() for heading in headings for kind in heading.split(",") if "." in kind}


def test_kinds_are_those_of_the_specification() -> None:
    """The registry and the headings of the specification name the same kinds of edition 1."""
    assert {kind for kind, cls in KINDS.items() if cls.__module__.startswith("comity.")} == _specified()
    assert set(KINDS) >= ENACTABLE | GRANTABLE


def test_tables_are_those_of_the_specification() -> None:
    """The register's tables and the specification's are the same."""
    told = re.findall(r"^\*\*`([a-z]+)`\*\*", (SPEC / "register.md").read_text(), re.M)
    assert set(told) == set(TABLES)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_complete(kind: str) -> None:
    """A kind has a summary in one sentence, a provision that its refusals cite, and checks of its own."""
    cls = KINDS[kind]
    assert cls.__doc__
    assert cls.__doc__.strip().endswith(".")
    assert cls.basis
    assert cls.check is not Act.check
    assert cls.apply is not Act.apply
    assert all(field.name.isascii() for field in msgspec.structs.fields(cls))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_fields_are_those_of_the_specification(kind: str) -> None:
    """Each field of a kind is named in its section, and marked there as required exactly where it is."""
    section = _section(kind)
    for field in msgspec.structs.fields(KINDS[kind]):
        found = re.search(rf"`{field.name}`(?: \*?req\*?| \*req\*)?", section)
        assert found, f"{kind}.{field.name}"
        assert ("req" in found.group()) == field.required, f"{kind}.{field.name}"


def _section(kind: str) -> str:
    parts = re.split(r"^## (.+)$", (SPEC / "kinds.md").read_text(), flags=re.M)
    text = next(body for heading, body in zip(parts[1::2], parts[2::2], strict=True) if kind in heading.split(", "))
    items = [item for item in re.split(r"^- ", text, flags=re.M) if item.startswith(f"`{kind}`")]
    own = items[0] if items else text
    # A kind may be said to have "the same fields" as the one before it.
    return text if "the same fields" in own else own


def _payload(act: Act) -> bytes:
    whole = Payload[type(act)](  # type: ignore[operator]
        act=act, counter=1, expires=2, signers=(SIGNER,), organisation=ORGANISATION
    )
    return encode(whole)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(PATIENT, max_examples=20)
@given(data=st.data())
def test_an_act_has_one_canonical_form(kind: str, data: st.DataObject) -> None:
    """An act is written as RFC 8785 writes it, and is read back as the same act."""
    act = data.draw(acts(kind))
    written = _payload(act)
    assert written == rfc8785.dumps(json.loads(written))
    assert decode_payload(kind, written).act == act
    assert decode_act(kind, json.loads(encode(act))) == act


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, each in inner for deeper in _paths(each, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


@PATIENT
@given(act=any_act(), data=st.data())
def test_no_null_no_fraction_no_unknown_field_anywhere(act: Act, data: st.DataObject) -> None:
    """A null, a fraction, a whole number as a fraction, or an unknown field is refused at any depth."""
    whole = json.loads(encode(act))
    path = data.draw(st.sampled_from(_paths(whole)))
    found = whole
    for key in path:
        found = found[key]
    if isinstance(found, dict) and data.draw(st.booleans()):
        wrong = {**found, "un known": 1}
    else:
        options = [None, 0.5, {}, [[]], True if type(found) is not bool else 1]
        if type(found) is int and abs(found) < 2**53:
            options.append(float(found))
        wrong = data.draw(st.sampled_from(options))
    if wrong == found and type(wrong) is type(found):
        return
    fields = _replaced(whole, path, wrong)
    payload = {"act": fields, "counter": 1, "expires": 2, "signers": [SIGNER], "organisation": ORGANISATION}
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(Refused) as refused:
        decode_payload(act.kind, text)
    assert refused.value.code == "form"


@PATIENT
@given(act=any_act(), data=st.data())
def test_any_other_bytes_are_another_act_or_none(act: Act, data: st.DataObject) -> None:
    """Bytes with one byte changed, left out or put in are refused with `form`, or are the one form of what they say."""
    written = bytearray(_payload(act))
    at = data.draw(st.integers(0, len(written) - 1))
    with_byte = data.draw(st.sampled_from([*b' 0-.e"\\,:{}[]\x00\x7f\xff\n', written[at]]))
    change = data.draw(st.sampled_from(["replace", "insert", "delete"]))
    written[at : at + (change != "insert")] = b"" if change == "delete" else bytes([with_byte])
    code = ""
    try:
        payload = decode_payload(act.kind, bytes(written))
    except Refused as refused:
        code = refused.code
    if code:
        assert code == "form"
    else:
        assert rfc8785.dumps(json.loads(written)) == bytes(written) == encode(payload)
