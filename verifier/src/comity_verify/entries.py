# SPDX-License-Identifier: Apache-2.0
"""Entries by themselves: what can be said of a leaf without the register (`entry.md`, checks 1, 2 and 8).

A `Reader` turns an entry bundle into a `Bundle`: hashes, and for each entry what the fold needs. It may run in
another process, so what it says of votes cast, which are nearly all of a record, is short. A reader knows the public
keys that acts before it offered; whether a key is in force is the fold's question. A signature by a key that it has
not met is handed on unverified with the signed bytes.
"""

import itertools
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from comity_verify import tree
from comity_verify.canonical import MAX_INTEGER, Malformed, hex256, read, unbase64, valid
from comity_verify.forms import KINDS, conform, shown
from comity_verify.register import Json, Refused, must
from comity_verify.source import Source

MAX_PAYLOAD, MAX_ENVELOPE = 32_768, 49_152

_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]*={0,2})","payloadType":"(application/vnd\.comity\.([a-z]+(?:\.[a-z_]+)+)\.v1\+json)",'
    rb'"signatures":\[(.*)\]\}',
    re.DOTALL,
)
_SIGNATURE = rb'\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}'
_SIGNATURES = re.compile(rb"%b(?:,%b){0,15}" % (_SIGNATURE, _SIGNATURE))
_EACH_SIGNATURE = re.compile(_SIGNATURE)


# A vote cast with everything in order that can be told without the register, its signature included: stamp, key id,
# counter, expiry, vote, position.
Cast = tuple[int, str, int, int, str, str]


class Item(NamedTuple):
    """One entry for the fold: of a void one `code` and `why`, of others kind and payload.

    `unverified` are key ids and signatures whose keys the reader has not met, `forged` the key id of a signature that
    does not verify, `act_id` is given for founding acts alone, `signed` is the pre-authentication encoding.
    """

    stamp: int
    kind: str
    payload: Json
    signed: bytes = b""
    unverified: tuple[tuple[str, bytes], ...] = ()
    forged: str = ""
    act_id: str = ""
    code: str = ""
    why: str = ""


class Bundle(NamedTuple):
    """An entry bundle, read."""

    hashes: list[bytes]  # the root of a full tile alone; all the leaf hashes of a partial one
    full: bool
    faults: list[str]
    entries: list[Item | Cast]


def examine(entry: bytes) -> Item:
    """Checks 1 and 2 of an entry, or Refused with code and explanation; no signature is verified yet."""
    must(len(entry) >= 8, "form", f"the entry has {len(entry)} bytes and lacks even a stamp")
    size = len(entry) - 8
    must(size <= MAX_ENVELOPE, "size", f"the envelope has {size} bytes; at most {MAX_ENVELOPE} are admitted")
    match = _ENVELOPE.fullmatch(entry, 8)
    if match is None or not _SIGNATURES.fullmatch(match[4]) or len(match[3]) > 64:
        raise Refused("form", "the envelope, its kind or its signatures are not of the one admitted form")
    kind = match[3].decode()
    try:
        data = unbase64(match[1])
        signatures = tuple((m[1].decode(), unbase64(m[2])) for m in _EACH_SIGNATURE.finditer(match[4]))
    except Malformed as error:
        raise Refused("form", f"of a base64 value in the envelope: {error}") from None
    names = [key_id for key_id, _ in signatures]
    ascending = all(a < b for a, b in itertools.pairwise(names))
    must(ascending, "form", "the signatures are not strictly ascending by key id")
    must(len(data) <= MAX_PAYLOAD, "size", f"the payload has {len(data)} bytes; at most {MAX_PAYLOAD} are admitted")
    must(kind in KINDS, "form", f"the kind {shown(kind)} is not one of edition 1")
    try:
        payload = read(data)
        conform("payload", payload, "the payload")
        assert isinstance(payload, dict)
        conform(kind, payload["act"], "act")
    except Malformed as error:
        raise Refused("form", str(error)) from None
    signers = sorted(payload["signers"])
    must(signers == names, "form", "the key ids of the signatures are not exactly the payload's signers")
    signed = b"DSSEv1 %d %b %d %b" % (len(match[2]), match[2], len(data), data)
    return Item(int.from_bytes(entry[:8], "big"), kind, payload, signed, signatures)


# A vote cast by one signer has parts of fixed length around its payload and at the payload's end. They are compared
# as they stand; what does not match goes the general way, which says the same of it or why it is void.

