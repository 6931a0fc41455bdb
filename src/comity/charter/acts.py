# SPDX-License-Identifier: Apache-2.0
"""Founding, amendment, edition: the acts of the charter itself (docs/spec/kinds.md)."""

from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from comity.charter.act import Act, Context, act, malformed
from comity.charter.article import Article, Office, repeats, require_coherent
from comity.charter.authority import PlainKey, enter_keys, key_id, organisation
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.tables import Member, Organisation
from comity.charter.terms import Count, Id, Name, Origin, Positive, PublicKey

EDITION = 1
"""The latest edition that this program knows."""

PlainKeys = Annotated[tuple[PlainKey, ...], Meta(min_length=1, max_length=16)]
Groups = Annotated[tuple[Id, ...], Meta(max_length=32, description="The groups it is in, in ascending order")]
Weights = Annotated[dict[Id, Count], Meta(max_length=16, description="Its weights by name, where votes are weighed")]


def require_groups(groups: tuple[str, ...]) -> None:
    """Groups stand in strictly ascending order (code `form`)."""
    if any(a >= b for a, b in pairwise(groups)):
        raise malformed(f"groups {', '.join(groups)}", "each group once, in ascending order")


class Founder(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A founding member and its root keys."""

    member: Id
    name: Name
    status: Id
    keys: PlainKeys
    groups: Groups = ()
    weights: Weights = {}


class Officer(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An office that has keys from the founding on."""

    office: Id
    keys: PlainKeys


@act("organisation.found", article="The founding act")
class Found(Act, frozen=True, kw_only=True):
    """The founders found the organisation: its name, its log, its charter, their keys. Entry 0, and only that."""

    name: Annotated[Name, Meta(description="The organisation's name")]
    origin: Origin
    log_key: Annotated[PublicKey, Meta(description="The log's Ed25519 public key, 32 bytes in base64")]
    edition: Annotated[Positive, Meta(description="The edition of the rules: 1 at the founding")]
    articles: Annotated[
        dict[Id, Article], Meta(min_length=1, max_length=256, description="The charter: its articles by id")
    ]
    mark: Annotated[
        Literal["", "replay", "simulation"], Meta(description="What the record is, where it is not in earnest")
    ] = ""
    members: Annotated[tuple[Founder, ...], Meta(max_length=16)] = ()
    officers: Annotated[tuple[Officer, ...], Meta(max_length=16)] = ()

    def keys(self) -> dict[str, PlainKey]:
        """All root keys by key id (a key given twice appears once)."""
        holders: tuple[Founder | Officer, ...] = (*self.members, *self.officers)
        return {key_id(key.key): key for holder in holders for key in holder.keys}

    def form(self) -> None:
        if self.edition != 1:
            raise malformed(f"edition {self.edition}", "edition 1 at the founding")
        if not self.members and not self.officers:
            raise malformed("no key at all", "at least one founder or officer with a key")
        for article in self.articles.values():
            _require_distinct(article)
        for founder in self.members:
            require_groups(founder.groups)

    def check(self, register: Register, context: Context) -> None:
        holders: tuple[Founder | Officer, ...] = (*self.members, *self.officers)
        names = [founder.member for founder in self.members], [officer.office for officer in self.officers]
        given = [key.key for holder in holders for key in holder.keys]
        for listed in (*names, given):
            if len(set(listed)) != len(listed):
                raise Refused(
                    "founding.twice",
                    "Each founder, office and key stands once in the founding act",
                    found="one given twice",
                    wanted="each once",
                )
        if self.log_key in given:
            raise Refused(
                "key.role",
                "Keys are distinct by role",
                found="the log's key among the founders'",
                wanted="another",
            )
        offices = {name for name, each in self.articles.items() if isinstance(each.provision, Office)}
        if strange := [officer.office for officer in self.officers if officer.office not in offices]:
            raise Refused(
                "founding.office",
                "Keys are given to offices that the charter has",
                found=", ".join(strange),
                wanted=", ".join(sorted(offices)) or "an article that is an office",
            )
        require_coherent(self.articles)

    def apply(self, register: Register, context: Context) -> None:
        row = Organisation(
            id=context.organisation,
            name=self.name,
            origin=self.origin,
            log_key=self.log_key,
            edition=self.edition,
            founded=context.stamp,
            mark=self.mark,
        )
        register.put("self", row)
        for name, article in self.articles.items():
            register.put(name, article)
        for founder in self.members:
            member = Member(name=founder.name, status=founder.status, groups=founder.groups, weights=founder.weights)
            register.put(founder.member, member)
            enter_keys(register, context, f"member/{founder.member}", founder.keys)
        for officer in self.officers:
            enter_keys(register, context, f"office/{officer.office}", officer.keys)


def _require_distinct(article: Article) -> None:
    if name := repeats(article):
        raise malformed(f"a value twice in {name}", "each value once")


def _require_enacted(context: Context, kind: str) -> None:
    if not context.enacted:
        raise Refused(
            "power.none",
            f"Only the decision of an organ enacts {kind}",
            found=f"an act of {context.holder}",
            wanted="a proposal that enacts it, adopted by an organ that is competent",
        )


def _amended(register: Register, name: str, content: Article | None) -> dict[str, Article]:
    articles = dict(register.rows(Article))
    if content is None:
        del articles[name]
    else:
        articles[name] = content
    return articles


def _require_article(register: Register, name: str) -> None:
    if register.get(Article, name) is None:
        raise Refused("charter.unknown", "The charter must have the article", found=name, wanted="an article it has")


@act("charter.add", article="Amendment of the charter")
class AddArticle(Act, frozen=True, kw_only=True):
    """An organ adds an article to the charter. Only by an adopted proposal."""

    article: Annotated[Id, Meta(description="A new id for it: letters, digits, '.', '_', '-'; at most 64")]
    content: Annotated[Article, Meta(description="The article: title, layer, provision")]

    def form(self) -> None:
        _require_distinct(self.content)

    def check(self, register: Register, context: Context) -> None:
        _require_enacted(context, "charter.add")
        if register.get(Article, self.article) is not None:
            raise Refused("charter.exists", "A new article has a new id", found=self.article, wanted="an id not in use")
        require_coherent(_amended(register, self.article, self.content))

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.article, self.content)


