# SPDX-License-Identifier: Apache-2.0
"""Typed reads: every view answers as declared; paging, filters, tags, exports; what is not understood is refused."""

import csv
import gzip
import io
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient
from tests.app.story import HOSTILE, Story

from comity.charter.view import MARKS, VIEWS, Listing

ASKED = {
    "article": {"article": "simple"},
    "organ": {"organ": "plenary"},
    "member": {"member": "M001"},
    "positions": {"member": "M001"},
    "proposal": {"proposal": "P4"},
    "vote": {"vote": "P1/1"},
    "rollcall": {"vote": "P1/1"},
    "meeting": {"meeting": "C1"},
}
"""Parameters for the views that need some."""
LISTS = [name for name, cls in VIEWS.items() if issubclass(cls, Listing)]


def get(client: TestClient, view: str, **params: Any) -> Any:
    """The answer of a view."""
    response = client.get(f"/v1/views/{view}", params=ASKED.get(view, {}) | params)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_answers_as_it_declares(client: TestClient, story: Story, view: str) -> None:
    """The JSON is exactly the struct that the view names, at the size of the record."""
    response = client.get(f"/v1/views/{view}", params=ASKED.get(view, {}))
    answer = msgspec.json.decode(response.content, type=VIEWS[view].answers)
    assert msgspec.json.encode(answer) == response.content
    assert answer.size == story.node.head.size
    assert answer.mark == ""


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_carries_the_mark(replay: TestClient, view: str) -> None:
    """A replay says so in every answer."""
    assert get(replay, view)["mark"] == "replay"


@pytest.mark.parametrize("view", LISTS)
def test_pages_show_every_item_once_and_in_order(client: TestClient, view: str) -> None:
    """Going on by `after` gives what one large page gives."""
    whole = get(client, view, limit=1000)
    assert whole["next"] == ""
    items: list[Any] = []
    after = ""
    while True:
        page = get(client, view, limit=2, **({"after": after} if after else {}))
        assert (page["total"], page["start"]) == (whole["total"], len(items))
        items += page["items"]
        after = page["next"]
        if not after:
            break
    assert items == whole["items"]
    assert len(items) == whole["total"]


def test_filters_are_the_fields_of_the_view(client: TestClient) -> None:
    """What they let through has the value; what they keep back has not."""
    adopted, rejected = get(client, "decisions", outcome="adopted"), get(client, "decisions", outcome="rejected")
    assert [item["proposal"] for item in adopted["items"]] == ["P1"]
    assert [item["proposal"] for item in rejected["items"]] == ["P2"]
    assert [item["vote"] for item in get(client, "votes", status="open")["items"]] == ["P3/1"]
    assert get(client, "members", status="nobody")["total"] == 0
    assert {item["holder"] for item in get(client, "keys", holder="member/M002")["items"]} == {"member/M002"}
    assert {item["position"] for item in get(client, "rollcall", position="none")["items"]} == {""}
    assert {item["proposal"] for item in get(client, "proposals", by="member/M001")["items"]} == {"P4"}
    assert {item["layer"] for item in get(client, "articles", layer="procedure")["items"]} == {"procedure"}


def test_a_vote_explains_its_result(client: TestClient) -> None:
    """Counts, the roll call and the lines of the explanation agree with each other."""
    vote = get(client, "vote")
    assert (vote["counts"], vote["none"]) == ({"yes": 4, "no": 1, "abstain": 1}, 1)
    assert (vote["outcome"], vote["finding"]) == ("adopted", "adopted")
    assert [seat["position"] for seat in vote["roll"]] == ["yes", "yes", "yes", "no", "abstain", "", "yes"]
    assert [line["text"] for line in vote["lines"]][-2:] == ["4 > 1: holds", "clause 1: adopted (majority)"]


