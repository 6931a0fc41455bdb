# SPDX-License-Identifier: Apache-2.0
"""A reader follows the pages word for word; every command does what the page shows."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, RUN, Block, blocks, missing
from tests.docs.terminals import Machine, Running, Shell

GIVEN = Path(__file__).parent / "given"


class Reader:
    """Somebody at a machine who does what a page says."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.shell = Shell(machine)
        self.running: dict[str, Running] = {}

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        for name in block.notes.get("given", "").split():
            give(name, self.machine.folder)
        if "file" in block.notes:
            (self.machine.folder / block.notes["file"]).write_text(self.machine.here(block.body))
        if block.language != "console" or "not run" in block.notes:
            return
        steps = block.steps
        assert steps, f"line {block.line}: no command"
        terminal = block.notes.get("terminal", "")
        for step in steps[:-1]:
            self._type(block, step.typed, step.shown, 0)
        last = steps[-1]
        if last.typed == "^C":
            code, said = self.running.pop(terminal).interrupt()
            self._compare(block, last.typed, last.shown, said, code, int(block.notes.get("exit", 0)))
        elif terminal:
            server = self.running[terminal] = Running(self.machine, last.typed)
            said = server.until(lambda heard: bool(heard) and not missing(last.shown, heard))
            self._compare(block, last.typed, last.shown, said, 0, 0)
        else:
            self._type(block, last.typed, last.shown, int(block.notes.get("exit", 0)))

    def _type(self, block: Block, typed: str, shown: list[str], code: int) -> None:
        ended, said = self.shell.run(typed)
        self._compare(block, typed, shown, said, ended, code)

    @staticmethod
    def _compare(block: Block, typed: str, shown: list[str], said: list[str], ended: int, code: int) -> None:
        where = f"in the block at line {block.line}, after: {typed}\n"
        everything = "\n".join(said)
        assert ended == code, f"{where}it ended with {ended}:\n{everything}"
        absent = missing(shown, said)
        assert not absent, f"{where}not in its place: {absent}\nit said:\n{everything}"

    def leave(self) -> None:
        """Close every terminal."""
        for server in self.running.values():
            server.close()
        self.shell.close()


def give(name: str, folder: Path) -> None:
    """Put what the page takes for granted into the folder: a part of the checkout, or a small file of our own."""
    plain = GIVEN / name.removesuffix(".gz")
    if (ROOT / name).is_dir():
        (folder / name).symlink_to(ROOT / name)
    elif name.endswith(".gz"):
        with gzip.open(folder / name, "wb") as packed:
            packed.write(plain.read_bytes())
    else:
        shutil.copy(plain, folder / name)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty folder, and with the programs installed."""
    (folder := tmp_path / "folder").mkdir()
    somebody = Reader(Machine(folder, tmp_path / "notes", Path(sys.prefix)))
    yield somebody
    somebody.leave()


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_it_shows(reader: Reader, page: Path) -> None:
    """Who types the commands of a page in order sees what the page shows."""
    if re.search(r"^\$ curl ", page.read_text(), re.MULTILINE) and shutil.which("curl") is None:
        pytest.skip("curl absent")
    for block in blocks(page):
        reader.follow(block)


def test_make_demo_is_comity_demo() -> None:
    """What the README starts with `make demo` is what its test starts."""
    # Without what a `make test` around us says to makes below it.
    plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", "--dry-run", "demo"]
    dry = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True)

    assert dry.stdout.splitlines()[-1] == ".venv/bin/comity demo"


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_commands_stand_where_they_are_run(page: Path) -> None:
    """Outside console blocks no block holds a command, and a console block that is not run says why."""
    for block in blocks(page):
        if block.language == "console":
            assert block.notes.get("not run", "a reason")
            continue
        assert block.language in ("text", "json", "ini", "nginx", "python"), f"line {block.line}: {block.language}"
        assert not [line for line in block.body.splitlines() if line.startswith(("$ ", "comity "))]
