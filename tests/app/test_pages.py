# SPDX-License-Identifier: Apache-2.0
"""The public pages as markup: one for every view, the mark, hostile text, languages, problems, pictures."""

import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import Struct
from starlette.testclient import TestClient
from tests.app.story import HOSTILE, Story, found

from comity.app import create_app
from comity.app.pages import LANGUAGES
from comity.charter.register import Register
from comity.charter.view import MARKS, VIEWS, Answer, Listing, Page, Standing, View, view

HTML = {"accept": "text/html"}
FILLED = {
    "{article}": "simple",
    "{organ}": "plenary",
    "{member}": "M001",
    "{proposal}": "P3",
    "{vote:path}": "P3/1",
    "{meeting}": "C1",
}
OTHERS = ["/acts", "/acts/0", "/acts/12", "/register", "/reference"]


def address(path: str) -> str:
    """The path of a view's page with its fields filled in."""
    for field, value in FILLED.items():
        path = path.replace(field, value)
    return path


PAGES = [address(cls.path) for cls in VIEWS.values()] + OTHERS


class Outline(HTMLParser):
    """What a page consists of: its elements, attributes, links, and the text of its headings."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]


@pytest.mark.parametrize("path", PAGES)
def test_every_view_has_a_page(replay: TestClient, path: str) -> None:
    """One heading, landmarks, a skip link, no script, no inline style, and the mark in words."""
    response = replay.get(path, headers=HTML)
    outline = Outline(response.text)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert [outline.elements.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    assert not {"script", "style", "iframe", "object", "embed", "base"} & set(outline.elements)
    assert not [name for name, _ in outline.attributes if name == "style" or name.startswith("on")]
    assert "#main" in outline.links
    assert MARKS["replay"] in response.text


def test_links_within_the_site_lead_somewhere(client: TestClient) -> None:
    """Every link of every page is answered, and leads nowhere else."""
    links: set[str] = set()
    for path in PAGES:
        links |= {link.partition("#")[0] for link in Outline(client.get(path, headers=HTML).text).links}
    links.discard("")
    assert len(links) > 60
    assert not [link for link in links if not link.startswith("/") or link.startswith("//")]
    assert not [link for link in sorted(links) if client.get(link).status_code != 200]


@pytest.mark.parametrize("path", [address(VIEWS[name].path) for name in ("proposal", "vote", "votes", "proposals")])
def test_hostile_text_stays_text(client: TestClient, path: str) -> None:
    """Markup is escaped, template syntax is not run, nothing turns the direction of what follows."""
    text = client.get(path, headers=HTML).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text
    assert "{{7*7}}" in text
    assert "\u202e" not in text


def test_hostile_text_in_every_place_that_the_charter_lets_it_into(tmp_path: Path) -> None:
    """Names of members and organisation, symbols, meeting ids: none of them becomes markup on any page."""
    story = found(tmp_path)
    vote = story.open("H", HOSTILE, symbol="<img src=x onerror=alert(1)>\u2067")
    story.vote(vote, "yn")
    story.declare(vote)
    with TestClient(create_app(story.node)) as client:
        for path in ("/", "/acts", "/members/M000", "/decisions", "/votes/H/1", "/votes/H/1/picture.svg"):
            text = client.get(path, headers={"accept": "*/*"}).text
            assert "<img src=x" not in text
            assert "onerror=alert(1)>" not in text
            assert "\u2067" not in text
    story.node.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_is_asked_for_in_a_language(client: TestClient, lang: str) -> None:
    """`lang` and `dir` of the page; links keep the language, links to data do not."""
    text = client.get(f"/members?lang={lang}", headers=HTML).text
    assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}">' in text
    links = Outline(text).links
    if lang != "en":
        assert f"/proposals?lang={lang}" in links
        assert not [link for link in links if link.startswith("/v1/") and "lang" in link]


def test_an_unknown_language_is_named(client: TestClient) -> None:
    """400 as a page, in English."""
    response = client.get("/members?lang=tlh", headers=HTML)
    assert response.status_code == 400
    assert "<h1>Bad Request</h1>" in response.text
    assert "tlh" in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/members/nobody", 404), ("/nowhere", 404), ("/members?limit=0", 400), ("/members/M001?member=M002", 400)],
)
def test_a_problem_is_a_page_for_people_and_data_for_programs(client: TestClient, path: str, status: int) -> None:
    """The same problem in both forms."""
    page, data = client.get(path, headers=HTML), client.get(path)
    assert (page.status_code, data.status_code) == (status, status)
    assert page.headers["content-type"].startswith("text/html")
    assert data.headers["content-type"] == "application/problem+json"
    if data.json().get("code"):
        assert data.json()["code"] in page.text


def test_the_home_page_says_what_is_decided_and_how_to_verify(client: TestClient, story: Story) -> None:
    """The open vote, the tabled proposal, the last decisions, the size, the anchor."""
    text = client.get("/", headers=HTML).text
    for expected in ("/votes/P3/1", "/proposals/P4", "/votes/P1/1", "adopted", "rejected", story.world.organisation):
        assert expected in text
    assert f"{story.node.head.size:,}" in text


def test_the_picture_of_a_vote_stands_alone(replay: TestClient) -> None:
    """Well-formed SVG: one equal tile per seat, lettered, told in words, and marked."""
    response = replay.get("/votes/P1/1/picture.svg")
    root = ElementTree.fromstring(response.text)  # noqa: S314 (our own picture)
    space = "{http://www.w3.org/2000/svg}"
    groups = root.findall(f"{space}g")
    letters = [group.findall(f"{space}text")[0].text for group in groups]
    sizes = {(rect.get("width"), rect.get("height")) for group in groups for rect in group.findall(f"{space}rect")}
    assert response.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert letters == ["Y", "Y", "Y", "Y", "N", "A", "–"]
    assert len(sizes) == 1
    described = root.findtext(f"{space}desc") or ""
    assert described.startswith("4 yes, 1 no, 1 abstain, 1 no position.")
    drawn = " ".join(text.text or "" for text in root.findall(f"{space}text"))
    assert drawn == MARKS["replay"]
    assert groups[0].findtext(f"{space}title") == "Member M000: yes"


def test_an_unmarked_picture_says_nothing_of_a_mark(client: TestClient) -> None:
    """No banner where the acts are the members' own."""
    assert "marked" not in client.get("/votes/P1/1/picture.svg").text
    assert 'class="mark"' not in client.get("/", headers=HTML).text


