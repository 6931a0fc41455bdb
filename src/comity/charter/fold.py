# SPDX-License-Identifier: Apache-2.0
"""One fold: open, verify, check, apply; the same live, in replay, in a follower (law 1, docs/spec/entry.md).

In this order, the first failure naming the entry void or the act refused: size, form, stamp, organisation, key,
counter, expiry, signature, charter. `open_act` does the first two and needs no register; `admit` the next five;
`verify` the signatures; `step` all of it for one entry. Only a node restarting on its own entries may skip
signatures.
"""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, NamedTuple

from comity.charter.act import Act, Context, decode_payload, malformed
from comity.charter.acts import EDITION, Found
from comity.charter.refusal import Refused, UnknownEdition
from comity.charter.register import Register
from comity.charter.tables import Key, Organisation
from comity.charter.terms import MAX_INTEGER
from comity.record import ed25519, envelope
from comity.record.errors import RecordError, SizeError

LONGEST_EXPIRY = 90 * 24 * 3600 * 1000
"""How far beyond its stamp an act may expire, in milliseconds."""


class Signed(NamedTuple):
    """An opened act: its id, kind and fields, what its payload promises, and the signatures yet to be verified."""

    id: bytes
    kind: str
    act: Act
    counter: int
    expires: int
    organisation: str
    signers: tuple[str, ...]
    signatures: tuple[tuple[str, bytes], ...]
    pae: bytes


def open_act(raw: bytes) -> Signed:
    """Open an envelope: its size and its form, to the last byte. Raises `Refused` (`size`, `form`)."""
    try:
        opened = envelope.open_envelope(raw)
    except SizeError as error:
        raise Refused(
            "size", "An act has a largest size", found=str(error), wanted="prose and bulk by digest"
        ) from error
    except RecordError as error:
        raise malformed(str(error), "the one admitted form of DSSE (docs/spec/entry.md)") from error
    payload = decode_payload(opened.kind, opened.payload)
    signers = payload.signers
    signatures = opened.signatures
    if len(signers) == 1 == len(signatures):
        matching = signers[0] == signatures[0][0]
    else:
        matching = len(set(signers)) == len(signers) and sorted(signers) == [key for key, _ in signatures]
    if not matching:
        raise malformed(
            "signatures that are not exactly those of the payload's signers", "one signature of each signer"
        )
    return Signed(
        opened.id,
        opened.kind,
        payload.act,
        payload.counter,
        payload.expires,
        payload.organisation,
        signers,
        signatures,
        opened.pae,
    )


def require_known_edition(register: Register) -> None:
    """Stop (`UnknownEdition`) where the register holds an edition that this program does not know.

    Whoever reports an entry void by `open_act` alone asks this first: a later edition may know its kind.
    """
    organisation = register.get(Organisation, "self")
    if organisation is not None and organisation.edition > EDITION:
        raise UnknownEdition(organisation.edition, EDITION)


def admit(register: Register, signed: Signed, stamp: int, last: int, index: int) -> Context:
    """Stamp, organisation, keys, counter and expiry: who acts, and when. Raises `Refused`, `UnknownEdition`.

    `last` is the stamp of the last entry that is not void (0 before entry 0); stamps are UTC milliseconds.
    """
    require_known_edition(register)
    earliest = max(last, 1)
    if not earliest <= stamp <= MAX_INTEGER:
        raise Refused("stamp", "Stamps never decrease", found=str(stamp), wanted=f"{earliest} or later, below 2^53")
    organisation = register.get(Organisation, "self")
    if organisation is None:
        identity, by = _found(signed, index)
    else:
        identity = organisation.id
        if signed.organisation != identity:
            raise Refused(
                "organisation",
                "An act names the organisation it is meant for",
                found=signed.organisation or "none",
                wanted=identity,
            )
        by = tuple([_holder(register, key_id) for key_id in signed.signers])
    counter = register.counter(signed.signers[0])
    if signed.counter <= counter:
        raise Refused(
            "counter",
            "The counter of a key strictly increases",
            found=str(signed.counter),
            wanted=f"{counter + 1} or more",
        )
    if not stamp <= signed.expires <= stamp + LONGEST_EXPIRY:
        raise Refused(
            "expiry",
            "An act is logged before it expires, and expires within 90 days",
            found=f"expiry {signed.expires} at {stamp}",
            wanted=f"from {stamp} to {stamp + LONGEST_EXPIRY}",
        )
    return Context(by=by, stamp=stamp, index=index, organisation=identity)


