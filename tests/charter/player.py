# SPDX-License-Identifier: Apache-2.0
"""A player makes lawful and unlawful moves in an organisation, and holds the fold to its laws at each.

What to do is chosen by `choose`, a function from options to one of them: Hypothesis draws, or a seeded `random.Random`.
After each move: a check wrote nothing; an apply did not raise; a refused act changed nothing; what a vote froze when it
opened is still so; whoever may declare a vote that is over gives the same decision, today or in five days; and a
recount by hand of the positions that were accepted gives what was declared.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from tests.charter.recount import recount

from comity.charter import fold
from comity.charter.refusal import Refused, UnknownEdition
from comity.charter.register import Draft
from comity.charter.tables import Roll
from comity.dialogue.tables import Decision, Proposal, Vote
from conformance import articles as charter
from conformance.scribe import Json, Scribe

Choose = Callable[[Sequence[Any]], Any]

MEMBERS = "ABCD"
NEWCOMERS = "EFG"
DAY = charter.DAY
QUICK = charter.rule("object", charter.OBJECTION, charter.clause("adopted", "silence"), least=1000)


def organisation(seed: str) -> Scribe:
    """Four founders under a charter in which everything can happen, and amendments easily."""
    articles = charter.assembly()
    articles["quiet"] = charter.article(QUICK)
    articles["competence-charter"] = charter.competence(charter.ENACTABLE, "assembly", "simple")
    articles["power-secretariat"] = charter.power(
        "member.admit member.status key.add key.revoke proposal.table", "office/secretariat", "electorate/north"
    )
    founders = {
        name: {"groups": ["north"] if name in "AB" else ["south"], "weights": {"population": ord(name) - 60}}
        for name in MEMBERS
    }
    return Scribe(seed, articles, founders)


class Player:
    """Plays; `scribe` holds the record so far."""

    def __init__(self, seed: str, choose: Choose) -> None:
        self.scribe = organisation(seed)
        self.choose = choose
        self.cast: dict[str, dict[str, str]] = {}
        self.frozen: dict[str, Vote] = {}
        self.stopped = False
        self.refusals: list[str] = []

    # Who and what.

    def signer(self, *likely: str) -> str:
        """Somebody: most often one of the likely ones."""
        anybody = [*MEMBERS, "E", "F", "chair", "secretariat", "A#2", "B#2", "chair#2", "stranger"]
        return self.choose(anybody) if self.choose(range(8)) == 0 or not likely else self.choose(likely)

    def proposal(self) -> str:
        return self.choose([*list(self.scribe.register.tables["proposals"])[-5:], "P1"])

    def vote(self) -> str:
        return self.choose([*list(self.scribe.register.tables["votes"])[-4:], "P1/1"])

    def key(self) -> tuple[str, Json]:
        """A holder and a new key for it (or one that is known, or not proved)."""
        name = self.choose(["A", "B", "E", "chair", "x"])
        holder = f"office/{name}" if name == "chair" else f"member/{name}"
        wrong = holder if self.choose(range(6)) else "member/B"
        return holder, self.scribe.new(holder, f"{name}#{self.choose([2, 3])}", wrong)

    # Moves.

    def admit(self) -> None:
        self.attempt("member.admit", self.admission(), self.signer("secretariat", "A"))

    def admission(self) -> Json:
        member = self.choose([*NEWCOMERS, "A"])
        more: Json = {"groups": ["north"], "weights": {"population": 7}} if self.choose([True, False]) else {}
        keys = [self.scribe.new(f"member/{member}", member)]
        return {"member": member, "name": f"State of {member}", "status": self.status(), "keys": keys, **more}

    def status(self) -> str:
        return self.choose(["member", "member", "suspended", "honorary"])

    def suspend(self) -> None:
        act = {"member": self.choose([*MEMBERS, "E", "x"]), "status": self.status()}
        self.attempt("member.status", act, self.signer("secretariat", "B"))

    def rekey(self) -> None:
        if self.choose([True, False]):
            holder, key = self.key()
            self.attempt("key.add", {"holder": holder, "key": key}, self.signer(holder.partition("/")[2]))
        else:
            name = self.choose(["A#2", "B#2", "chair#2", "D#2", "E"])
            by = self.signer(name.partition("#")[0], "secretariat")
            self.attempt("key.revoke", {"key": self.scribe.key(name).keyid}, by)

    def meet(self) -> None:
        meeting = self.choose(["M1", "M2"])
        kind = self.choose(["meeting.convene", "meeting.attend", "meeting.attend", "meeting.open", "meeting.close"])
        act: Json = {"meeting": meeting}
        if kind == "meeting.convene":
            act["organ"] = self.choose(["council", "council", "ghosts", "assembly", "simple"])
        likely = tuple(MEMBERS) if kind == "meeting.attend" else ("chair",)
        self.attempt(kind, act, self.signer(*likely))

    def table(self) -> None:
        organ = self.choose(["assembly", "assembly", "assembly", "council", "ghosts", "x1"])
        act: Json = {
            "proposal": self.choose(["P1", *[f"P{len(self.scribe.register.tables['proposals']) + 1}"] * 5]),
            "organ": organ,
            "title": "On something",
        }
        if rule := self.choose(["", "", "", "tied", "quiet", "important", "split", "quorate"]):
            act["rule"] = rule
        if self.choose([True, False]):
            act["enacts"] = self.enactment()
        self.attempt("proposal.table", act, self.signer(*MEMBERS, "secretariat"))

    def enactment(self) -> Json:
        kind = self.choose(charter.ENACTABLE.split())
        act: Json
        match kind:
            case "member.admit":
                act = self.admission()
            case "member.status":
                act = {"member": self.choose(MEMBERS), "status": self.status()}
            case "key.add":
                holder, key = self.key()
                act = {"holder": holder, "key": key}
            case "key.revoke":
                act = {"key": self.scribe.key(self.choose(["A#2", "A#2", "B#2", "D", "D", "chair#2", "chair"])).keyid}
            case "edition.raise":
                act = {"edition": self.choose([3, 3, 3, 2])}
            case _:
                act = self.amendment(kind)
        return {"kind": kind, "act": act}

    def amendment(self, kind: str) -> Json:
        contents = {
            "x1": charter.organ("members", "secretariat", "simple"),
            "x2": charter.article(charter.CONSENSUS),
            "simple": charter.article(self.choose([charter.IMPORTANT, charter.TIED, charter.SIMPLE, QUICK])),
            "tied": charter.article(self.choose([charter.SPLIT, charter.DOUBLE])),
            "members": charter.electorate(*self.choose([["member"], ["member", "suspended"], ["honorary"]])),
            "assembly": charter.organ("members", self.choose(["chair", "secretariat"]), "simple", "tied"),
            "council": charter.organ("members", "chair", "quorate"),
            "competence-charter": charter.competence(charter.ENACTABLE, "assembly", self.choose(["tied", "simple"])),
            "power-secretariat": charter.power("proposal.table", "office/chair"),
        }
        names = ["x1", "x2", "x2"] if kind == "charter.add" else [*contents, "preamble"]
        name = self.choose(names)
        if kind == "charter.repeal":
            return {"article": name}
        return {"article": name, "content": contents.get(name, charter.article({"is": "text"}))}

    def campaign(self) -> None:
        """One or two proposals that enact the same, all the way; whatever is in order on the way."""
        enacts = self.enactment()
        number = len(self.scribe.register.tables["proposals"])
        names = [f"C{number + each}" for each in range(self.choose([1, 2]))]
        for name in names:
            act = {"proposal": name, "organ": "assembly", "title": "On the same", "enacts": enacts}
            self.attempt("proposal.table", act, self.signer("secretariat"))
            self.attempt("vote.open", {"proposal": name, "deadline": self.scribe.now + 60_000}, self.signer("chair"))
            for member in "ABC" if f"{name}/1" in self.frozen else "A":
                position = self.choose(["yes", "yes", "yes", "no", "abstain"])
                if self.attempt("vote.cast", {"vote": f"{name}/1", "position": position}, member):
                    self.cast[f"{name}/1"][member] = position
        for name in names:
            self.attempt("vote.close", {"vote": f"{name}/1"}, self.signer("chair"))
            if f"{name}/1" in self.frozen:
                self.attempt("vote.declare", self.result(f"{name}/1"), self.signer("chair", "A"))

    def withdraw(self) -> None:
        self.attempt("proposal.withdraw", {"proposal": self.proposal()}, self.signer(*MEMBERS))

    def open(self) -> None:
        proposal = self.proposal()
        act: Json = {
            "proposal": proposal,
            "deadline": self.scribe.now + self.choose([0, 1, 999, 1000, 60_000, 60_000, 60_000]),
        }
        row = self.scribe.register.get(Proposal, proposal)
        if row is not None and row.organ == "council":
            act["meeting"] = self.choose(["M1", "M2"])
        self.attempt("vote.open", act, self.signer("chair"))

    def take_position(self) -> None:
        vote = self.vote()
        position = self.choose(["yes", "yes", "no", "abstain", "object", "present"])
        member = self.signer(*MEMBERS)
        if self.attempt("vote.cast", {"vote": vote, "position": position}, member):
            self.cast[vote][member.partition("#")[0]] = position

    def close(self) -> None:
        self.attempt("vote.close", {"vote": self.vote()}, self.signer("chair"))

    def declare(self) -> None:
        vote = self.vote()
        row = self.scribe.register.get(Vote, vote)
        act = self.result(vote) if row is not None else {"vote": vote, "outcome": "adopted", "counts": {}}
        right = self.choose(range(4)) > 0
        if not right:
            act = {**act, "outcome": self.choose(["adopted", "rejected", "undecided"])}
        self.attempt("vote.declare", act, self.signer("chair", *MEMBERS))
        decision = self.scribe.register.get(Decision, vote)
        if row is not None and decision is not None:
            told = self.result(vote)
            assert (decision.outcome, decision.reason) == (told["outcome"], told.get("reason", ""))
            assert decision.counts == told["counts"]

    def wait(self) -> None:
        self.scribe.later(self.choose([0, 1, 1, 1000, 60_001]))

    MOVES = (
        admit, suspend, rekey, meet, meet, meet, table, table, withdraw, open, open, campaign, campaign,
        take_position, take_position, take_position, close, declare, declare, wait,
    )  # fmt: skip

    # The laws.

    def result(self, vote: str) -> Json:
        """The result by hand: from the positions that were accepted, and what was frozen when the vote opened."""
        row = self.frozen[vote]
        roll = self.scribe.register.get(Roll, row.roll)
        assert roll is not None
        seats = [
            {
                "position": self.cast[vote].get(name, ""),
                "groups": [group for group, signs in roll.groups.items() if signs[seat] == "1"],
                "weights": {weight: values[seat] for weight, values in roll.weights.items()},
            }
            for seat, name in enumerate(roll.seats)
        ]
        fields = msgspec.to_builtins(row.rule)
        outcome, reason = recount(fields, seats, int(vote.partition("/")[2]))
        counts = {name: sum(each["position"] == name for each in seats) for name in row.rule.positions}
        return {"vote": vote, "outcome": outcome, "counts": counts, **({"reason": reason} if reason else {})}

    def attempt(self, kind: str, act: Json, *signers: str) -> bool:
        """Hand the act in; whether it was in order. One refused act in three is logged as void all the same."""
        scribe = self.scribe
        raw = scribe.seal(kind, act, *signers)
        before = scribe.register.digest()
        try:
            code = self._laws(raw)
        except UnknownEdition:
            self.stopped = True
            return False
        assert scribe.register.digest() == before
        if code:
            self.refusals.append(code)
        if not code or self.choose(range(3)) == 0:
            assert scribe.log(raw) == code
            assert code == "" or scribe.register.digest() == before
        if not code and kind == "vote.open":
            self._note(act["proposal"])
        self._still_frozen()
        return not code

    def _laws(self, raw: bytes) -> str:
        """The steps of the fold one by one on a draft: the code of the refusal, or ''."""
        scribe = self.scribe
        draft = Draft(scribe.register)
        try:
            signed = fold.open_act(raw)
            context = fold.admit(draft, signed, scribe.now, scribe.last, len(scribe.entries))
            assert fold.verify(fold.public_keys(draft, signed), signed)
            signed.act.check(draft, context)
        except Refused as refused:
            assert not any(draft.tables.values()), "a check wrote to the register"
            return self._teaches(refused)
        assert not any(draft.tables.values()), "a check wrote to the register"
        draft.count(signed.signers[0], signed.counter)
        try:
            signed.act.apply(draft, context)
        except Refused as refused:
            raise AssertionError("apply refused what check passed") from refused
        return ""

    def _teaches(self, refused: Refused) -> str:
        assert refused.refusal.found
        assert refused.refusal.wanted
        return refused.code

    def _note(self, proposal: str) -> None:
        row = self.scribe.register.get(Proposal, proposal)
        assert row is not None
        vote = f"{proposal}/{row.rounds}"
        opened = self.scribe.register.get(Vote, vote)
        assert opened is not None
        roll = self.scribe.register.get(Roll, opened.roll)
        assert roll is not None
        self.frozen[vote] = opened
        self.cast[vote] = {
            name: "present" for name, sign in zip(roll.seats, opened.positions, strict=True) if sign == "p"
        }

    def _still_frozen(self) -> None:
        for name, opened in self.frozen.items():
            now = self.scribe.register.get(Vote, name)
            assert now is not None
            assert msgspec.structs.replace(now, positions=opened.positions, closed=0) == opened

    def same_whoever_declares(self) -> int:
        """Each who may declares each vote that is over, today and in five days: one decision. How many did."""
        declared = 0
        scribe = self.scribe
        for name, opened in self.frozen.items():
            now = scribe.register.get(Vote, name)
            if scribe.register.get(Decision, name) or now is None or not now.is_over(scribe.now):
                continue
            decisions, not_theirs = set(), set[str]()
            for key in (*MEMBERS, *NEWCOMERS, "chair", "secretariat", "A#2"):
                for later in (0, 5 * DAY):
                    raw = scribe.seal("vote.declare", self.result(name), key, expires=scribe.now + later)
                    draft = Draft(scribe.register)
                    try:
                        fold.step(draft, fold.open_act(raw), scribe.now + later, scribe.last, len(scribe.entries))
                    except Refused as refused:
                        not_theirs.add(refused.code)
                        continue
                    decision = draft.get(Decision, name)
                    assert decision is not None
                    told = msgspec.structs.replace(decision, declared=0)
                    status = draft.get(Proposal, opened.proposal)
                    decisions.add(
                        (msgspec.json.encode(told, order="sorted"), msgspec.json.encode(status, order="sorted"))
                    )
                    declared += 1
            assert len(decisions) <= 1
            assert not_theirs <= {"key", "declare.by"}
        return declared
