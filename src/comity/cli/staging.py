# SPDX-License-Identifier: Apache-2.0
"""What the demonstration plays: a small assembly of fictional members, with proposals at every stage.

A play is a fixed list of acts, of which number n is entry n of the record: a start that was broken off goes on at the
entry that is missing. Who takes which position is drawn by lot from a seed; how many take it is written here.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from comity import charters, keys
from comity.charter.act import Act
from comity.charter.acts import Found, Founder, Officer
from comity.charter.register import Register, encode
from comity.charter.terms import Position
from comity.cli.outcome import Failure
from comity.dialogue.acts import (
    AttendMeeting,
    CastVote,
    CloseMeeting,
    CloseVote,
    ConveneMeeting,
    DeclareVote,
    OpenMeeting,
    OpenVote,
    TableProposal,
    finding,
)
from comity.dialogue.tables import Enactment, Vote
from comity.record.ed25519 import SigningKey

if TYPE_CHECKING:
    from comity.node import Node

NAME = "Demonstration Assembly"
ORIGIN = "demo.invalid/assembly"
FOUNDERS = ("Alder", "Birch", "Cedar")
JOINING = ("Hazel", "Linden", "Maple", "Rowan", "Willow")
OFFICES = ("presidency", "secretariat")
SEED = 1945

Make = Callable[[Register], Act]


class Step(NamedTuple):
    """One act of the play: whose it is, and how it is made from the register as it then stands."""

    holder: str
    make: Make


def key_file(folder: Path, holder: str) -> Path:
    """Where the key of a holder is kept."""
    return folder / "keys" / f"{holder.replace('/', '-')}.json"


def hold_keys(folder: Path) -> dict[str, SigningKey]:
    """The keys of everybody in the play, by holder; those that are not there yet are made."""
    holders = [*(f"member/{name}" for name in (*FOUNDERS, *JOINING)), *(f"office/{name}" for name in OFFICES)]
    files = {holder: key_file(folder, holder) for holder in holders}
    return {holder: keys.read(file) if file.exists() else keys.new(file) for holder, file in files.items()}


def founding(held: Mapping[str, SigningKey], log_key: SigningKey) -> bytes:
    """The founding act, signed by three members and two offices."""
    founders = [f"member/{name}" for name in FOUNDERS]
    offices = [f"office/{name}" for name in OFFICES]
    act = Found(
        name=NAME,
        origin=ORIGIN,
        log_key=keys.public(log_key),
        edition=1,
        articles=dict(charters.load("assembly").articles),
        mark="simulation",
        members=tuple(
            Founder(member=name, name=name, status="member", keys=(keys.plain(held[f"member/{name}"]),))
            for name in FOUNDERS
        ),
        officers=tuple(Officer(office=name, keys=(keys.plain(held[f"office/{name}"]),)) for name in OFFICES),
    )
    signers = [held[holder] for holder in (*founders, *offices)]
    return keys.seal(act, signers, counter=1, organisation="", expires=keys.now() + keys.EXPIRY)


class Play:
    """The play of one organisation: its steps, in order."""

    def __init__(self, organisation: str, held: Mapping[str, SigningKey]) -> None:
        self.organisation = organisation
        self.held = held
        self.lot = random.Random(SEED)  # noqa: S311 - a lot for a play, not a secret
        self.members: list[str] = list(FOUNDERS)
        self.steps: list[Step] = []
        self._first_meeting()
        self._second_meeting()
        self._in_writing()

    def stage(self, node: "Node") -> int:
        """Play what is missing on the record; gives how many acts that was."""
        played = 0
        counters = {key.keyid: node.register.counter(key.keyid) for key in self.held.values()}
        for step in self.steps[node.head.size - 1 :]:
            key = self.held[step.holder]
            counters[key.keyid] += 1
            envelope = keys.seal(
                step.make(node.register),
                [key],
                counter=counters[key.keyid],
                organisation=self.organisation,
                expires=keys.now() + keys.EXPIRY,
            )
            answer = node.submit(envelope).result()
            if refusal := getattr(answer, "refusal", None):
                raise Failure(f"The demonstration cannot go on: {refusal.sentence()} Remove its folder to begin anew.")
            played += 1
        return played

    def _first_meeting(self) -> None:
        """Three founders meet and admit five more members."""
        self._meet("M1", "2026-01-12", self.members)
        for name in JOINING:
            holder = f"member/{name}"
            new = keys.proved(self.held[holder], self.organisation, holder)
            act = {"member": name, "name": name, "status": "member", "keys": [msgspec.to_builtins(new)]}
            number = f"A-{len(self.members) - len(FOUNDERS) + 1}"
            self._table(number, f"Admission of {name}", by=FOUNDERS[0], enacts=Enactment(kind="member.admit", act=act))
            self._decide(number, "M1", {"yes": len(self.members)})
            self.members.append(name)
        self._do("office/presidency", CloseMeeting(meeting="M1"))

    def _second_meeting(self) -> None:
        """Eight members meet, adopt, reject, tie twice, amend their charter, and leave a vote open."""
        self._meet("M2", "2026-06-22", self.members[:-1])
        self._table("B-1", "A common form for reports of incidents", by="Cedar", symbol="DEMO/1")
        self._decide("B-1", "M2", {"yes": 6, "no": 1})
        self._table("B-2", "A levy on the hours of computing that members use", by="Linden", symbol="DEMO/2")
        self._decide("B-2", "M2", {"yes": 2, "no": 5, "abstain": 1})
        self._table("B-3", "To meet next year at the seat of the youngest member", by="Willow", symbol="DEMO/3")
        self._decide("B-3", "M2", {"yes": 3, "no": 3, "abstain": 1})
        self._decide("B-3", "M2", {"yes": 4, "no": 4}, round=2)
        observers = {
            "title": "Observers may attend meetings; they have no vote",
            "layer": "procedure",
            "provision": {"is": "electorate", "statuses": ["observer"]},
        }
        amends = Enactment(kind="charter.add", act={"article": "observers", "content": observers})
        self._table("C-1", "Amendment of the charter: observers", by="Maple", symbol="DEMO/4", enacts=amends)
        self._decide("C-1", "M2", {"yes": 6, "no": 1, "abstain": 1})
        self._table("B-4", "Joint testing of models before their release", by="Rowan", symbol="DEMO/5")
        self._open("B-4", "M2", days=30)
        self._cast("B-4/1", {"yes": 3, "no": 1, "abstain": 1})
        self._table(
            "B-5", "A shared library of evaluations in all languages of the members", by="Hazel", symbol="DEMO/6"
        )

    def _in_writing(self) -> None:
        """Between meetings: a proposal under silence."""
        title = "Calendar of meetings for the coming year"
        self._do(
            "office/secretariat", TableProposal(proposal="D-1", organ="intersession", title=title, symbol="DEMO/7")
        )
        self._open("D-1", "", days=4)

    def _do(self, holder: str, act: Act | Make) -> None:
        self.steps.append(Step(holder, act if callable(act) else lambda register: act))

    def _meet(self, meeting: str, date: str, present: Sequence[str]) -> None:
        self._do("office/presidency", ConveneMeeting(meeting=meeting, organ="assembly", date=date))
        for name in present:
            self._do(f"member/{name}", AttendMeeting(meeting=meeting))
        self._do("office/presidency", OpenMeeting(meeting=meeting))

    def _table(self, number: str, title: str, *, by: str, symbol: str = "", enacts: Enactment | None = None) -> None:
        # What is enacted is written as it will be read back: tuples of a struct are lists of JSON.
        plain = None if enacts is None else msgspec.json.decode(encode(enacts), type=Enactment)
        act = TableProposal(proposal=number, organ="assembly", title=title, symbol=symbol, enacts=plain)
        self._do(f"member/{by}", act)

    def _open(self, number: str, meeting: str, *, days: int) -> None:
        def make(register: Register) -> Act:
            return OpenVote(proposal=number, deadline=keys.now() + days * keys.DAY, meeting=meeting)

        self._do("office/presidency", make)

    def _cast(self, vote: str, tally: Mapping[Position, int]) -> None:
        """Positions in the numbers given; the lot decides who takes which."""
        drawn = self.lot.sample(self.members, sum(tally.values()))
        positions = [position for position, number in tally.items() for _ in range(number)]
        for name, position in zip(drawn, positions, strict=True):
            self._do(f"member/{name}", CastVote(vote=vote, position=position))

    def _decide(self, number: str, meeting: str, tally: Mapping[Position, int], *, round: int = 1) -> None:
        """A vote from opening to declaration."""
        vote = f"{number}/{round}"
        self._open(number, meeting, days=1)
        self._cast(vote, tally)
        self._do("office/presidency", CloseVote(vote=vote))
        self._do("office/presidency", lambda register: _declaration(register, vote))


def _declaration(register: Register, name: str) -> Act:
    vote = register.rows(Vote)[name]
    found = finding(register, name, vote)
    return DeclareVote(vote=name, outcome=found.outcome, reason=found.reason, counts=found.counts)
