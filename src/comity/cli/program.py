# SPDX-License-Identifier: Apache-2.0
"""The program as a whole: its commands by name, and how it ends.

Nothing but click is imported until a command is known, so that `comity --help` and completion answer at once. Every
expected failure ends here: told in a sentence on stderr and, with `--json`, as a problem object (RFC 9457) in the
last line of stdout.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click

from comity.cli.outcome import CANNOT, INTERRUPTED, MISUSED, Failure, expected, tell_failure

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("comity.cli.demo:demo", "Start a small founded organisation to look at and try."),
    "found": ("comity.cli.found:found", "Found an organisation: its record, its charter, its first keys."),
    "serve": ("comity.cli.serve:serve", "Serve an organisation's record over HTTP."),
    "key": ("comity.cli.key:key", "Make and show keys, and prove that they are at hand."),
    "act": ("comity.cli.act:act", "Do something: sign an act and send it."),
    "show": ("comity.cli.show:show", "Ask the register."),
    "verify": ("comity.cli.verify:verify", "Recompute a record with the independent program comity-verify."),
    "export": ("comity.cli.export:export", "Copy a complete record into a folder, checked."),
    "restore": ("comity.cli.restore:restore", "Make a node's data folder, or complete an older one, from a copy."),
    "import": ("comity.cli.importing:importing", "Play published data through the whole system."),
    "bench": ("comity.cli.bench:bench", "Measure what a node reaches on this machine."),
    "completion": ("comity.cli.completion:completion", "Print the script that completes commands in a shell."),
}
"""Name to (module:command, the first line of its help); a test holds the lines to the commands' own."""


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def __init__(self, *args: Any, table: dict[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.table and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=self.table, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.table.items()])


class Program(Lazy):
    """The outermost group: it turns every expected failure into a sentence, a problem object and an exit code."""

    def main(  # type: ignore[override]  # it always exits, whichever mode it is asked for
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        code = ending(lambda: super(Program, self).main(words, prog_name or "comity", **extra), "--json" in words)
        sys.exit(code)


def ending(run: Callable[[], Any], as_json: bool) -> int:
    """Run and give the exit code; tell an expected failure. A failure nobody expected keeps its traceback."""
    try:
        result = run()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return tell_failure(Failure("Interrupted.", INTERRUPTED), as_json, INTERRUPTED)
    except click.ClickException as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            error.show()
            return MISUSED
        return tell_failure(error, as_json, CANNOT if isinstance(error, click.FileError) else MISUSED)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be told to them.
        sys.stdout = None
        return CANNOT
    except Exception as error:
        code = expected(error)
        if code is None:
            raise
        return tell_failure(error, as_json, code)
    return result if isinstance(result, int) else 0


@click.group(
    cls=Program,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
)
@click.version_option(package_name="comity", message="comity %(version)s")
def comity() -> None:
    """An organisation of members that do not trust one another, on a public record that anyone can recompute.

    \b
    To look and try:
      comity demo
    In another terminal:
      comity show votes --status open
      comity act vote.cast --vote B-4/1 --position yes --key demo-data/keys/member-Linden.json

    \b
    For your own:
      comity found assembly --data org --name "Test Assembly" --origin example.org/test --mark simulation \\
          --make-keys keys --member A:Alder:member --member B:Birch:member
      comity serve --data org
    In another terminal:
      comity act proposal.table --proposal P-1 --organ assembly --title "A first text" --key keys/member-A.json
      comity show proposal P-1
      comity export http://127.0.0.1:8000 copy
      comity verify copy

    With `--founding ID`, the identity that `found` printed, `verify` trusts nobody.

    Every command takes --json: the last line of stdout is then one JSON object, also when it fails. COMITY_URL
    says where the node is when --url is not given, COMITY_ORGANISATION which organisation is signed for.

    \b
    Exit codes:
      0    done
      1    the answer is no: an act refused by the charter, a record that does not verify
      2    wrong use: an unknown command, option or value
      3    could not: a file, the network, a node that is busy
      130  interrupted
    `verify` ends with the codes of comity-verify, which it runs.
    """
