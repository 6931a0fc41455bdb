# SPDX-License-Identifier: Apache-2.0
"""Whoever serves a record is not trusted: whatever is altered, missing, endless or elsewhere gives a sentence."""

import gzip
import hashlib
import os
import random
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from verifier.tests.checking import check, run
from verifier.tests.log_writer import Key, World, b64, write_tiles


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid record of some 700 entries: three bundles, two full tiles, a partial one, and a tile above them."""
    return long_world().write(tmp_path_factory.mktemp("record"))


def long_world(most: int = 700) -> World:
    """An organisation with many decisions."""
    w = World().found()
    w.act("member.admit", w.admit("M5"), w.secretary)
    number = 0
    while len(w.entries) < most:
        number += 1
        w.decide(f"p{number}", "yynya-")
    return w


@pytest.fixture
def copy(record: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(record, tmp_path / "copy"))


def test_the_record_is_valid(record: Path) -> None:
    """What is damaged below is in order before."""
    verdict = check(record)
    assert verdict["ok"], verdict
    assert "7  tiles of entries and hashes, up to the root" in verdict["text"]


def test_random_flips_are_always_found(record: Path, tmp_path: Path) -> None:
    """One flipped bit anywhere in the published files: never valid, never a crash, always a sentence."""
    choice = random.Random(20261123)  # noqa: S311 - a fixed sequence
    files = sorted(path.relative_to(record) for path in record.rglob("*") if path.is_file())
    assert len(files) == 8
    for turn in range(160):
        copy = Path(shutil.copytree(record, tmp_path / f"{turn}"))
        path = copy / (files[turn % len(files)] if turn < 80 else choice.choice(files))
        data = bytearray(path.read_bytes())
        data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
        path.write_bytes(data)
        verdict = check(copy)
        assert verdict["exit"] in (1, 2), (path, verdict)
        assert not verdict["ok"]
        assert verdict["faults"]
        shutil.rmtree(copy)


def test_random_cuts_and_additions_are_always_found(record: Path, tmp_path: Path) -> None:
    """A file cut short, lengthened or overwritten is never valid and never a crash."""
    choice = random.Random(7)  # noqa: S311
    files = sorted(path.relative_to(record) for path in record.rglob("*") if path.is_file())
    for turn in range(48):
        copy = Path(shutil.copytree(record, tmp_path / f"{turn}"))
        path = copy / files[turn % len(files)]
        data = path.read_bytes()
        at = choice.randrange(len(data))
        changed = [data[:at], data + b"\x00", b"", data[:at] + os.urandom(64) + data[at + 64 :]][turn // 8 % 4]
        path.write_bytes(changed)
        verdict = check(copy)
        assert verdict["exit"] == 1, (path, verdict)
        assert verdict["faults"]
        shutil.rmtree(copy)


def test_every_missing_file_is_named(record: Path, tmp_path: Path) -> None:
    """Without the checkpoint there is nothing to verify; any other missing file is a broken promise."""
    for path in sorted(path for path in record.rglob("*") if path.is_file()):
        copy = Path(shutil.copytree(record, tmp_path / path.name))
        name = path.relative_to(record)
        (copy / name).unlink()
        verdict = check(copy)
        assert verdict["exit"] == (2 if path.name == "checkpoint" else 1)
        assert str(name) in " ".join(verdict["faults"])
        shutil.rmtree(copy)


def test_an_altered_tile_is_told_from_altered_entries(copy: Path) -> None:
    """The sentence says which of the two does not belong to the checkpoint."""
    tile = copy / "tile/0/001"
    data = bytearray(tile.read_bytes())
    data[32 * 7] ^= 1
    tile.write_bytes(data)
    verdict = check(copy)
    assert verdict["faults"][0].startswith("tile/0/001: for entry 263 it holds ")
    assert "whoever serves the files altered or damaged the tiles" in verdict["faults"][1]
    assert verdict["register"]
    data[32 * 7] ^= 1
    tile.write_bytes(data)
    bundle = copy / "tile/entries/001"
    altered = bytearray(bundle.read_bytes())
    altered[9] ^= 1  # in the stamp of entry 256
    bundle.write_bytes(altered)
    verdict = check(copy)
    assert "tile/0/001: for entry 256" in verdict["faults"][0]
    assert "not the entries that the host signed" in verdict["faults"][-1]


def test_a_host_that_signs_another_root(tmp_path: Path) -> None:
    """Tiles and entries agree with each other, but not with what is signed."""
    w = World().found()
    w.write(tmp_path)
    (tmp_path / "checkpoint").write_bytes(w.checkpoint(root=hashlib.sha256(b"other").digest()))
    verdict = check(tmp_path)
    assert verdict["exit"] == 1
    assert "the host signed another log" in verdict["faults"][-1]


def test_a_checkpoint_signed_by_another(tmp_path: Path) -> None:
    """A key that is not the founding act's log key signs nothing here; nor does another log's origin."""
    w = World().found()
    w.write(tmp_path)
    (tmp_path / "checkpoint").write_bytes(w.checkpoint(signer=Key("thief")))
    assert "is not signed by the founding act's log key" in check(tmp_path)["faults"][0]
    w.origin = "example.org/other-log"
    (tmp_path / "checkpoint").write_bytes(w.checkpoint())
    faults = check(tmp_path)["faults"]
    assert "founds 'example.org/test-log'" in faults[0]
    assert len(faults) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda c: b"",
        lambda c: b"\xff" + c,
        lambda c: c.replace(b"\n\n", b"\n"),
        lambda c: c.replace(b"\n\n", b"\nextension\n\n"),
        lambda c: c.replace(b"\n1\n", b"\n01\n"),
        lambda c: c.replace(b"\n1\n", b"\n-1\n"),
        lambda c: c.replace(b"\n1\n", b"\n9999999999999999999999\n"),
        lambda c: c.replace(b"\n1\n", b"\n1000000000000000000\n"),
        lambda c: c.replace(b"\n1\n", b"\n0\n"),
        lambda c: c.replace(b"\n1\n", b"\n2\n"),
        lambda c: c.replace(b"\n1\n", b"\n257\n"),
        lambda c: c.replace("\u2014".encode(), b"-"),
        lambda c: c[:-1],
        lambda c: c + b"\n",
        lambda c: c + b"junk\n",
        lambda c: c.replace(b"\n1\n", b"\n1\r\n"),
        lambda c: c[:-10] + b"AAAAAAAA=\n",
        lambda c: c + "\u2014 a+b AAAAAAAA\n".encode(),
        lambda c: c * 20_000,
    ],
)
def test_checkpoints_of_every_wrong_form(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Not one of them is taken for a checkpoint of this record."""
    w = World().found()
    w.write(tmp_path)
    (tmp_path / "checkpoint").write_bytes(change(w.checkpoint()))
    verdict = check(tmp_path)
    assert verdict["exit"] == 1
    assert verdict["faults"]


