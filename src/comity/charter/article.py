# SPDX-License-Identifier: Apache-2.0
"""The charter as data: articles, what each provides, the coherence of them all (docs/spec/register.md, Articles)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from comity.charter.refusal import Refused
from comity.charter.rule import Clause, Condition, CountOf, Node, Rule, require_well_formed, walk
from comity.charter.terms import Constituency, Document, Id, KindName, Title

Ids = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=16)]
Kinds = Annotated[tuple[KindName, ...], Meta(min_length=1, max_length=16)]

GRANTABLE = frozenset({"member.admit", "member.status", "key.add", "key.revoke", "proposal.table"})
"""Kinds that a power may grant to an office or an electorate, to be done directly."""

ENACTABLE = frozenset(
    {
        "charter.add",
        "charter.replace",
        "charter.repeal",
        "edition.raise",
        "member.admit",
        "member.status",
        "key.add",
        "key.revoke",
    }
)
"""Kinds that an organ may enact by a decision, where a competence says so."""


class Provision(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="is"):
    """What an article provides."""


class Text(Provision, frozen=True, kw_only=True, tag="text"):
    """Prose only; the words stand in the document beside the record."""


class Electorate(Provision, frozen=True, kw_only=True, tag="electorate"):
    """Who may vote: members of these statuses and, where groups are named, of one of them."""

    statuses: Ids
    groups: Annotated[tuple[Id, ...], Meta(max_length=16)] = ()


class Office(Provision, frozen=True, kw_only=True, tag="office"):
    """An office: the secretariat, a presidency. Its keys act for it."""


class Organ(Provision, frozen=True, kw_only=True, tag="organ"):
    """A body that decides: its electorate, its presiding office, the rules it may use, its quorum to open."""

    electorate: Id
    chair: Id
    rules: Ids
    opens: Condition | None = None


class Power(Provision, frozen=True, kw_only=True, tag="power"):
    """Kinds that the named offices and electorates may do without a decision of an organ."""

    kinds: Kinds
    holders: Annotated[tuple[Constituency, ...], Meta(min_length=1, max_length=16)]


class Competence(Provision, frozen=True, kw_only=True, tag="competence"):
    """Kinds that an organ may enact, and the rule that the decision needs."""

    kinds: Kinds
    organ: Id
    rule: Id


AnyProvision = Text | Electorate | Office | Organ | Rule | Power | Competence


class Article(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One article of the charter."""

    table: ClassVar[str] = "articles"

    title: Title
    layer: Literal["constitution", "procedure", "terms"]
    provision: AnyProvision
    text: Document | None = None


def repeats(article: Article) -> str:
    """The name of a field of the article that holds something twice where the form wants distinct values, or ''."""
    provision = article.provision
    fields = [
        name for name in ("statuses", "groups", "rules", "kinds", "holders", "positions") if hasattr(provision, name)
    ]
    for name in fields:
        values = getattr(provision, name)
        if len(set(values)) != len(values):
            return name
    for condition in _conditions(provision):
        for _, node in walk(condition, 1):
            if isinstance(node, CountOf) and len(set(node.of)) != len(node.of):
                return "a count"
    return ""


def _conditions(provision: Provision | Node) -> list[Condition]:
    match provision:
        case Rule(clauses=clauses):
            return [clause.when for clause in clauses if clause.when is not None]
        case Organ(opens=opens) if opens is not None:
            return [opens]
        case _:
            return []


def require_coherent(articles: Mapping[str, Article]) -> None:
    """Refuse a charter whose articles do not fit together; checks and order as in docs/spec/register.md."""
    for name in sorted(articles):
        for check in (_references, _kinds, _rules):
            check(name, articles[name], articles)


def _references(name: str, article: Article, articles: Mapping[str, Article]) -> None:
    match article.provision:
        case Organ(electorate=electorate, chair=chair, rules=rules):
            _refers(name, electorate, Electorate, articles)
            _refers(name, chair, Office, articles)
            for rule in rules:
                _refers(name, rule, Rule, articles)
        case Power(holders=holders):
            for holder in holders:
                what, _, which = holder.partition("/")
                _refers(name, which, Office if what == "office" else Electorate, articles)
        case Competence(organ=organ, rule=rule):
            _refers(name, organ, Organ, articles)
            _refers(name, rule, Rule, articles)
        case _:
            pass


def _refers(name: str, target: str, wanted: type, articles: Mapping[str, Article]) -> None:
    found = articles.get(target)
    if found is None or not isinstance(found.provision, wanted):
        what = "no such article" if found is None else f"a {type(found.provision).__name__.lower()}"
        raise Refused(
            "charter.reference",
            f"Article {name} relies on {target}, which must be an article of the kind it needs",
            found=what,
            wanted=f"{target} as an article that provides an {wanted.__name__.lower()}",
            article=name,
        )


def _kinds(name: str, article: Article, articles: Mapping[str, Article]) -> None:
    match article.provision:
        case Power(kinds=kinds):
            admitted = GRANTABLE
        case Competence(kinds=kinds):
            admitted = ENACTABLE
        case _:
            return
    if strange := [kind for kind in kinds if kind not in admitted]:
        raise Refused(
            "charter.kind",
            f"Article {name} may only name kinds that can be granted in this way",
            found=", ".join(strange),
            wanted=", ".join(sorted(admitted)),
            article=name,
        )


def _rules(name: str, article: Article, articles: Mapping[str, Article]) -> None:
    match article.provision:
        case Rule() as rule:
            require_well_formed(rule, f"article {name}")
        case Organ(opens=opens) if opens is not None:
            opening = Rule(positions=("present",), clauses=(Clause(outcome="adopted", when=opens),))
            require_well_formed(opening, f"the opening of {name}")
        case _:
            pass
