# SPDX-License-Identifier: Apache-2.0
"""The charter and the acts in plain words: what a rule demands, what an article provides, what somebody did.

Words are made from the data and cannot disagree with it; the data decides (law 8), the words only tell.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from comity.charter.act import Act
from comity.charter.acts import AddArticle, Found, RaiseEdition, RepealArticle, ReplaceArticle
from comity.charter.article import AnyProvision, Competence, Electorate, Office, Organ, Power, Text
from comity.charter.register import Register
from comity.charter.rule import All, Compare, Condition, CountOf, Not, Number, Quantity, Round, Rule, Seats, Share, Sum
from comity.charter.rule import Any as AnyOf

A = TypeVar("A", bound=Act)

POSITIONS = {
    "yes": "votes in favour",
    "no": "votes against",
    "abstain": "abstentions",
    "object": "objections",
    "present": "members present without a position",
}
_RELATIONS = {
    ">": "is more than",
    ">=": "is at least",
    "=": "equals",
    "<": "is less than",
    "<=": "is at most",
}
_SHARES = {(1, 2): "half of", (2, 3): "two thirds of", (3, 4): "three quarters of", (3, 5): "three fifths of"}
_OUTCOMES = {"adopted": "Adopted", "rejected": "Rejected", "undecided": "Undecided, to be put to the vote again"}
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")


def listed(words: Sequence[str], joint: str = "and") -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def quantity(node: Quantity) -> str:
    """A quantity of the rule language in words."""
    match node:
        case CountOf(of=of, group=group, weight=weight):
            return f"the number of {listed([POSITIONS[name] for name in of])}{_scope(group, weight)}"
        case Seats(group=group, weight=weight):
            return f"the number of all seats{_scope(group, weight)}"
        case Number(value=value):
            return str(value)
        case Sum(of=parts):
            return " plus ".join(quantity(part) for part in parts)
        case Share(of=part, numerator=numerator, denominator=denominator):
            ratio = _SHARES.get((numerator, denominator), f"{numerator}/{denominator} of")
            return f"{ratio} {quantity(part)}"
        case Round():
            return "the round of the vote"


def condition(node: Condition) -> str:
    """A condition of the rule language in words."""
    match node:
        case Compare(left=Round(), relation="=", right=Number(value=number)) if 0 < number < len(_ORDINALS):
            return f"this is the {_ORDINALS[number]} vote on it"
        case Compare(left=left, relation=relation, right=right):
            return f"{quantity(left)} {_RELATIONS[relation]} {quantity(right)}"
        case All(of=parts):
            return " and ".join(_inner(part) for part in parts)
        case AnyOf(of=parts):
            return " or ".join(_inner(part) for part in parts)
        case Not(that=part):
            return f"it is not so that {_inner(part)}"


def _inner(node: Condition) -> str:
    return f"({condition(node)})" if isinstance(node, All | AnyOf) else condition(node)


def _scope(group: str, weight: str) -> str:
    return (f" in the group {group}" if group else "") + (f", each by its weight {weight}" if weight else "")


def span(milliseconds: int) -> str:
    """A length of time in words, exactly."""
    for unit, length in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if milliseconds >= length and milliseconds % length == 0:
            number = milliseconds // length
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{milliseconds:,} milliseconds"


def rule_words(rule: Rule) -> tuple[str, ...]:
    """What a decision rule says, sentence by sentence, in the order in which it is applied."""
    only = len(rule.positions) == 1
    said = [f"A member may {'only ' if only else ''}take {'this position' if only else 'one of these positions'}: "]
    said[0] += f"{listed(rule.positions, 'or')}."
    for number, clause in enumerate(rule.clauses):
        outcome = _OUTCOMES[clause.outcome] + (f" ({clause.reason})" if clause.reason else "")
        if clause.when is None:
            said.append(f"{outcome}{' in every other case' if number else ' always'}.")
        else:
            said.append(f"{'Otherwise ' if number else ''}{_lower(outcome, number)} if {condition(clause.when)}.")
    if rule.clauses[-1].when is not None:
        said.append("Rejected if none of this applies.")
    if rule.least:
        said.append(f"A vote stays open for at least {span(rule.least)}.")
    early = "may be closed by the presiding office before its deadline" if rule.early else "runs until its deadline"
    said.append(f"A vote {early}.")
    return tuple(said)


def _lower(text: str, number: int) -> str:
    return text[0].lower() + text[1:] if number else text


def provision_words(provision: AnyProvision) -> tuple[str, ...]:
    """What an article provides, in sentences."""
    match provision:
        case Text():
            return ("Prose only: the words stand in the document beside the record.",)
        case Electorate(statuses=statuses, groups=groups):
            within = f" and in the group {listed(groups, 'or')}" if groups else ""
            return (f"Every member whose status is {listed(statuses, 'or')}{within} has a seat here.",)
        case Office():
            return ("An office. Its keys act for it.",)
        case Organ(electorate=electorate, chair=chair, rules=rules, opens=opens):
            said = [
                f"Whoever is in the electorate {electorate} has a seat; the office {chair} presides.",
                f"It decides by the rule {listed(rules, 'or')}; where none is chosen, by {rules[0]}.",
            ]
            if opens is not None:
                said.append(f"A meeting opens when {condition(opens)}. It votes in open meetings only.")
            return tuple(said)
        case Rule():
            return rule_words(provision)
        case Power(kinds=kinds, holders=holders):
            return (f"Without a decision of an organ, {listed(holders, 'and')} may do this: {listed(kinds)}.",)
        case Competence(kinds=kinds, organ=organ, rule=rule):
            return (f"The organ {organ} may enact, by the rule {rule}: {listed(kinds)}.",)


WORDS: dict[str, Callable[[Any, Register], str]] = {}
"""How each kind is told, as what follows the name of who did it: `voted yes on A/1`."""


def told(
    cls: type[A],
) -> Callable[[Callable[[A, Register], str]], Callable[[A, Register], str]]:
    """Decorator: the function tells acts of this class."""

    def enter(tell: Callable[[A, Register], str]) -> Callable[[A, Register], str]:
        WORDS[cls.kind] = tell
        return tell

    return enter


def in_words(act: Act, register: Register) -> str:
    """What was done, without who did it; for a kind without words of its own, its summary."""
    tell = WORDS.get(act.kind)
    if tell is not None:
        return tell(act, register)
    summary = (act.__doc__ or act.kind).strip().splitlines()[0]
    return f"did {act.kind}: {summary}"


@told(Found)
def _found(act: Found, register: Register) -> str:
    return f"founded {act.name}"


@told(AddArticle)
def _add(act: AddArticle, register: Register) -> str:
    return f"added article {act.article} to the charter: {act.content.title}"


@told(ReplaceArticle)
def _replace(act: ReplaceArticle, register: Register) -> str:
    return f"replaced article {act.article} of the charter: {act.content.title}"


@told(RepealArticle)
def _repeal(act: RepealArticle, register: Register) -> str:
    return f"repealed article {act.article} of the charter"


@told(RaiseEdition)
def _raise(act: RaiseEdition, register: Register) -> str:
    return f"raised the edition of the register to {act.edition}"