def vkey(key: Key, name: str, algorithm: int = 4) -> str:
    """A verifier key as a cosigner publishes it."""
    material = bytes([algorithm]) + key.public
    tag = hashlib.sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{tag}+{b64(material)}"


def cosigned(note: bytes, key: Key, name: str, time: int, signs: bytes = b"") -> bytes:
    """The note with a cosignature added."""
    text = note[: note.rindex(b"\n\n") + 1]
    message = signs or b"cosignature/v1\ntime %d\n" % time + text
    tag = hashlib.sha256(name.encode() + b"\n\x04" + key.public).digest()[:4]
    blob = tag + time.to_bytes(8, "big") + key.sign(message)
    return note + f"\u2014 {name} {b64(blob)}\n".encode()


def test_cosignatures(tmp_path: Path) -> None:
    """A cosigner whose key is given must have signed, and rightly; others are counted, not verified."""
    w = World().found()
    w.write(tmp_path)
    witness, name = Key("witness"), "witness.example/w1"
    note = cosigned(w.checkpoint(), witness, name, 1_780_000_000)
    (tmp_path / "checkpoint").write_bytes(note)
    plain = check(tmp_path)
    assert plain["ok"]
    assert "1 other signatures on the checkpoint, whose keys were not given" in plain["not_recomputed"]
    given = check(tmp_path, "--cosigner", vkey(witness, name))
    assert given["ok"]
    assert given["cosigned"] == [f"{name} at 1780000000"]
    other = check(tmp_path, "--cosigner", vkey(Key("other"), name))
    assert other["exit"] == 1
    assert "not signed by the cosigner" in other["faults"][0]
    (tmp_path / "checkpoint").write_bytes(cosigned(w.checkpoint(), witness, name, 5, b"something else"))
    forged = check(tmp_path, "--cosigner", vkey(witness, name))
    assert forged["exit"] == 1
    assert "does not verify" in forged["faults"][0]


def test_links_devices_and_folders_are_not_read(copy: Path, tmp_path: Path) -> None:
    """A link out of the folder, a named pipe or a folder in a file's place ends verification with a sentence."""
    bundle = copy / "tile/entries/001"
    elsewhere = tmp_path / "elsewhere"
    shutil.move(bundle, elsewhere)
    bundle.symlink_to(elsewhere)
    assert "a link that leads out of the folder" in check(copy)["faults"][0]
    bundle.unlink()
    bundle.symlink_to(bundle)
    assert check(copy)["exit"] in (1, 2)
    bundle.unlink()
    os.mkfifo(bundle)
    assert "not a regular file" in check(copy)["faults"][0]
    bundle.unlink()
    bundle.mkdir()
    assert "not a regular file" in check(copy)["faults"][0]
    bundle.rmdir()
    bundle.write_bytes(bytes(17_000_000))
    assert "longer than" in check(copy)["faults"][0]
    bundle.unlink()
    inside = copy / "kept"
    shutil.move(elsewhere, inside)
    bundle.symlink_to(inside)
    assert check(copy)["ok"]


