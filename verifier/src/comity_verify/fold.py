# SPDX-License-Identifier: Apache-2.0
"""The fold: entry after entry in order, each checked against the register as it stands after the one before.

The order of the checks is that of `entry.md`; the first that fails makes the entry void and names the code:
size, form (both found by the reader), stamp, organisation, key, counter, expiry, signature, and the kind's own.
"""

from typing import NamedTuple

from comity_verify.canonical import MAX_INTEGER, hex256, unbase64
from comity_verify.entries import Bundle, Item
from comity_verify.kinds import Context, founding_keys, require
from comity_verify.register import Refused, Register
from comity_verify.rules import CHARACTERS
from comity_verify.signature import valid

EDITION = 1
LONGEST_LIFE = 7_776_000_000  # milliseconds: 90 days

_POSITIONS = {ord(character): position for position, character in CHARACTERS.items()}


class VoidEntry(NamedTuple):
    """An entry that was logged although it fails a check: evidence against the host."""

    number: int
    code: str
    why: str


class Fold:
    """The register that follows from the entries taken so far, and what was void among them."""

    def __init__(self) -> None:
        self.register = Register()
        self.size = 0  # entries taken, void ones included
        self.void: list[VoidEntry] = []
        self.halted: int | None = None  # the first entry not taken: no organisation, or a later edition
        self._last = 0

    @property
    def founded(self) -> bool:
        """Whether entry 0 was in order."""
        return bool(self.register.organisation)

    @property
    def acts(self) -> int:
        """The number of entries that are not void."""
        return (self.size if self.halted is None else self.halted) - len(self.void)

    def public_log_key(self) -> bytes:
        """The key that must sign the checkpoints."""
        return unbase64(self.register.organisation["log_key"])

    def take(self, bundle: Bundle) -> None:
        """Takes the entries of the next bundle."""
        register, items = self.register, iter(bundle.items)
        counters, running, holders = register.counters, register.running, register.members_by_key
        signers, votes = bundle.signer_names, bundle.vote_names
        for stamp, signer, counter, expires, vote, position in zip(
            bundle.stamps, bundle.signers, bundle.counters, bundle.expiries, bundle.votes, bundle.positions, strict=True
        ):
            if not position:
                self._take(next(items))
                continue
            # A vote cast whose signature verifies. Every other requirement is asked here in one breath; where one
            # does not hold the general way names the first.
            key_id = signers[signer]
            open_vote = running.get(votes[vote])
            seat = None if open_vote is None else open_vote.seats.get(holders.get(key_id, ""))
            if (
                open_vote is not None
                and seat is not None
                and self._last <= stamp <= open_vote.deadline
                and stamp <= expires <= stamp + LONGEST_LIFE
                and counter > counters.get(key_id, 0)
                and position in open_vote.admitted
                and self.halted is None
                and stamp <= MAX_INTEGER
            ):
                counters[key_id] = counter
                open_vote.positions[seat] = position
                self._last = stamp
                self.size += 1
            else:
                act = {"vote": votes[vote], "position": _POSITIONS[position]}
                payload = {"act": act, "counter": counter, "expires": expires, "signers": [key_id]}
                payload["organisation"] = register.organisation["id"]
                self._take(Item(stamp, "vote.cast", payload))

    def _take(self, item: Item) -> None:
        """Takes one entry, the general way."""
        index = self.size
        self.size += 1
        if self.halted is not None:
            return
        if index and (not self.founded or self.register.organisation["edition"] != EDITION):
            self.halted = index
            return
        try:
            holder = self._check(index, item)
            effects = require(item.kind, self.register, item.payload["act"], Context(index, item.stamp, holder))
        except Refused as refusal:
            self.void.append(VoidEntry(index, refusal.code, refusal.why))
            return
        for _ in effects:
            pass
        if index == 0:
            self.register.organisation["id"] = item.act_id
        self.register.counters[item.payload["signers"][0]] = item.payload["counter"]
        self._last = item.stamp

    def _check(self, index: int, item: Item) -> str:
        """The checks that all kinds have in common; returns the first holder."""
        if not item.kind:
            raise Refused(item.code, item.why)
        payload, stamp, register = item.payload, item.stamp, self.register
        if not self._last <= stamp <= MAX_INTEGER:
            raise Refused("stamp", f"the stamp {stamp} is less than {self._last}, the one before, or over 2^53-1")
        self._check_organisation(index, item)
        public, holder = self._check_keys(index, item)
        signers, counter, expires = payload["signers"], payload["counter"], payload["expires"]
        last = register.counters.get(signers[0], 0)
        if counter <= last:
            raise Refused("counter", f"the counter is {counter}, but key {signers[0]} has used {last} already")
        if not stamp <= expires <= stamp + LONGEST_LIFE:
            raise Refused("expiry", f"it expires at {expires}: not from the stamp {stamp} to 90 days after it")
        forged = item.forged
        for key_id, signature in item.unverified:
            if not forged and not valid(public[key_id], signature, item.signed):
                forged = key_id
        if forged:
            why = f"the signature by the key {forged} does not verify: its holder did not sign these bytes"
            raise Refused("signature", why)
        return holder

    def _check_organisation(self, index: int, item: Item) -> None:
        named = item.payload.get("organisation")
        if index == 0:
            if item.kind != "organisation.found" or named is not None:
                raise Refused("organisation", "entry 0 is not a founding act that names no organisation")
        elif named != self.register.organisation["id"]:
            raise Refused("organisation", f"the act is addressed to the organisation {named or '(none)'}")

    def _check_keys(self, index: int, item: Item) -> tuple[dict[str, bytes], str]:
        """The public keys of the signers, and the first one's holder."""
        signers = item.payload["signers"]
        if index == 0:
            offered = founding_keys(item.payload["act"])
            public = {hex256(key): key for key in [unbase64(key["key"]) for _, key in offered]}
            if set(public) != set(signers):
                raise Refused("key", "the signers are not exactly the keys that the founding act registers")
            return public, ""
        public = {}
        for key_id in signers:
            key = self.register.keys.get(key_id)
            if key is None:
                raise Refused("key", f"the key {key_id} is not registered")
            if "revoked" in key:
                raise Refused("key", f"the key {key_id} was revoked by entry {key['revoked']}")
            public[key_id] = unbase64(key["key"])
        holder: str = self.register.keys[signers[0]]["holder"]
        return public, holder
