# SPDX-License-Identifier: Apache-2.0
"""A log writer for tests: it writes records, in order or not, from the specification's pages alone.

It knows nothing of the verifier's code and checks nothing: what a test asks for is logged.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

DAY = 86_400_000
START = 1_780_000_000_000

Json = dict[str, Any]


def b64(data: bytes) -> str:
    """Padded standard base64."""
    return base64.b64encode(data).decode()


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Key:
    """A key made from a name, so that a record is the same every time."""

    def __init__(self, name: str) -> None:
        self.secret = SigningKey(hashlib.sha256(b"test key " + name.encode()).digest())
        self.public = bytes(self.secret.verify_key)
        self.id = hashlib.sha256(self.public).hexdigest()
        self.counter = 0

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self.secret.sign(message).signature

    def plain(self) -> Json:
        """As the founding act registers it."""
        return {"alg": "ed25519", "key": b64(self.public)}

    def proven(self, organisation: str, holder: str) -> Json:
        """As any later act registers it: with the proof of possession."""
        message = f"comity key proof v1\n{organisation}\n{holder}\n{self.id}\n".encode()
        return {**self.plain(), "proof": b64(self.sign(message))}


def encoding(kind: str, payload: bytes) -> bytes:
    """The pre-authentication encoding."""
    media = f"application/vnd.comity.{kind}.v1+json"
    return f"DSSEv1 {len(media)} {media} {len(payload)} ".encode() + payload


def envelope(kind: str, payload: bytes, signatures: list[tuple[str, bytes]]) -> bytes:
    """The envelope around a payload, with the signatures in the order given."""
    lines = ",".join([f'{{"keyid":"{key_id}","sig":"{b64(signature)}"}}' for key_id, signature in signatures])
    media = f"application/vnd.comity.{kind}.v1+json"
    return f'{{"payload":"{b64(payload)}","payloadType":"{media}","signatures":[{lines}]}}'.encode()


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962."""
    return hashlib.sha256(b"\x00" + entry).digest()


def tree_hash(hashes: list[bytes]) -> bytes:
    """RFC 6962, by its own recursive definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return hashlib.sha256(b"\x01" + tree_hash(hashes[:half]) + tree_hash(hashes[half:])).digest()


class Log:
    """Entries, and the files that publish them."""

    def __init__(self, origin: str = "example.org/test-log") -> None:
        self.origin = origin
        self.key = Key("log")
        self.entries: list[bytes] = []
        self.organisation = ""
        self.now = START

    def act(self, kind: str, act: Json, *signers: Key, **other: Any) -> int:
        """Logs an act in order; `other` replaces payload fields, `stamp`, `forge` (a function of the signature)."""
        stamp = other.pop("stamp", None)
        if stamp is None:
            self.now += 1
            stamp = self.now
        forge = other.pop("forge", lambda signature: signature)
        owner = signers[0]
        owner.counter += 1
        payload: Json = {
            "act": act,
            "counter": owner.counter,
            "expires": stamp + DAY,
            "organisation": self.organisation,
            "signers": [key.id for key in signers],
        } | other
        payload = {name: value for name, value in payload.items() if value != ""}
        data = canonical(payload)
        signed = encoding(kind, data)
        signatures = sorted((key.id, forge(key.sign(signed))) for key in signers)
        if not self.entries:
            self.organisation = hashlib.sha256(signed).hexdigest()
        return self.raw(stamp.to_bytes(8, "big") + envelope(kind, data, signatures))

    def raw(self, entry: bytes) -> int:
        """Logs any bytes; returns the index."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def root(self) -> bytes:
        """The root of all entries."""
        return tree_hash([leaf_hash(entry) for entry in self.entries])

    def checkpoint(self, root: bytes | None = None, signer: Key | None = None) -> bytes:
        """The signed note."""
        text = f"{self.origin}\n{len(self.entries)}\n{b64(root or self.root())}\n"
        key = signer or self.key
        tag = hashlib.sha256(self.origin.encode() + b"\n\x01" + key.public).digest()[:4]
        return f"{text}\n— {self.origin} {b64(tag + key.sign(text.encode()))}\n".encode()

    def write(self, folder: Path) -> Path:
        """Publishes the log in a folder."""
        write_tiles(folder, self.entries)
        (folder / "checkpoint").write_bytes(self.checkpoint())
        return folder