@act("charter.replace", article="Amendment of the charter")
class ReplaceArticle(Act, frozen=True, kw_only=True):
    """An organ replaces an article of the charter. Only by an adopted proposal."""

    article: Annotated[Id, Meta(description="The article, by its id")]
    content: Annotated[Article, Meta(description="What it is from now on: title, layer, provision")]

    def form(self) -> None:
        _require_distinct(self.content)

    def check(self, register: Register, context: Context) -> None:
        _require_enacted(context, "charter.replace")
        _require_article(register, self.article)
        require_coherent(_amended(register, self.article, self.content))

    def apply(self, register: Register, context: Context) -> None:
        register.put(self.article, self.content)


@act("charter.repeal", article="Amendment of the charter")
class RepealArticle(Act, frozen=True, kw_only=True):
    """An organ repeals an article of the charter. Only by an adopted proposal."""

    article: Annotated[Id, Meta(description="The article, by its id")]

    def check(self, register: Register, context: Context) -> None:
        _require_enacted(context, "charter.repeal")
        _require_article(register, self.article)
        require_coherent(_amended(register, self.article, None))

    def apply(self, register: Register, context: Context) -> None:
        register.remove(Article, self.article)


@act("edition.raise", article="Editions of the register")
class RaiseEdition(Act, frozen=True, kw_only=True):
    """An organ raises the edition: from the next entry on a program needs to know the new one."""

    edition: Annotated[Positive, Meta(description="The new edition: the present one and 1")]

    def check(self, register: Register, context: Context) -> None:
        _require_enacted(context, "edition.raise")
        current = organisation(register).edition
        if self.edition != current + 1:
            raise Refused(
                "edition.step",
                "Editions follow one another",
                found=str(self.edition),
                wanted=str(current + 1),
            )

    def apply(self, register: Register, context: Context) -> None:
        register.put("self", structs.replace(organisation(register), edition=self.edition))