def test_a_full_tile_may_stand_for_a_partial_one(tmp_path: Path) -> None:
    """A log that has grown may have deleted the partial tiles of an older checkpoint; what remains is compared."""
    w = long_world(300)
    w.write(tmp_path)
    checkpoint = (tmp_path / "checkpoint").read_bytes()
    width = len(w.entries) % 256
    for number in range(300):
        w.table(f"more{number}")
    write_tiles(tmp_path, w.entries)
    shutil.rmtree(tmp_path / "tile/0/001.p")
    shutil.rmtree(tmp_path / "tile/entries/001.p")
    old = check(tmp_path)
    assert old["ok"], old
    w.write(tmp_path)
    assert check(tmp_path)["ok"]
    assert checkpoint != (tmp_path / "checkpoint").read_bytes()
    # Earlier partial tiles that were kept must agree with what followed.
    kept = tmp_path / f"tile/0/001.p/{width}"
    kept.parent.mkdir()
    kept.write_bytes((tmp_path / "tile/0/001").read_bytes()[: 32 * width])
    assert check(tmp_path)["ok"]
    kept.write_bytes(bytes(32 * width))
    assert f"tile/0/001.p/{width}: for entry 256" in check(tmp_path)["faults"][0]
    kept.unlink()
    bundle = tmp_path / f"tile/entries/001.p/{width}"
    bundle.parent.mkdir()
    bundle.write_bytes(b"\x00\x00" * width)
    assert "does not agree with the later one" in check(tmp_path)["faults"][0]


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *about: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/log"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def files_of(
    folder: Path, **special: Callable[[BaseHTTPRequestHandler], None]
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Serves a folder; `special` answers for file names."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = folder / handler.path.removeprefix("/log/")
        unusual = special.get(path.name.replace("0", ""))
        if unusual is not None:
            return unusual(handler)
        if not path.is_file():
            return handler.send_error(404)
        return send(handler, path.read_bytes())

    return answer


def send(handler: BaseHTTPRequestHandler, data: bytes, **headers: str) -> None:
    """Answers 200."""
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_record_over_http(record: Path, jobs: int) -> None:
    """The same verdict as from the folder, also by processes and from bundles sent as gzip."""
    expected = check(record)
    with served(files_of(record)) as address:
        verdict = check(address, jobs=jobs)
        slash = check(address + "/", jobs=jobs)
    assert verdict["ok"]
    assert verdict["register"] == slash["register"] == expected["register"]

    def packed(handler: BaseHTTPRequestHandler) -> None:
        data = (record / handler.path.removeprefix("/log/")).read_bytes()
        send(handler, gzip.compress(data), Content_Encoding="gzip")

    with served(lambda h: packed(h) if "entries" in h.path else files_of(record)(h)) as address:
        assert check(address)["register"] == expected["register"]


@pytest.mark.parametrize(
    ("name", "exit_code", "words", "answer"),
    [
        ("checkpoint", 2, "answers 500", lambda h: h.send_error(500)),
        ("checkpoint", 2, "no record that can be read here", lambda h: h.send_error(404)),
        ("1", 1, "missing", lambda h: h.send_error(404)),
        ("1", 2, "answers 503", lambda h: h.send_error(503)),
        ("1", 1, "cut short", lambda h: send(h, b"\x00\x05abc")),
        ("1", 1, "longer than", lambda h: send(h, bytes(17_000_000))),
        ("1", 1, "longer than", lambda h: send(h, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")),
        ("1", 1, "as gzip and is not", lambda h: send(h, b"plain", Content_Encoding="gzip")),
        ("1", 2, "encoding", lambda h: send(h, b"x", Content_Encoding="br")),
        ("1", 2, "cannot be read", lambda h: h.wfile.write(b"no http at all\r\n\r\n")),
        ("1", 2, "cannot be read", lambda h: h.connection.shutdown(socket.SHUT_RDWR)),
        ("1", 2, "answers 3", lambda h: (h.send_response(302), h.send_header("Location", h.path), h.end_headers())),
    ],
)
def test_servers_that_misbehave(
    name: str, exit_code: int, words: str, answer: Callable[[Any], Any], record: Path
) -> None:
    """Errors, endless bodies, wrong encodings and broken connections: a sentence each, and the right exit code."""
    with served(files_of(record, **{name: answer})) as address:
        verdict = check(address)
    assert verdict["exit"] == exit_code, verdict["faults"]
    assert words in verdict["faults"][0]


def test_nobody_there() -> None:
    """A server that does not answer, a folder that is none, and addresses of other kinds: unreadable."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for target in (f"http://127.0.0.1:{port}", "/nowhere/at/all", "ftp://example.org", "http://[bad", __file__):
            code, page = run(target)
            assert code == 2
            assert "NOT VERIFIED" in page


def test_usage(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong options are usage errors: exit code 2 and a line that says why."""
    for wrong in (
        ["--founding", "XYZ"],
        ["--jobs", "0"],
        ["--cosigner", "nonsense"],
        ["--cosigner", "a+00000000+" + b64(bytes([4]) + bytes(32))],
        ["--unknown"],
    ):
        with pytest.raises(SystemExit) as stopped:
            run(record, *wrong)
        assert stopped.value.code == 2
        assert "error:" in capsys.readouterr().err
    code, page = run(record, "--explain", "no/1")
    assert code == 2
    assert "There is no vote no/1" in page
