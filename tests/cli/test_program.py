# SPDX-License-Identifier: Apache-2.0
"""The program as a whole: help, completion, exit codes, problems as JSON."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.cli.conftest import Run, start, stop

import comity.domains  # noqa: F401  (completes the registries)
from comity.charter.act import KINDS
from comity.charter.view import VIEWS
from comity.cli import comity as program
from comity.cli import started
from comity.cli.program import COMMANDS


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, with the words that lead to it."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append(((*path, name), command))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


ALL = commands(program)


# `verify` hands --help on to comity-verify, as all its words; test_record_commands covers it.
@pytest.mark.parametrize("words", [words for words, _ in ALL if words != ("verify",)], ids=" ".join)
def test_every_command_explains_itself(run: Run, words: tuple[str, ...]) -> None:
    """--help of every command says what it does and ends well."""
    ended = run(*words, "--help")

    assert ended.code == 0
    assert ended.out.startswith("Usage: ")
    assert len(ended.out.splitlines()) > 4


def test_every_command_that_does_something_takes_json() -> None:
    """All but groups and the one that is passed on have --json."""
    without = [
        " ".join(words)
        for words, command in ALL
        if not isinstance(command, click.Group)
        and "--json" not in [flag for param in command.params for flag in param.opts]
    ]

    assert without == ["verify"]


def test_every_option_says_what_it_is_for() -> None:
    """No option of any command, and so no field of any kind or view, is without a help text."""
    options = [(words, param) for words, command in ALL for param in command.params if isinstance(param, click.Option)]

    assert ("act", "vote.cast") in {words for words, _ in options}
    assert [f"{' '.join(words)} {param.opts[0]}" for words, param in options if not param.help] == []


def told_to_type(section: str) -> list[list[str]]:
    """The commands that --help shows below a line, up to the next blank line, as words after `comity`."""
    assert program.help is not None
    below = program.help.split(f"{section}\n")[1].split("\n\n")[0].replace("\\\n", " ")
    return [words[1:] for line in below.splitlines() if (words := shlex.split(line))[0] == "comity"]


def test_what_help_says_for_your_own_works(
    run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who types the lines of `comity --help` in their order has an organisation with a proposal, and a valid copy."""
    monkeypatch.chdir(tmp_path)
    found, serve, *others = told_to_type("For your own:")
    assert run(*found).code == 0
    assert serve == ["serve", "--data", "org"]
    served = start(tmp_path / "org", notes, "serve", "--port", "0")
    monkeypatch.setenv("COMITY_URL", served.url)
    try:
        for words in others:
            ended = run(*[word.replace("http://127.0.0.1:8000", served.url) for word in words])
            assert ended.code == 0, (words, ended.err)
    finally:
        stop(served)
    assert [words[0] for words in others] == ["act", "show", "export", "verify"]


def test_what_help_says_to_try_works(run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of `comity --help` for the demonstration do what they are there for."""
    demo, *others = told_to_type("To look and try:")
    assert demo == ["demo"]
    served = start(tmp_path / "demo-data", notes)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMITY_URL", served.url)
    try:
        assert [run(*words).code for words in others] == [0, 0]
    finally:
        stop(served)


def test_commands_are_printed_as_they_were_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name where the shell finds this very program, by its path where it does not, or finds another."""
    ours, other = tmp_path / ".venv/bin/comity", tmp_path / "bin/comity"
    for file in (ours, other):
        file.parent.mkdir(parents=True)
        file.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [".venv/bin/comity", "demo"])
    shown = {}
    for name, path in (("found", ours.parent), ("another", other.parent), ("nowhere", tmp_path)):
        monkeypatch.setenv("PATH", str(path))
        shown[name] = started.program()
    (tmp_path / "deep").mkdir()
    monkeypatch.setattr(sys, "argv", [str(ours), "demo"])
    monkeypatch.chdir("deep")
    elsewhere = started.program()
    monkeypatch.setattr(sys, "argv", ["-c", "demo"])

    assert shown == {"found": "comity", "another": ".venv/bin/comity", "nowhere": ".venv/bin/comity"}
    assert elsewhere == str(ours)
    assert started.program() == "comity"


def test_the_summary_of_a_command_is_its_own() -> None:
    """What the lazy table says of a command is the first line of that command's help."""
    context = click.Context(program)
    own = {}
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        assert command.help is not None
        own[name] = command.help.split("\n")[0]

    assert {name: summary for name, (_, summary) in COMMANDS.items()} == own


def test_kinds_and_views_are_those_of_the_registry() -> None:
    """`act` has a command for every kind, and `show` for every view, under their own names."""
    names = {words for words, _ in ALL}

    assert {("act", kind) for kind in KINDS} <= names
    assert {("show", view) for view in VIEWS} == {words for words in names if words[0] == "show" and len(words) == 2}


def test_help_and_completion_import_nothing_heavy() -> None:
    """`comity --help` needs neither the domains nor HTTP nor the database."""
    code = (
        "import sys\n"
        "from comity.cli import comity\n"
        "try: comity(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('msgspec', 'httpx2', 'apsw', 'starlette', 'rich', 'nacl') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["ky"], "Did you mean 'key'"),
        (["act", "vote.cats"], "'vote.cast'"),
        (["show", "propsals"], "'proposals'"),
        (["key", "lst"], "'list'"),
        (["show", "members", "--staus", "x"], "'--status'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(run: Run, words: list[str], wanted: str) -> None:
    """A slip of the pen gets a suggestion, exit code 2 and, with --json, a problem object."""
    ended = run(*words, "--json")

    assert ended.code == 2
    assert wanted in ended.err
    assert wanted in ended.json["detail"]
    assert ended.json["title"] == "Wrong use"


def test_without_json_stdout_stays_empty_on_failure(run: Run) -> None:
    """Failures are told on stderr."""
    ended = run("key", "show", "nowhere.json")

    assert ended.code == 3
    assert ended.out == ""
    assert "comity key new nowhere.json" in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    """Each shell gets a script that calls the program back."""
    assert "_COMITY_COMPLETE" in run("completion", shell).out
    assert run("completion", shell, "--json").json["shell"] == shell


def test_completion_knows_kinds(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """What the bash script asks for while `comity act vote.` is being typed are the kinds that begin so."""
    monkeypatch.setenv("_COMITY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "comity act vote.")
    monkeypatch.setenv("COMP_CWORD", "2")
    found = [line.partition(",")[2] for line in run().out.splitlines()]

    assert found == [kind for kind in KINDS if kind.startswith("vote.")]


def test_version(run: Run) -> None:
    """--version says the package's."""
    import comity

    assert run("--version").out == f"comity {comity.__version__}\n"
