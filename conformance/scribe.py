# SPDX-License-Identifier: Apache-2.0
"""A scribe writes a record by hand: acts as plain JSON, keys from names, entries that are in order and others.

What is in order is folded as any node would; what is void is logged all the same, as only a faulty host would do it.
Everything is a function of the seed: the same script gives the same bytes.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from comity import domains
from comity.charter import fold
from comity.charter.act import malformed
from comity.charter.authority import proof_text
from comity.charter.refusal import Refused
from comity.charter.register import Draft, Register
from comity.record import checkpoint, envelope, merkle, note, tiles
from comity.record.ed25519 import SigningKey
from comity.record.errors import FormError

START = 1_800_000_000_000
"""The stamp of entry 0 unless told otherwise (January 2027)."""

Json = dict[str, Any]

assert domains.DOMAINS, "importing the domains completes the registry of kinds"


def canonical(value: object) -> bytes:
    """Canonical JSON of acts, whose keys are ASCII; zero values are the writer's affair."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def dsse(kind: str, payload: bytes, signatures: Sequence[Json]) -> bytes:
    """An envelope as it is written, unchecked."""
    whole = {
        "payload": b64encode(payload).decode(),
        "payloadType": f"application/vnd.comity.{kind}.v1+json",
        "signatures": list(signatures),
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def judge(register: Register, entry: bytes, last: int, index: int) -> tuple[int, Refused | None]:
    """Fold one entry of a record into the register: its stamp, and why it is void (then nothing changed)."""
    fold.require_known_edition(register)
    stamp = last
    try:
        try:
            stamp, raw = envelope.split_leaf(entry)
        except FormError as error:
            raise malformed(str(error), "a stamp and an envelope") from error
        draft = Draft(register)
        fold.step(draft, fold.open_act(raw), stamp, last, index)
    except Refused as refused:
        return last, refused
    draft.merge()
    return stamp, None


class Scribe:
    """An organisation in memory with its entries; `now` is the stamp that the next entry gets."""

    def __init__(
        self,
        seed: str,
        articles: Mapping[str, Json],
        members: Mapping[str, Json] | Sequence[str],
        officers: Sequence[str] = ("chair", "secretariat"),
        found: bool = True,
        **fields: Any,
    ) -> None:
        self.seed = seed
        self.now = START
        self.last = 0
        self.register = Register()
        self.entries: list[bytes] = []
        self.void: list[Json] = []
        self.digests: list[str] = []
        self.counters: dict[str, int] = {}
        self.organisation = ""
        given = members if isinstance(members, Mapping) else {name: {} for name in members}
        self.founding: Json = {
            "name": f"Organisation {seed}",
            "origin": f"{seed}.example/1",
            "log_key": self.public("log"),
            "edition": 1,
            "articles": dict(articles),
            **({"members": [self.founder(name, more) for name, more in given.items()]} if given else {}),
            **({"officers": [{"office": name, "keys": [self.plain(name)]} for name in officers]} if officers else {}),
            **fields,
        }
        self.founders = [*given, *officers]
        if found:
            raw = self.seal("organisation.found", self.founding, *self.founders)
            self.organisation = fold.open_act(raw).id.hex()
            self.log(raw)

    # Keys. A key is named after its holder's Id; further ones as `A#2`.

    def key(self, name: str) -> SigningKey:
        """The key of this name: always the same for the same seed."""
        return SigningKey(sha256(f"{self.seed}/{name}".encode()).digest())

    def public(self, name: str) -> str:
        """The public key of this name in base64."""
        return b64encode(self.key(name).public).decode()

    def plain(self, name: str) -> Json:
        """A plain key."""
        return {"alg": "ed25519", "key": self.public(name)}

    def new(self, holder: str, name: str, signed_for: str = "") -> Json:
        """A new key for the holder with its proof (`signed_for` another holder makes the proof a wrong one)."""
        key = self.key(name)
        proof = key.sign(proof_text(self.organisation, signed_for or holder, key.keyid))
        return {**self.plain(name), "proof": b64encode(proof).decode()}

    def founder(self, name: str, more: Json) -> Json:
        """A founding member."""
        return {
            "member": name,
            "name": f"State of {name}",
            "status": "member",
            "keys": [self.plain(name)],
            **more,
        }

    # Acts.

    def payload(self, act: Json, *signers: str, **fields: Any) -> bytes:
        """The payload of an act with the next counter of its first signer; `fields` replace or add."""
        first = self.key(signers[0]).keyid
        counter = fields.get("counter", self.counters.get(first, 0) + 1)
        whole = {
            "act": act,
            "counter": counter,
            "expires": self.now + 3_600_000,
            "signers": [self.key(name).keyid for name in signers],
            **({"organisation": self.organisation} if self.organisation else {}),
            **fields,
        }
        return canonical({name: value for name, value in whole.items() if value is not None})

    def raw(self, kind: str, payload: bytes, *signers: str) -> bytes:
        """The envelope of any bytes, whatever their size and form, with good signatures in the right order."""
        signed = envelope.pae(f"application/vnd.comity.{kind}.v1+json", payload)
        keys = sorted((self.key(name) for name in signers), key=lambda key: key.keyid)
        lines = [{"keyid": key.keyid, "sig": b64encode(key.sign(signed)).decode()} for key in keys]
        return dsse(kind, payload, lines)

    def seal(self, kind: str, act: Json, *signers: str, **fields: Any) -> bytes:
        """The envelope of an act signed by the named keys."""
        return envelope.seal(kind, self.payload(act, *signers, **fields), [self.key(name) for name in signers])

    def try_out(self, raw: bytes, stamp: int | None = None) -> Refused | None:
        """What a node would answer to an envelope now; nothing is logged."""
        over = Draft(self.register)
        entry = envelope.leaf(self.now if stamp is None else stamp, raw)
        return judge(over, entry, self.last, len(self.entries))[1]

    def log(self, raw: bytes, stamp: int | None = None) -> str:
        """Log an envelope whatever it is; the code of its refusal, or ''."""
        return self.log_entry(envelope.leaf(self.now if stamp is None else stamp, raw))

    def log_entry(self, entry: bytes) -> str:
        """Log an entry whatever it is; the code of its refusal, or ''."""
        index = len(self.entries)
        self.last, refused = judge(self.register, entry, self.last, index)
        self.entries.append(entry)
        self.digests.append(self.register.digest())
        if refused is not None:
            self.void.append({"index": index, "code": refused.code})
            return refused.code
        payload = json.loads(fold.envelope.open_envelope(entry[8:]).payload)
        first = payload["signers"][0]
        self.counters[first] = payload["counter"]
        return ""

    def do(self, kind: str, act: Json, *signers: str, **fields: Any) -> None:
        """Log an act that is in order."""
        raw = self.seal(kind, act, *signers, **fields)
        if refused := self.try_out(raw):
            raise AssertionError(f"{kind} {act} by {signers}: {refused}")
        self.log(raw)

    def wrong(self, code: str, kind: str, act: Json, *signers: str, **fields: Any) -> None:
        """Log an act that is void for this reason."""
        found = self.log(self.seal(kind, act, *signers, **fields))
        if found != code:
            raise AssertionError(f"{kind} {act} by {signers}: void with {found!r}, not {code!r}")

    def later(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds

    # What is done often.

    def table(self, proposal: str, organ: str = "assembly", by: str = "secretariat", **fields: Any) -> None:
        """Table a proposal."""
        act = {"proposal": proposal, "organ": organ, "title": f"On {proposal}", **fields}
        self.do("proposal.table", act, by)

    def open(self, proposal: str, lasts: int = 60_000, by: str = "chair", **fields: Any) -> None:
        """Open the vote on it."""
        self.do("vote.open", {"proposal": proposal, "deadline": self.now + lasts, **fields}, by)

    def cast(self, vote: str, **positions: str) -> None:
        """Each position is that of the members named in one string: `yes="A B"`."""
        for position, members in positions.items():
            for member in members.split():
                self.do("vote.cast", {"vote": vote, "position": position}, member)

    def close(self, vote: str, by: str = "chair") -> None:
        """Close it early."""
        self.do("vote.close", {"vote": vote}, by)

    def declare(self, vote: str, outcome: str, reason: str, by: str = "chair", **counts: int) -> None:
        """Declare the result."""
        told = {"vote": vote, "outcome": outcome, "counts": counts, **({"reason": reason} if reason else {})}
        self.do("vote.declare", told, by)

    def decide(
        self,
        proposal: str,
        outcome: str,
        reason: str,
        *,
        organ: str = "assembly",
        rule: str = "",
        enacts: Json | None = None,
        **positions: str,
    ) -> None:
        """Table, vote, close and declare in one go, by a rule of yes, no and abstain."""
        more: Json = {**({"rule": rule} if rule else {}), **({"enacts": enacts} if enacts else {})}
        self.table(proposal, organ, **more)
        self.open(proposal)
        self.cast(f"{proposal}/1", **positions)
        self.close(f"{proposal}/1")
        counts = {name: len(positions.get(name, "").split()) for name in ("yes", "no", "abstain")}
        self.declare(f"{proposal}/1", outcome, reason, **counts)

    # The record.

    def root(self) -> bytes:
        """The root of the log."""
        return self._tree().root()

    def _tree(self) -> merkle.Tree:
        tree = merkle.Tree()
        for entry in self.entries:
            tree.append(merkle.leaf_hash(entry))
        return tree

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        origin = self.founding["origin"]
        head = checkpoint.Checkpoint(origin, len(self.entries), self.root())
        return checkpoint.sign(head, note.NoteSigner(origin, self.key("log")))

    def files(self) -> dict[str, bytes]:
        """The record as static files by path: checkpoint, tiles and entry bundles, full and partial."""
        tree, size = self._tree(), len(self.entries)
        found = {"checkpoint": self.checkpoint()}
        for ref in tiles.tiles_for(0, size) + tiles.partial_refs(size):
            found[ref.path] = tiles.tile_content(tree, ref)
            if ref.level == 0:
                bundle = self.entries[ref.index * tiles.TILE :][: ref.width]
                found[ref.bundle.path] = tiles.encode_bundle(bundle)
        return found

    def write(self, folder: Path) -> None:
        """Write the record below the folder."""
        for path, content in self.files().items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
