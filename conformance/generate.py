# SPDX-License-Identifier: Apache-2.0
"""Writes the conformance records, always the same bytes: `python -m conformance.generate [FOLDER]`.

The records are those of `stories` and `broken`. The golden records of releases are made once, never again: they stand
in `conformance/golden/` and nothing here writes there unless named with `--golden`.
"""

import json
import shutil
import sys
from pathlib import Path

import conformance.curves  # noqa: F401  (enters its record)
from conformance.broken import golden, unfounded
from conformance.scribe import Json, Scribe
from conformance.stories import RECORDS

HERE = Path(__file__).parent


def expected(scribe: Scribe, description: str) -> Json:
    """What both programs must find."""
    founded = not (scribe.void and scribe.void[0]["index"] == 0)
    judged = len(scribe.digests)
    return {
        "description": description,
        "size": len(scribe.entries),
        "root": scribe.root().hex() if founded else "",
        "organisation": scribe.organisation,
        "register": scribe.register.digest() if founded else "",
        "acts": judged - len(scribe.void),
        "decisions": len(scribe.register.tables["decisions"]),
        "void": scribe.void,
        **({"stops": judged} if judged < len(scribe.entries) else {}),
    }


def corpus() -> dict[str, dict[str, bytes]]:
    """Every record of the corpus: its files by path, `expected.json` among them."""
    made = {name: (make(name), make.__doc__ or "") for name, make in RECORDS.items()}
    return {name: files(scribe, told) for name, (scribe, told) in (made | unfounded()).items()}


def files(scribe: Scribe, description: str) -> dict[str, bytes]:
    """The files of one record."""
    told = json.dumps(expected(scribe, " ".join(description.split())), indent=2, ensure_ascii=False) + "\n"
    return {**scribe.files(), "expected.json": told.encode()}


def write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the files of one record below the folder, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main(arguments: list[str]) -> None:
    """Write the corpus, or with `--golden RELEASE` the golden record of a release that has none yet."""
    if arguments[:1] == ["--golden"]:
        target = HERE / "golden" / arguments[1]
        if target.exists():
            raise SystemExit(f"the golden record {arguments[1]} is frozen")
        write(target, files(golden(f"golden-{arguments[1]}"), golden.__doc__ or ""))
        return
    target = Path(arguments[0]) if arguments else HERE / "records"
    for name, contents in corpus().items():
        write(target / name, contents)


if __name__ == "__main__":
    main(sys.argv[1:])
