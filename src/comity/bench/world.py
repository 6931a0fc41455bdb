# SPDX-License-Identifier: Apache-2.0
"""An organisation to measure with: as many members as a General Assembly, each with a key, and roll calls among them.

Acts are signed before they are needed, so that what is measured is the node and not the signing.
"""

from collections import Counter
from pathlib import Path

from comity import charters, keys
from comity.charter.act import Act
from comity.charter.acts import Found, Officer
from comity.charter.terms import Position
from comity.dialogue.acts import CastVote, CloseVote, DeclareVote, OpenVote, TableProposal
from comity.members.acts import AdmitMember
from comity.node import Answer, Node, Receipt
from comity.record.ed25519 import SigningKey
from comity.record.envelope import open_envelope

MEMBERS = 190
"""Members of the organisation; each casts one vote in each roll call."""

POSITIONS: tuple[Position, ...] = ("yes", "yes", "yes", "no", "abstain", "yes", "no")


class World:
    """The keys of an organisation and the counters they have used. Its acts are signed in the order of the calls."""

    def __init__(self, members: int = MEMBERS) -> None:
        self.log_key, self.office = keys.fresh(), keys.fresh()
        self.members = {f"M{number:03}": keys.fresh() for number in range(members)}
        self.organisation = ""
        self._used: Counter[str] = Counter()
        self._rollcalls = 0

    def found(self, folder: Path, workers: int | None) -> Node:
        """Found the organisation as a simulation in a folder, and admit its members; `workers` as for `Node`."""
        act = Found(
            name="Organisation of a benchmark",
            origin="bench.invalid/record",
            log_key=keys.public(self.log_key),
            edition=1,
            articles=dict(charters.load("replay").articles),
            mark="simulation",
            officers=(Officer(office="secretariat", keys=(keys.plain(self.office),)),),
        )
        founding = self._seal(act, self.office)
        self.organisation = open_envelope(founding).id.hex()
        node = Node.found(folder / "record", founding, self.log_key, high_water=folder / "notes", workers=workers)
        logged(node, [self._admission(name, key) for name, key in self.members.items()])
        return node

    def _admission(self, name: str, key: SigningKey) -> bytes:
        proof = keys.proved(key, self.organisation, f"member/{name}")
        return self._seal(AdmitMember(member=name, name=f"Member {name}", status="seated", keys=(proof,)), self.office)

    def opening(self) -> tuple[str, list[bytes]]:
        """The acts that table a proposal and open the vote on it, and the vote's name."""
        self._rollcalls += 1
        name = f"R{self._rollcalls}"
        table = TableProposal(proposal=name, organ="plenary", title=f"Roll call {self._rollcalls}", rule="unga.simple")
        opened = OpenVote(proposal=name, deadline=keys.now() + keys.DAY)
        return f"{name}/1", [self._seal(act, self.office) for act in (table, opened)]

    def casts(self, vote: str) -> list[bytes]:
        """The positions of all members in a vote."""
        return [
            self._seal(CastVote(vote=vote, position=self._position(seat)), key)
            for seat, key in enumerate(self.members.values())
        ]

    def closing(self, vote: str) -> list[bytes]:
        """The acts that close a vote in which all have taken their positions, and declare its result."""
        none: dict[Position, int] = {"yes": 0, "no": 0, "abstain": 0}
        counts = none | Counter(map(self._position, range(len(self.members))))
        declared = DeclareVote(vote=vote, outcome="adopted", reason="majority", counts=counts)
        return [self._seal(act, self.office) for act in (CloseVote(vote=vote), declared)]

    @staticmethod
    def _position(seat: int) -> Position:
        return POSITIONS[seat % len(POSITIONS)]

    def _seal(self, act: Act, key: SigningKey) -> bytes:
        self._used[key.keyid] += 1
        expires = keys.now() + keys.EXPIRY
        counter = self._used[key.keyid]
        return keys.seal(act, [key], counter=counter, organisation=self.organisation, expires=expires)


def logged(node: Node, envelopes: list[bytes]) -> list[Receipt]:
    """Submit acts and wait for their receipts; an act that is refused ends the measurement."""
    return [receipt(pending.result()) for pending in node.submit_many(envelopes)]


def receipt(answer: Answer) -> Receipt:
    """The answer as the receipt that it must be."""
    if not isinstance(answer, Receipt):
        raise RuntimeError(f"an act of the benchmark was refused: {answer.refusal}")
    return answer
