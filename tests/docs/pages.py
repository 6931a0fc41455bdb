# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, read as what a reader does with them: files to write, commands to type.

A fenced block may have a comment in the line before it, which no reader of the rendered page sees:

    <!-- file: NAME -->       the block is the content of the file NAME
    <!-- terminal: NAME -->   a terminal of its own; its last command stays running until a block of it says ^C
    <!-- exit: NUMBER -->     the last command ends with this exit code; all others with 0
    <!-- not run: REASON -->  shown only
    <!-- given: NAME ... -->  files that the reader is told to have; the tests bring small ones of their own

In a `console` block what follows `$ ` is typed, and goes on in the next line after a backslash. Every other line is
output: it must appear, in this order, blanks aside; `…` stands for anything. Only console blocks may hold commands.
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUN = [
    ROOT / "README.md",
    ROOT / "docs/tutorial.md",
    *sorted((ROOT / "docs/how-to").glob("*.md")),
]
"""The pages whose commands are run."""

ALL = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "verifier/*.md", "conformance/*.md") for path in ROOT.glob(pattern)
)
"""Every page."""

_FENCE = re.compile(
    r"^(?:<!-- (?P<notes>[^\n]*) -->\n)?(?P<fence>```+)(?P<language>[^\n]*)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_KNOWN = {"file", "terminal", "exit", "not run", "given"}


class Step(NamedTuple):
    """One command as it is typed, and the lines of output that the page shows."""

    typed: str
    shown: list[str]


class Block(NamedTuple):
    """One fenced block: its language, its content, what the comment before it says, and its line in the page."""

    language: str
    body: str
    notes: dict[str, str]
    line: int

    @property
    def steps(self) -> list[Step]:
        """The commands of a console block, each with what is shown after it."""
        steps: list[Step] = []
        going_on = False
        for line in self.body.splitlines():
            if going_on:
                steps[-1] = Step(f"{steps[-1].typed}\n{line}", [])
                going_on = line.endswith("\\")
            elif line.startswith("$ ") or line == "^C":
                steps.append(Step(line.removeprefix("$ "), []))
                going_on = line.endswith("\\")
            elif line.strip():
                assert steps, f"line {self.line}: output before the first command: {line}"
                steps[-1].shown.append(line)
        return steps


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text()
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        notes = dict(_note(each, path, line) for each in (match["notes"] or "").split("; ") if each)
        found.append(Block(match["language"].strip(), match["body"], notes, line))
    return found


def _note(text: str, path: Path, line: int) -> tuple[str, str]:
    name, _, value = text.partition(": ")
    assert name in _KNOWN, f"{path.name}:{line}: {text!r} is not one of {', '.join(sorted(_KNOWN))}"
    return name, value


def missing(shown: list[str], said: list[str]) -> str:
    """The first shown line that the output does not have in its place; '' where all are there."""
    rest = iter(" ".join(line.split()) for line in said)
    for line in shown:
        pattern = re.compile(".*".join(re.escape(part) for part in " ".join(line.split()).split("…")))
        if not any(pattern.fullmatch(each) for each in rest):
            return line
    return ""
