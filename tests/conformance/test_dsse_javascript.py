# SPDX-License-Identifier: Apache-2.0
"""sigstore's JavaScript encoding and the WebCrypto of Node accept our envelopes and reject altered ones."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from comity.record import ed25519, envelope

pytestmark = pytest.mark.conformance

PACKAGE = "@sigstore/core@4.0.1"
PROGRAM = Path(__file__).parent / "js" / "verify.mjs"

KEYS = [ed25519.SigningKey(bytes([number]) * 32) for number in (1, 2)]
PAYLOADS = [b"{}", '{"text":"Côte d’Ivoire"}'.encode(), b"x" * envelope.MAX_PAYLOAD]


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest) -> Path:
    """Install the package once into pytest's cache, or skip."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node or npm absent")
    folder = request.config.cache.mkdir("sigstore-core")
    if not (folder / "node_modules" / "@sigstore" / "core").is_dir():
        command = [
            npm,
            "install",
            "--silent",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            PACKAGE,
        ]
        try:
            outcome = subprocess.run([*command, "--prefix", folder], cwd=folder, capture_output=True, timeout=180)
        except subprocess.TimeoutExpired:
            pytest.skip("npm registry absent")
        if outcome.returncode:
            pytest.skip("npm registry or @sigstore/core absent")
    return Path(folder)


def _verdicts(folder: Path, envelopes: list[bytes]) -> list[dict[str, Any]]:
    keys = {key.keyid: key.public.hex() for key in KEYS}
    given = json.dumps([{"envelope": raw.decode(), "keys": keys} for raw in envelopes])
    outcome = subprocess.run(["node", PROGRAM], cwd=folder, input=given, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    found: list[dict[str, Any]] = json.loads(outcome.stdout)
    return found


def test_javascript_accepts_what_is_sealed(installed: Path) -> None:
    """The same bytes are signed on both sides, and WebCrypto finds every signature to hold."""
    sealed = [envelope.seal("vote.cast", payload, KEYS) for payload in PAYLOADS]
    for raw, verdict in zip(sealed, _verdicts(installed, sealed), strict=True):
        assert verdict == {"holds": True, "signed": envelope.open_envelope(raw).pae.hex()}


def test_javascript_rejects_altered_copies(installed: Path) -> None:
    """With payload, type or one signature altered, not every signature holds."""
    raw = envelope.seal("vote.cast", PAYLOADS[1], KEYS)
    opened = envelope.open_envelope(raw)
    bad = {keyid: sig[:-1] + bytes([sig[-1] ^ 1]) for keyid, sig in opened.signatures[:1]}
    altered = [
        raw.replace(b"vote.cast", b"vote.lost"),
        raw.replace(base64.b64encode(PAYLOADS[1]), base64.b64encode(b"{}")),
        envelope.assemble("vote.cast", opened.payload, dict(opened.signatures) | bad),
        envelope.assemble("vote.cast", opened.payload, dict(zip(dict(opened.signatures), [
            sig for _, sig in opened.signatures[::-1]], strict=True))),
    ]  # fmt: skip
    assert raw not in altered
    assert [verdict["holds"] for verdict in _verdicts(installed, altered)] == [False] * len(altered)
