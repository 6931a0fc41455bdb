# SPDX-License-Identifier: Apache-2.0
"""Signed notes: C2SP signed-note v1.0.0, with Ed25519 signatures (type 01).

- A note is text that ends in a newline, an empty line, and one line for each signature:
  `— <name> base64(<4-byte key hash><signature>)`. It is UTF-8 without control characters but the newline.
- The last empty line separates text and signatures.
- A name is not empty and holds neither Unicode spaces nor a plus sign.
- The key hash is the start of SHA-256(name, newline, type byte, public key).
- A signature by an unknown key is ignored. A bad one by a known key rejects the whole note. A note that no
  known key signed is not to be read.

Beyond the specification: base64 is accepted only in its canonical spelling, so that a note that was read
and written again has not changed.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol, TypeVar

import msgspec

from comity.record import ed25519
from comity.record.errors import NoteError

ED25519 = 0x01
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
KEY_HASH_BYTES = 4

_DASH = "— "
# What no text, name or origin may hold: control characters (the newline is looked at apart), and lone
# surrogates, which have no UTF-8.
_BARRED = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
# White_Space of Unicode, written out: what counts as a space must not change with a library's tables.
_SPACES = frozenset(
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line: who signed, the 4 bytes that hint at the key, and what follows them."""

    name: str
    key_hash: bytes
    blob: bytes

    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_hash + self.blob)}\n"


class Note(msgspec.Struct, frozen=True):
    """A note that has been read but not verified. `text` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


class NoteKey(Protocol):
    """What can verify one type of note signature; cosigners' keys are of another type than logs'."""

    @property
    def name(self) -> str: ...

    @property
    def key_hash(self) -> bytes: ...

    def holds(self, text: str, blob: bytes) -> bool:
        """Say whether `blob` is this key's signature of `text`."""
        ...


K = TypeVar("K", bound=NoteKey)


class NamedKey(msgspec.Struct, frozen=True):
    """A name, a public key and the type of its signatures: what a verifier key says in one line."""

    name: str
    public: bytes
    alg: int

    def vkey(self) -> str:
        """The key in one line: name, key hash in hex, type and public key in base64."""
        return join_vkey(self.name, self.alg, self.public)

    @property
    def key_hash(self) -> bytes:
        return key_hash(self.name, self.alg, self.public)


class VerifierKey(NamedKey, frozen=True):
    """A named public key that verifies notes: type 01, Ed25519 over the text."""

    alg: int = ED25519

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read `name+hash+key`; raise NoteError if it is malformed or of another type than 01."""
        name, alg, public = split_vkey(vkey)
        if alg != ED25519:
            raise NoteError(f"The verifier key of {name} is of type {alg:02x}; a note is signed with type 01.")
        return cls(name, public)

    def holds(self, text: str, blob: bytes) -> bool:
        """Say whether `blob` is this key's signature of `text`."""
        return ed25519.verify(self.public, text.encode(), blob)


class NoteSigner:
    """A name and a private key that sign notes."""

    __slots__ = ("_key", "key")

    def __init__(self, name: str, key: ed25519.SigningKey) -> None:
        check_name(name)
        self._key = key
        self.key = VerifierKey(name, key.public)

    @property
    def name(self) -> str:
        return self.key.name

    def sign(self, text: str) -> NoteSignature:
        """Sign a note's text, its last newline included."""
        _check_text(text)
        return NoteSignature(self.key.name, self.key.key_hash, self._key.sign(text.encode()))

    def __repr__(self) -> str:
        return f"NoteSigner({self.key.vkey()!r})"


def parse(data: bytes) -> Note:
    """Read a note without verifying it; raise NoteError if it is malformed."""
    if len(data) > MAX_NOTE:
        raise NoteError(f"The note has {len(data)} bytes; at most {MAX_NOTE} are read.")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"The note is not UTF-8: {error}.") from error
    check_characters(whole)
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteError("A note is text, an empty line, and signature lines that each end in a newline.")
    found = lines[:-1].split("\n")
    if len(found) > MAX_SIGNATURES:
        raise NoteError(f"The note has {len(found)} signatures; at most {MAX_SIGNATURES} are read.")
    return Note(text + "\n", tuple(parse_signature(line) for line in found))


def parse_signature(line: str) -> NoteSignature:
    """Read one signature line, without its newline."""
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator:
        raise NoteError(f"The signature line {line[:80]!r} does not read '— <name> <base64>'.")
    check_name(name)
    blob = from_base64(encoded, "the signature")
    if len(blob) <= KEY_HASH_BYTES:
        raise NoteError(f"The signature by {name} has {len(blob)} bytes, no more than its key hash.")
    return NoteSignature(name, blob[:KEY_HASH_BYTES], blob[KEY_HASH_BYTES:])


