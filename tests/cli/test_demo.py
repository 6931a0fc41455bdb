# SPDX-License-Identifier: Apache-2.0
"""`comity demo` and `comity serve` as processes: starts, second starts, clean ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.cli.conftest import Run, Served, start, stop

from comity.dialogue.tables import Decision, Proposal
from comity.node import Node
from comity.sdk import Client


def test_the_demonstration_has_every_stage(run: Run, tmp_path: Path, notes: Path) -> None:
    """Adopted, rejected, fallen by a tie, enacted, open, tabled, under silence; marked as a simulation."""
    served = start(tmp_path / "demo", notes)
    try:
        with Client(served.url, organisation=served.told["organisation"]) as client:
            proposals = {each["proposal"]: each for each in client.items("proposals")}
            reasons = {each["vote"]: (each["outcome"], each["reason"]) for each in client.items("decisions")}
            articles = {each["article"] for each in client.items("articles")}
            mark = client.identity.mark
    finally:
        ended = stop(served)

    assert {name: each["status"] for name, each in proposals.items() if name[0] != "A"} == {
        "B-1": "adopted", "B-2": "rejected", "B-3": "rejected", "B-4": "voting", "B-5": "tabled", "C-1": "adopted",
        "D-1": "voting",
    }  # fmt: skip
    assert reasons["B-3/1"] == ("undecided", "tie")
    assert reasons["B-3/2"] == ("rejected", "tie")
    assert "observers" in articles
    assert mark == served.told["mark"] == "simulation"
    assert ended[0] == 0
    assert run("verify", served.folder, "--founding", served.told["organisation"]).code == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_second_start_goes_on(run: Run, tmp_path: Path, notes: Path, how: signal.Signals) -> None:
    """What a visitor did is there after a clean end and a second start, under the same identity."""
    first = start(tmp_path / "demo", notes)
    done = run(
        "act", "vote.cast", "--vote", "B-4/1", "--position", "no", "--key", first.key("member/Birch"),
        "--url", first.url, "--json",
    )  # fmt: skip
    ended = stop(first, how)
    second = start(tmp_path / "demo", notes)
    stop(second, how)

    assert done.code == 0, done.err
    assert (ended[0], "Stopped." in ended[1]) == (0, True)
    assert second.told["organisation"] == first.told["organisation"]
    assert (first.told["size"], second.told["size"]) == (128, 129)


def test_a_start_that_was_broken_off(run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of its staging, the demonstration goes on at the entry that is missing."""
    from comity.cli import demo, staging

    steps = staging.Play.stage
    with pytest.MonkeyPatch.context() as patch:
        # Play only the first 40 steps, as a start does that is ended there.
        patch.setattr(staging.Play, "stage", lambda play, node: steps(_first(play, 40), node))
        node = demo.opened(tmp_path / "demo")
        organisation = demo.prepare(node, tmp_path / "demo")
        size = node.head.size
        node.close()
    again = Node.open(tmp_path / "demo")
    try:
        assert demo.prepare(again, tmp_path / "demo") == organisation
        assert (size, again.head.size) == (41, 128)
        assert again.register.rows(Proposal)["D-1"].status == "voting"
        assert again.register.rows(Decision)["C-1/1"].effect == "enacted"
    finally:
        again.close()


def _first(play: object, count: int) -> object:
    del play.steps[count:]  # type: ignore[attr-defined]
    return play


def test_a_port_that_is_taken(run: Run, served: Served, tmp_path: Path) -> None:
    """The port is named with a way out, before any folder is made."""
    port = served.url.rpartition(":")[2]
    ended = run("demo", "--data", tmp_path / "demo", "--port", port, "--json")

    assert ended.code == 3
    assert f"Port {port}" in ended.json["detail"]
    assert "--port" in ended.json["detail"]
    assert not (tmp_path / "demo").exists()


def test_a_folder_that_is_no_demonstration(run: Run, tmp_path: Path) -> None:
    """The demonstration leaves other folders and other records alone."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    run(
        "found", "assembly", "--data", tmp_path / "org", "--name", "Own", "--origin", "own.example/1",
        "--make-keys", tmp_path / "org" / "keys", "--member", "A:Alder:member",
    )  # fmt: skip

    for folder in ("mine", "org"):
        ended = run("demo", "--data", tmp_path / folder, "--port", "0", "--json")
        assert (ended.code, "another folder" in ended.json["detail"]) == (3, True)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_serve(run: Run, tmp_path: Path, notes: Path) -> None:
    """An organisation that was founded is served, and ends cleanly."""
    told = run(
        "found", "consensus", "--data", tmp_path / "org", "--name", "Own", "--origin", "own.example/1",
        "--make-keys", tmp_path / "keys", "--member", "A:Alder:member", "--json",
    ).json  # fmt: skip
    served = start(tmp_path / "org", notes, "serve", "--port", "0")
    shown = run("show", "organisation", "--url", served.url, "--json")
    second = run("serve", "--data", tmp_path / "org", "--port", "0", "--json")
    ended = stop(served)

    assert (shown.code, shown.json["name"]) == (0, "Own")
    assert (second.code, "Another node runs" in second.json["detail"]) == (3, True)
    assert ended[0] == 0
    assert run("verify", tmp_path / "org", "--founding", told["organisation"]).code == 0


def test_serving_nothing(run: Run, tmp_path: Path) -> None:
    """A folder without a record, and an address that is not this machine's, are named."""
    assert run("serve", "--data", tmp_path / "none", "--port", "0", "--json").code == 3
    assert run("serve", "--data", tmp_path, "--host", "192.0.2.1", "--port", "0", "--json").code == 3
    assert run("serve", "--data", tmp_path, "--port", "70000", "--json").code == 2
