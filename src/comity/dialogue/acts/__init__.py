# SPDX-License-Identifier: Apache-2.0
"""What is done in meetings and on proposals (docs/spec/kinds.md).

What is decided is fixed when a vote opens: rule, electorate, weights, deadline and enacted act are frozen then, and
the outcome follows from these and the positions alone, whoever declares it and whenever (law 7).
"""

from comity.dialogue.acts.meetings import AttendMeeting, CloseMeeting, ConveneMeeting, OpenMeeting
from comity.dialogue.acts.proposals import TableProposal, WithdrawProposal, enacted
from comity.dialogue.acts.votes import CastVote, CloseVote, DeclareVote, OpenVote, finding

__all__ = [
    "AttendMeeting",
    "CastVote",
    "CloseMeeting",
    "CloseVote",
    "ConveneMeeting",
    "DeclareVote",
    "OpenMeeting",
    "OpenVote",
    "TableProposal",
    "WithdrawProposal",
    "enacted",
    "finding",
]