def test_an_open_vote_says_what_would_follow(client: TestClient) -> None:
    """Before the declaration there is a finding but no outcome."""
    vote = get(client, "vote", vote="P3/1")
    assert (vote["status"], vote["outcome"], vote["finding"]) == ("open", "", "rejected")


def test_a_member_is_shown_with_how_it_voted(client: TestClient) -> None:
    """The positions of one member, the last opened first."""
    positions = get(client, "positions", member="M000")["items"]
    assert [(item["vote"], item["position"]) for item in positions] == [
        ("P3/1", "yes"),
        ("P2/1", "no"),
        ("P1/1", "yes"),
    ]


def test_the_key_view_tells_the_next_counter(client: TestClient, story: Story) -> None:
    """A client that asks by key id learns the last counter."""
    key = story.world.keys["office/secretariat"].keyid
    (item,) = get(client, "keys", keyid=key)["items"]
    assert item["counter"] == story.world.counters[key]


def test_an_answer_is_tagged_until_the_record_grows(client: TestClient, story: Story) -> None:
    """304 for the same head, also by a weak or listed tag; a new entity after a new act."""
    first = client.get("/v1/views/members")
    tag = first.headers["etag"]
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get("/v1/views/members", headers={"if-none-match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    story.vote("P3/1", "--y")
    after = client.get("/v1/views/members", headers={"if-none-match": tag})
    assert after.status_code == 200
    assert after.json()["size"] == first.json()["size"] + 1


def test_an_answer_is_the_same_from_the_shelf(client: TestClient) -> None:
    """What was kept is sent with the same bytes and headers as what was made."""
    for path in ("/v1/views/vote?vote=P1/1", "/votes/P1/1", "/checkpoint", "/v1/acts/3"):
        made, kept = client.get(path), client.get(path)
        assert made.content == kept.content
        assert dict(made.headers) == dict(kept.headers)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=9999999999999999999999", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=nobody", "after"),
        ("format=xml", "format"),
        ("lang=en", "lang"),
    ],
)
def test_a_parameter_that_is_not_understood_is_named(client: TestClient, query: str, named: str) -> None:
    """Unknown, ill-typed, out of range or repeated: 400 and its name."""
    response = client.get(f"/v1/views/members?{query}")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (400, "view.parameter")
    assert named in problem["detail"]


@pytest.mark.parametrize("query", ["%ff=1", "a", "=&=", "&", "a=%zz%ff", "x" * 5000])
def test_a_query_string_that_cannot_be_read_is_refused(client: TestClient, query: str) -> None:
    """400 or 414, never something guessed."""
    assert client.get(f"/v1/views/members?{query}").status_code in (400, 414)


@pytest.mark.parametrize("view", [*ASKED, "nothing"])
def test_what_is_not_there_is_not_found(client: TestClient, view: str) -> None:
    """404 with what there is instead."""
    wrong = dict.fromkeys(ASKED.get(view, {}), "nobody")
    response = client.get(f"/v1/views/{view}", params=wrong)
    assert response.status_code == 404
    assert response.json()["wanted"]


def test_a_required_parameter_is_named(client: TestClient) -> None:
    """A view of one thing says which parameter it misses."""
    response = client.get("/v1/views/member")
    assert response.status_code == 400
    assert "member" in response.json()["found"]


