# SPDX-License-Identifier: Apache-2.0
"""What can be asked about meetings, proposals, votes and decisions; importing it registers them all."""

from comity.dialogue.views.meetings import MeetingAnswer, MeetingItem, MeetingsView, MeetingView
from comity.dialogue.views.proposals import (
    DecisionItem,
    DecisionsView,
    ProposalAnswer,
    ProposalItem,
    ProposalsView,
    ProposalView,
)
from comity.dialogue.views.short import VoteItem
from comity.dialogue.views.votes import (
    PositionItem,
    PositionsView,
    RollcallView,
    SeatItem,
    VoteAnswer,
    VotesView,
    VoteView,
)

__all__ = [
    "DecisionItem",
    "DecisionsView",
    "MeetingAnswer",
    "MeetingItem",
    "MeetingView",
    "MeetingsView",
    "PositionItem",
    "PositionsView",
    "ProposalAnswer",
    "ProposalItem",
    "ProposalView",
    "ProposalsView",
    "RollcallView",
    "SeatItem",
    "VoteAnswer",
    "VoteItem",
    "VoteView",
    "VotesView",
]
