# SPDX-License-Identifier: Apache-2.0
"""What can be asked about the organisation and its charter."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comity.charter.article import AnyProvision, Article, Competence, Organ
from comity.charter.authority import organisation, seats
from comity.charter.register import Register
from comity.charter.tables import Member
from comity.charter.terms import Document
from comity.charter.view import Answer, Listing, Page, Standing, View, absent, view
from comity.charter.words import provision_words

LAYERS = ("constitution", "procedure", "terms")
"""The layers of a charter, the highest first."""

Layer = Literal["constitution", "procedure", "terms"]
Provides = Literal["text", "electorate", "office", "organ", "rule", "power", "competence"]


def provides(article: Article) -> str:
    """The name of what an article provides, for instance `organ`."""
    return type(article.provision).__name__.lower()


class OrganisationAnswer(Answer, frozen=True, kw_only=True):
    """The organisation, its log, and how many rows each table of the register has."""

    id: Annotated[str, Meta(description="Id of the founding act: the anchor of every verifier")]
    name: str
    origin: Annotated[str, Meta(description="Origin line of the log's checkpoints")]
    log_key: Annotated[str, Meta(description="The log's Ed25519 key, base64")]
    edition: int
    founded: Annotated[int, Meta(description="Stamp of the founding act, UTC milliseconds")]
    tables: Annotated[dict[str, int], Meta(description="Rows by table")]


@view("organisation", title="Organisation", path="/")
class OrganisationView(View, frozen=True, kw_only=True):
    """Which organisation this is, and what its record holds."""

    def answer(self, register: Register, standing: Standing) -> OrganisationAnswer:
        row = organisation(register)
        return OrganisationAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            id=row.id,
            name=row.name,
            origin=row.origin,
            log_key=row.log_key,
            edition=row.edition,
            founded=row.founded,
            tables={name: len(rows) for name, rows in sorted(register.tables.items())},
        )


class ArticleItem(Struct, frozen=True, kw_only=True):
    """An article of the charter in short."""

    article: str
    title: str
    layer: str
    provides: str
    words: tuple[str, ...]


@view("articles", title="Charter")
class ArticlesView(Listing, frozen=True, kw_only=True):
    """The charter, article by article, the highest layer first."""

    layer: Annotated[Layer | Literal[""], Meta(description="Only this layer")] = ""
    provides: Annotated[Provides | Literal[""], Meta(description="Only articles that provide this")] = ""

    def answer(self, register: Register, standing: Standing) -> Page[ArticleItem]:
        rows = register.rows(Article)
        keys = sorted(
            (
                name
                for name, row in rows.items()
                if self.layer in ("", row.layer) and self.provides in ("", provides(row))
            ),
            key=lambda name: (LAYERS.index(rows[name].layer), name),
        )

        def item(name: str) -> ArticleItem:
            row = rows[name]
            return ArticleItem(
                article=name,
                title=row.title,
                layer=row.layer,
                provides=provides(row),
                words=provision_words(row.provision),
            )

        return self.page(standing, keys, item)


class ArticleAnswer(Answer, frozen=True, kw_only=True):
    """One article of the charter, as data and in words."""

    article: str
    title: str
    layer: str
    provides: str
    words: Annotated[tuple[str, ...], Meta(description="What it provides, in sentences made from the data")]
    provision: AnyProvision
    text: Annotated[Document | None, Meta(description="The document with its authentic words")]


@view("article", title="Article", path="/articles/{article}")
class ArticleView(View, frozen=True, kw_only=True):
    """One article of the charter as it is in force."""

    article: Annotated[str, Meta(description="Id of the article")]

    def answer(self, register: Register, standing: Standing) -> ArticleAnswer:
        row = register.get(Article, self.article)
        if row is None:
            raise absent("article", self.article, "articles")
        return ArticleAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            article=self.article,
            title=row.title,
            layer=row.layer,
            provides=provides(row),
            words=provision_words(row.provision),
            provision=row.provision,
            text=row.text,
        )


class OrganItem(Struct, frozen=True, kw_only=True):
    """An organ in short."""

    organ: str
    title: str
    electorate: str
    chair: str
    rules: tuple[str, ...]
    seats: Annotated[int, Meta(description="Members that have a seat now")]


def _organs(register: Register) -> dict[str, tuple[Article, Organ]]:
    return {
        name: (row, row.provision)
        for name, row in sorted(register.rows(Article).items())
        if isinstance(row.provision, Organ)
    }


@view("organs", title="Organs")
class OrgansView(Listing, frozen=True, kw_only=True):
    """The bodies that decide."""

    def answer(self, register: Register, standing: Standing) -> Page[OrganItem]:
        rows = _organs(register)

        def item(name: str) -> OrganItem:
            article, organ = rows[name]
            return OrganItem(
                organ=name,
                title=article.title,
                electorate=organ.electorate,
                chair=organ.chair,
                rules=organ.rules,
                seats=len(seats(register, organ.electorate)),
            )

        return self.page(standing, list(rows), item)


class SeatedMember(Struct, frozen=True, kw_only=True):
    """A member that has a seat."""

    member: str
    name: str


class CompetenceItem(Struct, frozen=True, kw_only=True):
    """What an organ may enact, and by which rule."""

    article: str
    kinds: tuple[str, ...]
    rule: str


class OrganAnswer(Answer, frozen=True, kw_only=True):
    """An organ: who sits in it now, who presides, by which rules it decides, what it may enact."""

    organ: str
    title: str
    electorate: str
    chair: str
    rules: tuple[str, ...]
    words: tuple[str, ...]
    competences: tuple[CompetenceItem, ...]
    seats: tuple[SeatedMember, ...]


@view("organ", title="Organ", path="/organs/{organ}")
class OrganView(View, frozen=True, kw_only=True):
    """One organ as the charter has it now."""

    organ: Annotated[str, Meta(description="Id of the organ's article")]

    def answer(self, register: Register, standing: Standing) -> OrganAnswer:
        found = _organs(register).get(self.organ)
        if found is None:
            raise absent("organ", self.organ, "organs")
        article, organ = found
        members = register.rows(Member)
        return OrganAnswer(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            organ=self.organ,
            title=article.title,
            electorate=organ.electorate,
            chair=organ.chair,
            rules=organ.rules,
            words=provision_words(organ),
            competences=tuple(
                CompetenceItem(article=name, kinds=row.provision.kinds, rule=row.provision.rule)
                for name, row in sorted(register.rows(Article).items())
                if isinstance(row.provision, Competence) and row.provision.organ == self.organ
            ),
            seats=tuple(
                SeatedMember(member=name, name=members[name].name) for name in seats(register, organ.electorate)
            ),
        )
