# SPDX-License-Identifier: Apache-2.0
"""The fold: entry after entry in order, each checked against the register as it stands after the one before.

The order of the checks is that of `entry.md`; the first that fails makes the entry void and names the code:
size, form (both found by the reader), stamp, organisation, key, counter, expiry, signature, and the kind's own.
"""

from comity_verify.canonical import MAX_INTEGER, hex256, unbase64, valid
from comity_verify.entries import Bundle, Item
from comity_verify.kinds import Chamber, Context, founding_keys
from comity_verify.note import ED25519, NoteKey
from comity_verify.register import Json, Refused, must

EDITION = 1
LONGEST_LIFE = 7_776_000_000  # milliseconds: 90 days


class Fold:
    """The register that follows from the entries taken so far, and what was void among them."""

    def __init__(self) -> None:
        self.register = Chamber()
        self.size = 0  # entries taken, void ones included
        self.void: list[Json] = []  # index, code, why: logged although they fail a check, so evidence against the host
        self.halted: int | None = None  # the first entry not taken: no organisation, or a later edition
        self._last = 1  # the least stamp
        self._known = True  # the edition

    @property
    def founded(self) -> bool:
        """Whether entry 0 was in order."""
        return bool(self.register.organisation)

    @property
    def acts(self) -> int:
        """The number of entries that are not void."""
        return (self.size if self.halted is None else self.halted) - len(self.void)

    def log_key(self) -> NoteKey:
        """The key that must sign the checkpoints."""
        about = self.register.organisation
        return NoteKey(about["origin"], ED25519, unbase64(about["log_key"]))

    def take(self, bundle: Bundle) -> None:
        """Takes the entries of the next bundle."""
        register = self.register
        counters, running, holders = register.counters, register.running, register.members_by_key
        for entry in bundle.entries:
            if len(entry) != 6:
                self._take(entry)
                continue
            # Every other requirement of a vote cast in one breath; where one fails, the general way names the first.
            stamp, key_id, counter, expires, name, position = entry
            vote = running.get(name)
            seat = None if vote is None else vote.seats.get(holders.get(key_id, ""))
            timely = vote is not None and self._last <= stamp <= vote.deadline and stamp <= MAX_INTEGER
            fresh = stamp <= expires <= stamp + LONGEST_LIFE and counter > counters.get(key_id, 0)
            if vote is not None and seat is not None and timely and fresh and position in vote.admitted and self._known:
                counters[key_id] = counter
                vote.positions[seat] = vote.admitted[position]
                self._last = stamp
                self.size += 1
            else:
                about = {"counter": counter, "expires": expires, "organisation": register.organisation["id"]}
                act = {"vote": name, "position": position}
                self._take(Item(stamp, "vote.cast", {"act": act, "signers": [key_id], **about}))

    def _take(self, item: Item) -> None:
        """Takes one entry, the general way."""
        number, register = self.size, self.register
        self.size += 1
        if number and not (self.founded and self._known) and self.halted is None:
            self.halted = number
        if self.halted is not None:
            return
        try:
            at = Context(item.kind, number, item.stamp, self._check(number, item))
            effects = register.require(item.payload["act"], at)
        except Refused as refusal:
            self.void.append({"index": number, "code": refusal.args[0], "why": refusal.args[1]})
            return
        list(effects)
        if number == 0:
            register.organisation["id"] = item.act_id
        register.counters[item.payload["signers"][0]] = item.payload["counter"]
        self._last = item.stamp
        self._known = register.organisation["edition"] == EDITION

    def _check(self, number: int, item: Item) -> str:
        """The checks that all kinds have in common; returns the first holder."""
        must(item.kind, item.code, item.why)
        payload, stamp, last = item.payload, item.stamp, self._last
        must(
            last <= stamp <= MAX_INTEGER,
            "stamp",
            f"the stamp {stamp} is less than {last} (the last one, or 1), or over 2^53-1",
        )
        named = payload.get("organisation")
        if number:
            right = named == self.register.organisation["id"]
            must(right, "organisation", f"the act is addressed to the organisation {named or '(none)'}")
        else:
            right = item.kind == "organisation.found" and named is None
            must(right, "organisation", "entry 0 is not a founding act that names no organisation")
        public, holder = self._signers(number, payload)
        owner, counter, expires = payload["signers"][0], payload["counter"], payload["expires"]
        used = self.register.counters.get(owner, 0)
        must(counter > used, "counter", f"the counter is {counter}, but the key {owner} has used {used} already")
        lives = stamp <= expires <= stamp + LONGEST_LIFE
        must(lives, "expiry", f"it expires at {expires}: not from the stamp {stamp} to 90 days after it")
        late = [key_id for key_id, signature in item.unverified if not valid(public[key_id], signature, item.signed)]
        for key_id in [item.forged, *late]:
            must(not key_id, "signature", f"the signature by the key {key_id} does not verify: its holder did not sign")
        return holder

    def _signers(self, number: int, payload: Json) -> tuple[dict[str, bytes], str]:
        """The signers' public keys, and the first one's holder."""
        keys = self.register.keys
        if number == 0:
            founders = [unbase64(key["key"]) for _, key in founding_keys(payload["act"])]
            public = {hex256(key): key for key in founders}
            why = "the signers are not exactly the keys that the founding act registers"
            must(set(public) == set(payload["signers"]), "key", why)
            return public, ""
        for key_id in payload["signers"]:
            must(key_id in keys, "key", f"the key {key_id} is not registered")
            revoked = keys[key_id].get("revoked")
            must(revoked is None, "key", f"the key {key_id} was revoked by entry {revoked}")
        public = {key_id: unbase64(keys[key_id]["key"]) for key_id in payload["signers"]}
        return public, keys[payload["signers"][0]]["holder"]
