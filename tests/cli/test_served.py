# SPDX-License-Identifier: Apache-2.0
"""A node served by a process of its own: acts and views through the command, from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run, Served
from tests.cli.test_record_commands import about

from comity import keys
from comity.charter.view import VIEWS


@pytest.fixture(autouse=True)
def at(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMITY_URL says where the node is."""
    monkeypatch.setenv("COMITY_URL", served.url)


def test_a_vote_is_cast(run: Run, served: Served, tmp_path: Path) -> None:
    """A member votes; the receipt is verified and kept, and the vote shows the position."""
    words = ("act", "vote.cast", "--vote", "B-4/1", "--position", "abstain", "--key", served.key("member/Willow"))
    done = run(*words, "--receipt", tmp_path / "r", "--json")

    assert done.code == 0, done.err
    assert (tmp_path / "r").read_text() == done.json["receipt"]
    assert done.json["receipt"].startswith("c2sp.org/tlog-proof@v1\n")
    shown = run("show", "member", "Willow", "--json").json
    assert shown["keys"][0]["counter"] >= 1
    assert "On the record as entry" in run(*words).out


def test_a_refusal_teaches(run: Run, served: Served) -> None:
    """Code, rule, what was found, what would be in order, the article, and the node's signed note."""
    ended = run(
        "act", "vote.open", "--proposal", "B-5", "--deadline", "+1d", "--meeting", "M1",
        "--key", served.key("member/Alder"), "--json",
    )  # fmt: skip

    assert ended.code == 1
    assert {name: ended.json[name] for name in ("code", "found", "wanted")} == {
        "code": "organ.chair", "found": "member/Alder", "wanted": "office/presidency",
    }  # fmt: skip
    assert ended.json["article"]
    assert ended.json["note"].startswith("comity refusal v1\n")
    assert "wanted:  office/presidency" in ended.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["vote.cast", "--vote", "B-4/1"], 2),
        (["vote.cast", "--vote", "B-4/1", "--position", "maybe"], 2),
        (["vote.cast", "--vote", "Z/1", "--position", "yes"], 1),
        (["vote.open", "--proposal", "B-5", "--deadline", "tomorrow"], 2),
        (["vote.open", "--proposal", "B-5", "--deadline", "2026-12-01T12:00:00"], 2),
        (["proposal.table", "--proposal", "a b", "--organ", "assembly", "--title", "T"], 1),
        (["proposal.table", "--proposal", "P", "--organ", "assembly", "--title", "T", "--enacts", "{"], 2),
        (["proposal.table", "--proposal", "P", "--organ", "assembly", "--title", "T", "--enacts", "@nowhere"], 2),
        (["proposal.table", "--proposal", "P", "--organ", "assembly", "--title", "T", "--enacts", "{}"], 1),
        (["member.admit", "--member", "X", "--name", "X", "--status", "member"], 1),
    ],
)
def test_acts_that_are_not_in_order(run: Run, served: Served, words: list[str], code: int) -> None:
    """What is badly put is wrong use or refused, and nothing is logged."""
    before = run("show", "organisation", "--json").json["size"]
    ended = run("act", *words, "--key", served.key("member/Birch"), "--json")

    assert ended.code == code
    assert ended.json["detail"]
    assert run("show", "organisation", "--json").json["size"] == before


def test_nested_fields_and_moments(run: Run, served: Served, tmp_path: Path) -> None:
    """A proposal that carries an act given as a file, tabled, and withdrawn again."""
    (tmp_path / "e.json").write_text(
        json.dumps({"kind": "member.status", "act": {"member": "Alder", "status": "observer"}})
    )
    words = ("--proposal", "N-1", "--key", served.key("member/Rowan"), "--json")
    tabled = run(
        "act", "proposal.table", "--organ", "assembly", "--title", "On Alder", "--date", "2026-07-16",
        "--enacts", f"@{tmp_path / 'e.json'}", *words,
    )  # fmt: skip

    assert tabled.code == 0, tabled.err
    assert run("show", "proposal", "N-1", "--json").json["status"] == "tabled"
    assert run("act", "proposal.withdraw", *words).code == 0


def test_signed_together_and_offline(run: Run, served: Served, tmp_path: Path) -> None:
    """An act of two signers goes round as a file; the first one signs without a network."""
    first, second = served.key("member/Cedar"), served.key("office/secretariat")
    other = keys.read(second).keyid
    act = tmp_path / "act.json"
    written = run(
        "act", "vote.cast", "--vote", "B-4/1", "--position", "no", "--key", first, "--signer", other, "--out", act,
        "--organisation", served.told["organisation"], "--counter", "1000", "--expires", "+2h",
        "--url", "http://nowhere.invalid", "--json",
    )  # fmt: skip

    assert written.code == 0, written.err
    assert written.json["missing"] == [other]
    assert run("act", "submit", act, "--json").code == 2
    assert run("act", "sign", act, "--key", served.key("member/Alder"), "--json").code == 3
    signed = run("act", "sign", act, "--key", second)
    assert '"position":"no"' in signed.out
    assert "signed by all" in signed.out
    done = run("act", "submit", act, "--json")
    assert (done.code, done.json["id"]) == (0, written.json["id"])
    again = run("act", "submit", act, "--json")
    assert (again.code, again.json["index"]) == (0, done.json["index"])


