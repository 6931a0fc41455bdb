# SPDX-License-Identifier: Apache-2.0
"""A small organisation for tests: members, an office, an organ, keys for all of them, and acts that they sign.

    world = World(members=3)
    node = Node.found(folder, world.founding, world.log_key, high_water=notes)
    node.submit(world.seal(TableProposal(proposal="P1", organ="plenary", title="On tea"), "member/M000")).result()

- Holders are `office/secretariat` and `member/M000`, `member/M001`, ...; `world.keys[holder]` is the key of each.
- The founding act names the secretariat and up to 15 members (16 signatures are the most). Further members come by
  `world.admissions`: envelopes of the secretariat, to be logged in their order right after the founding.
- `seal` counts for each key by itself; an act that was refused leaves a gap, which is lawful.
- `World(seed=...)` gives the same keys, and with `expires=` the same bytes, every time. Without a seed the keys are
  new, so that no two worlds share a log (or a high-water note).
- `default_charter()`: electorate `members`, office `secretariat`, organ `plenary` chaired by the secretariat with the
  rules `simple` (majority of yes and no; may be closed early) and `silence` (72 hours), the secretariat's power to
  admit members and to table, the plenary's competence for everything that an organ may enact.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

import comity.domains  # noqa: F401  (completes the registries)
from comity.charter import fold
from comity.charter.act import Act, Payload
from comity.charter.acts import Found, Founder, Officer
from comity.charter.article import ENACTABLE, Article, Competence, Electorate, Office, Organ, Power
from comity.charter.authority import NewKey, PlainKey, proof_text
from comity.charter.register import encode
from comity.charter.rule import Clause, Compare, CountOf, Number, Rule
from comity.members.acts import AdmitMember
from comity.record import ed25519, envelope

SECRETARIAT = "office/secretariat"
FOUNDERS = 15
MONTH = 30 * 24 * 3600 * 1000
SILENCE = 72 * 3600 * 1000

SIMPLE = Rule(
    positions=("yes", "no", "abstain"),
    early=True,
    clauses=(
        Clause(
            outcome="adopted",
            reason="majority",
            when=Compare(left=CountOf(of=("yes",)), relation=">", right=CountOf(of=("no",))),
        ),
        Clause(outcome="rejected", reason="no-majority"),
    ),
)

QUIET = Rule(
    positions=("object",),
    least=SILENCE,
    clauses=(
        Clause(
            outcome="rejected",
            reason="objection",
            when=Compare(left=CountOf(of=("object",)), relation=">=", right=Number(value=1)),
        ),
        Clause(outcome="adopted", reason="silence"),
    ),
)


def default_charter() -> dict[str, Article]:
    """The articles that a world is founded with unless it is given others."""
    secretariat = Power(kinds=("member.admit", "member.status", "proposal.table"), holders=(SECRETARIAT,))
    return {
        "members": Article(title="Members", layer="constitution", provision=Electorate(statuses=("member",))),
        "secretariat": Article(title="The Secretariat", layer="constitution", provision=Office()),
        "plenary": Article(
            title="The Plenary",
            layer="constitution",
            provision=Organ(electorate="members", chair="secretariat", rules=("simple", "silence")),
        ),
        "simple": Article(title="Simple majority", layer="procedure", provision=SIMPLE),
        "silence": Article(title="Silence procedure", layer="procedure", provision=QUIET),
        "powers": Article(title="Powers of the Secretariat", layer="constitution", provision=secretariat),
        "competence": Article(
            title="Competence of the Plenary",
            layer="constitution",
            provision=Competence(kinds=tuple(sorted(ENACTABLE)), organ="plenary", rule="simple"),
        ),
    }


class World:
    """An organisation that is about to be founded: its founding act, its keys, and a pen for each of its holders."""

    def __init__(
        self,
        members: int = 5,
        charter: Mapping[str, Article] | None = None,
        mark: Literal["", "replay", "simulation"] = "",
        *,
        seed: str | None = None,
        origin: str = "world.example/1",
        expires: int | None = None,
    ) -> None:
        self.seed = seed
        self.expires = expires
        self.log_key = self.key("log")
        self.holders = [SECRETARIAT, *[f"member/M{number:03d}" for number in range(members)]]
        self.keys = {holder: self.key(holder) for holder in self.holders}
        self.counters: dict[str, int] = {}
        self.organisation = ""
        founders, later = self.holders[1 : 1 + FOUNDERS], self.holders[1 + FOUNDERS :]
        found = Found(
            name="The World",
            origin=origin,
            log_key=b64encode(self.log_key.public).decode(),
            edition=1,
            articles=dict(charter or default_charter()),
            mark=mark,
            members=tuple(
                Founder(member=one[7:], name=f"Member {one[7:]}", status="member", keys=(self.plain(one),))
                for one in founders
            ),
            officers=(Officer(office="secretariat", keys=(self.plain(SECRETARIAT),)),),
        )
        self.founding = self.seal(found, SECRETARIAT, *founders)
        """The founding act, signed by everyone whom it names."""
        self.organisation = fold.open_act(self.founding).id.hex()
        self.admissions = [self.admit(holder) for holder in later]
        """Acts of the secretariat that admit the members beyond the fifteenth."""

    def key(self, name: str) -> ed25519.SigningKey:
        """A key of the world: new, or with a seed always the same for the same name."""
        if self.seed is None:
            return ed25519.generate()
        return ed25519.SigningKey(sha256(f"{self.seed}/{name}".encode()).digest())

    def plain(self, holder: str) -> PlainKey:
        """The public key of a founder or officer as the founding act names it."""
        return PlainKey(alg="ed25519", key=b64encode(self.keys[holder].public).decode())

    def new_key(self, holder: str, key: ed25519.SigningKey) -> NewKey:
        """A key for the holder with its proof of possession."""
        proof = key.sign(proof_text(self.organisation, holder, key.keyid))
        return NewKey(alg="ed25519", key=b64encode(key.public).decode(), proof=b64encode(proof).decode())

    def admit(self, holder: str) -> bytes:
        """The secretariat's act that admits `member/<Id>`; its key is made if it has none yet."""
        key = self.keys.setdefault(holder, self.key(holder))
        member = holder.removeprefix("member/")
        admission = AdmitMember(
            member=member, name=f"Member {member}", status="member", keys=(self.new_key(holder, key),)
        )
        return self.seal(admission, SECRETARIAT)

    def seal(
        self,
        act: Act,
        *holders: str,
        expires: int | None = None,
        counter: int | None = None,
        organisation: str | None = None,
    ) -> bytes:
        """The envelope of an act signed by the holders, the first of whom owns the counter.

        `expires` is in milliseconds (a month from now if left out), `counter` the next one of the first key.
        """
        keys = [self.keys[holder] for holder in holders]
        first = keys[0].keyid
        if counter is None:
            counter = self.counters.get(first, 0) + 1
        self.counters[first] = max(counter, self.counters.get(first, 0))
        typed: Any = Payload
        payload = typed[type(act)](
            act=act,
            counter=counter,
            expires=expires or self.expires or int(time.time() * 1000) + MONTH,
            signers=tuple(key.keyid for key in keys),
            organisation=self.organisation if organisation is None else organisation,
        )
        return envelope.seal(act.kind, encode(payload), keys)
