# SPDX-License-Identifier: Apache-2.0
"""What a newcomer installs: pinned by hash, from nowhere in particular, and what pyproject.toml asks for."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ["requirements/run.txt", "requirements/test.txt"]
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==(\S+)(?: ; .+)?")


def pins(name: str) -> dict[str, str]:
    """The pinned versions of a requirement file by package name."""
    lines = (ROOT / name).read_text().splitlines()
    found = (PIN.fullmatch(line.removesuffix(" \\")) for line in lines)
    return {match[1]: match[2] for match in found if match}


def asked_for(project: str, *extras: str) -> set[str]:
    """The names of the packages that a pyproject.toml asks for."""
    table = tomllib.loads((ROOT / project).read_text())["project"]
    wanted = list(table["dependencies"])
    for extra in extras:
        wanted += table["optional-dependencies"][extra]
    return {re.split(r"[^a-z0-9-]", one.lower())[0] for one in wanted}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_requirement_file_names_no_address(name: str) -> None:
    """Neither an index nor a path of the machine that compiled it is in a requirement file."""
    text = (ROOT / name).read_text()

    assert not re.search(r"://|index-url|find-links|trusted-host| @ |^-e|(?<!\S)/", text, re.MULTILINE)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    """Every line of a requirement file is a comment, or belongs to an exact version with its hashes."""
    text = re.sub(r"#.*", "", (ROOT / name).read_text())
    blocks = [block.split() for block in text.replace("\\\n", " ").splitlines() if block.strip()]

    assert len(blocks) >= 20
    for block in blocks:
        assert "==" in block[0]
        assert [word for word in block if re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word)]


def test_what_a_node_needs_is_pinned() -> None:
    """Both packages' dependencies and the build backend are in run.txt, in the versions of test.txt."""
    run, test = (pins(name) for name in REQUIREMENTS)

    assert asked_for("pyproject.toml") | asked_for("verifier/pyproject.toml") | {"uv-build"} <= run.keys()
    assert asked_for("pyproject.toml", "test", "bench") <= test.keys()
    assert run == {name: test.get(name) for name in run}


def test_the_verifier_asks_for_pynacl_alone() -> None:
    """An outsider who audits comity-verify has one package to trust beside the standard library."""
    assert asked_for("verifier/pyproject.toml") == {"pynacl"}


def test_the_environment_has_what_is_pinned() -> None:
    """The versions that these tests run with are the pinned ones."""
    pinned = pins("requirements/test.txt")
    here = {name: metadata.version(name) for name in asked_for("pyproject.toml", "test")}

    assert here == {name: pinned[name] for name in here}


def test_the_packages_say_one_version() -> None:
    """The version in the code is the one that was installed."""
    import comity
    import comity_verify

    assert comity.__version__ == metadata.version("comity")
    assert comity_verify.__version__ == metadata.version("comity-verify")


def test_every_source_file_names_its_licence() -> None:
    """Each Python file that git knows begins with the licence line."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missing = [
        name
        for name in listed
        if (ROOT / name).exists()
        and not (ROOT / name).read_text().startswith("# SPDX-License-Identifier: Apache-2.0\n")
    ]

    assert listed
    assert missing == []
