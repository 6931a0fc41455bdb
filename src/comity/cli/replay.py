# SPDX-License-Identifier: Apache-2.0
"""Published roll calls, played through a node: every position a signed act, nothing bypassed.

For each roll call, in this order: members that appear for the first time are admitted with a key of their own, those
that have a row again are seated, those that have none any more leave; the proposal is tabled and the vote opened, so
that its frozen electorate is exactly the members that have a row; each yes, no and abstention is cast under its
member's key; the vote is closed. The result is declared some roll calls later, when the closing is on the record, as
the charter's rule finds it in the register. The keys live in memory only and are gone at the end.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from comity import keys
from comity.charter.act import Act
from comity.charter.acts import Found, Officer
from comity.charter.refusal import Refused
from comity.charter.terms import Position
from comity.charters import Charter
from comity.cli.outcome import Failure
from comity.cli.rollcalls import RollCall, RollCalls
from comity.dialogue.acts import CastVote, CloseVote, DeclareVote, OpenVote, TableProposal, finding
from comity.dialogue.tables import Decision, Vote
from comity.members.acts import AdmitMember, ChangeStatus
from comity.record.ed25519 import SigningKey

if TYPE_CHECKING:
    from comity.node import Answer, Node

ORGAN, SEATED, FORMER = "plenary", "seated", "former"
RULES = ("unga.simple", "unga.important")
"""The rules of the charter `replay`."""

BEHIND = 32
"""How many roll calls are on their way before the first of them is declared."""

QUEUE = 8192
"""How many acts may wait in the node's queue; it asks to come back when there are more."""

PATIENCE = 300.0
"""How long a node that takes nothing is waited for, in seconds."""

POSITION: dict[int, Position] = {ord("y"): "yes", ord("n"): "no", ord("a"): "abstain"}


def founding(charter: Charter, name: str, origin: str, log_key: SigningKey, secretariat: SigningKey) -> bytes:
    """The founding act of a replay: marked as one, and signed by the secretariat, its only founder."""
    act = Found(
        name=name,
        origin=origin,
        log_key=keys.public(log_key),
        edition=1,
        articles=dict(charter.articles),
        mark="replay",
        officers=(Officer(office="secretariat", keys=(keys.plain(secretariat),)),),
    )
    return keys.seal(act, [secretariat], counter=1, organisation="", expires=keys.now() + keys.EXPIRY)


