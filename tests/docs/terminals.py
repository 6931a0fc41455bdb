# SPDX-License-Identifier: Apache-2.0
"""Terminals in which the commands of a page are typed: real shells, real processes, a free port instead of 8000."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from urllib.request import urlopen

PATIENCE = 300.0
"""Seconds after which a command that says nothing is ended, so that a broken page cannot hold up the tests."""

_ENDED = "\x1eended"


class Machine:
    """A reader's machine while a page is followed: a folder, a port, an environment."""

    def __init__(self, folder: Path, notes: Path, venv: Path) -> None:
        self.folder = folder
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_", "VIRTUAL_ENV"))}
        self.environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COMITY_NOTES": str(notes),
            "COMITY_URL": f"http://127.0.0.1:{self.port}",
            "COLUMNS": "120",
            "PYTHONUNBUFFERED": "1",  # a reader's terminal is not a pipe
        }
        (folder / ".venv").symlink_to(venv)

    def typed(self, command: str) -> str:
        """The command as it is run here: on the free port, and `make demo` without setting everything up again."""
        if command == "make demo":
            command = "comity demo"
        if command.startswith(("comity serve", "comity demo")):
            command += f" --port {self.port}"
        return self.here(command)

    def here(self, text: str) -> str:
        """The text of a page with the free port in the place of 8000."""
        return re.sub(r"127\.0\.0\.1([: ])8000\b", rf"127.0.0.1\g<1>{self.port}", text)

    def told(self, line: str) -> str:
        """A line of output as the page has it."""
        line = line.replace(f" --url http://127.0.0.1:{self.port}", "")
        return line.replace(f"127.0.0.1:{self.port}", "127.0.0.1:8000").rstrip("\n")


def free_port() -> int:
    """A port on this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Shell:
    """One terminal: a shell that keeps its variables from command to command."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.process = _start(["bash", "--noprofile", "--norc"], machine)

    def run(self, command: str) -> tuple[int, list[str]]:
        """Type the command; its exit code and what it wrote, stdout and stderr together."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        watch = threading.Timer(PATIENCE, self.process.kill)
        watch.start()
        self.process.stdin.write(f"{{\n{self.machine.typed(command)}\n}} </dev/null\nprintf '\\n{_ENDED} %s\\n' $?\n")
        self.process.stdin.flush()
        said: list[str] = []
        try:
            for line in self.process.stdout:
                if line.startswith(_ENDED):
                    return int(line.split()[1]), said
                said.append(self.machine.told(line))
        finally:
            watch.cancel()
        raise AssertionError(f"the shell ended in: {command}\n" + "\n".join(said))

    def close(self) -> None:
        """Close the terminal."""
        _end(self.process, signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Running:
    """One terminal whose command goes on: a server."""

    def __init__(self, machine: Machine, command: str) -> None:
        self.machine = machine
        self.process = _start(["bash", "-c", f"exec {machine.typed(command)}"], machine)
        self.lines: Queue[str | None] = Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def until(self, enough: Callable[[list[str]], bool]) -> list[str]:
        """What it writes until that is enough, or it ends."""
        said: list[str] = []
        while not enough(said):
            try:
                line = self.lines.get(timeout=PATIENCE)
            except Empty:
                break
            if line is None:
                break
            said.append(line)
        self._answers()
        return said

    def _answers(self) -> None:
        """Wait for an answer: a node that has said where it listens may not yet take a Ctrl-C as the wish to stop."""
        try:
            with urlopen(f"http://127.0.0.1:{self.machine.port}/", timeout=PATIENCE) as answer:
                answer.read()
        except OSError:
            pass  # it does not answer; what the page shows next will tell

    def interrupt(self) -> tuple[int, list[str]]:
        """Press Ctrl-C; its exit code and what it still wrote."""
        self.process.send_signal(signal.SIGINT)
        said: list[str] = []
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            said.append(line)
        return self.close(), said

    def close(self) -> int:
        """End it, where it still runs."""
        code = _end(self.process, signal.SIGTERM)
        self.reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(self.machine.told(line))
        self.lines.put(None)


def _start(words: list[str], machine: Machine) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        words,
        cwd=machine.folder,
        env=machine.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[str]", how: signal.Signals) -> int:
    assert process.stdin is not None
    process.stdin.close()
    if process.poll() is None:
        process.send_signal(how)
    return process.wait(timeout=PATIENCE)