def _found(signed: Signed, index: int) -> tuple[str, tuple[str, ...]]:
    if index != 0 or not isinstance(signed.act, Found) or signed.organisation:
        raise Refused(
            "organisation",
            "Entry 0 is the founding act, which names no organisation yet",
            found=f"{signed.kind} as entry {index}",
            wanted="organisation.found as entry 0",
        )
    keys = signed.act.keys()
    if set(signed.signers) != set(keys):
        raise Refused(
            "key",
            "The founding act is signed by exactly the keys that it registers",
            found=f"{len(signed.signers)} signers for {len(keys)} keys",
            wanted="one signature of each key",
        )
    holders = {key: f"member/{each.member}" for each in signed.act.members for key in _ids(each.keys)}
    holders |= {key: f"office/{each.office}" for each in signed.act.officers for key in _ids(each.keys)}
    return signed.id.hex(), tuple(holders[key] for key in signed.signers)


def _ids(keys: Sequence[Any]) -> list[str]:
    return [ed25519.key_id(b64decode(key.key)) for key in keys]


def _holder(register: Register, key_id: str) -> str:
    key = register.get(Key, key_id)
    if key is None or key.revoked:
        raise Refused(
            "key",
            "A signer's key is registered and in force",
            found=f"key {key_id}, " + ("which is not registered" if key is None else "which is revoked"),
            wanted="a key in force",
        )
    return key.holder


def public_keys(register: Register, signed: Signed) -> dict[str, bytes]:
    """The public keys of the signers by key id; those that are not registered are left out."""
    if isinstance(signed.act, Found) and register.get(Organisation, "self") is None:
        return {name: b64decode(key.key) for name, key in signed.act.keys().items()}
    found = {}
    for name in signed.signers:
        row = register.get(Key, name)
        if row is not None:
            found[name] = b64decode(row.key)
    return found


def verify(keys: dict[str, bytes], signed: Signed) -> bool:
    """Whether each signature is valid over the act under its signer's key, by the strict rule."""
    # A loop, because every act passes here and a generator would cost it as much as its tree hash.
    signed_bytes = signed.pae
    for key_id, signature in signed.signatures:
        public = keys.get(key_id)
        if public is None or not ed25519.verify(public, signed_bytes, signature):
            return False
    return True


def step(draft: Register, signed: Signed, stamp: int, last: int, index: int, verified: bool | None = None) -> None:
    """Fold one entry into the draft, or raise `Refused` and leave it as it was.

    `verified` is the verdict on the signatures where it is known already; None has them verified here.
    """
    context = admit(draft, signed, stamp, last, index)
    if not (verify(public_keys(draft, signed), signed) if verified is None else verified):
        raise Refused(
            "signature",
            "Each signature is valid under its signer's key (strict Ed25519)",
            found="a signature that does not verify",
            wanted="the signer's own signature over these bytes",
        )
    act = signed.act
    if index and isinstance(act, Found):
        raise Refused("founding.once", "An organisation is founded once", found=f"entry {index}", wanted="entry 0 only")
    try:
        act.check(draft, context)
    except Refused as refused:
        raise _cited(refused, act) from None
    draft.count(signed.signers[0], signed.counter)
    act.apply(draft, context)


def _cited(refused: Refused, act: Act) -> Refused:
    """The refusal with the provision that the kind rests on, where it cites none itself."""
    refusal = refused.refusal
    if refusal.article:
        return refused
    return Refused(refusal.code, refusal.rule, found=refusal.found, wanted=refusal.wanted, article=act.basis)