class Replay:
    """The secretariat and the members of a replay, and the node that they act through."""

    def __init__(self, node: "Node", organisation: str, secretariat: SigningKey, data: RollCalls, rule: str) -> None:
        self.node = node
        self.organisation = organisation
        self.secretariat = secretariat
        self.data = data
        self.rule = rule
        self.expires = keys.now() + keys.EXPIRY
        self.counters = {secretariat.keyid: 1}
        self.members: dict[int, SigningKey] = {}
        self.seated: set[int] = set()
        self.advance: Callable[[int], None] = lambda count: None

    def play(self) -> None:
        """Play all roll calls; raise Failure at the first act that the node refuses."""
        running: deque[tuple[RollCall, Sequence[Future[Answer]]]] = deque()
        declared: deque[Sequence[Future[Answer]]] = deque()
        for each in self.data.played:
            running.append((each, self.submit(self.acts(each))))
            if len(running) > BEHIND:
                declared.append(self.declare(*running.popleft()))
            if len(declared) > BEHIND:
                self.settle(declared.popleft())
        while running:
            declared.append(self.declare(*running.popleft()))
        while declared:
            self.settle(declared.popleft())

    def acts(self, each: RollCall) -> list[bytes]:
        """The envelopes of one roll call, from the admissions to the closing."""
        vote = f"{each.rcid}/1"
        table = TableProposal(
            proposal=str(each.rcid),
            organ=ORGAN,
            title=each.title,
            rule=self.rule,
            symbol=each.symbol,
            date=each.date,
        )
        return [
            *self.seat(each),
            self.by_secretariat(table),
            self.by_secretariat(OpenVote(proposal=str(each.rcid), deadline=self.expires)),
            *[
                self.seal(CastVote(vote=vote, position=POSITION[sign]), self.members[member])
                for member, sign in zip(each.members, each.signs, strict=True)
                if sign in POSITION
            ],
            self.by_secretariat(CloseVote(vote=vote)),
        ]

    def seat(self, each: RollCall) -> list[bytes]:
        """Admissions and changes of status after which exactly the members with a row are seated."""
        present = set(each.members)
        envelopes = []
        for member in sorted(present | self.seated, key=self.data.codes.__getitem__):
            code = self.data.codes[member]
            if member not in self.members:
                key = self.members[member] = keys.fresh()
                new = keys.proved(key, self.organisation, f"member/{code}")
                envelopes.append(self.by_secretariat(AdmitMember(member=code, name=code, status=SEATED, keys=(new,))))
            elif (member in present) != (member in self.seated):
                status = SEATED if member in present else FORMER
                envelopes.append(self.by_secretariat(ChangeStatus(member=code, status=status)))
        self.seated = present
        return envelopes

    def declare(self, each: RollCall, futures: Sequence["Future[Answer]"]) -> Sequence["Future[Answer]"]:
        """When the closing is on the record, declare what the charter's rule finds in the register."""
        self.settle(futures)
        name = f"{each.rcid}/1"
        vote = self.node.register.get(Vote, name)
        if vote is None:
            raise Failure(f"The node gave a receipt for the opening of vote {name}, and its register has no such vote.")
        found = finding(self.node.register, name, vote)
        act = DeclareVote(vote=name, outcome=found.outcome, reason=found.reason, counts=found.counts)
        return self.submit([self.by_secretariat(act)])

    def by_secretariat(self, act: Act) -> bytes:
        """An act of the secretariat."""
        return self.seal(act, self.secretariat)

    def seal(self, act: Act, key: SigningKey) -> bytes:
        """An act signed with the key under its next counter."""
        counter = self.counters[key.keyid] = self.counters.get(key.keyid, 0) + 1
        return keys.seal(act, [key], counter=counter, organisation=self.organisation, expires=self.expires)

    def submit(self, envelopes: Sequence[bytes]) -> Sequence["Future[Answer]"]:
        """Hand envelopes to the node, waiting as long as it asks to."""
        from comity.node import Busy

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.node.submit_many(envelopes)
            except Busy as busy:
                if time.monotonic() > deadline:
                    raise
                # What makes room is the writer, within milliseconds; the node's hint is meant for callers far away.
                time.sleep(min(0.02, busy.retry_after))

    def settle(self, futures: Iterable["Future[Answer]"]) -> None:
        """Wait for the answers; each is a receipt, or the replay is over."""
        from comity.node import SignedRefusal

        count = 0
        for future in futures:
            answer = future.result()
            if isinstance(answer, SignedRefusal):
                refusal = answer.refusal
                raise Refused(
                    refusal.code, refusal.rule, found=refusal.found, wanted=refusal.wanted, article=refusal.article
                )
            count += 1
        self.advance(count)

    def total(self) -> int:
        """The number of acts to come."""
        changes, seated, known = 0, set[int](), set[int]()
        for each in self.data.played:
            present = set(each.members)
            changes += len((present & known) ^ seated)
            seated = present
            known |= present
        return len(known) + changes + 4 * len(self.data.played) + self.data.votes


def results(replay: Replay) -> tuple[dict[str, object], list[int]]:
    """What was declared, held against the published totals; and the roll calls for which there are none."""
    outcomes = {"adopted": 0, "rejected": 0, "ties": 0, "matched_published": 0}
    mismatched, unpublished = [], []
    for each in replay.data.played:
        decision = replay.node.register.get(Decision, f"{each.rcid}/1")
        if decision is None:
            raise Failure(f"Roll call {each.rcid} was declared, and the register has no decision on it.")
        outcomes[decision.outcome] += 1
        outcomes["ties"] += decision.reason == "tie"
        published = {name: total for name, total in (each.published or {}).items() if total is not None}
        if not published:
            unpublished.append(each.rcid)
        elif all(decision.counts.get(name) == total for name, total in published.items()):
            outcomes["matched_published"] += 1
        else:
            mismatched.append(each.rcid)
    return {**outcomes, "mismatched": sorted(mismatched), "unpublished": len(unpublished)}, sorted(unpublished)