_CAST_TYPE = b'","payloadType":"application/vnd.comity.vote.cast.v1+json","signatures":[{"keyid":"'
_CAST_TAIL = len(_CAST_TYPE) + 64 + len(b'","sig":"') + 88 + len(b'"}]}')
_CAST_KEY = _CAST_TAIL - len(_CAST_TYPE)
_CAST_SIGNATURE = 88 + len(b'"}]}')
_CAST_END = 64 + len(b'"]}')
_CAST_HEAD = re.compile(
    rb'\{"act":\{"position":"(yes|no|abstain|object|present)","vote":"([A-Za-z0-9._/-]*)"\},'
    rb'"counter":([1-9][0-9]{0,15}),"expires":([1-9][0-9]{0,15})'
)
_CAST_PAE = b"DSSEv1 40 application/vnd.comity.vote.cast.v1+json %d %b"


class Reader:
    """Reads bundles of one source, remembering the public keys that acts offered."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._keys: dict[bytes, bytes] = {}
        self._middle = b""

    def belong(self, organisation: str) -> None:
        """Names the organisation whose acts are expected; before, every entry is read the general way."""
        self._middle = b',"organisation":"%b","signers":["' % organisation.encode()

    def learn(self, keys: Iterable[bytes]) -> None:
        """Makes public keys known."""
        for key in keys:
            self._keys[hex256(key).encode()] = key

    def bundle(self, number: int, width: int) -> Bundle:
        """Reads, hashes and examines the entries of a bundle and compares the tile of their hashes."""
        entries = tree.entries(self.source, number, width)
        hashes = [sha256(b"\x00" + entry).digest() for entry in entries]
        faults = tree.compare(self.source, 0, number, b"".join(hashes))
        full = width == tree.WIDTH
        found = [self._cast(entry) or self._item(entry) for entry in entries]
        return Bundle([tree.root(hashes)] if full else hashes, full, faults, found)

    def _cast(self, entry: bytes) -> Cast | None:
        """A vote cast with everything in order; None for all else."""
        signer = entry[-_CAST_KEY : -_CAST_KEY + 64]
        key = self._keys.get(signer)
        tail = entry[-_CAST_SIGNATURE - 9 :]
        if key is None or not self._middle or len(entry) > 8 + MAX_ENVELOPE:
            return None
        if entry[8:20] != b'{"payload":"' or entry[-_CAST_TAIL:-_CAST_KEY] != _CAST_TYPE:
            return None
        if tail[:9] != b'","sig":"' or tail[97:] != b'"}]}':
            return None
        try:
            encoded, signature = entry[20:-_CAST_TAIL], a2b_base64(tail[9:97])
            payload = a2b_base64(encoded)
        except ValueError:
            return None
        middle = -_CAST_END - len(self._middle)
        head = _CAST_HEAD.fullmatch(payload, 0, max(0, len(payload) + middle))
        if head is None or payload[middle:] != self._middle + signer + b'"]}' or len(payload) > MAX_PAYLOAD:
            return None
        if b2a_base64(payload, newline=False) != encoded or b2a_base64(signature, newline=False) != tail[9:97]:
            return None
        counter, expires = int(head[3]), int(head[4])
        signed = _CAST_PAE % (len(payload), payload)
        if counter > MAX_INTEGER or expires > MAX_INTEGER or not valid(key, signature, signed):
            return None
        return int.from_bytes(entry[:8], "big"), signer.decode(), counter, expires, head[2].decode(), head[1].decode()

    def _item(self, entry: bytes) -> Item:
        """Any entry, the general way."""
        try:
            item = examine(entry)
        except Refused as void:
            return Item(0, "", {}, code=void.args[0], why=void.args[1])
        self.learn(offered(item.kind, item.payload["act"]))
        act_id = hex256(item.signed) if item.kind == "organisation.found" else ""
        if act_id and not self._middle:
            self.belong(act_id)  # should it not be in order, verification ends with it
        forged, unverified = "", []
        for key_id, signature in item.unverified:
            key = self._keys.get(key_id.encode())
            if key is None:
                unverified.append((key_id, signature))
            elif not valid(key, signature, item.signed):
                forged = forged or key_id
        signed = item.signed if unverified else b""
        return item._replace(signed=signed, unverified=tuple(unverified), forged=forged, act_id=act_id)


def offered(kind: str, act: Json) -> list[bytes]:
    """The public keys that an act offers for registration, also those of an act that it would enact."""
    if kind == "proposal.table" and "enacts" in act:
        return offered(act["enacts"]["kind"], act["enacts"]["act"])
    if kind == "organisation.found":
        keys = [key for holder in (*act.get("members", ()), *act.get("officers", ())) for key in holder["keys"]]
    else:
        keys = act.get("keys", []) if kind == "member.admit" else [act["key"]] if kind == "key.add" else []
    return [unbase64(key["key"]) for key in keys]
