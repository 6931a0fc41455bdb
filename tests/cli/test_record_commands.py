# SPDX-License-Identifier: Apache-2.0
"""`show --data`, `export` and `verify`: what can be done with a record at hand, without a network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.cli.conftest import Run

from comity.charter.view import VIEWS
from comity.cli.demo import opened, prepare
from comity.node import Node
from comity.record.tiles import bundle_path


class Kept(NamedTuple):
    """The demonstration's record in a folder, and its organisation."""

    folder: Path
    organisation: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The demonstration, staged and closed."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMITY_NOTES", str(folder / "notes"))
        with closing(opened(folder / "data")) as node:
            organisation = prepare(node, folder / "data")
        yield Kept(folder / "data", organisation)


@pytest.fixture
def mine(kept: Kept, tmp_path: Path) -> Kept:
    """A copy of the demonstration's folder that a test may change."""
    shutil.copytree(kept.folder, tmp_path / "data")
    return Kept(tmp_path / "data", kept.organisation)


@pytest.fixture
def copy(kept: Kept, run: Run, tmp_path: Path) -> Path:
    """An exported copy of the demonstration."""
    ended = run("export", kept.folder, tmp_path / "copy", "--founding", kept.organisation, "--json")
    assert ended.code == 0, ended.err
    return tmp_path / "copy"


EXAMPLES = {
    "article": "unga.simple",
    "organ": "assembly",
    "meeting": "M2",
    "proposal": "C-1",
    "vote": "B-3/2",
    "member": "Alder",
}
"""What a view is asked about, by the name of its field."""


def about(view: str) -> list[str]:
    """The arguments of a view: an example for each field that it needs."""
    return [EXAMPLES[each.name] for each in msgspec.structs.fields(VIEWS[view]) if each.required]


@pytest.mark.parametrize(
    ("words", "name", "wanted"),
    [
        (("vote", "B-3/2"), "rule", "A member may take one of these positions: yes, no, abstain or present."),
        (("article", "unga.simple"), "provision", "A member may take one of these positions: yes,"),
        (("proposal", "C-1"), "enacts", "added article observers to the charter"),
    ],
)
def test_people_read_words_and_programs_data(
    run: Run, kept: Kept, words: tuple[str, ...], name: str, wanted: str
) -> None:
    """What is told in words has no JSON beside them; --json has both."""
    told = run("show", *words, "--data", kept.folder).out
    answer = run("show", *words, "--data", kept.folder, "--json").json

    assert [line for line in told.splitlines() if line.startswith(name) and wanted in line]
    assert not set("{}[]") & set(told)
    assert isinstance(answer[name], dict)


def test_counts_stand_in_the_order_of_positions(run: Run, kept: Kept) -> None:
    """Yes comes before no, and no before abstain, wherever counts are told."""
    for words in (("decisions",), ("votes",), ("vote", "B-3/2")):
        told = run("show", *words, "--data", kept.folder).out
        assert "yes 4, no 4, abstain 0, present 0" in told


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_answered_from_a_folder(run: Run, kept: Kept, view: str) -> None:
    """Each view is told in text, and with --json as one object that carries the mark."""
    words = ("show", view, *about(view), "--data", kept.folder)
    told = run(*words)
    answer = run(*words, "--json")

    assert (told.code, answer.code) == (0, 0)
    assert told.out.startswith("Simulation: ")
    assert len(told.out.splitlines()) > 4
    assert answer.json["mark"] == "simulation"
    assert answer.json["size"] == 128


def test_a_static_copy_answers_the_same(run: Run, kept: Kept, copy: Path) -> None:
    """A folder of published files is recomputed, every signature verified, and gives the same answer."""
    words = ("show", "proposals", "--status", "adopted", "--json", "--data")

    assert run(*words, copy).json == run(*words, kept.folder).json
    assert len(run(*words, copy).json["items"]) == 7


def test_filters_and_pages(run: Run, kept: Kept) -> None:
    """Options of a view narrow it down; --limit and --after page through it."""
    words = ("show", "members", "--limit", "3", "--data", kept.folder)
    first = run(*words)
    assert "3 of 8; more with --after Cedar" in first.out

    second = run(*words, "--after", "Cedar", "--json").json
    assert [each["member"] for each in second["items"]] == ["Hazel", "Linden", "Maple"]


