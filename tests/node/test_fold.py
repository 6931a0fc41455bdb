# SPDX-License-Identifier: Apache-2.0
"""The register follows from the record alone: live equals replay at every position, whatever the batches and hashes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.node.proving import refolded
from tests.world import SECRETARIAT, World

from comity.charter import fold
from comity.charter.act import Act
from comity.charter.register import Draft, Register
from comity.dialogue.acts import (
    CastVote,
    CloseVote,
    DeclareVote,
    OpenVote,
    TableProposal,
    WithdrawProposal,
    finding,
)
from comity.dialogue.tables import Vote
from comity.members.acts import ChangeStatus
from comity.node import Node, Receipt, SignedRefusal
from comity.record import envelope

ROOT = Path(__file__).parents[2]
HOLDERS = st.sampled_from([SECRETARIAT, "member/M000", "member/M001", "member/M002"])
PROPOSALS = st.sampled_from(["A", "B", "C"])
POSITIONS = st.sampled_from(["yes", "no", "abstain", "object"])


class Assembly(RuleBasedStateMachine):
    """Members act at random through a node, in batches of random size, some of them out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.pending: list[bytes] = []
        self.digests: dict[int, str] = {}

    @initialize()
    def found(self) -> None:
        """The organisation is founded."""
        self.world = World(members=3)
        place = Path(self.place.name)
        self.options: dict[str, Any] = {"high_water": place / "notes", "workers": 0}
        self.node = Node.found(place / "data", self.world.founding, self.world.log_key, **self.options)
        self.note()

    def later(self, act: Act, holder: str) -> None:
        """Somebody acts; it is submitted with the next batch."""
        self.pending.append(self.world.seal(act, holder))

    @rule(proposal=PROPOSALS, holder=HOLDERS, enacting=st.booleans())
    def table(self, proposal: str, holder: str, enacting: bool) -> None:
        """A proposal is tabled, perhaps one that suspends a member."""
        enacts = {"kind": "member.status", "act": {"member": "M002", "status": "suspended"}} if enacting else None
        fields = {"proposal": proposal, "organ": "plenary", "title": "t"} | ({"enacts": enacts} if enacts else {})
        self.later(msgspec.convert(fields, TableProposal), holder)

    @rule(proposal=PROPOSALS, holder=HOLDERS)
    def withdraw(self, proposal: str, holder: str) -> None:
        """A proposal is withdrawn."""
        self.later(WithdrawProposal(proposal=proposal), holder)

    @rule(proposal=PROPOSALS)
    def open(self, proposal: str) -> None:
        """A vote is opened."""
        self.later(OpenVote(proposal=proposal, deadline=self.node.head.stamp + 10**7), SECRETARIAT)

    @rule(proposal=PROPOSALS, round=st.integers(1, 2), holder=HOLDERS, position=POSITIONS)
    def vote(self, proposal: str, round: int, holder: str, position: Any) -> None:
        """A position is taken."""
        self.later(CastVote(vote=f"{proposal}/{round}", position=position), holder)

    @rule(proposal=PROPOSALS, round=st.integers(1, 2))
    def close(self, proposal: str, round: int) -> None:
        """The presiding office closes a vote."""
        self.later(CloseVote(vote=f"{proposal}/{round}"), SECRETARIAT)

    @rule(proposal=PROPOSALS, round=st.integers(1, 2), holder=HOLDERS, right=st.booleans())
    def declare(self, proposal: str, round: int, holder: str, right: bool) -> None:
        """A result is declared, right or wrong, as far as it is known now."""
        name = f"{proposal}/{round}"
        vote = self.node.register.get(Vote, name)
        assume(vote is not None)
        assert vote is not None
        found = finding(self.node.register, name, vote)
        counts = dict(found.counts)
        if not right:
            counts["yes"] = counts.get("yes", 0) + 1
        self.later(DeclareVote(vote=name, outcome=found.outcome, reason=found.reason, counts=counts), holder)

    @rule(member=st.sampled_from(["M000", "M001", "M002"]), status=st.sampled_from(["member", "suspended"]))
    def status(self, member: str, status: str) -> None:
        """The secretariat changes a status."""
        self.later(ChangeStatus(member=member, status=status), SECRETARIAT)

    @rule()
    def again(self) -> None:
        """Something that was logged or is waiting is sent once more."""
        size = self.node.head.size
        self.pending.append(self.pending[0] if self.pending else envelope.split_leaf(self.node.entry(size - 1))[1])

    @rule()
    def submit(self) -> None:
        """What has gathered is submitted as one batch; each act is answered, and what is refused leaves no trace."""
        before = self.node.head.size
        answers = [future.result(20) for future in self.node.submit_many(self.pending)]
        self.pending.clear()
        logged = [one for one in answers if isinstance(one, Receipt) and not one.duplicate]
        assert [one.index for one in logged] == list(range(before, self.node.head.size))
        assert all(isinstance(one, Receipt | SignedRefusal) for one in answers)
        self.note()

    @rule()
    def restart(self) -> None:
        """The node ends and starts again, from its snapshot."""
        self.node.close()
        self.node = Node.open(Path(self.place.name) / "data", **self.options)
        self.note()

    def note(self) -> None:
        """Remember what the register was at this size; it must never have been anything else."""
        digest = self.node.register.digest()
        assert self.digests.setdefault(self.node.head.size, digest) == digest

    @invariant()
    def the_end_is_what_the_entries_give(self) -> None:
        """The live register is the one that the entries fold to."""
        if hasattr(self, "node"):
            assert self.node.register.digest() == refolded(self.node).digest()

    def teardown(self) -> None:
        """Replay, one by one, through drafts: at every position that was live, the register is what it was then."""
        if hasattr(self, "node"):
            register, last = Register(), 0
            for index, entry in enumerate(self.node.entries(0, self.node.head.size)):
                stamp, raw = envelope.split_leaf(entry)
                draft = Draft(register)
                fold.step(draft, fold.open_act(raw), stamp, last, index)
                expected = draft.digest()
                draft.merge()
                last = stamp
                assert register.digest() == expected == self.digests.get(index + 1, expected)
            self.node.close()
        self.place.cleanup()


