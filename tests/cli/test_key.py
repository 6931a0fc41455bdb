# SPDX-License-Identifier: Apache-2.0
"""Key files and proofs of possession."""

from __future__ import annotations

import json
import stat
from base64 import b64decode
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from comity import keys
from comity.charter.authority import proof_text
from comity.record import ed25519, envelope

ORGANISATION = "ab" * 32


def test_a_new_key_is_its_owners_alone(run: Run, tmp_path: Path) -> None:
    """The file has mode 0600, and `show` gives the public part and nothing of the seed."""
    file = tmp_path / "deep" / "a.json"
    made = run("key", "new", file, "--json").json["keys"][0]
    shown = run("key", "show", file, "--json")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shown.json == {"file": str(file), "alg": "ed25519", "keyid": made["keyid"], "key": made["key"]}
    assert json.loads(file.read_text())["seed"] not in shown.out


def test_a_key_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    """A second `new` on the same file fails and leaves the key as it was."""
    file = tmp_path / "a.json"
    run("key", "new", file)
    before = file.read_bytes()
    ended = run("key", "new", file, "--json")

    assert ended.code == 3
    assert "never overwritten" in ended.json["detail"]
    assert file.read_bytes() == before


def test_a_key_that_others_can_read_is_refused(run: Run, tmp_path: Path) -> None:
    """Whoever can read a key can sign with it, so such a file is not used; the remedy is named."""
    file = tmp_path / "a.json"
    run("key", "new", file)
    file.chmod(0o640)
    ended = run("key", "show", file, "--json")

    assert ended.code == 3
    assert f"chmod 600 {file}" in ended.json["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"alg":"ed25519","keyid":"00","seed":"AAAA"}',
        b'{"alg":"ed25519","keyid":"00","seed":"!"}',
        b'{"alg":"rsa","keyid":"00","seed":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
    ],
)
def test_what_is_no_key_file(run: Run, tmp_path: Path, content: bytes) -> None:
    """A file of another form is named as such."""
    file = tmp_path / "a.json"
    file.write_bytes(content)
    file.chmod(0o600)
    ended = run("key", "show", file, "--json")

    assert ended.code == 3
    assert str(file) in ended.json["detail"]


def test_a_folder_of_keys(run: Run, tmp_path: Path) -> None:
    """`list` gives the key files of a folder, and names what is none."""
    run("key", "new", tmp_path / "b.json", tmp_path / "a.json")
    (tmp_path / "note.json").write_text("{}")
    (tmp_path / "note.json").chmod(0o600)
    ended = run("key", "list", tmp_path, "--json")

    assert [Path(each["file"]).name for each in ended.json["keys"]] == ["a.json", "b.json"]
    assert "note.json is not a key file" in ended.err


def test_a_proof_shows_possession(run: Run, tmp_path: Path) -> None:
    """The proof is the key's own signature over organisation, holder and key id."""
    file = tmp_path / "a.json"
    run("key", "new", file)
    words = ("key", "proof", file, "--holder", "member/A", "--organisation", ORGANISATION)
    made = run(*words, "--out", tmp_path / "p.json", "--json").json
    key = keys.read(file)

    assert json.loads((tmp_path / "p.json").read_text()) == made
    assert ed25519.verify(key.public, proof_text(ORGANISATION, "member/A", key.keyid), b64decode(made["proof"]))


@pytest.mark.parametrize(("holder", "organisation"), [("A", ORGANISATION), ("member/A", "xyz")])
def test_a_proof_is_for_somebody_somewhere(run: Run, tmp_path: Path, holder: str, organisation: str) -> None:
    """A holder or an organisation of another form is wrong use."""
    file = tmp_path / "a.json"
    run("key", "new", file)

    assert run("key", "proof", file, "--holder", holder, "--organisation", organisation, "--json").code == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"PAYLOAD", b"not json at all"])
def test_what_is_no_act(run: Run, tmp_path: Path, content: bytes) -> None:
    """A file that holds no envelope, or one without a payload of ours, is neither signed nor sent."""
    key, act = tmp_path / "a.json", tmp_path / "act.json"
    run("key", "new", key)
    if content == b"PAYLOAD":
        content = envelope.seal("vote.cast", b"\xff", [keys.read(key)])
    act.write_bytes(content + b"\n")
    signed = run("act", "sign", act, "--key", key, "--json")
    nowhere = run("act", "sign", tmp_path / "nowhere", "--key", key, "--json")

    assert (signed.code, nowhere.code) == (3, 3)
    assert "nowhere" in nowhere.json["detail"]
    assert act.read_bytes() == content + b"\n"
    assert run("act", "submit", act, "--json").code == 3
