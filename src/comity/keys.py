# SPDX-License-Identifier: Apache-2.0
"""Keys at hand: key files, the proof that a key is at hand, and an act sealed with keys.

A key file is one JSON object, mode 0600, with the seed from which the key can be made again:

    {"alg":"ed25519","keyid":"<64 hex digits>","seed":"<base64 of 32 bytes>"}

It is not encrypted: whoever can read it can sign. A file that others may read is refused, as ssh does.
"""

import os
import stat
import time
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from comity.charter.act import Act, Payload
from comity.charter.acts import Found
from comity.charter.authority import NewKey, PlainKey, proof_text
from comity.charter.register import encode
from comity.record import ed25519, envelope
from comity.record.ed25519 import SigningKey
from comity.record.errors import FormError, SignatureError

DAY = 24 * 3600 * 1000
"""Milliseconds in a day."""

EXPIRY = 30 * DAY
"""How long an act stays valid for logging where its signer says nothing else, in milliseconds."""


class KeyFileError(Exception):
    """A key file that is missing, unsafe, malformed or in the way; the text is a sentence for people."""


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    keyid: str
    seed: str


def now() -> int:
    """This machine's clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def read(path: Path) -> SigningKey:
    """The key in the file; raise KeyFileError if it cannot be had from there."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and os.name == "posix":
            raise KeyFileError(f"{path} can be read by others. Whoever reads it can sign: chmod 600 {path}")
        data = path.read_bytes()
    except FileNotFoundError:
        raise KeyFileError(f"There is no key file {path}. `comity key new {path}` makes one.") from None
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be read: {error.strerror}.") from error
    try:
        file = msgspec.json.decode(data, type=_KeyFile)
        key = SigningKey(b64decode(file.seed, validate=True))
    except (msgspec.MsgspecError, Base64Error, UnicodeError, SignatureError) as error:
        raise KeyFileError(f"{path} is not a key file: {error}.") from error
    if file.alg != "ed25519" or file.keyid != key.keyid:
        raise KeyFileError(f"{path} says {file.alg} key {file.keyid[:16]}…, but its seed makes ed25519 {key.keyid}.")
    return key


def write(path: Path, key: SigningKey) -> None:
    """Write the key into a new file that only its owner can read; a file that is there is never overwritten."""
    file = {"alg": "ed25519", "keyid": key.keyid, "seed": b64encode(key.seed).decode()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(encode(file) + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise KeyFileError(f"{path} is there already, and a key is never overwritten. Name another file.") from None
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be written: {error.strerror}.") from error


def new(path: Path) -> SigningKey:
    """Make a key from the system's randomness and write its file."""
    key = fresh()
    write(path, key)
    return key


def fresh() -> SigningKey:
    """A key from the system's randomness, in memory only."""
    return ed25519.generate()


def public(key: SigningKey) -> str:
    """The public key in base64, as acts write it."""
    return b64encode(key.public).decode()


def plain(key: SigningKey) -> PlainKey:
    """The key as the founding act registers it."""
    return PlainKey(alg="ed25519", key=public(key))


def proved(key: SigningKey, organisation: str, holder: str) -> NewKey:
    """The key with its proof of possession for a holder (`member/<Id>`, `office/<Id>`) of an organisation."""
    proof = key.sign(proof_text(organisation, holder, key.keyid))
    return NewKey(alg="ed25519", key=public(key), proof=b64encode(proof).decode())


def payload(act: Act, signers: Sequence[str], *, counter: int, organisation: str, expires: int) -> bytes:
    """The bytes to be signed for an act: canonical JSON; `signers` are key ids, the first owns the counter."""
    whole = Payload(act=act, counter=counter, expires=expires, signers=tuple(signers), organisation=organisation)
    return encode(whole)


def seal(act: Act, keys: Sequence[SigningKey], *, counter: int, organisation: str, expires: int) -> bytes:
    """The envelope of an act signed by all of the keys, ready to be sent."""
    signers = [key.keyid for key in keys]
    data = payload(act, signers, counter=counter, organisation=organisation, expires=expires)
    return envelope.seal(act.kind, data, keys)


def log_key_of(act: Act) -> tuple[str, bytes]:
    """Origin and public log key (32 bytes) that a founding act names; raise FormError for any other act."""
    if not isinstance(act, Found):
        raise FormError(f"The first entry is {act.kind}; a record begins with organisation.found.")
    return act.origin, b64decode(act.log_key)


def signatures(raw: bytes) -> tuple[envelope.Opened, tuple[str, ...], Mapping[str, bytes]]:
    """An envelope that may still lack signatures: opened, the signers its payload names, those it has.

    Raise FormError where it is not one.
    """
    opened = envelope.open_envelope(raw)
    try:
        named = msgspec.json.decode(opened.payload, type=_Signers).signers
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormError(f"The payload names no signers: {error}.") from error
    return opened, named, dict(opened.signatures)


class _Signers(msgspec.Struct, frozen=True):
    signers: tuple[str, ...]


def cosign(raw: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Add the signatures of further keys to an envelope whose payload names them as signers."""
    opened, named, have = signatures(raw)
    if strange := [key.keyid for key in keys if key.keyid not in named]:
        raise KeyFileError(
            f"The act does not name {', '.join(strange)} among its signers; it names {', '.join(named)}."
        )
    added = {key.keyid: key.sign(opened.pae) for key in keys}
    return envelope.assemble(opened.kind, opened.payload, {**have, **added})
