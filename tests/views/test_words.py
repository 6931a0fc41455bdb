# SPDX-License-Identifier: Apache-2.0
"""Rules, articles and acts in words: made from the data, complete, and the same every time."""

from typing import get_args

import pytest
from tests.world import QUIET, SIMPLE

from comity.charter.act import KINDS
from comity.charter.article import Competence, Electorate, Office, Organ, Power, Text
from comity.charter.register import Register
from comity.charter.rule import (
    All,
    Any,
    Clause,
    Compare,
    Condition,
    CountOf,
    Not,
    Number,
    Quantity,
    Round,
    Rule,
    Seats,
    Share,
    Sum,
)
from comity.charter.words import WORDS, condition, in_words, provision_words, quantity, rule_words, span
from comity.members.acts import ChangeStatus

NOT_EQUAL_AND_LESS = (
    "it is not so that (the number of votes in favour equals the number of votes against and the number of votes in "
    "favour is less than the number of votes against)"
)
AT_LEAST_OR_SOME = (
    "the number of votes in favour is at least the number of votes against or the number of votes against is more "
    "than 0"
)
YES, NO = CountOf(of=("yes",)), CountOf(of=("no",))


def test_a_simple_majority_is_told_in_the_order_in_which_it_is_applied() -> None:
    """Positions, clauses, what else, and whether it may be closed early."""
    assert rule_words(SIMPLE) == (
        "A member may take one of these positions: yes, no or abstain.",
        "Adopted (majority) if the number of votes in favour is more than the number of votes against.",
        "Rejected (no-majority) in every other case.",
        "A vote may be closed by the presiding office before its deadline.",
    )


def test_a_silence_procedure_says_how_long_it_lasts() -> None:
    """The least time and that nobody shortens it."""
    assert rule_words(QUIET)[-2:] == (
        "A vote stays open for at least 3 days.",
        "A vote runs until its deadline.",
    )


def test_a_rule_whose_last_clause_is_conditional_says_what_follows_otherwise() -> None:
    """Rejected, as the language has it."""
    rule = Rule(
        positions=("yes",), clauses=(Clause(outcome="adopted", when=Compare(left=YES, relation=">", right=NO)),)
    )
    assert "Rejected if none of this applies." in rule_words(rule)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Share(of=Seats(), numerator=2, denominator=3), "two thirds of the number of all seats"),
        (Share(of=Seats(), numerator=5, denominator=8), "5/8 of the number of all seats"),
        (Sum(of=(YES, NO)), "the number of votes in favour plus the number of votes against"),
        (CountOf(of=("yes", "no")), "the number of votes in favour and votes against"),
        (Seats(group="east"), "the number of all seats in the group east"),
        (CountOf(of=("yes",), weight="people"), "the number of votes in favour, each by its weight people"),
        (Number(), "0"),
        (Round(), "the round of the vote"),
    ],
)
def test_every_quantity_has_words(node: Quantity, said: str) -> None:
    """Shares as people say them where they do."""
    assert quantity(node) == said


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Compare(left=Round(), relation="=", right=Number(value=1)), "this is the first vote on it"),
        (Compare(left=Round(), relation="=", right=Number()), "the round of the vote equals 0"),
        (Compare(left=Round(), relation="=", right=Number(value=9)), "the round of the vote equals 9"),
        (Compare(left=YES, relation="<=", right=Number(value=3)), "the number of votes in favour is at most 3"),
        (
            Not(that=All(of=(Compare(left=YES, relation="=", right=NO), Compare(left=YES, relation="<", right=NO)))),
            NOT_EQUAL_AND_LESS,
        ),
        (
            Any(of=(Compare(left=YES, relation=">=", right=NO), Compare(left=NO, relation=">", right=Number()))),
            AT_LEAST_OR_SOME,
        ),
    ],
)
def test_every_condition_has_words(node: Condition, said: str) -> None:
    """Brackets where the order would be in doubt."""
    assert condition(node) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (86_400_000, "1 day"),
        (129_600_000, "36 hours"),
        (60_000, "1 minute"),
        (1_500, "1,500 milliseconds"),
        (0, "0 milliseconds"),
    ],
)
def test_lengths_of_time_are_exact(milliseconds: int, said: str) -> None:
    """In the largest unit that leaves no remainder."""
    assert span(milliseconds) == said


def test_every_provision_has_words() -> None:
    """No article of the charter is without a sentence."""
    provisions = (
        Text(),
        Electorate(statuses=("member",), groups=("east", "west")),
        Office(),
        Organ(electorate="e", chair="c", rules=("r",), opens=Compare(left=Seats(), relation=">", right=Number())),
        SIMPLE,
        Power(kinds=("key.add",), holders=("office/o",)),
        Competence(kinds=("key.add",), organ="o", rule="r"),
    )
    from comity.charter.article import AnyProvision

    assert {type(each) for each in provisions} == set(get_args(AnyProvision))
    assert all(all(sentence.endswith(".") for sentence in provision_words(each)) for each in provisions)


def test_every_kind_is_told_in_words() -> None:
    """Pages say what was done; a kind that is new falls back on its summary."""
    assert set(WORDS) == set(KINDS)
    told = WORDS.pop("member.status")
    try:
        act = ChangeStatus(member="A", status="suspended")
        assert in_words(act, Register()).startswith("did member.status: The status of a member changes")
    finally:
        WORDS["member.status"] = told
