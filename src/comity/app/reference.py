# SPDX-License-Identifier: Apache-2.0
"""The reference: every kind of act and every view, from the registries and their own code; as page and as Markdown."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

from msgspec import Struct
from msgspec import inspect as shapes

import comity.domains  # noqa: F401  (completes the registries)
from comity.app.explorer import ActsQuestion
from comity.app.openapi import summary
from comity.app.problems import READING
from comity.charter.act import KINDS, Act
from comity.charter.article import ENACTABLE, GRANTABLE
from comity.charter.view import VIEWS, Listing

_CODE = re.compile(r"[a-z]+\.[a-z]+")


class Field(Struct, frozen=True, kw_only=True):
    """A field or parameter: its type in words, whether it must be there, what it means."""

    name: str
    type: str
    required: bool
    meaning: str


class KindEntry(Struct, frozen=True, kw_only=True):
    """A kind of act. One that `carries` another can be refused with the other's codes too."""

    kind: str
    summary: str
    article: str
    fields: tuple[Field, ...]
    codes: tuple[str, ...]
    carries: bool
    granted: bool
    enacted: bool


class ViewEntry(Struct, frozen=True, kw_only=True):
    """A view."""

    view: str
    title: str
    summary: str
    path: str
    listing: bool
    parameters: tuple[Field, ...]
    answers: tuple[Field, ...]


@cache
def kinds() -> tuple[KindEntry, ...]:
    """Every kind, in the order of the registry."""
    return tuple(
        KindEntry(
            kind=kind,
            summary=summary(cls),
            article=cls.basis,
            fields=fields(cls),
            codes=refusal_codes(cls),
            carries="enacts" in cls.__struct_fields__,
            granted=kind in GRANTABLE,
            enacted=kind in ENACTABLE,
        )
        for kind, cls in KINDS.items()
    )


GENERAL = ("size", "form", "stamp", "organisation", "key", "counter", "expiry", "signature")
"""The codes with which any act may be refused before its own checks (docs/spec/entry.md)."""


@cache
def codes() -> dict[str, str]:
    """Every refusal code, with the kinds or questions that it belongs to."""
    told = dict.fromkeys(GENERAL, "any act")
    for code in sorted({code for entry in kinds() for code in entry.codes} - told.keys()):
        told[code] = ", ".join(entry.kind for entry in kinds() if code in entry.codes)
    return told | dict.fromkeys(READING, "reading")


@cache
def views() -> tuple[ViewEntry, ...]:
    """Every view, by name."""
    entries = []
    for name, cls in sorted(VIEWS.items()):
        listing = issubclass(cls, Listing)
        entries.append(
            ViewEntry(
                view=name,
                title=cls.title,
                summary=summary(cls),
                path=cls.path,
                listing=listing,
                parameters=fields(cls),
                answers=fields(cls.answers.__args__[0] if listing else cls.answers),
            )
        )
    return tuple(entries)


def fields(cls: Any) -> tuple[Field, ...]:
    """The fields of a struct."""
    info = shapes.type_info(cls)
    assert isinstance(info, shapes.StructType)
    return tuple(
        Field(name=each.encode_name, type=_type(each.type), required=each.required, meaning=_meaning(each.type))
        for each in info.fields
    )


def _meaning(node: shapes.Type) -> str:
    """What the type says about itself; for a struct, its summary."""
    if isinstance(node, shapes.Metadata):
        schema = node.extra_json_schema or {}
        return str(schema.get("description", "")) or _meaning(node.type)
    if isinstance(node, shapes.StructType):
        return summary(node.cls)
    if isinstance(node, shapes.UnionType):
        return next((said for each in node.types if (said := _meaning(each))), "")
    if isinstance(node, shapes.VarTupleType):
        return _meaning(node.item_type)
    return ""


def _type(node: shapes.Type) -> str:
    """A type in words."""
    match node:
        case shapes.Metadata(type=inner):
            return _type(inner)
        case shapes.StrType(max_length=longest):
            return "text" + (f" of at most {longest}" if longest else "")
        case shapes.IntType(ge=least, le=most):
            if most is None or most == 2**53 - 1:
                return "whole number" + (f" from {least}" if least is not None else "")
            return f"whole number from {least} to {most}"
        case shapes.BoolType():
            return "true or false"
        case shapes.NoneType():
            return "nothing"
        case shapes.LiteralType(values=values):
            return "one of " + ", ".join(f"`{value}`" for value in sorted(map(str, values)) if value != "")
        case shapes.StructType(cls=cls):
            return cls.__name__
        case shapes.VarTupleType(item_type=item, max_length=most):
            return f"list of {_type(item)}" + (f", at most {most}" if most else "")
        case shapes.DictType(value_type=value):
            return f"map to {_type(value)}"
        case shapes.UnionType(types=types):
            return " or ".join(dict.fromkeys(_type(each) for each in types))
        case _:
            return "anything"