TestAssembly = pytest.mark.slow(Assembly.TestCase)
TestAssembly.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_the_digest_does_not_depend_on_batches(tmp_path: Path) -> None:
    """The same acts at the same stamps, one by one or all at once, give the same root and the same register."""
    now = 1_800_000_000_000
    world = World(members=3, seed="batches", expires=now + 10**6)
    acts = scenario(world, now)
    ends = set()
    for size in (1, 3, len(acts)):
        place = tmp_path / str(size)
        node = Node.found(
            place / "data", world.founding, world.log_key, high_water=place / "notes", workers=0, clock=lambda: now
        )
        for start in range(0, len(acts), size):
            for future in node.submit_many(acts[start : start + size]):
                assert isinstance(future.result(20), Receipt)
        ends.add((node.head.root, node.register.digest()))
        node.close()
    assert len(ends) == 1


def scenario(world: World, now: int) -> list[bytes]:
    """A vote from tabling to declaration."""
    acts: list[tuple[Act, str]] = [
        (TableProposal(proposal="A", organ="plenary", title="t"), "member/M000"),
        (OpenVote(proposal="A", deadline=now + 1000), SECRETARIAT),
        *((CastVote(vote="A/1", position="yes"), f"member/M00{number}") for number in range(3)),
        (CastVote(vote="A/1", position="no"), "member/M001"),
        (CloseVote(vote="A/1"), SECRETARIAT),
        (
            DeclareVote(vote="A/1", outcome="adopted", reason="majority", counts={"yes": 2, "no": 1, "abstain": 0}),
            "member/M002",
        ),
    ]
    return [world.seal(act, holder) for act, holder in acts]


DIGEST = """
from comity.charter import fold
from comity.charter.register import Register
from tests.node.test_fold import scenario
from tests.world import World
now = 1_800_000_000_000
world = World(members=9, seed="seeds", expires=now + 10**6)
register = Register()
for index, raw in enumerate([world.founding, *scenario(world, now)][:-1]):
    fold.step(register, fold.open_act(raw), now, 0, index)
print(register.digest())
"""


def test_the_digest_does_not_depend_on_the_hash_seed() -> None:
    """Two processes whose sets and dicts are laid out differently fold to the same register."""
    digests = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ran = subprocess.run(
            [sys.executable, "-c", DIGEST], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 0, ran.stderr
        digests.add(ran.stdout)
    assert len(digests) == 1
