# SPDX-License-Identifier: Apache-2.0
"""The command as tests run it: in this process, or as a process of its own where it serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from comity.cli import comity

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("COMITY_DATA") or ROOT / "../shared/data").resolve()


class Ended(NamedTuple):
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The object in the last line of stdout."""
        found: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return found


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def notes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """High-water notes are kept away from the machine's own."""
    folder = tmp_path_factory.mktemp("notes")
    monkeypatch.setenv("COMITY_NOTES", str(folder))
    monkeypatch.delenv("COMITY_URL", raising=False)
    monkeypatch.delenv("COMITY_ORGANISATION", raising=False)
    return folder


@pytest.fixture
def run() -> Run:
    """Run the command in this process with the words given; a fault in it is raised here."""

    def call(*words: object) -> Ended:
        result = CliRunner().invoke(comity, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return call


class Served(NamedTuple):
    """A process that serves, what it said when it began, and its data folder."""

    process: subprocess.Popen[str]
    told: dict[str, Any]
    folder: Path

    @property
    def url(self) -> str:
        """Where it is served."""
        return str(self.told["url"])

    def key(self, holder: str) -> Path:
        """The key file of a member or an office of the demonstration."""
        return self.folder / "keys" / f"{holder.replace('/', '-')}.json"


def start(folder: Path, notes: Path, *words: str) -> Served:
    """Start `comity demo` (or the command given) on any free port and wait for what it says."""
    command = words or ("demo", "--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-c", "from comity.cli import main; main()", *command, "--data", str(folder), "--json"],
        env={**os.environ, "COMITY_NOTES": str(notes)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _, err = process.communicate(timeout=30)
        pytest.fail(f"{' '.join(command)} did not start: {err}")
    return Served(process, json.loads(line), folder)


def stop(served: Served, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """End the process; gives its exit code and what it said on stderr."""
    served.process.send_signal(how)
    _, err = served.process.communicate(timeout=60)
    return served.process.returncode, err


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration that is served while the tests of one module run."""
    folder = tmp_path_factory.mktemp("demo")
    running = start(folder / "data", folder / "notes")
    yield running
    if running.process.poll() is None:
        stop(running)
