# SPDX-License-Identifier: Apache-2.0
"""What tests ask of the verifier: the command itself, called in this process, and its last line."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from comity_verify.cli import main


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and what was printed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = main([str(argument) for argument in arguments])
    return code, output.getvalue()


def check(folder: str | Path, *arguments: str, jobs: int = 1) -> dict[str, Any]:
    """The JSON verdict, with the exit code as `exit` and the page for people as `text`."""
    code, page = run(folder, "--jobs", str(jobs), *arguments)
    again, line = run(folder, "--jobs", str(jobs), "--json", *arguments)
    assert code == again
    verdict: dict[str, Any] = json.loads(line.splitlines()[-1])
    return verdict | {"exit": code, "text": page}
