# SPDX-License-Identifier: Apache-2.0
"""What can be asked about meetings."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.register import Register
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, holder_name, view
from comity.dialogue.tables import Meeting, Vote
from comity.dialogue.views.short import seats, title_of


class MeetingItem(Struct, frozen=True, kw_only=True):
    """A meeting in short."""

    meeting: str
    organ: str
    status: str
    date: str
    present: int
    seats: int


@view("meetings", title="Meetings")
class MeetingsView(Listing, frozen=True, kw_only=True):
    """The meetings, the latest date first."""

    organ: Annotated[str, Meta(description="Only meetings of this organ")] = ""
    status: Annotated[Literal["", "convened", "open", "closed"], Meta(description="Only meetings so far")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[MeetingItem]:
        rows = register.rows(Meeting)
        found = sorted(
            name for name, row in rows.items() if self.organ in ("", row.organ) and self.status in ("", row.status)
        )
        found.sort(key=lambda name: rows[name].date, reverse=True)

        def item(name: str) -> MeetingItem:
            row = rows[name]
            return MeetingItem(
                meeting=name,
                organ=row.organ,
                status=row.status,
                date=row.date,
                present=row.present.count("p"),
                seats=len(row.present),
            )

        return self.page(standing, found, item)


class Attendance(Struct, frozen=True, kw_only=True):
    """A seat of a meeting."""

    member: str
    name: str
    present: bool


class MeetingAnswer(Answer, frozen=True, kw_only=True):
    """A meeting, who has a seat in it and who is present, and the votes taken in it."""

    meeting: str
    organ: str
    organ_title: str
    status: str
    date: str
    present: int
    seats: int
    roll: tuple[Attendance, ...]
    votes: tuple[str, ...]


@view("meeting", title="Meeting", path="/meetings/{meeting}")
class MeetingView(View, frozen=True, kw_only=True):
    """One meeting."""

    meeting: Annotated[str, Meta(description="Id of the meeting")]

    def answer(self, register: Register, standing: Standing) -> MeetingAnswer:
        row = register.get(Meeting, self.meeting)
        if row is None:
            raise absent("meeting", self.meeting, "meetings")
        return MeetingAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            meeting=self.meeting,
            organ=row.organ,
            organ_title=title_of(register, row.organ),
            status=row.status,
            date=row.date,
            present=row.present.count("p"),
            seats=len(row.present),
            roll=tuple(
                Attendance(member=member, name=holder_name(register, f"member/{member}"), present=sign == "p")
                for member, sign in zip(seats(register, row.roll), row.present, strict=True)
            ),
            votes=tuple(sorted(name for name, vote in register.rows(Vote).items() if vote.meeting == self.meeting)),
        )
