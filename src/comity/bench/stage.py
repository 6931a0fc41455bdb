# SPDX-License-Identifier: Apache-2.0
"""A stage is one function in a process of its own, so that no figure depends on what was measured before it.

Run as `python -m comity.bench.stage MODULE FUNCTION JSON`; the last line of its standard output is what it found.
"""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

STAGES = {
    "one_core": "comity.bench.writing",
    "two_cores": "comity.bench.writing",
    "verified": "comity.bench.reading",
    "receipts": "comity.bench.reading",
    "served": "comity.bench.serving",
    "grown": "comity.bench.growing",
    "started": "comity.bench.growing",
    "ready": "comity.bench.growing",
    "compared": "comity.bench.peers",
}
"""The function of each stage and the module that has it."""

Found = dict[str, Any]


def run(name: str, folder: Path, **how: Any) -> Found:
    """Run a stage on a folder of its own or of an earlier stage, and return what it found."""
    words = [sys.executable, "-P", "-m", "comity.bench.stage", name, str(folder), json.dumps(how)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"the stage {name} of the benchmark has failed; what it said stands above")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """The stage that the command line names."""
    name, folder, how = sys.argv[1:4]
    found = getattr(import_module(STAGES[name]), name)(Path(folder), **json.loads(how))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