def test_a_list_page_filters_and_exports(client: TestClient) -> None:
    """The form sends the view's own fields; its answer is the filtered list; the export is one link away."""
    text = client.get("/proposals?organ=&status=tabled&by=", headers=HTML).text
    assert "/proposals/P4" in text
    assert "/proposals/P1" not in text
    assert 'value="tabled" selected' in text
    assert client.get("/proposals?format=csv").text.startswith("proposal,symbol,title")


def test_pages_of_a_list_lead_on(client: TestClient) -> None:
    """The next page by a link that keeps the filters."""
    links = Outline(client.get("/members?limit=3&status=member", headers=HTML).text).links
    assert "/members?limit=3&status=member&after=M002" in links


def test_a_view_without_a_template_has_a_plain_page(story: Story) -> None:
    """A new view is on the site, in the API and its description as soon as its class is there."""

    class Item(Struct, frozen=True, kw_only=True):
        """A thing."""

        name: str
        parts: tuple[str, ...]

    class Things(Listing, frozen=True, kw_only=True):
        """All the things."""

        def answer(self, register: Register, standing: Standing) -> Page[Item]:
            return self.page(standing, ["a<b"], lambda key: Item(name=key, parts=("x", "y")))

    class ThingAnswer(Answer, frozen=True, kw_only=True):
        """One thing."""

        named: str

    class Thing(View, frozen=True, kw_only=True):
        """One thing."""

        def answer(self, register: Register, standing: Standing) -> ThingAnswer:
            return ThingAnswer(mark="", size=standing.size, stamp=standing.stamp, named="<b>it</b>")

    Things.answer.__annotations__["return"] = Page[Item]
    Thing.answer.__annotations__["return"] = ThingAnswer
    try:
        view("things", title="Things")(Things)
        view("thing", title="A thing", path="/thing")(Thing)
        with TestClient(create_app(story.node)) as client:
            assert "a&lt;b" in client.get("/things", headers=HTML).text
            assert "&lt;b&gt;it&lt;/b&gt;" in client.get("/thing", headers=HTML).text
            assert client.get("/v1/views/things").json()["items"] == [{"name": "a<b", "parts": ["x", "y"]}]
            assert "/v1/views/things" in client.get("/openapi.json").json()["paths"]
    finally:
        VIEWS.pop("things", None)
        VIEWS.pop("thing", None)
