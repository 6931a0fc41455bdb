# SPDX-License-Identifier: Apache-2.0
"""Views over a register: answers follow from register and standing alone, in an order that is fixed."""

import msgspec
import pytest
from tests.world import SECRETARIAT, World

import comity.domains  # noqa: F401  (completes the registries)
from comity.charter import fold
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.view import VIEWS, View, ask, standing, view
from comity.dialogue.acts import CastVote, ConveneMeeting, OpenVote, TableProposal
from comity.members.acts import ChangeStatus, RevokeKey

NOW = 1_800_000_000_000
LATER = NOW + 40 * 24 * 3600 * 1000


class Folded:
    """A world whose acts are folded in memory, one a millisecond."""

    def __init__(self, members: int = 4) -> None:
        self.world = World(members=members, seed="views", expires=NOW + 60 * 24 * 3600 * 1000)
        self.register = Register()
        self.size = 0
        self.stamp = NOW
        self.add(self.world.founding)

    def add(self, envelope: bytes, stamp: int = 0) -> None:
        """Fold one envelope at the stamp, or a millisecond after the last."""
        last, self.stamp = self.stamp, stamp or self.stamp + 1
        fold.step(self.register, fold.open_act(envelope), self.stamp, last if self.size else 0, self.size)
        self.size += 1

    def ask(self, name: str, **fields: object) -> object:
        """The answer of a view now."""
        return ask(name, fields).answer(self.register, standing(self.register, self.size, self.stamp))


def proposed(folded: Folded) -> Folded:
    """A vote is open until an hour from now; one member has taken its position."""
    seal = folded.world.seal
    folded.add(seal(TableProposal(proposal="P", organ="plenary", title="On tea"), "member/M000"))
    folded.add(seal(OpenVote(proposal="P", deadline=NOW + 3_600_000), SECRETARIAT))
    folded.add(seal(CastVote(vote="P/1", position="yes"), "member/M001"))
    folded.add(seal(ConveneMeeting(meeting="C", organ="plenary"), SECRETARIAT))
    return folded


def test_a_vote_is_over_as_of_the_last_entry() -> None:
    """Nothing changes because time passes: only a later stamp on the record tells that the deadline is over."""
    folded = proposed(Folded())
    assert folded.ask("vote", vote="P/1").status == "open"  # type: ignore[attr-defined]
    later = folded.world.seal(TableProposal(proposal="Q", organ="plenary", title="x"), SECRETARIAT)
    folded.add(later, NOW + 3_600_001)
    assert folded.ask("vote", vote="P/1").status == "over"  # type: ignore[attr-defined]


def test_the_same_register_gives_the_same_bytes() -> None:
    """Two folds of the same record, whose rows came in another order into the tables, answer alike."""
    one = proposed(Folded(members=15))
    other = Register({name: dict(reversed(rows.items())) for name, rows in one.register.tables.items()})
    fields = {
        "article": {"article": "simple"},
        "organ": {"organ": "plenary"},
        "member": {"member": "M001"},
        "positions": {"member": "M001"},
        "proposal": {"proposal": "P"},
        "vote": {"vote": "P/1"},
        "rollcall": {"vote": "P/1"},
        "meeting": {"meeting": "C"},
    }
    now = standing(one.register, one.size, one.stamp)
    for name in VIEWS:
        question = ask(name, fields.get(name, {}))
        first, second = question.answer(one.register, now), question.answer(other, now)
        assert msgspec.json.encode(first) == msgspec.json.encode(second), name


def test_a_frozen_roll_keeps_who_voted() -> None:
    """A member that is suspended afterwards keeps its seat in the vote and loses that in the organ."""
    folded = proposed(Folded())
    folded.add(folded.world.seal(ChangeStatus(member="M001", status="suspended"), SECRETARIAT))
    vote, organ, member = (
        folded.ask("vote", vote="P/1"),
        folded.ask("organ", organ="plenary"),
        folded.ask("member", member="M001"),
    )
    assert [seat.member for seat in vote.roll] == ["M000", "M001", "M002", "M003"]  # type: ignore[attr-defined]
    assert [seat.member for seat in organ.seats] == ["M000", "M002", "M003"]  # type: ignore[attr-defined]
    assert (member.status, member.electorates) == ("suspended", ())  # type: ignore[attr-defined]


def test_a_revoked_key_stays_in_sight() -> None:
    """Keys are listed with what became of them; the filter tells them apart."""
    folded = Folded()
    keyid = folded.world.keys["member/M002"].keyid
    folded.add(folded.world.seal(RevokeKey(key=keyid), "member/M002"))
    revoked, in_force = folded.ask("keys", standing="revoked"), folded.ask("keys", standing="in_force")
    assert [(key.keyid, key.revoked) for key in revoked.items] == [(keyid, 1)]  # type: ignore[attr-defined]
    assert keyid not in {key.keyid for key in in_force.items}  # type: ignore[attr-defined]


def test_members_of_a_group_are_found() -> None:
    """Filters by group and status, ordered by name."""
    folded = Folded(members=3)
    names = [item.name for item in folded.ask("members", status="member").items]  # type: ignore[attr-defined]
    assert names == ["Member M000", "Member M001", "Member M002"]
    assert folded.ask("members", group="east").total == 0  # type: ignore[attr-defined]


def test_a_question_that_is_not_well_put_is_refused_in_words() -> None:
    """The refusal is the same object as for acts: code, rule, found, wanted."""
    with pytest.raises(Refused) as unknown:
        ask("nothing", {})
    with pytest.raises(Refused) as parameter:
        ask("members", {"colour": "red"})
    assert (unknown.value.code, parameter.value.code) == ("view.unknown", "view.parameter")
    assert "limit" in parameter.value.refusal.wanted


def test_two_classes_cannot_claim_one_view() -> None:
    """Nothing is declared twice."""

    class Again(View, frozen=True, kw_only=True):
        """The same name again."""

    with pytest.raises(ValueError, match="two classes claim the view members"):
        view("members", title="Again")(Again)


def test_every_view_is_documented() -> None:
    """A question, its parameters and its answer say what they mean."""
    for name, cls in VIEWS.items():
        assert cls.__doc__, name
        schema = msgspec.json.schema(cls)
        properties = schema["$defs"][cls.__name__]["properties"]
        assert all("description" in each for each in properties.values()), name