@pytest.mark.parametrize(
    ("words", "code", "refused"),
    [
        (["vote", "Z/1"], 1, "view.absent"),
        (["members", "--limit", "0"], 1, "view.parameter"),
        (["proposals", "--status", "loved"], 2, None),
        (["vote"], 2, None),
    ],
)
def test_questions_that_have_no_answer(run: Run, kept: Kept, words: list[str], code: int, refused: str | None) -> None:
    """A question is refused with its code, or is wrong use."""
    ended = run("show", *words, "--data", kept.folder, "--json")

    assert ended.code == code
    assert ended.json.get("code") == refused


def test_folders_without_a_record(run: Run, tmp_path: Path) -> None:
    """A folder that holds no record is named as such by every command that reads one."""
    for words in (("show", "members", "--data", tmp_path), ("export", tmp_path, tmp_path / "x")):
        ended = run(*words, "--json")
        assert (ended.code, str(tmp_path) in ended.json["detail"]) == (3, True)
    assert run("export", tmp_path / "nowhere", tmp_path / "x", "--json").code == 3
    assert not (tmp_path / "x").exists()


def test_a_folder_on_which_a_node_runs(run: Run, mine: Kept) -> None:
    """While a node runs on a folder, its record is shown and exported all the same, and the node goes on."""
    with closing(Node.open(mine.folder)) as node:
        shown = run("show", "members", "--data", mine.folder, "--json")
        ended = run("export", mine.folder, mine.folder.with_name("copy"), "--json")

        assert (shown.code, shown.json["size"]) == (0, node.head.size)
        assert (ended.code, ended.json["root"]) == (0, node.head.root.hex())


def test_an_export_is_complete(run: Run, kept: Kept, copy: Path) -> None:
    """The copy has the files of the tlog layout alone, verifies by itself, and can be copied again."""
    again = copy.with_name("again")

    assert {path.name for path in copy.iterdir()} == {"checkpoint", "tile"}
    assert run("verify", copy, "--founding", kept.organisation).code == 0
    assert run("export", copy, again).code == 0
    assert (again / "checkpoint").read_bytes() == (kept.folder / "checkpoint").read_bytes()


def test_an_export_never_overwrites(run: Run, kept: Kept, copy: Path) -> None:
    """The folder must be new."""
    assert run("export", kept.folder, copy, "--json").code == 2


def test_an_export_of_another_organisation(run: Run, kept: Kept, tmp_path: Path) -> None:
    """With --founding nothing but that organisation's record is copied."""
    ended = run("export", kept.folder, tmp_path / "x", "--founding", "ab" * 32, "--json")

    assert (ended.code, kept.organisation in ended.json["detail"]) == (1, True)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("harm", ["entry", "checkpoint", "missing", "signature"])
def test_a_record_that_was_tampered_with(run: Run, copy: Path, tmp_path: Path, harm: str) -> None:
    """Neither export nor show believes a copy that was altered, and comity-verify does not either."""
    bundle = copy / bundle_path(0, 128)
    if harm == "entry":
        data = bytearray(bundle.read_bytes())
        data[5000] ^= 1
        bundle.write_bytes(data)
    elif harm == "missing":
        bundle.unlink()
    else:
        lines = (copy / "checkpoint").read_text().split("\n")
        lines[1 if harm == "checkpoint" else 4] = "127" if harm == "checkpoint" else lines[4][:-8] + "AAAAAAA="
        (copy / "checkpoint").write_text("\n".join(lines))

    assert run("export", copy, tmp_path / "x", "--json").code in (1, 3)
    assert not (tmp_path / "x").exists()
    assert run("show", "members", "--data", copy, "--json").code in (1, 3)
    assert run("verify", copy).code != 0


def test_verify_hands_its_words_on(run: Run, kept: Kept, capfd: pytest.CaptureFixture[str]) -> None:
    """`comity verify` is the program comity-verify: its help, its answers, its exit codes."""
    run("verify", "--help")
    assert "comity-verify" in capfd.readouterr().out

    assert run("verify", kept.folder, "--founding", kept.organisation, "--json").code == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (told["ok"], told["size"], told["mark"]) == (True, 128, "simulation")

    assert run("verify", kept.folder, "--founding", "ab" * 32, "--json").code == 1