def index_path(number: int) -> str:
    """The index of a tile in groups of three digits."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def write_tiles(folder: Path, entries: list[bytes]) -> None:
    """Writes entry bundles and hash tiles of every level."""
    for number, at in enumerate(range(0, len(entries), 256)):
        part = entries[at : at + 256]
        data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        _write_tile(folder / "tile/entries", number, len(part), data)
    level, hashes = 0, [leaf_hash(entry) for entry in entries]
    while hashes:
        above = []
        for number, at in enumerate(range(0, len(hashes), 256)):
            part = hashes[at : at + 256]
            _write_tile(folder / f"tile/{level}", number, len(part), b"".join(part))
            if len(part) == 256:
                above.append(tree_hash(part))
        level, hashes = level + 1, above


def _write_tile(folder: Path, number: int, width: int, data: bytes) -> None:
    path = folder / (index_path(number) + ("" if width == 256 else f".p/{width}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# Parts of charters


def article(provision: Json, title: str = "An article", layer: str = "procedure") -> Json:
    """An article with a provision."""
    return {"title": title, "layer": layer, "provision": provision}


def count(*positions: str, **of: str) -> Json:
    """A count of positions."""
    return {"is": "count", "of": list(positions), **of}


def share(of: Json, numerator: int, denominator: int) -> Json:
    """A part of a quantity."""
    return {"is": "share", "of": of, "numerator": numerator, "denominator": denominator}


def compare(left: Json, relation: str, right: Json) -> Json:
    """A comparison."""
    return {"is": "compare", "left": left, "relation": relation, "right": right}


SEATS: Json = {"is": "seats"}
ONE: Json = {"is": "number", "value": 1}

SIMPLE: Json = {
    "is": "rule",
    "positions": ["yes", "no", "abstain", "present"],
    "early": True,
    "clauses": [
        {
            "when": compare(count("yes", "no", "abstain", "present"), "<=", share(SEATS, 1, 2)),
            "outcome": "undecided",
            "reason": "quorum",
        },
        {"when": compare(count("yes"), ">", count("no")), "outcome": "adopted", "reason": "majority"},
        {
            "when": {
                "is": "all",
                "of": [compare(count("yes"), "=", count("no")), compare({"is": "round"}, "=", ONE)],
            },
            "outcome": "undecided",
            "reason": "tie",
        },
        {"outcome": "rejected", "reason": "no-majority"},
    ],
}
_OBJECTION = [
    {"when": compare(count("object"), ">=", ONE), "outcome": "rejected", "reason": "objection"},
    {"outcome": "adopted"},
]
SILENCE: Json = {"is": "rule", "positions": ["object"], "least": 3 * DAY, "clauses": _OBJECTION}
CONSENSUS: Json = {"is": "rule", "positions": ["object"], "early": True, "clauses": _OBJECTION}
PLAIN: Json = {
    "is": "rule",
    "positions": ["yes", "no", "abstain"],
    "early": True,
    "clauses": [{"when": compare(count("yes"), ">", count("no")), "outcome": "adopted"}],
}


def articles() -> Json:
    """A small charter: an assembly without meetings, and a council that meets."""
    every = ["charter.add", "charter.replace", "charter.repeal", "edition.raise", "member.admit", "member.status"]
    return {
        "agreement": {
            **article({"is": "text"}, "Constituent agreement", "constitution"),
            "text": {"digest": "ab" * 32, "media": "text/html", "size": 1234},
        },
        "full-members": article({"is": "electorate", "statuses": ["full"]}),
        "the-board": article({"is": "electorate", "statuses": ["full"], "groups": ["board"]}),
        "president": article({"is": "office"}),
        "secretary": article({"is": "office"}),
        "majority": article(PLAIN),
        "simple": article(SIMPLE),
        "silence": article(SILENCE),
        "consensus": article(CONSENSUS),
        "assembly": article(
            {
                "is": "organ",
                "electorate": "full-members",
                "chair": "president",
                "rules": ["majority", "simple", "silence", "consensus"],
            }
        ),
        "council": article(
            {
                "is": "organ",
                "electorate": "full-members",
                "chair": "president",
                "rules": ["simple"],
                "opens": compare(count("present"), ">=", share(SEATS, 1, 3)),
            }
        ),
        "board": article({"is": "organ", "electorate": "the-board", "chair": "secretary", "rules": ["majority"]}),
        "admission": article({"is": "competence", "kinds": every, "organ": "assembly", "rule": "majority"}),
        "key-matters": article(
            {"is": "competence", "kinds": ["key.add", "key.revoke"], "organ": "assembly", "rule": "consensus"}
        ),
        "registry": article(
            {
                "is": "power",
                "kinds": ["member.admit", "key.add", "key.revoke", "proposal.table"],
                "holders": ["office/secretary", "electorate/the-board"],
            }
        ),
        "suspension": article({"is": "power", "kinds": ["member.status"], "holders": ["office/president"]}),
    }


class World(Log):
    """A founded organisation: five members, a president, a secretary, and short ways to what they do."""

    def __init__(self, members: int = 5, mark: str = "", charter: Json | None = None, **founding: Any) -> None:
        super().__init__()
        self.members = {f"M{number}": Key(f"member {number}") for number in range(members)}
        self.president, self.secretary = Key("president"), Key("secretary")
        about: Json = {
            "name": "The Test Organisation",
            "origin": self.origin,
            "log_key": b64(self.key.public),
            "edition": 1,
            "articles": articles() if charter is None else charter,
            "members": [
                {
                    "member": member,
                    "name": f"Member {member} — état",
                    "status": "full",
                    "keys": [key.plain()],
                    **({"groups": ["board", "west"]} if member == "M0" else {}),
                    **({"weights": {"share": int(member[1:])}} if member in ("M1", "M2", "M10") else {}),
                }
                for member, key in self.members.items()
            ],
            "officers": [
                {"office": "president", "keys": [self.president.plain()]},
                {"office": "secretary", "keys": [self.secretary.plain()]},
            ],
        } | founding
        if mark:
            about["mark"] = mark
        self.founding = about
        self.founders = [*self.members.values(), self.president, self.secretary]

    def found(self, **other: Any) -> "World":
        """Logs the founding act."""
        self.act("organisation.found", self.founding, *self.founders, **other)
        return self

    def admit(self, member: str, **fields: Any) -> Json:
        """The fields of an admission, with a new key that proves itself."""
        self.members[member] = key = Key(f"member {member}")
        keys = [key.proven(self.organisation, f"member/{member}")]
        return {"member": member, "name": f"Member {member}", "status": "full", "keys": keys, **fields}

    def table(self, proposal: str, by: Key | None = None, organ: str = "assembly", **fields: Any) -> int:
        """Tables a proposal."""
        act = {"proposal": proposal, "organ": organ, "title": f"On {proposal}", **fields}
        return self.act("proposal.table", act, by or self.members["M0"])

    def open(self, proposal: str, lasts: int = DAY, **fields: Any) -> int:
        """Opens the vote on it."""
        act = {"proposal": proposal, "deadline": self.now + 1 + lasts, **fields}
        return self.act("vote.open", act, self.president)

    def cast(self, vote: str, positions: str) -> None:
        """Members in order cast `y n a o p`; `-` casts nothing."""
        names = {"y": "yes", "n": "no", "a": "abstain", "o": "object", "p": "present"}
        for key, position in zip(self.members.values(), positions, strict=False):
            if position != "-":
                self.act("vote.cast", {"vote": vote, "position": names[position]}, key)

    def close(self, vote: str) -> int:
        """The president closes it."""
        return self.act("vote.close", {"vote": vote}, self.president)

    def declare(self, vote: str, outcome: str, counts: Json, reason: str = "", **other: Any) -> int:
        """The president declares the result."""
        act = {"vote": vote, "outcome": outcome, "counts": counts} | ({"reason": reason} if reason else {})
        return self.act("vote.declare", act, self.president, **other)

    def decide(self, proposal: str, positions: str = "yyyn-", rule: str = "majority", **fields: Any) -> int:
        """A whole decision by the plain majority of yes over no."""
        self.table(proposal, rule=rule, **fields)
        self.open(proposal)
        vote = f"{proposal}/1"
        self.cast(vote, positions)
        self.close(vote)
        counts = {name: positions.count(name[0]) for name in ("yes", "no", "abstain")}
        return self.declare(vote, "adopted" if counts["yes"] > counts["no"] else "rejected", counts)
