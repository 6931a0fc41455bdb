# SPDX-License-Identifier: Apache-2.0
"""Options of a command from the fields of a struct: what the registry says once is not declared again.

Text and numbers are given as they are; a moment as UTC milliseconds, as 2026-12-01T12:00:00Z or as +72h from now; a
list by giving the option several times; a map as name=number,name=number; anything nested as JSON or as @FILE.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct, inspect

UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Moment(click.ParamType[int]):
    """A moment in UTC milliseconds: a number, ISO 8601 with a zone, or +<number><s|m|h|d> from now."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if re.fullmatch(r"[0-9]+", value):
            return int(value)
        if ahead := re.fullmatch(r"\+([0-9]{1,9})([smhd])", value):
            from comity.keys import now

            return now() + int(ahead[1]) * UNITS[ahead[2]]
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is neither milliseconds, nor like 2026-12-01T12:00:00Z, nor like +72h.", param, ctx)
        return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


class Nested(click.ParamType[Any]):
    """A JSON value, or @FILE for the JSON in a file; for a map of numbers also name=number,name=number."""

    name = "json"

    def __init__(self, pairs: bool = False) -> None:
        self.pairs = pairs

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        if self.pairs and re.fullmatch(r"[A-Za-z0-9._-]+=[0-9]+(,[A-Za-z0-9._-]+=[0-9]+)*", value):
            return {name: int(number) for name, _, number in (each.partition("=") for each in value.split(","))}
        text = value
        if value.startswith("@"):
            try:
                text = Path(value[1:]).read_text()
            except (OSError, UnicodeError) as error:
                self.fail(f"{value[1:]} cannot be read: {error}.", param, ctx)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            also = " or name=number,name=number" if self.pairs else ""
            self.fail(f"{value!r} is not JSON, @FILE{also}: {error}.", param, ctx)


def options(struct: type[Struct], taken: Sequence[str] = ()) -> list[click.Option]:
    """An option for each field; one whose name is in `taken` is called --act-<name>."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return [_option(field, taken) for field in kind.fields]


def _option(field: inspect.Field, taken: Sequence[str]) -> click.Option:
    told = _description(field.type)
    inner = _bare(field.type)
    multiple = isinstance(inner, inspect.VarTupleType | inspect.ListType)
    each = _bare(inner.item_type) if isinstance(inner, inspect.VarTupleType | inspect.ListType) else inner
    if multiple and isinstance(inner, inspect.VarTupleType | inspect.ListType):
        told = told or _description(inner.item_type)
    form, metavar = _form(each, told)
    spelled = field.name.replace("_", "-")
    flag = f"--act-{spelled}" if field.name in taken else f"--{spelled}"
    about = told + (" (may be given several times)" if multiple else "")
    return click.Option(
        [flag, f"field_{field.name}"],
        type=form,
        required=field.required,
        multiple=multiple,
        metavar=metavar,
        help=about.strip() or None,
    )


def _form(kind: inspect.Type, told: str) -> tuple[click.ParamType[Any], str | None]:
    match kind:
        case inspect.LiteralType(values=values):
            return click.Choice([str(value) for value in values if value != ""]), None
        case inspect.IntType() if told.startswith("UTC milliseconds"):
            return Moment(), "MOMENT"
        case inspect.IntType():
            return click.INT, "NUMBER"
        case inspect.BoolType():
            return click.BOOL, "true|false"
        case inspect.DictType(value_type=value):
            pairs = isinstance(_bare(value), inspect.IntType)
            return Nested(pairs), "NAME=NUMBER,...|JSON|@FILE" if pairs else "JSON|@FILE"
        case inspect.StrType():
            return click.STRING, "TEXT"
        case _:
            return Nested(), "JSON|@FILE"


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type without its metadata, and without None where it may be absent."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        rest = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        if len(rest) == 1:
            return _bare(rest[0])
        literals = [each for each in map(_bare, rest) if isinstance(each, inspect.LiteralType)]
        if len(literals) == len(rest):
            return inspect.LiteralType(tuple(value for each in literals for value in each.values))
    return kind


def _description(kind: inspect.Type) -> str:
    """What the type says of itself, or the docstring of the struct that it is."""
    if isinstance(kind, inspect.Metadata):
        told = str((kind.extra_json_schema or {}).get("description", ""))
        return told or _description(kind.type)
    bare = _bare(kind)
    if isinstance(bare, inspect.StructType):
        return (bare.cls.__doc__ or "").strip().split("\n")[0]
    return _description(bare) if bare is not kind else ""


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The fields that were given, by name; what was left out stays out."""
    found = {name.removeprefix("field_"): value for name, value in values.items() if name.startswith("field_")}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if _said(value)}


def _said(value: Any) -> bool:
    return value is not None and value != ()


def checked(value: str, form: Any, what: str) -> str:
    """The value where it is of the annotated type; else wrong use, in the words of the type's description."""
    try:
        return str(msgspec.convert(value, type=form))
    except msgspec.ValidationError:
        told = _description(inspect.type_info(form))
        raise click.BadParameter(f"{value!r} is not in order. {told}.", param_hint=what) from None
