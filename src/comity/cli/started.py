# SPDX-License-Identifier: Apache-2.0
"""How this program was started, so that a command that it prints works when it is typed."""

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "comity"


def program() -> str:
    """The word that starts this program here: its name where the shell finds it, else its path."""
    started = Path(sys.argv[0])
    if started.name != NAME or not started.is_file():
        return NAME
    found = shutil.which(NAME)
    if found is not None and Path(found).exists() and os.path.samefile(found, started):
        return NAME
    shown = os.path.relpath(started)
    return shlex.quote(str(started.absolute()) if shown.startswith("..") else shown)
