# SPDX-License-Identifier: Apache-2.0
"""Meetings: convened by the presiding office, attended by members, opened with a quorum."""

from typing import Annotated

from msgspec import Meta, structs

from comity.charter.act import Act, Context, act
from comity.charter.authority import convene, require_chair, require_organ, require_seat, seat_of
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.rule import Tally, holds
from comity.charter.tables import Roll
from comity.charter.terms import Date, Id
from comity.dialogue.tables import Meeting, enter_roll, seated

MeetingId = Annotated[Id, Meta(description="The meeting, by its id")]


def _meeting(register: Register, name: str) -> Meeting:
    meeting = register.get(Meeting, name)
    if meeting is None:
        raise Refused("meeting.unknown", "The meeting exists", found=name, wanted="a meeting that was convened")
    return meeting


def _require_meeting(good: bool, code: str, rule: str, meeting: Meeting) -> None:
    if not good:
        raise Refused(code, rule, found=f"a meeting that is {meeting.status}", wanted=rule.lower())


@act("meeting.convene", article="Meetings")
class ConveneMeeting(Act, frozen=True, kw_only=True):
    """The presiding office convenes a meeting; the electorate is frozen as its roll."""

    meeting: Annotated[Id, Meta(description="A new id for it: letters, digits, '.', '_', '-'; at most 64")]
    organ: Annotated[Id, Meta(description="The organ that meets, by its article of the charter")]
    date: Annotated[Date, Meta(description="The day on which it meets, as 2026-07-16")] = ""

    def check(self, register: Register, context: Context) -> None:
        organ = require_organ(register, self.organ)
        require_chair(organ, context)
        if register.get(Meeting, self.meeting) is not None:
            raise Refused("meeting.exists", "A meeting is convened once", found=self.meeting, wanted="an id not in use")
        convene(register, organ.electorate)

    def apply(self, register: Register, context: Context) -> None:
        digest, roll = convene(register, require_organ(register, self.organ).electorate)
        enter_roll(register, digest, roll)
        row = Meeting(
            organ=self.organ,
            roll=digest,
            present="-" * len(roll.seats),
            status="convened",
            date=self.date,
        )
        register.put(self.meeting, row)


@act("meeting.attend", article="Meetings")
class AttendMeeting(Act, frozen=True, kw_only=True):
    """A member is present."""

    meeting: MeetingId

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        _require_meeting(meeting.status != "closed", "meeting.closed", "The meeting is not closed", meeting)
        seat = require_seat(register, meeting.roll, context.holder)
        if meeting.present[seat] != "-":
            raise Refused(
                "meeting.present",
                "A member registers its presence once",
                found=f"{context.holder}, who is present already",
                wanted="nothing more",
            )

    def apply(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        present = seated(meeting.present, seat_of(register, meeting.roll, context.holder), "p")
        register.put(self.meeting, structs.replace(meeting, present=present))


@act("meeting.open", article="Meetings: quorum")
class OpenMeeting(Act, frozen=True, kw_only=True):
    """The presiding office opens the meeting, when the quorum to open is there."""

    meeting: MeetingId

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        organ = require_organ(register, meeting.organ)
        require_chair(organ, context)
        _require_meeting(meeting.status == "convened", "meeting.convened", "The meeting is convened", meeting)
        if organ.opens is None:
            return
        roll = register.get(Roll, meeting.roll)
        tally = Tally(
            positions=meeting.present,
            groups=roll.groups if roll else {},
            weights=roll.weights if roll else {},
        )
        good, lines = holds(organ.opens, tally)
        if not good:
            raise Refused(
                "meeting.quorum",
                "A meeting opens with its quorum",
                found="; ".join(line.text for line in lines),
                wanted="more members present",
                article=meeting.organ,
            )

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.meeting, structs.replace(_meeting(register, self.meeting), status="open"))


@act("meeting.close", article="Meetings")
class CloseMeeting(Act, frozen=True, kw_only=True):
    """The presiding office closes the meeting."""

    meeting: MeetingId

    def check(self, register: Register, context: Context) -> None:
        meeting = _meeting(register, self.meeting)
        require_chair(require_organ(register, meeting.organ), context)
        _require_meeting(meeting.status != "closed", "meeting.closed", "The meeting is not closed", meeting)

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.meeting, structs.replace(_meeting(register, self.meeting), status="closed"))
