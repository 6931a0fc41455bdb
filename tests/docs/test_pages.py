# SPDX-License-Identifier: Apache-2.0
"""The pages hold together: links lead somewhere, nothing is left unsaid, nothing is said that does not exist."""

import configparser
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.docs.pages import ALL, ROOT, RUN, blocks

from comity.charter.act import KINDS
from comity.charter.view import VIEWS
from comity.cli import comity

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|dev|eu|io|net|org)\b")
HOSTS = {"example.org", "union.example.org", "c2sp.org", "golang.org"}
"""What may be named in a page: places made for examples, and those that a format is called after."""


def prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^(```+).*?^\1$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are made by the usual renderers."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(path: Path) -> Iterator[tuple[str, Path, str]]:
    """The links of a page to files: as written, the file or folder, the anchor."""
    for link in _LINK.findall(prose(path)):
        if "://" not in link:
            name, _, anchor = link.partition("#")
            yield link, (path.parent / name).resolve() if name else path, anchor


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link names a file or folder of the checkout and, with #, a heading in it."""
    for link, target, anchor in linked(page):
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_found_from_the_readme() -> None:
    """Whoever starts at the README and follows links comes to every page, or to the folder that it is in."""
    found, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in found:
            continue
        found.add(page)
        if page.suffix == ".md":
            ahead += [target for _, target, _ in linked(page)]
    missed = [page for page in ALL if page not in found and page.parent not in found]

    assert [str(page.relative_to(ROOT)) for page in missed] == []


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command of the program; kinds of acts and views are data of the registry, not commands of their own."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            if name in KINDS or name in VIEWS:
                continue
            command = group.get_command(context, name)
            assert command is not None
            yield (*words, name)
            if isinstance(command, click.Group):
                yield from commands(command, *words, name)


def test_every_command_is_shown() -> None:
    """README, tutorial and how-to pages name each command at least once."""
    text = "\n".join(page.read_text() for page in RUN)
    unsaid = [" ".join(words) for words in commands(comity) if not re.search(rf"comity {' '.join(words)}\b", text)]

    assert unsaid == []


def test_the_reference_lists_every_kind_and_view() -> None:
    """What the program can be asked to do and to show is in the reference."""
    text = (ROOT / "docs/reference.md").read_text()

    assert [name for name in [*KINDS, *VIEWS] if f"### {name}\n" not in text] == []


def test_every_metric_is_explained() -> None:
    """Each metric that a node offers has its place on the page about metrics."""
    offered = re.findall(r'"(comity_[a-z_]+)"', (ROOT / "src/comity/app/metrics.py").read_text())
    text = (ROOT / "docs/how-to/read-metrics.md").read_text()

    assert len(offered) > 10
    assert [name for name in offered if f"`{name}" not in text] == []


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_place(page: Path) -> None:
    """No page names a path of the machine it was written on, or a host that is not made for examples."""
    text = page.read_text()

    assert [place for place in (str(ROOT.parent), str(Path.home()), tempfile.gettempdir()) if f"{place}/" in text] == []
    assert set(_HOST.findall(text)) - HOSTS == set()


def test_the_service_starts_what_there_is() -> None:
    """The command of the service file has only options that the program knows."""
    page = ROOT / "docs/how-to/run-as-a-service.md"
    (unit,) = [block.body for block in blocks(page) if block.notes.get("file") == "comity.service"]
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # systemd tells upper case from lower
    parser.read_string(unit)
    words = shlex.split(parser["Service"]["ExecStart"])[1:]
    with click.Context(comity) as context:
        command = comity.get_command(context, words[0])
        assert command is not None
        made = command.make_context(words[0], words[1:], resilient_parsing=False)

    assert made.params["port"] == 8000
    assert made.params["data"] == Path("/var/lib/comity/union")