def test_what_a_key_needs_to_sign_offline(run: Run, served: Served) -> None:
    """With --url a key file, or the id of a key that is elsewhere, is told its holder and its next counter."""
    file = served.key("member/Maple")
    keyid = keys.read(file).keyid
    asked = run("key", "show", file, "--url", served.url, "--json").json
    elsewhere = run("key", "show", keyid, "--url", served.url, "--json").json
    counters = {each["keyid"]: each["counter"] for each in run("show", "keys", "--json").json["items"]}
    cast = ("act", "vote.cast", "--vote", "B-4/1", "--position", "yes", "--key", file, "--json")

    assert (asked["organisation"], asked["holder"]) == (served.told["organisation"], "member/Maple")
    assert asked["next_counter"] == elsewhere["next_counter"] == counters[keyid] + 1
    assert elsewhere.items() <= asked.items()
    assert run(*cast, "--counter", asked["next_counter"] - 1).json["code"] == "counter"
    assert run(*cast, "--counter", asked["next_counter"]).code == 0
    assert run("key", "show", "ab" * 32, "--url", served.url, "--json").json["holder"] == ""
    assert run("key", "show", keyid, "--json").code == 3


def test_which_organisation_is_signed_for(
    run: Run, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node's word on it is told on stderr; COMITY_ORGANISATION pins it, and a node of another gets nothing."""
    cast = ("act", "vote.cast", "--vote", "B-4/1", "--position", "yes", "--key", served.key("member/Cedar"))
    believed = run(*cast)
    monkeypatch.setenv("COMITY_ORGANISATION", served.told["organisation"])
    pinned = run(*cast)
    run(*cast, "--out", tmp_path / "act.json")
    size = run("show", "organisation", "--json").json["size"]
    monkeypatch.setenv("COMITY_ORGANISATION", "ab" * 32)
    others = [run(*cast, "--json"), run("act", "submit", tmp_path / "act.json", tmp_path / "act.json", "--json")]
    monkeypatch.setenv("COMITY_ORGANISATION", "Demonstration Assembly")
    nonsense = run(*cast, "--json")

    assert f"Signed for Demonstration Assembly, {served.told['organisation']}" in believed.err
    assert (pinned.code, pinned.err) == (0, "")
    for ended in others:
        assert (ended.code, served.told["organisation"] in ended.json["detail"]) == (3, True)
    assert nonsense.code == 2
    assert run("show", "organisation", "--json").json["size"] == size


def test_many_acts_from_files(run: Run, served: Served, tmp_path: Path) -> None:
    """Each envelope of many is answered; one refused makes the exit code 1."""
    files = []
    for number, vote in enumerate(("B-4/1", "Z/1", "B-4/1")):
        files.append(tmp_path / f"{number}.json")
        run(
            "act", "vote.cast", "--vote", vote, "--position", "yes", "--key", served.key("member/Maple"),
            "--counter", str(500 + number), "--out", files[-1],
        )  # fmt: skip
    ended = run("act", "submit", *files, "--json")

    assert (ended.code, ended.json["logged"], ended.json["refused"]) == (1, 2, 1)
    assert "vote.unknown" in ended.json["answers"][1]["refusal"]


def test_a_new_key(run: Run, served: Served, tmp_path: Path) -> None:
    """A member adds a key with a proof of possession, votes with it, and revokes it."""
    own, new = served.key("member/Hazel"), tmp_path / "new.json"
    keyid = run("key", "new", new, "--json").json["keys"][0]["keyid"]
    organisation = served.told["organisation"]
    run("key", "proof", new, "--holder", "member/Hazel", "--organisation", organisation, "--out", tmp_path / "p")
    add = ("act", "key.add", "--holder", "member/Hazel", "--act-key", f"@{tmp_path / 'p'}", "--key", own, "--json")
    vote = ("act", "vote.cast", "--vote", "B-4/1", "--position", "yes", "--key", new, "--json")

    assert run(*vote).json["code"] == "key"
    assert run(*add).code == 0
    assert run(*vote).code == 0
    assert run("act", "key.revoke", "--act-key", keyid, "--key", own, "--json").code == 0
    assert run(*vote).json["code"] == "key"


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_answered(run: Run, view: str) -> None:
    """Each view is answered by the node, in text and as JSON with the mark."""
    assert run("show", view, *about(view)).out.startswith("Simulation: ")
    assert run("show", view, *about(view), "--json").json["mark"] == "simulation"


def test_a_question_without_an_answer(run: Run) -> None:
    """The node's refusal of a question is told like any other."""
    ended = run("show", "vote", "Z/1", "--json")

    assert (ended.code, ended.json["code"]) == (1, "view.absent")


def test_nobody_answers(run: Run, served: Served) -> None:
    """An address where nobody answers is named; what is no address is wrong use."""
    ended = run("show", "members", "--url", "http://127.0.0.1:9", "--json")

    assert (ended.code, "127.0.0.1:9 does not answer" in ended.json["detail"]) == (3, True)
    assert run("show", "members", "--url", "example.org", "--json").code == 2


def test_another_organisation_than_expected(run: Run, served: Served) -> None:
    """With --organisation nothing is sent to another one."""
    ended = run(
        "act", "vote.cast", "--vote", "B-4/1", "--position", "yes", "--key", served.key("member/Alder"),
        "--organisation", "ab" * 32, "--counter", "900", "--json",
    )  # fmt: skip

    assert ended.code in (1, 3)
    assert served.told["organisation"] in json.dumps(ended.json)


def test_export_and_verify_over_http(run: Run, served: Served, tmp_path: Path) -> None:
    """A record that is served can be copied and verified from outside, while it grows."""
    organisation = served.told["organisation"]
    ended = run("export", served.url, tmp_path / "copy", "--founding", organisation, "--json")

    assert ended.code == 0, ended.err
    assert ended.json["size"] >= 128
    assert run("verify", tmp_path / "copy", "--founding", organisation).code == 0
    assert run("verify", served.url, "--founding", organisation).code == 0