def format(note: Note) -> bytes:
    """Write a note; raise NoteError if a reader could not read the same note back."""
    _check_text(note.text)
    if not 1 <= len(note.signatures) <= MAX_SIGNATURES:
        raise NoteError(f"The note has {len(note.signatures)} signatures; 1 to {MAX_SIGNATURES} are in order.")
    for one in note.signatures:
        check_name(one.name)
        if len(one.key_hash) != KEY_HASH_BYTES or not one.blob:
            raise NoteError(f"The signature by {one.name} has no {KEY_HASH_BYTES}-byte key hash or is empty.")
    data = (note.text + "\n" + "".join([one.line() for one in note.signatures])).encode()
    if len(data) > MAX_NOTE:
        raise NoteError(f"The note has {len(data)} bytes; at most {MAX_NOTE} are in order.")
    return data


def with_signatures(note: Note, *signatures: NoteSignature) -> Note:
    """The same note with more signatures after those it has; one that it has already is not repeated."""
    added = [one for one in dict.fromkeys(signatures) if one not in note.signatures]
    return Note(note.text, (*note.signatures, *added))


def verify(note: Note, keys: Iterable[K]) -> list[K]:
    """Say which of the known `keys` signed the note, in the order of its lines, each once.

    Raise NoteError if a known key's signature does not hold, or if no known key signed.
    """
    known = known_keys(keys)
    signed: dict[tuple[str, bytes], K] = {}
    for one in note.signatures:
        key = known.get((one.name, one.key_hash))
        if key is None:
            continue
        if not key.holds(note.text, one.blob):
            raise NoteError(f"The signature by {one.name} does not hold; the note is rejected as a whole.")
        signed[one.name, one.key_hash] = key
    if not signed:
        raise NoteError("No key that is known here has signed the note.")
    return list(signed.values())


def known_keys(keys: Iterable[K]) -> dict[tuple[str, bytes], K]:
    """Index keys by what a signature line shows; raise NoteError if two could not be told apart."""
    known: dict[tuple[str, bytes], K] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_hash), key) != key:
            raise NoteError(f"Two different keys of {key.name} have the same key hash.")
    return known


def key_hash(name: str, alg: int, public: bytes) -> bytes:
    """The 4 bytes by which a signature line hints at its key."""
    return sha256(name.encode() + b"\n" + bytes([alg]) + public).digest()[:KEY_HASH_BYTES]


def split_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Take a verifier key with a 32-byte public key apart: name, type byte, public key."""
    # Base64 may hold a plus sign too: only the first two separate.
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise NoteError(f"The verifier key {vkey[:80]!r} does not read <name>+<8 hex digits>+<base64>.")
    name, hint, encoded = parts
    check_name(name)
    material = from_base64(encoded, "the verifier key")
    if len(material) != 1 + ed25519.PUBLIC_BYTES:
        raise NoteError(f"The verifier key of {name} is no type byte and Ed25519 key of 32 bytes.")
    alg, public = material[0], material[1:]
    if hint != key_hash(name, alg, public).hex():
        raise NoteError(f"The verifier key of {name} carries the hash {hint[:16]!r}, which is not its own.")
    return name, alg, public


def join_vkey(name: str, alg: int, public: bytes) -> str:
    """Write a verifier key in one line."""
    return f"{name}+{key_hash(name, alg, public).hex()}+{to_base64(bytes([alg]) + public)}"


def check_name(name: str) -> None:
    """Raise NoteError if a key's name is empty or holds a space, a plus sign or a control character."""
    check_characters(name)
    if not name or "+" in name or not _SPACES.isdisjoint(name):
        raise NoteError(f"The key name {name[:80]!r} is empty or holds a space or a plus sign.")


def check_characters(text: str) -> None:
    """Raise NoteError if a text holds a control character but the newline, or a lone surrogate."""
    found = _BARRED.search(text)
    if found:
        raise NoteError(
            f"A note holds the character {found.group()!r}; control characters but the newline, and lone "
            "surrogates, are not in order."
        )


def to_base64(data: bytes) -> str:
    """Standard base64, padded, on one line."""
    return b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str, what: str) -> bytes:
    """Read standard padded base64 in its canonical spelling only; `what` names it in the NoteError."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise NoteError(f"The base64 of {what} is malformed: {error}.") from error
    if to_base64(data) != text:
        raise NoteError(f"The base64 of {what} is not in its canonical spelling.")
    return data


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("The text of a note ends in a newline.")
    check_characters(text)