@pytest.mark.parametrize("view", LISTS)
def test_every_list_is_exported_with_its_mark(replay: TestClient, view: str) -> None:
    """CSV: the mark as a comment and in every row, one row an item, the fields as columns."""
    response = replay.get(f"/v1/views/{view}", params=ASKED.get(view, {}) | {"format": "csv"})
    rows = list(csv.reader(io.StringIO(response.text)))
    items = get(replay, view, limit=1000)["items"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert rows[0] == [f"# {MARKS['replay']}"]
    assert len(rows) == 2 + len(items)
    assert all(row[0] == "replay" for row in rows[2:])
    if items:
        assert rows[1] == ["mark", *items[0]]


def test_an_unmarked_export_starts_with_its_columns(client: TestClient) -> None:
    """No comment where there is nothing to say."""
    assert client.get("/v1/views/members?format=csv").text.startswith("member,name,status,")


def test_an_export_holds_no_formula(client: TestClient, story: Story) -> None:
    """A cell that a spreadsheet would calculate is text."""
    story.open("F", '=HYPERLINK("http://evil.example","x")')
    text = client.get("/v1/views/proposals?format=csv").text
    assert "'=HYPERLINK" in text
    assert ",=HYPERLINK" not in text


def test_one_thing_is_not_exported_as_a_list(client: TestClient) -> None:
    """CSV is for lists; the refusal says so."""
    response = client.get("/v1/views/member?member=M001&format=csv")
    assert (response.status_code, response.json()["code"]) == (400, "view.parameter")


def test_hostile_text_travels_unchanged_as_data(client: TestClient) -> None:
    """JSON is for programs: the title is what was signed."""
    assert get(client, "proposal", proposal="P3")["title"] == HOSTILE


def test_long_answers_are_compressed_for_those_who_accept_it(client: TestClient) -> None:
    """The same bytes either way, and caches are told."""
    packed = client.get("/openapi.json", headers={"accept-encoding": "gzip"})
    plain = client.get("/openapi.json", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "content-encoding" not in plain.headers
    assert len(gzip.compress(plain.content)) < len(plain.content) // 4
    assert "accept-encoding" in plain.headers["vary"]


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/v1/views/members", "application/json", 200),
        ("/v1/views/members", "text/html;q=0.9, application/*;q=0.1", 200),
        ("/v1/views/members", "text/html", 406),
        ("/v1/views/members", "application/json;q=0", 406),
        ("/members", "text/html,application/xhtml+xml", 200),
        ("/members", "image/png", 406),
        ("/checkpoint", "application/json", 406),
    ],
)
def test_only_what_is_accepted_is_sent(client: TestClient, path: str, accept: str, status: int) -> None:
    """406 where nothing offered is accepted, whether or not the answer is on the shelf."""
    for _ in range(2):
        assert client.get(path, headers={"accept": accept}).status_code == status


@pytest.mark.parametrize("path", ["/", "/v1/views/members", "/v1/acts/1", "/checkpoint", "/metrics", "/v1/register"])
def test_head_says_what_get_would(client: TestClient, path: str) -> None:
    """The same status and length, no body."""
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    if path != "/metrics":
        assert head.headers.get("etag") == got.headers.get("etag")


@pytest.mark.parametrize("path", ["/", "/v1/views/members", "/v1/views/nothing", "/nowhere", "/metrics", "/style.css"])
def test_every_answer_is_safe_and_open(client: TestClient, path: str) -> None:
    """Security headers on every answer, problems included; any page may read."""
    for _ in range(2):
        headers = client.get(path).headers
        assert "script-src" not in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["access-control-allow-origin"] == "*"


def test_other_sites_may_read_and_not_write(client: TestClient) -> None:
    """A preflight offers GET and HEAD only."""
    asking = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    response = client.options("/v1/acts", headers=asking)
    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/v1/views/members", "/", "/checkpoint", "/tile/0/000", "/v1/events"])
def test_other_methods_say_what_is_allowed(client: TestClient, path: str) -> None:
    """405 with Allow, as a problem."""
    response = client.delete(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json()["status"] == 405


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    """The labels are templates, so that nobody can fill the metrics with names."""
    for member in ("M000", "M001", "nobody"):
        client.get(f"/members/{member}")
    client.get("/members/M000")
    client.get("/" + "x" * 50)
    text = client.get("/metrics").text
    assert 'comity_http_requests_total{method="GET",route="/members/{member}",status="200"} 3.0' in text
    assert 'comity_http_requests_total{method="GET",route="/members/{member}",status="404"} 1.0' in text
    assert 'route="none",status="404"' in text
    assert "xxxxx" not in text
