# SPDX-License-Identifier: Apache-2.0
"""What is done in meetings and on proposals, in plain words."""

from comity.charter.act import Act
from comity.charter.article import Article
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.words import in_words, told
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
    WithdrawProposal,
    enacted,
)
from comity.dialogue.tables import Enactment, Proposal

_POSITIONS = {
    "yes": "voted yes on",
    "no": "voted no on",
    "abstain": "abstained on",
    "object": "objected to",
    "present": "was present, without a position, on",
}


def enactment_words(enacts: Enactment, register: Register) -> str:
    """What a proposal would do, from `would have`: `admitted Y as member`."""
    try:
        carried: Act = enacted(enacts)
    except Refused:
        return f"did {enacts.kind}"
    return in_words(carried, register)


def _organ(register: Register, organ: str) -> str:
    article = register.get(Article, organ)
    return article.title if article else organ


def _proposal(register: Register, name: str) -> str:
    row = register.get(Proposal, name)
    return f"{row.symbol or name}, {row.title}" if row else name


@told(ConveneMeeting)
def _convene(act: ConveneMeeting, register: Register) -> str:
    return f"convened the meeting {act.meeting} of {_organ(register, act.organ)}"


@told(AttendMeeting)
def _attend(act: AttendMeeting, register: Register) -> str:
    return f"was present at the meeting {act.meeting}"


@told(OpenMeeting)
def _open_meeting(act: OpenMeeting, register: Register) -> str:
    return f"opened the meeting {act.meeting}"


@told(CloseMeeting)
def _close_meeting(act: CloseMeeting, register: Register) -> str:
    return f"closed the meeting {act.meeting}"


@told(TableProposal)
def _table(act: TableProposal, register: Register) -> str:
    return f"tabled {act.symbol or act.proposal}, {act.title}, in {_organ(register, act.organ)}"


@told(WithdrawProposal)
def _withdraw(act: WithdrawProposal, register: Register) -> str:
    return f"withdrew {_proposal(register, act.proposal)}"


@told(OpenVote)
def _open(act: OpenVote, register: Register) -> str:
    return f"opened the vote on {_proposal(register, act.proposal)}"


@told(CastVote)
def _cast(act: CastVote, register: Register) -> str:
    return f"{_POSITIONS[act.position]} {_proposal(register, act.vote.rpartition('/')[0])}"


@told(CloseVote)
def _close(act: CloseVote, register: Register) -> str:
    return f"closed the vote on {_proposal(register, act.vote.rpartition('/')[0])}"


@told(DeclareVote)
def _declare(act: DeclareVote, register: Register) -> str:
    counts = ", ".join(f"{name} {number}" for name, number in act.counts.items())
    return f"declared {_proposal(register, act.vote.rpartition('/')[0])} {act.outcome} ({counts})"
