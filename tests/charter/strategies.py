# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for acts of every kind, derived from the registry and nothing else.

    @given(acts("vote.cast"))
    @given(any_act())

An act drawn here is of its kind's form: types, lengths, patterns, distinct and ascending arrays. Whether it is in order
in some register is another matter.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from comity import domains
from comity.charter.act import KINDS, Act
from comity.charter.article import ENACTABLE
from comity.charter.refusal import Refused
from comity.charter.register import encode
from comity.dialogue.tables import Enactment

assert domains.DOMAINS, "importing the domains completes the registry of kinds"

FUEL = 6
"""How many structs may stand inside one another before the smallest alternatives are taken."""

WIDE = 3
"""The most elements of an array, where its least length allows so few."""

Draw = Callable[[st.SearchStrategy[Any]], Any]


def acts(kind: str) -> st.SearchStrategy[Act]:
    """Acts of the kind, of its form."""
    return _built(KINDS[kind]).filter(_of_form)


def any_act() -> st.SearchStrategy[Act]:
    """Acts of any kind."""
    return st.sampled_from(sorted(KINDS)).flatmap(acts)


def _of_form(act: Act) -> bool:
    try:
        act.form()
    except Refused:
        return False
    return True


@st.composite
def _built(draw: Draw, cls: type) -> Any:
    """A value of the struct. Drawn step by step: a strategy made of strategies would grow without end."""
    return _struct(draw, cls, FUEL)


def _struct(draw: Draw, cls: type, fuel: int) -> Any:
    if cls is Enactment:
        act = draw(st.sampled_from(sorted(ENACTABLE)).flatmap(acts))
        return Enactment(kind=act.kind, act=msgspec.json.decode(encode(act)))
    given: dict[str, Any] = {}
    for name, required, info in _fields(cls):
        if (cls.__name__, name) in EXACT:
            given[name] = EXACT[cls.__name__, name]
        elif required or (fuel > 0 and draw(st.booleans())):
            given[name] = value(draw, info, fuel - 1)
    return cls(**given)


@cache
def _fields(cls: type) -> list[tuple[str, bool, inspect.Type]]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return [(field.name, field.required, field.type) for field in info.fields]


EXACT = {("Found", "edition"): 1}
"""Fields whose type is wider than their form."""


def value(draw: Draw, info: inspect.Type, fuel: int) -> Any:
    """A value of any type of a field; `fuel` as `FUEL`."""
    match info:
        case inspect.Metadata(type=inner):
            return value(draw, inner, fuel)
        case inspect.StructType(cls=cls):
            return _struct(draw, cls, fuel)
        case inspect.UnionType(types=types):
            fitting = types if fuel > 0 else [one for one in types if _height(one) == min(map(_height, types))]
            return value(draw, fitting[draw(st.integers(0, len(fitting) - 1))], fuel)
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            return _array(draw, item, least or 0, most, fuel)
        case inspect.DictType(key_type=key, value_type=each, min_length=least):
            size = draw(st.integers(least or 0, (least or 0) + WIDE))
            return {value(draw, key, fuel): value(draw, each, fuel) for _ in range(size)}
        case _:
            return draw(_scalar(info))


def _array(draw: Draw, item: inspect.Type, least: int, most: int | None, fuel: int) -> tuple[Any, ...]:
    """Arrays of words are distinct and ascending, which every form admits."""
    size = max(least, min(WIDE, most or WIDE))
    if isinstance(item, inspect.StrType | inspect.LiteralType):
        return tuple(sorted(draw(st.lists(_scalar(item), min_size=least, max_size=size, unique=True))))
    number = draw(st.integers(least, size)) if fuel > 0 else least
    return tuple(value(draw, item, fuel) for _ in range(number))


def _scalar(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.IntType(ge=least, le=most):
            return _whole(least, most)
        case inspect.StrType():
            return _text(info.pattern or "", info.min_length or 0, info.max_length)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case _:
            raise TypeError(f"no strategy for {info}")


@cache
def _whole(least: int | None, most: int | None) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(least, most), st.integers(least or 0, (least or 0) + 9))


@cache
def _text(pattern: str, least: int, most: int | None) -> st.SearchStrategy[str]:
    if not pattern:
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    whole = re.compile(pattern.removeprefix("^").removesuffix("$").removesuffix(r"(?!\n)") + r"\Z")
    readable = st.characters(exclude_categories=["Cs"])
    drawn = st.from_regex(whole, fullmatch=True, alphabet=readable)
    return drawn.filter(lambda text: least <= len(text) <= (most or len(text)))


def _height(info: inspect.Type, seen: tuple[type, ...] = ()) -> int:
    """How many structs the smallest value of the type has inside one another (many, where it never ends)."""
    match info:
        case inspect.Metadata(type=inner):
            return _height(inner, seen)
        case inspect.StructType(cls=cls):
            if cls in seen:
                return 99
            inside = [_height(own, (*seen, cls)) for _, required, own in _fields(cls) if required]
            return 1 + max(inside, default=0)
        case inspect.UnionType(types=types):
            return min(_height(one, seen) for one in types)
        case inspect.VarTupleType(item_type=item, min_length=least):
            return _height(item, seen) if least else 0
        case _:
            return 0
