# SPDX-License-Identifier: Apache-2.0
"""The conformance records: both programs find in them what stands beside them, and they are written again the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from comity.charter import fold
from comity.charter.act import KINDS
from comity.record import ed25519
from conformance import curves, generate, reader
from conformance.foundings import FOUNDINGS
from conformance.stage import ATTEMPTS

ROOT = Path(__file__).parents[1]
CORPUS = sorted((ROOT / "conformance/records").iterdir())
GOLDEN = sorted((ROOT / "conformance/golden").iterdir())
VERIFIER = Path(sys.executable).with_name("comity-verify")

PINNED = {"0.1.0": "b1f02a63812fde151b0932e8531e00ebf02e3697a93a6546b9041708167e2fdb"}
"""The register's digest of each release's golden record: what was signed then means the same for ever (law 2)."""


def _expected(folder: Path) -> dict[str, object]:
    told = json.loads((folder / "expected.json").read_text())
    assert told.pop("description")
    return told


@pytest.mark.parametrize("folder", CORPUS + GOLDEN, ids=lambda folder: folder.name)
def test_comity_finds_what_is_expected(folder: Path) -> None:
    """Folding the record gives size, root, register, counts and void entries as expected."""
    assert reader.read(folder) == _expected(folder)


@pytest.mark.parametrize("folder", CORPUS + GOLDEN, ids=lambda folder: folder.name)
@pytest.mark.conformance
def test_the_verifier_finds_what_is_expected(folder: Path) -> None:
    """So does the independent verifier, which is not satisfied with a record that has void entries."""
    if not VERIFIER.exists():
        pytest.skip("comity-verify absent")
    run = subprocess.run([VERIFIER, folder, "--json"], capture_output=True, text=True, check=False)
    assert run.stdout, run.stderr
    found = json.loads(run.stdout)
    wanted = _expected(folder)
    stops = wanted.pop("stops", None)
    assert found["faults"] == []
    assert run.returncode == (3 if stops else 1 if wanted["void"] else 0)
    assert found["ok"] is (not stops and not wanted["void"])
    found["void"] = [{"index": each["index"], "code": each["code"]} for each in found["void"]]
    assert {name: found[name] for name in wanted} == wanted


def test_weak_signatures_are_void_for_the_strict_rule_alone() -> None:
    """What `void-signatures` holds satisfies the equation of Ed25519; libsodium's rule is what makes it void."""
    key, message = ed25519.SigningKey(bytes(32)), b"an act"
    honest = key.sign(message)
    assert curves.lenient(key.public, message, honest)
    assert not curves.lenient(key.public, b"another act", honest)
    weak = [(key.public, curves.beyond_the_order(key, message)), (key.public, curves.small_order_r(key, message))]
    weak += [(public, curves.BASE + (1).to_bytes(32, "little")) for public in (curves.IDENTITY, curves.UNREDUCED)]
    for public, signature in weak:
        assert curves.lenient(public, message, signature)
        assert not ed25519.verify(public, message, signature)


def test_the_corpus_is_written_again_the_same() -> None:
    """The generator gives the same bytes as stand in the repository, and no file stands there that it does not."""
    made = {f"{name}/{path}": content for name, files in generate.corpus().items() for path, content in files.items()}
    base = ROOT / "conformance/records"
    found = {path.relative_to(base).as_posix(): path for path in base.rglob("*") if path.is_file()}
    assert sorted(found) == sorted(made)
    assert [name for name, path in found.items() if path.read_bytes() != made[name]] == []


@pytest.mark.parametrize("seed", ["1", "2"])
def test_nothing_depends_on_the_hash_seed(seed: str) -> None:
    """Another process with another hash seed finds the same in every record."""
    run = subprocess.run(
        [sys.executable, "-m", "conformance.reader", *CORPUS],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line) for line in run.stdout.splitlines()] == [_expected(folder) for folder in CORPUS]


def test_every_code_of_a_void_entry_is_in_the_corpus() -> None:
    """Each code that the specification names is the code of some void entry of some record."""
    found = {
        str(each["code"]) for folder in CORPUS for each in json.loads((folder / "expected.json").read_text())["void"]
    }
    assert found == {one.code for one in ATTEMPTS} | {one.code for one in FOUNDINGS} | {"stamp"}


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_golden_record_is_frozen(folder: Path) -> None:
    """A release's golden record gives the digest that is pinned here, and will in every later release."""
    assert reader.read(folder)["register"] == PINNED[folder.name]


def test_every_release_has_a_golden_record() -> None:
    """Each pinned digest has its record."""
    assert [folder.name for folder in GOLDEN] == sorted(PINNED)


def test_the_golden_record_has_everything_in_it() -> None:
    """Every kind of edition 1 is in force somewhere in the golden record."""
    kinds = set()
    folder = GOLDEN[-1]
    void = {each["index"] for each in reader.read(folder)["void"]}
    for index, entry in enumerate(reader.entries(folder)):
        if index not in void:
            signed = fold.open_act(entry[8:])
            enacts = getattr(signed.act, "enacts", None)
            kinds |= {signed.kind, *([enacts.kind] if enacts else [])}
    assert kinds >= {kind for kind in KINDS if KINDS[kind].__module__.startswith("comity.")}


@pytest.mark.parametrize("release", sorted(PINNED))
def test_the_generator_refuses_to_thaw(release: str) -> None:
    """A golden record is never written again."""
    with pytest.raises(SystemExit, match="frozen"):
        generate.main(["--golden", release])
