# SPDX-License-Identifier: Apache-2.0
"""`comity restore`: the record is lost, or an older copy is left; a public copy and the log's key bring it back."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run, Served, start, stop

from comity import keys
from comity.cli.demo import opened, prepare
from comity.node import Node
from comity.node.logkey import read_log_key


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The demonstration, staged and closed."""
    with closing(opened(tmp_path / "data")) as node:
        prepare(node, tmp_path / "data")
    return tmp_path / "data"


def kept(folder: Path, place: Path) -> Path:
    """The log's key, kept elsewhere."""
    place.mkdir()
    return Path(shutil.copy(folder / "log.key", place / "log.key"))


def test_an_older_backup_is_completed_from_an_export(run: Run, data: Path, tmp_path: Path, notes: Path) -> None:
    """A backup that serve refuses gets what it lacks; then it is served, goes on, and comity-verify agrees."""
    backup, copy = tmp_path / "backup", tmp_path / "copy"
    shutil.copytree(data, backup)
    running = start(data, notes, "serve", "--port", "0")
    voted = run(
        "act", "vote.cast", "--vote", "B-4/1", "--position", "yes", "--key", data / "keys/member-Linden.json",
        "--url", running.told["url"],
    )  # fmt: skip
    assert voted.code == 0, voted.err
    assert run("export", running.told["url"], copy).code == 0
    stop(running)
    shutil.rmtree(data)

    refused = run("serve", "--data", backup, "--port", "0")
    assert (refused.code, "comity restore DIR --from" in refused.err) == (3, True)
    shown = run("show", "members", "--data", backup, "--json")
    assert (shown.code, "comity restore DIR --from" in shown.err, shown.json["size"]) == (0, True, 128)

    told = run("restore", backup, "--from", copy, "--json")
    assert told.code == 0, told.err
    assert (told.json["had"], told.json["restored"], told.json["size"], told.json["noted"]) == (128, 1, 129, 129)
    assert run("verify", backup, "--founding", told.json["organisation"]).code == 0

    running = start(backup, notes, "serve", "--port", "0")
    voted = run(
        "act", "vote.cast", "--vote", "B-4/1", "--position", "no", "--key", backup / "keys/member-Linden.json",
        "--url", running.told["url"], "--json",
    )  # fmt: skip
    stop(running)
    assert (voted.code, voted.json["index"]) == (0, 129)
    assert run("verify", backup).code == 0


def test_a_lost_record_is_made_anew_from_a_node(run: Run, served: Served, tmp_path: Path) -> None:
    """From an address and a key a new folder is made, on a machine that knows nothing of the record and says so."""
    told = run("restore", tmp_path / "new", "--from", served.url, "--log-key", served.folder / "log.key")
    assert told.code == 0, told.err
    assert "128 entries of demo.invalid/assembly" in told.out
    assert f"comity serve --data {tmp_path / 'new'}" in told.out
    assert "had no high-water note" in told.err
    assert run("verify", tmp_path / "new").code == 0
    with closing(Node.open(tmp_path / "new")) as node:
        assert node.head.size == 128


def test_a_key_file_of_the_command_line_is_the_log_s_too(run: Run, data: Path, tmp_path: Path) -> None:
    """`found --log-key` keeps the key with its id; that file restores as well, and one whose id is wrong does not."""
    seed = json.loads((data / "log.key").read_text())["seed"]
    key = read_log_key(data)
    keys.write(tmp_path / "log.json", key)
    assert run("restore", tmp_path / "new", "--from", data, "--log-key", tmp_path / "log.json").code == 0
    (tmp_path / "wrong.json").write_text(json.dumps({"alg": "ed25519", "seed": seed, "keyid": "ab" * 32}))
    ended = run("restore", tmp_path / "other", "--from", data, "--log-key", tmp_path / "wrong.json", "--json")
    assert (ended.code, "its seed makes" in ended.json["detail"]) == (3, True)


def test_nothing_is_missing(run: Run, data: Path) -> None:
    """A folder that has everything is told to."""
    told = run("restore", data, "--from", data)
    assert (told.code, "nothing was missing" in told.out) == (0, True)


def test_what_is_not_restored(run: Run, data: Path, tmp_path: Path) -> None:
    """No key, another key, another organisation, a copy that was altered, one that is too old: each is named."""
    copy, key, new = tmp_path / "copy", kept(data, tmp_path / "safe"), tmp_path / "new"
    assert run("export", data, copy).code == 0
    keys.new(tmp_path / "other.json")

    assert run("restore", new, "--from", copy, "--json").code == 2
    wrong = run("restore", new, "--from", copy, "--log-key", tmp_path / "other.json", "--json")
    assert (wrong.code, "founding act names" in wrong.json["detail"]) == (3, True)
    other = run("restore", new, "--from", copy, "--log-key", key, "--founding", "ab" * 32, "--json")
    assert other.code == 1
    bundle = next((copy / "tile/entries").rglob("128"))
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    assert run("restore", new, "--from", copy, "--log-key", key, "--json").code == 1
    assert not new.exists()


def test_too_old_a_copy(run: Run, data: Path, tmp_path: Path, notes: Path) -> None:
    """This machine has committed more than the copy has: nothing is restored, and the note is named."""
    copy, key = tmp_path / "copy", kept(data, tmp_path / "safe")
    assert run("export", data, copy).code == 0
    running = start(data, notes, "serve", "--port", "0")
    words = ("--vote", "B-4/1", "--position", "yes", "--key", data / "keys/member-Linden.json")
    assert run("act", "vote.cast", *words, "--url", running.told["url"]).code == 0
    stop(running, signal.SIGKILL)
    shutil.rmtree(data)

    ended = run("restore", data, "--from", copy, "--log-key", key, "--json")
    assert (ended.code, "The copy has 128 entries" in ended.json["detail"]) == (3, True)
    assert not data.exists()
