# SPDX-License-Identifier: Apache-2.0
"""`comity show`: a command for each view of the registry, answered by a node or from a folder."""

from pathlib import Path
from typing import Any

import click

from comity.cli.fields import given, options
from comity.cli.outcome import Out
from comity.cli.remote import client, url_option


class Views(click.Group):
    """A command for each view that this program knows, made from the registry."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_views())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return view_command(cmd_name) if cmd_name in _views() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _views():
            raise click.NoSuchCommand(args[0], possibilities=_views(), ctx=ctx)
        return super().resolve_command(ctx, args)


def _views() -> dict[str, Any]:
    import comity.domains  # noqa: F401  (completes the registry)
    from comity.charter.view import VIEWS

    return dict(VIEWS)


@click.group(cls=Views, no_args_is_help=True, subcommand_metavar="VIEW [OPTIONS]")
def show() -> None:
    """Ask the register.

    A node answers; or, with --data DIR, the record in a folder is recomputed here, without a network. What a view
    needs stands after its name, what narrows it down are options.

    \b
      comity show proposals --status adopted
      comity show vote A/1
    """


def view_command(name: str) -> click.Command:
    """The command of one view: what it must be told as arguments, what it may be told as options."""
    cls = _views()[name]
    params: list[click.Parameter] = [_argument(each) if each.required else each for each in options(cls, OWN)]
    own: list[click.Parameter] = [
        url_option(),
        click.Option(
            ["--data"], type=click.Path(path_type=Path), metavar="DIR", help="Recompute the record in a folder."
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Answer with one JSON object in the last line."),
    ]

    def run(as_json: bool, url: str, data: Path | None, **values: Any) -> None:
        parameters = given(values)
        answer = offline(data, name, parameters) if data is not None else _asked(url, name, parameters)
        from comity.cli.table import told

        Out(as_json).result(answer, *([] if as_json else told(answer)))

    return click.Command(name, params=params + own, callback=run, help=cls.__doc__, short_help=cls.__doc__)


OWN = ("url", "data", "json", "help")


def _argument(option: click.Option) -> click.Argument:
    return click.Argument([str(option.name)], type=option.type, metavar=str(option.name)[len("field_") :].upper())


def _asked(url: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    with client(url) as node:
        return node.show(name, **parameters)


def offline(folder: Path, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The answer of a view from a node's data folder, running or not, or from a folder of published files."""
    import msgspec

    from comity.charter.view import ask, standing
    from comity.cli import reading

    question = ask(name, parameters)
    if (folder / "record.sqlite").exists():
        from comity.node import Reader

        with Reader.open(folder) as record:
            if record.note:
                click.echo(f"Note: {record.note}", err=True)
            where = standing(record.register, record.head.size, record.head.stamp)
            return dict(msgspec.to_builtins(question.answer(record.register, where)))
    with reading.source(str(folder)) as read:
        copy = reading.whole(read)
    register, last = reading.folded(copy)
    return dict(msgspec.to_builtins(question.answer(register, standing(register, len(copy.entries), last))))
