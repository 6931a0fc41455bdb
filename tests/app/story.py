# SPDX-License-Identifier: Apache-2.0
"""A short history for tests of the application: decisions, an open vote, a meeting, a proposal that enacts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from tests.world import SECRETARIAT, World, default_charter

from comity.charter.article import Article, Organ
from comity.charter.rule import Compare, CountOf, Seats, Share
from comity.dialogue.acts import (
    AttendMeeting,
    CastVote,
    CloseVote,
    ConveneMeeting,
    DeclareVote,
    OpenMeeting,
    OpenVote,
    TableProposal,
    finding,
)
from comity.dialogue.tables import Enactment, Vote
from comity.node import Node, Receipt

DAY = 24 * 3600 * 1000
HOSTILE = "<script>alert(1)</script>\u202e\"'&{{7*7}} " + "w" * 200
"""A title that tries to be markup, a template, a reversal of direction, and too wide."""

HALF_PRESENT = Compare(
    left=CountOf(of=("present",)), relation=">=", right=Share(of=Seats(), numerator=1, denominator=2)
)


def charter() -> dict[str, Article]:
    """The default charter, and a council that meets."""
    council = Organ(electorate="members", chair="secretariat", rules=("simple",), opens=HALF_PRESENT)
    return default_charter() | {"council": Article(title="The Council", layer="constitution", provision=council)}


def found(folder: Path, members: int = 7, mark: Literal["", "replay", "simulation"] = "", **options: Any) -> Story:
    """A founded organisation, its node running in the folder."""
    world = World(members=members, charter=charter(), mark=mark)
    options = {"high_water": folder / "notes", "workers": 0, **options}
    node = Node.found(folder / "data", world.founding, world.log_key, **options)
    story = Story(world, node)
    for admission in world.admissions:
        story.log(admission)
    return story


class Story:
    """A world, its node, and what happens in it."""

    def __init__(self, world: World, node: Node) -> None:
        self.world = world
        self.node = node

    def log(self, envelope: bytes) -> Receipt:
        """Log an envelope that is in order."""
        answer = self.node.submit(envelope).result()
        assert isinstance(answer, Receipt), answer
        return answer

    def do(self, act: Any, holder: str = SECRETARIAT) -> Receipt:
        """Log an act of the holder."""
        return self.log(self.world.seal(act, holder))

    def open(self, proposal: str, title: str, **fields: Any) -> str:
        """Table a proposal in the plenary and open the vote on it; the vote's id."""
        self.do(TableProposal(proposal=proposal, organ="plenary", title=title, **fields), "member/M000")
        self.do(OpenVote(proposal=proposal, deadline=int(time.time() * 1000) + DAY))
        return f"{proposal}/1"

    def vote(self, vote: str, positions: str) -> None:
        """The members take these positions in order, one character each; `-` is none."""
        names = {"y": "yes", "n": "no", "a": "abstain"}
        for number, sign in enumerate(positions):
            if sign in names:
                self.do(CastVote(vote=vote, position=names[sign]), f"member/M{number:03d}")  # type: ignore[arg-type]

    def declare(self, vote: str) -> None:
        """Close the vote and declare what the rule gives."""
        self.do(CloseVote(vote=vote))
        row = self.node.register.get(Vote, vote)
        assert row is not None
        result = finding(self.node.register, vote, row)
        self.do(
            DeclareVote(vote=vote, outcome=result.outcome, reason=result.reason, counts=result.counts)  # type: ignore[arg-type]
        )

    def tell(self) -> Story:
        """The whole history."""
        first = self.open("P1", "On tea", symbol="W/1", date="2026-07-16")
        self.vote(first, "yyyna-y")
        self.declare(first)
        second = self.open("P2", "On coffee")
        self.vote(second, "nnny")
        self.declare(second)
        self.vote(self.open("P3", HOSTILE), "yn")
        admission = Enactment(kind="member.admit", act={"member": "NEW", "name": "New State", "status": "member"})
        self.do(TableProposal(proposal="P4", organ="plenary", title="Admission", enacts=admission), "member/M001")
        self.do(ConveneMeeting(meeting="C1", organ="council", date="2026-11-23"))
        for number in range(-(-len(self.world.holders) // 2)):
            self.do(AttendMeeting(meeting="C1"), f"member/M{number:03d}")
        self.do(OpenMeeting(meeting="C1"))
        return self
