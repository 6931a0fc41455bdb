# SPDX-License-Identifier: Apache-2.0
"""Go's checksum-database library accepts a log that was written here, and rejects each altered copy."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comity.record import checkpoint, cosignature, ed25519, envelope, merkle, note, proof, tiles

pytestmark = pytest.mark.conformance

SOURCE = Path(__file__).parent / "go" / "main.go"
# Where Debian's golang-golang-x-mod-dev puts the library; no module proxy is asked.
GOPATH = Path(os.environ.get("COMITY_GOPATH", "/usr/share/gocode"))

ORIGIN = "acts.example.int/1"
KEY = ed25519.SigningKey(b"k" * 32)
LOG = note.NoteSigner(ORIGIN, ed25519.SigningKey(b"l" * 32))
WITNESS = cosignature.Cosigner("witness.example.int/w1", ed25519.SigningKey(b"w" * 32))
SIZES = [1, 2, 255, 256, 257, 511, 65_536, 70_000]
TIME = 1_795_000_000


@pytest.fixture(scope="module")
def verifylog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the Go program once, or skip."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go compiler absent")
    if not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go library golang.org/x/mod absent (Debian: golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("go")
    binary = folder / "verifylog"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run([go, "build", "-o", binary, SOURCE], env=environment, cwd=folder, check=True)
    return binary


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a log of 70,000 entries with a cosigned checkpoint at each of several sizes."""
    folder = tmp_path_factory.mktemp("log")
    sealed = envelope.seal("vote.cast", b'{"position":"yes"}', [KEY])
    entries = [envelope.leaf(TIME * 1000, sealed)] + [b"entry %d" % number for number in range(1, SIZES[-1])]
    tree = merkle.Tree()
    for size in SIZES:
        before = tree.size
        tree.extend(b"".join(merkle.leaf_hash(entry) for entry in entries[before:size]))
        for ref in tiles.tiles_for(before, size) + tiles.partial_refs(size):
            _write(folder / ref.path, tiles.tile_content(tree, ref))
            if ref.level == 0:
                first = ref.index * tiles.TILE
                _write(folder / ref.bundle.path, tiles.encode_bundle(entries[first : first + ref.width]))
        head = checkpoint.Checkpoint(ORIGIN, size, tree.root())
        read = note.parse(checkpoint.sign(head, LOG))
        signed = note.format(note.with_signatures(read, WITNESS.cosign(read.text, TIME)))
        _write(folder / f"checkpoint.{size}", signed)
        index = size * 2 // 3
        receipt = proof.TlogProof(index, tuple(tree.inclusion(index)), signed)
        _write(folder / f"receipt.{size}", proof.format(receipt))
        for old in [one for one in SIZES if one < size]:
            lines = [note.to_base64(one) + "\n" for one in tree.consistency(old)]
            _write(folder / f"consistency.{old}-{size}", "".join(lines).encode())
    return folder


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _run(binary: Path, folder: Path, *sizes: int) -> subprocess.CompletedProcess[str]:
    command = [str(binary), str(folder), ORIGIN, LOG.key.vkey(), WITNESS.key.vkey(), *map(str, sizes)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def _altered(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    whole = path.read_bytes()
    changed = change(whole)
    assert changed != whole
    path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(whole)


def test_go_accepts_what_is_written(verifylog: Path, published: Path) -> None:
    """Notes, cosignatures, bundles, tiles, receipts and consistency proofs hold at every size."""
    outcome = _run(verifylog, published, *SIZES)
    assert outcome.stderr == ""
    assert outcome.returncode == 0
    assert outcome.stdout.split() == [word for size in SIZES for word in ("verified", str(size))]


def _last_byte(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)


def _resigned(data: bytes) -> bytes:
    """The same size under another root, signed by the log and the witness: a fork, not a forgery."""
    head = checkpoint.parse_text(note.parse(data).text)
    fork = checkpoint.Checkpoint(head.origin, head.size, b"\x01" * 32)
    read = note.parse(checkpoint.sign(fork, LOG))
    return note.format(note.with_signatures(read, WITNESS.cosign(read.text, TIME)))


def _line(number: int) -> Callable[[bytes], bytes]:
    """Change one base64 character in the middle of a line's last word."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        at = len(lines[number]) - 20
        other = b"B" if lines[number][at : at + 1] == b"A" else b"A"
        lines[number] = lines[number][:at] + other + lines[number][at + 1 :]
        return b"\n".join(lines)

    return change


# What is altered: the file, how, the sizes that are then checked, and what Go has to say.
ALTERED: dict[str, tuple[str, Callable[[bytes], bytes], list[int], str]] = {
    "the size in a checkpoint": ("checkpoint.257", _swap(b"\n257\n", b"\n258\n"), [257], "invalid signature"),
    "the origin": ("checkpoint.257", _swap(b"int/1\n257", b"int/2\n257"), [257], "invalid signature"),
    "the log's signature": ("checkpoint.257", _line(4), [257], f"invalid signature for key {ORIGIN}"),
    "the cosignature": ("checkpoint.257", _line(5), [257], f"invalid signature for key {WITNESS.name}"),
    "an old root, signed again": ("checkpoint.257", _resigned, [257], "inconsistent tile"),
    "an entry": ("tile/entries/000", _swap(b"entry 128", b"entry 821"), [256], "entry 128: invalid"),
    "the first envelope": ("tile/entries/000", _swap(b"vote.cast", b"vote.lost"), [256], "entry 0: invalid"),
    "the last entry": ("tile/entries/273.p/112", _last_byte, [70_000], "entry 69999: invalid"),
    "a leaf tile": ("tile/0/000", _last_byte, [256], "inconsistent tile"),
    "a partial tile": ("tile/0/001.p/1", _last_byte, [257], "inconsistent tile"),
    "a tile above": ("tile/1/001.p/17", _last_byte, [70_000], "inconsistent tile"),
    "a receipt's hash": ("receipt.65536", _line(5), [65_536], "receipt 65536: invalid"),
    "a receipt's index": ("receipt.65536", _swap(b"index 43690", b"index 43691"), [65_536], "receipt 65536"),
    "a consistency proof": ("consistency.257-70000", _line(2), [257, 70_000], "from 257 to 70000: invalid"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_go_rejects_altered_copies(verifylog: Path, published: Path, name: str) -> None:
    """With one thing altered the log is rejected for that; restored it is accepted again."""
    path, change, sizes, reason = ALTERED[name]
    with _altered(published / path, change):
        outcome = _run(verifylog, published, *sizes)
        assert outcome.returncode == 1, outcome.stdout
        assert reason in outcome.stderr
    assert _run(verifylog, published, *sizes).returncode == 0
