# SPDX-License-Identifier: Apache-2.0
"""Articles and rules as the JSON that stands on a record: what the conformance records and the tests are made of."""

from typing import Any

Json = dict[str, Any]

DAY = 24 * 3600 * 1000
SILENCE = 3 * DAY


def count(*of: str, **scope: str) -> Json:
    """The number of seats with one of these positions; `group=` and `weight=` as the language has them."""
    return {"is": "count", "of": list(of), **scope}


def seats(**scope: str) -> Json:
    """The number of all seats."""
    return {"is": "seats", **scope}


def number(value: int) -> Json:
    """A whole number; zero is left out, as the canonical form wants."""
    return {"is": "number", **({"value": value} if value else {})}


def share(of: Json, numerator: int, denominator: int) -> Json:
    """An exact share of a quantity."""
    return {"is": "share", "of": of, "numerator": numerator, "denominator": denominator}


def compare(left: Json, relation: str, right: Json) -> Json:
    """A comparison of two quantities."""
    return {"is": "compare", "left": left, "relation": relation, "right": right}


def every(*of: Json) -> Json:
    """All of the conditions."""
    return {"is": "all", "of": list(of)}


def some(*of: Json) -> Json:
    """Any of the conditions."""
    return {"is": "any", "of": list(of)}


def never(that: Json) -> Json:
    """Not the condition."""
    return {"is": "not", "that": that}


def clause(outcome: str, reason: str = "", when: Json | None = None) -> Json:
    """One clause of a rule."""
    return {"outcome": outcome, **({"reason": reason} if reason else {}), **({"when": when} if when else {})}


def rule(positions: str, *clauses: Json, **more: Any) -> Json:
    """A rule over the positions named in one string; `early=True`, `least=` in milliseconds."""
    return {"is": "rule", "positions": positions.split(), "clauses": list(clauses), **more}


ROUND_ONE = compare({"is": "round"}, "=", number(1))
TIE = clause("undecided", "tie", every(compare(count("yes"), "=", count("no")), ROUND_ONE))
MAJORITY = clause("adopted", "majority", compare(count("yes"), ">", count("no")))
NO_MAJORITY = clause("rejected", "no-majority")

SIMPLE = rule("yes no abstain", MAJORITY, NO_MAJORITY, early=True)
"""The General Assembly's simple majority of members present and voting (rules 85 and 86)."""

TIED = rule("yes no abstain", MAJORITY, TIE, NO_MAJORITY, early=True)
"""The same, with a second vote on a tie (rule 95)."""

QUORATE = rule(
    "yes no abstain present",
    clause(
        "undecided",
        "quorum",
        compare(count("yes", "no", "abstain", "present"), "<=", share(seats(), 1, 2)),
    ),
    MAJORITY,
    TIE,
    NO_MAJORITY,
    early=True,
)
"""The same, with a quorum to decide: a majority of the members (rule 67)."""

IMPORTANT = rule(
    "yes no abstain",
    clause(
        "adopted",
        "two-thirds",
        every(
            compare(count("yes"), ">", number(0)),
            compare(count("yes"), ">=", share(count("yes", "no"), 2, 3)),
        ),
    ),
    clause("rejected", "no-two-thirds"),
    early=True,
)
"""An important question: two thirds of the members present and voting (Article 18, paragraph 2; rule 83)."""

OBJECTION = clause("rejected", "objection", compare(count("object"), ">=", number(1)))
QUIET = rule("object", OBJECTION, clause("adopted", "silence"), least=SILENCE)
"""Silence: adopted unless somebody objects within 72 hours."""

CONSENSUS = rule("object", OBJECTION, clause("adopted", "consensus"), early=True)
"""Consensus in the room: adopted unless somebody objects."""