def refusal_codes(cls: type[Act]) -> tuple[str, ...]:
    """The codes with which an act of the kind can be refused by its own checks, in the order of its code.

    Read off the source: the literals of the checks and of whatever they call in this program.
    """
    found: dict[str, None] = {}
    seen: set[int] = set()

    def visit(function: Callable[..., Any]) -> None:
        if id(function.__code__) in seen or not function.__module__.startswith("comity."):
            return
        seen.add(id(function.__code__))
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            if isinstance(node, ast.Call):
                literals = [each.value for each in node.args if isinstance(each, ast.Constant)]
                found.update(dict.fromkeys(str(value) for value in literals if _is_code(value)))
            if isinstance(node, ast.Name | ast.Attribute):
                target = _named(node, function, cls)
                if target is not None:
                    visit(target)

    visit(cls.form)
    visit(cls.check)
    if cls.form is not Act.form:
        found = {"form": None, **found}
    return tuple(found)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and (_CODE.fullmatch(value) is not None) and value not in KINDS


def _named(node: ast.expr, function: Any, cls: type) -> Any:
    """The function that an expression names: of the module, or a method of the class itself."""
    target = None
    if isinstance(node, ast.Name):
        target = function.__globals__.get(node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        target = getattr(cls, node.attr, None)
    return target if isinstance(target, FunctionType) else None


def render_reference_markdown() -> str:
    """`docs/reference.md`."""
    out = [
        "# Reference",
        "",
        "Made from the registries by `comity.app.reference`; not to be edited. The specification (`spec/`) is",
        "normative; this lists what the program knows. `/reference` of a running node shows the same.",
        "",
        "## Kinds of acts",
        "",
        "Every act may also be refused with `size`, `form`, `stamp`, `organisation`, `key`, `counter`, `expiry` or",
        "`signature` (spec/entry.md).",
        "",
    ]
    for entry in kinds():
        out += _markdown_kind(entry)
    out += ["## Views", "", "`GET /v1/views/<view>`; lists also as `format=csv`. Every answer says `mark`, `size`,"]
    out += ["`stamp`.", ""]
    for view in views():
        out += _markdown_view(view)
    out += ["## The record", "", "`GET /v1/acts`: entries in order.", "", *_markdown_table(fields(ActsQuestion))]
    return "\n".join(out).rstrip() + "\n"


def _markdown_kind(entry: KindEntry) -> list[str]:
    ways = []
    if entry.granted:
        ways.append("may be granted by a power")
    if entry.enacted:
        ways.append("may be enacted by a decision")
    said = f"{entry.summary} Basis: {entry.article}." + (f" It {' and '.join(ways)}." if ways else "")
    codes = ", ".join(f"`{code}`" for code in entry.codes) or "none of its own"
    if entry.carries:
        codes += "; and those of the act that it would enact"
    return [f"### {entry.kind}", "", said, "", *_markdown_table(entry.fields), f"Refusals: {codes}.", ""]


def _markdown_view(entry: ViewEntry) -> list[str]:
    answers = ", ".join(f"`{field.name}`" for field in entry.answers if field.name not in ("mark", "size", "stamp"))
    what = "Each item" if entry.listing else "The answer"
    return [
        f"### {entry.view}",
        "",
        f"{entry.summary} Page: `{entry.path.replace(':path', '')}`.",
        "",
        *_markdown_table(entry.parameters),
        f"{what} has {answers}.",
        "",
    ]


def _markdown_table(rows: tuple[Field, ...]) -> list[str]:
    if not rows:
        return []
    lines = ["| field | type | | meaning |", "|---|---|---|---|"]
    for row in rows:
        lines.append(f"| `{row.name}` | {row.type} | {'required' if row.required else ''} | {row.meaning} |")
    return [line.replace("/…", "/...") for line in lines] + [""]
