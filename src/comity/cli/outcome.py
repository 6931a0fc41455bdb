# SPDX-License-Identifier: Apache-2.0
"""How a command answers: text for people or, with `--json`, one JSON object as the last line of stdout.

A failure is the same object in both: what is wrong, by which rule, what was found, what would be in order (law 10).
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import click

DONE, REFUSED, MISUSED, CANNOT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes, as the program's help gives them."""

F = TypeVar("F", bound=Callable[..., Any])


class Failure(Exception):
    """A command cannot do what it was asked; the text is a sentence for people, `code` the exit code."""

    def __init__(self, text: str, code: int = CANNOT, **facts: Any) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


class Out:
    """Where a command writes: `say` is for people, `result` for both."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, text: str = "") -> None:
        """A line for people; silent with --json."""
        if not self.as_json:
            click.echo(text)

    def note(self, text: str) -> None:
        """A line on stderr, in either form: how long work goes, a warning."""
        click.echo(text, err=True)

    def result(self, answer: Mapping[str, Any], *lines: str) -> None:
        """The answer: the object as one line with --json, else the lines (by default its fields)."""
        if self.as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
            return
        for line in lines or fields(answer):
            click.echo(line)


def answering(command: F) -> F:
    """Decorator below `@click.command`: gives it `--json` and, as its first argument, an `Out`."""

    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object in the last line.")
    @wraps(command)
    def run(*args: Any, as_json: bool, **options: Any) -> Any:
        return command(Out(as_json), *args, **options)

    return run  # type: ignore[return-value]


def fields(answer: Mapping[str, Any]) -> list[str]:
    """An object as lines `name  value`, aligned; what is nested stays JSON."""
    width = max((len(name) for name in answer), default=0)
    return [f"{name:<{width}}  {plainly(value)}" for name, value in answer.items()]


def plainly(value: Any) -> str:
    """A value in one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def expected(error: Exception) -> int | None:
    """The exit code of a failure that is somebody's affair outside this program; None for a fault in it."""
    from comity.charter.refusal import Refused, UnknownEdition

    if isinstance(error, Failure):
        return error.code
    if isinstance(error, Refused):
        return REFUSED
    if isinstance(error, UnknownEdition | OSError):
        return CANNOT
    return CANNOT if isinstance(error, _foreseen()) else None


def _foreseen() -> tuple[type[Exception], ...]:
    """The roots of our own errors, of those modules that have been used: the others cannot have raised."""
    roots = (
        ("comity.charters", "CharterFileError"),
        ("comity.keys", "KeyFileError"),
        ("comity.record.errors", "RecordError"),
        ("comity.node.errors", "NodeError"),
        ("comity.sdk", "Problem"),
    )
    return tuple(getattr(sys.modules[module], name) for module, name in roots if module in sys.modules)


def tell_failure(error: Exception, as_json: bool, code: int) -> int:
    """Tell the failure on stderr, and with --json as a problem object on stdout; give back the exit code."""
    told = problem(error, code)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"Try '{error.ctx.command_path} --help'.\n", err=True)
    click.echo(f"Error: {told['detail']}", err=True)
    for name in ("rule", "found", "wanted", "article"):
        if told.get(name):
            click.echo(f"  {name + ':':<9}{told[name]}", err=True)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    return code


def problem(error: Exception, code: int) -> dict[str, Any]:
    """The problem object (RFC 9457) of a failure; a refusal has its code, rule, found, wanted and article."""
    from comity.charter.refusal import Refused

    titles = {REFUSED: "Refused", MISUSED: "Wrong use", CANNOT: "Could not", INTERRUPTED: "Interrupted"}
    base: dict[str, Any] = {"type": "about:blank", "title": titles.get(code, "Failure"), "exit": code}
    if isinstance(error, Refused):
        refusal = error.refusal
        named = {name: getattr(refusal, name) for name in ("code", "rule", "found", "wanted", "article")}
        return {**base, "detail": f"Refused with {refusal.code}.", **named, **getattr(error, "facts", {})}
    if isinstance(error, click.ClickException):
        return {**base, "detail": error.format_message()}
    text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    return {**base, "detail": text or type(error).__name__, **getattr(error, "facts", {})}