DOUBLE = rule(
    "yes no abstain",
    clause(
        "adopted",
        "double-majority",
        every(
            compare(count("yes"), ">=", share(seats(), 55, 100)),
            some(
                compare(count("yes", weight="population"), ">=", share(seats(weight="population"), 65, 100)),
                compare({"is": "sum", "of": [seats(), share(count("yes"), 1, 1)]}, ">", number(10**6)),
                compare({"is": "sum", "of": [count("no"), count("abstain")]}, "<", number(4)),
            ),
        ),
    ),
    NO_MAJORITY,
)
"""A double majority as the Council of the European Union has it: 55 % of the states with 65 % of the people, a
blocking minority being of at least four states. (The middle alternative never holds; it exercises the language.)"""

SPLIT = rule(
    "yes no abstain",
    clause(
        "adopted",
        "both-groups",
        every(
            compare(count("yes", group="north"), ">", count("no", group="north")),
            compare(count("yes", group="south"), ">", count("no", group="south")),
            never(compare(count("yes", group="nowhere"), ">", number(0))),
        ),
    ),
    NO_MAJORITY,
    early=True,
)
"""A majority in each of two groups."""

QUORUM_TO_OPEN = compare(count("present"), ">=", share(seats(), 1, 3))
"""At least a third of the members present, to open a meeting (rule 67)."""


def article(provision: Json, title: str = "An article", layer: str = "constitution", **more: Any) -> Json:
    """An Article with this provision."""
    return {"title": title, "layer": layer, "provision": provision, **more}


def office() -> Json:
    """An office."""
    return article({"is": "office"}, "An office")


def electorate(*statuses: str, **more: Any) -> Json:
    """An electorate of these statuses; `groups=` a list."""
    return article({"is": "electorate", "statuses": list(statuses), **more}, "An electorate")


def organ(voters: str, chair: str, *rules: str, **more: Any) -> Json:
    """An organ; `opens=` its quorum to open."""
    return article({"is": "organ", "electorate": voters, "chair": chair, "rules": list(rules), **more}, "An organ")


def power(kinds: str, *holders: str) -> Json:
    """A power over the kinds (named in one string) for the holders."""
    return article({"is": "power", "kinds": kinds.split(), "holders": list(holders)}, "A power")


def competence(kinds: str, organ: str, rule: str) -> Json:
    """The competence of an organ for the kinds, by a rule."""
    return article({"is": "competence", "kinds": kinds.split(), "organ": organ, "rule": rule}, "A competence")


ENACTABLE = "charter.add charter.replace charter.repeal edition.raise member.admit member.status key.add key.revoke"


def assembly() -> dict[str, Json]:
    """A charter in which everything of edition 1 can happen: an assembly, a council that meets, a secretariat."""
    return {
        "members": electorate("member"),
        "north": electorate("member", groups=["north"]),
        "nobody": electorate("honorary"),
        "chair": office(),
        "secretariat": office(),
        "assembly": organ("members", "chair", "simple", "important", "tied", "quiet", "consensus", "double", "split"),
        "council": organ("members", "chair", "quorate", opens=QUORUM_TO_OPEN),
        "ghosts": organ("nobody", "chair", "simple"),
        "simple": article(SIMPLE, "Simple majority", "procedure"),
        "important": article(IMPORTANT, "Important questions", "procedure"),
        "tied": article(TIED, "Majority with a second vote", "procedure"),
        "quorate": article(QUORATE, "Majority with a quorum", "procedure"),
        "quiet": article(QUIET, "Silence", "procedure"),
        "consensus": article(CONSENSUS, "Consensus", "procedure"),
        "double": article(DOUBLE, "Double majority", "procedure"),
        "split": article(SPLIT, "Both groups", "procedure"),
        "power-secretariat": power("member.admit member.status key.revoke proposal.table", "office/secretariat"),
        "power-north": power("key.add", "electorate/north"),
        "competence-charter": competence(ENACTABLE, "assembly", "important"),
        "competence-council": competence("member.status", "council", "quorate"),
        "preamble": article({"is": "text"}, "Preamble", text={"digest": "ab" * 32, "media": "text/plain", "size": 7}),
    }
