# SPDX-License-Identifier: Apache-2.0
"""`comity verify`: hand the record to the outsider, a program that shares no code with this one."""

import shutil
import subprocess
import sys
from pathlib import Path

import click

from comity.cli.outcome import Failure

PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=PASSED_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> int:
    """Recompute a record with the independent program comity-verify.

    All arguments are passed on to it as they are.
    """
    beside = Path(sys.executable).with_name("comity-verify")
    program = str(beside) if beside.exists() else shutil.which("comity-verify")
    if program is None:
        raise Failure(
            "The program comity-verify is not installed here. It is a package of its own and shares no code with "
            "this one; `make setup` installs both."
        )
    sys.stdout.flush()
    return subprocess.run([program, *arguments], check=False).returncode
