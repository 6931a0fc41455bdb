# SPDX-License-Identifier: Apache-2.0
"""Founding: the shipped charters, key files, founders at different places."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from comity import charters, keys
from comity.charter.act import KINDS
from comity.charter.article import ENACTABLE, Article, Competence, Office, Organ
from comity.charter.authority import organisation
from comity.charter.rule import Rule, Tally, decide
from comity.charter.tables import Key, Member
from comity.cli.outcome import MISUSED
from comity.node import Node

MEMBERS = ["--member", "A:Alder:member", "--member", "B:Birch, of the north:member"]


def found(run: Run, charter: object, folder: Path, *words: object) -> dict[str, object]:
    """Found an organisation with keys made on the way; gives what the command says."""
    ended = run(
        "found", charter, "--data", folder / "org", "--name", "Test", "--origin", "test.example/1",
        "--make-keys", folder / "keys", *words, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return ended.json


@pytest.mark.parametrize("charter", charters.shipped())
def test_every_shipped_charter_founds(run: Run, tmp_path: Path, charter: str) -> None:
    """Each charter that comes with the program is coherent and founds an organisation that verifies."""
    told = found(run, charter, tmp_path, *MEMBERS, "--mark", "simulation")
    with closing(Node.open(tmp_path / "org")) as node:
        row = organisation(node.register)
        articles = node.register.rows(Article)

        assert (row.id, row.name, row.mark) == (told["organisation"], "Test", "simulation")
        assert set(articles) == set(charters.load(charter).articles)
        assert {row.holder for row in node.register.rows(Key).values()} >= {
            "member/A",
            "member/B",
            "office/secretariat",
        }
        assert node.register.rows(Member)["B"].name == "Birch, of the north"
    assert run("verify", tmp_path / "org", "--founding", told["organisation"]).code == 0


def test_the_shipped_charters_read_well() -> None:
    """Organs and offices have names, other articles titles that stand as sentences; the file says what it is for."""
    assert charters.shipped() == ["assembly", "consensus", "replay"]
    for name in charters.shipped():
        charter = charters.load(name)
        assert charter.about.endswith(".")
        for article in charter.articles.values():
            named = isinstance(article.provision, Organ | Office)
            assert len(article.title.split()) in (range(1, 4) if named else range(5, 60))
            assert not article.title.endswith(".")


@pytest.mark.parametrize("charter", ["assembly", "consensus"])
def test_a_charter_can_be_changed_in_every_way(charter: str) -> None:
    """The charters for use make an organ competent for all that can be enacted."""
    provisions = [article.provision for article in charters.load(charter).articles.values()]
    kinds = {kind for each in provisions if isinstance(each, Competence) for kind in each.kinds}

    assert kinds == ENACTABLE
    assert kinds <= set(KINDS)


def rule(charter: str, name: str) -> Rule:
    """A rule of a shipped charter."""
    found = charters.load(charter).articles[name].provision
    assert isinstance(found, Rule)
    return found


@pytest.mark.parametrize(
    ("charter", "name", "positions", "round", "wanted"),
    [
        ("assembly", "unga.simple", "yyynn-", 1, ("adopted", "majority")),
        ("assembly", "unga.simple", "ynp---", 1, ("undecided", "quorum")),
        ("assembly", "unga.simple", "yynnaa", 1, ("undecided", "tie")),
        ("assembly", "unga.simple", "yynnaa", 2, ("rejected", "tie")),
        ("assembly", "unga.simple", "ynnnaa", 1, ("rejected", "no-majority")),
        ("assembly", "unga.important", "yyyynn", 1, ("adopted", "two-thirds")),
        ("assembly", "unga.important", "yyynn-", 1, ("rejected", "no-two-thirds")),
        ("assembly", "unga.important", "aaaaaa", 1, ("undecided", "tie")),
        ("replay", "unga.simple", "y-----", 1, ("adopted", "majority")),
        ("replay", "unga.simple", "yynnaa", 1, ("rejected", "tie")),
        ("replay", "unga.simple", "aa----", 1, ("rejected", "tie")),
        ("replay", "unga.important", "yyn---", 1, ("adopted", "two-thirds")),
        ("replay", "unga.important", "yyyynnn", 1, ("rejected", "no-two-thirds")),
        ("replay", "unga.important", "yn----", 1, ("rejected", "tie")),
        ("replay", "unga.important", "------", 1, ("rejected", "tie")),
        ("consensus", "consensus", "------", 1, ("adopted", "consensus")),
        ("consensus", "silence", "o-----", 1, ("rejected", "objection")),
    ],
)
def test_the_rules_decide_as_their_titles_say(
    charter: str, name: str, positions: str, round: int, wanted: tuple[str, str]
) -> None:
    """Majorities, two thirds, quorum, ties in the first and the second round, objections."""
    finding = decide(rule(charter, name), Tally(positions=positions, round=round))

    assert (finding.outcome, finding.reason) == wanted


def test_silence_lasts_72_hours() -> None:
    """A silence cannot be closed early, nor be shorter than 72 hours."""
    silence = rule("consensus", "silence")

    assert (silence.least, silence.early) == (72 * 3600 * 1000, False)


def test_founders_at_different_places(run: Run, tmp_path: Path) -> None:
    """A founding act goes round until all have signed; before that nothing can be founded with it."""
    for name in ("a", "b", "s"):
        run("key", "new", tmp_path / f"{name}.json")
    far = {name: keys.public(keys.read(tmp_path / f"{name}.json")) for name in ("b", "s")}
    act, log = tmp_path / "act.json", tmp_path / "log.json"
    written = run(
        "found", "consensus", "--name", "Far", "--origin", "far.example/1", "--log-key", log, "--out", act,
        "--member", f"A:Alder:member:{tmp_path / 'a.json'}", "--member", f"B:Birch:member:{far['b']}",
        "--office", f"chair:{far['s']}", "--json",
    )  # fmt: skip
    assert len(written.json["missing"]) == 2

    early = run("found", act, "--data", tmp_path / "org", "--log-key", log, "--json")
    assert (early.code, early.json["code"]) == (1, "form")
    assert not (tmp_path / "org").exists()

    assert len(run("act", "sign", act, "--key", tmp_path / "b.json", "--json").json["missing"]) == 1
    assert run("act", "sign", act, "--key", tmp_path / "s.json", "--json").json["missing"] == []
    done = run("found", act, "--data", tmp_path / "org", "--log-key", log, "--json")
    assert done.code == 0, done.err
    assert run("verify", tmp_path / "org", "--founding", done.json["organisation"]).code == 0


def test_a_record_is_founded_once(run: Run, tmp_path: Path) -> None:
    """A second founding in the same folder is refused and leaves the first as it was."""
    first = found(run, "assembly", tmp_path, *MEMBERS)
    ended = run(
        "found", "assembly", "--data", tmp_path / "org", "--name", "Again", "--origin", "test.example/2",
        "--make-keys", tmp_path / "more", "--json",
    )  # fmt: skip

    assert ended.code == 3
    assert run("verify", tmp_path / "org", "--founding", first["organisation"]).code == 0


@pytest.mark.parametrize(
    ("charter", "words", "code", "wanted"),
    [
        ("assemblee", [], 3, "assembly, consensus, replay"),
        ("assembly", ["--member", "A"], 2, "ID:NAME:STATUS"),
        ("assembly", ["--member", "A/B:Alder:member"], 2, "identifier"),
        ("assembly", ["--member", "A:Alder:member:nowhere.json"], 3, "nowhere.json"),
        ("assembly", ["--office", "treasury"], 1, "founding.office"),
        ("assembly", ["--member", "A:Alder:member", "--member", "A:Again:member"], 1, "founding.twice"),
        ("assembly", ["--origin", "two words"], 2, "origin line"),
        ("assembly", ["--out", "x.json"], 2, "--data"),
        ("assembly", [word for n in range(17) for word in ("--member", f"M{n}:M {n}:member")], MISUSED, "at most 16"),
    ],
)
def test_what_cannot_be_founded(
    run: Run, tmp_path: Path, charter: str, words: list[str], code: int, wanted: str
) -> None:
    """Bad input is named, and no folder for a record is left behind."""
    ended = run(
        "found", charter, "--data", tmp_path / "org", "--name", "Test", "--origin", "test.example/1",
        "--make-keys", tmp_path / "keys", *words, "--json",
    )  # fmt: skip

    assert ended.code == code
    assert wanted in json.dumps(ended.json)
    assert not (tmp_path / "org").exists()


def test_a_charter_to_begin_with(run: Run, tmp_path: Path) -> None:
    """A shipped charter is printed as a file that can be edited and founds; nothing is founded on the way."""
    printed = run("found", "consensus", "--print")
    own = tmp_path / "own.json"
    own.write_text(printed.out)
    told = run("found", own, "--print", "--json").json

    assert printed.code == 0
    assert len(printed.out.splitlines()) > 50
    assert charters.load(str(own)) == charters.load("consensus")
    assert told == json.loads(printed.out)
    assert run("found", "consensus", "--print", "--data", tmp_path / "org", "--json").code == 2
    assert run("found", "consensuss", "--print", "--json").code == 3
    assert not (tmp_path / "org").exists()
    assert found(run, own, tmp_path, *MEMBERS)["size"] == 1


def test_a_charter_file(run: Run, tmp_path: Path) -> None:
    """A charter can be a file of one's own; one that does not hang together is refused by its code."""
    file = tmp_path / "own.json"
    articles = {
        "members": {"title": "m", "layer": "constitution", "provision": {"is": "electorate", "statuses": ["member"]}},
        "plenary": {
            "title": "p",
            "layer": "constitution",
            "provision": {"is": "organ", "electorate": "members", "chair": "nobody", "rules": ["none"]},
        },
    }
    file.write_text(json.dumps({"articles": articles}))
    words = ("--data", tmp_path / "org", "--name", "T", "--origin", "t.example/1", "--make-keys", tmp_path, "--json")
    refused = run("found", file, "--member", "A:A:member", *words)
    assert (refused.code, refused.json["code"]) == (1, "charter.reference")

    del articles["plenary"]
    file.write_text(json.dumps({"articles": articles}))
    assert run("found", file, "--member", "A:A:member", *words).code == 0

    file.write_text("{")
    assert run("found", file, "--member", "B:B:member", *words).code == 3
