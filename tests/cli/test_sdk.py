# SPDX-License-Identifier: Apache-2.0
"""The Python client against a served node, and against nodes that misbehave."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from tests.cli.conftest import Served
from tests.cli.test_record_commands import EXAMPLES

from comity import keys
from comity.charter.act import KINDS
from comity.charter.refusal import Refused
from comity.charter.view import VIEWS, ask
from comity.dialogue.acts import CastVote
from comity.dialogue.views import ProposalsView
from comity.record.ed25519 import SigningKey
from comity.record.errors import RecordError
from comity.sdk import ActRefused, Busy, Client, Receipt, Unbelievable, Unreachable, verify_receipt


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """A client that knows which organisation it means to speak to."""
    with Client(served.url, organisation=served.told["organisation"]) as made:
        yield made


@pytest.fixture
def key(served: Served) -> SigningKey:
    """The key of a member."""
    return keys.read(served.key("member/Linden"))


def test_methods_have_the_names_of_the_registry(client: Client) -> None:
    """Every kind and every view is a method with its own fields as parameters, and its own words."""
    for name, struct in {**{kind.replace(".", "_"): cls for kind, cls in KINDS.items()}, **VIEWS}.items():
        method = getattr(client, name)
        assert set(struct.__struct_fields__) <= set(inspect.signature(method).parameters)
        assert method.__doc__ == struct.__doc__
        assert name in dir(client)
    with pytest.raises(AttributeError, match="neither a kind nor a view"):
        client.vote_cats  # noqa: B018


def test_acting_by_name_and_by_type(client: Client, key: SigningKey) -> None:
    """The three ways to say the same give receipts one after the other."""
    first = client.vote_cast(vote="B-4/1", position="yes", signers=[key])
    second = client.act("vote.cast", [key], vote="B-4/1", position="no")
    third = client.act(CastVote(vote="B-4/1", position="abstain"), [key])

    assert first["index"] < second["index"] < third["index"]


def test_every_answer_is_typed(client: Client) -> None:
    """`ask` gives the answer as the view's own struct, for every view."""
    for name, cls in VIEWS.items():
        needed = {each.name: EXAMPLES[each.name] for each in msgspec.structs.fields(cls) if each.required}
        answer: Any = client.ask(ask(name, needed))
        assert answer.mark == "simulation"
    assert {each.status for each in client.ask(ProposalsView(status="adopted")).items} == {"adopted"}


def test_what_a_view_needs_may_be_given_by_place(client: Client) -> None:
    """What is required stands where it stands in the signature; too much, or the same twice, is a mistake."""
    assert client.vote("B-3/2") == client.vote(vote="B-3/2")
    assert client.rollcall("B-3/2", limit=2)["total"] == 8
    assert next(iter(inspect.signature(client.rollcall).parameters)) == "vote"
    with pytest.raises(TypeError, match="takes vote by place, and was given 2"):
        client.vote("B-3/2", "B-4/1")
    with pytest.raises(TypeError, match="given vote twice"):
        client.vote("B-3/2", vote="B-4/1")
    with pytest.raises(TypeError, match="no parameter"):
        client.members("Alder")


def test_items_go_through_all_pages(client: Client) -> None:
    """`items` fetches page after page."""
    names = [each["member"] for each in client.items("members", limit=3)]

    assert names == sorted(names)
    assert len(names) == 8


def test_a_receipt_holds_offline(client: Client, key: SigningKey) -> None:
    """Receipt, envelope and the log's key suffice; any other envelope, index, stamp or key does not."""
    envelope = client.sign(CastVote(vote="B-4/1", position="yes"), [key])
    other = client.sign(CastVote(vote="B-4/1", position="no"), [key])
    receipt = client.submit(envelope)
    vkey = client.identity.vkey
    strange = "demo.invalid/other" + vkey[vkey.index("+") :]

    assert verify_receipt(receipt, envelope, vkey) > receipt["index"]
    for wrong in (
        lambda: verify_receipt(receipt, other, vkey),
        lambda: verify_receipt(Receipt(**{**receipt, "stamp": receipt["stamp"] + 1}), envelope, vkey),
        lambda: verify_receipt(Receipt(**{**receipt, "index": receipt["index"] - 1}), envelope, vkey),
        lambda: verify_receipt(receipt, envelope, strange),
    ):
        with pytest.raises((RecordError, Unbelievable)):
            wrong()


def test_refusals_are_raised_with_their_note(client: Client, key: SigningKey) -> None:
    """A refusal is the charter's own exception, and carries what the node signed."""
    with pytest.raises(ActRefused) as caught:
        client.vote_close(vote="B-4/1", signers=[key])

    assert caught.value.code == "organ.chair"
    assert caught.value.facts["note"].startswith("comity refusal v1\n")
    with pytest.raises(Refused) as unformed:
        client.vote_cast(vote="B-4/1", position="maybe", signers=[key])
    assert unformed.value.code == "form"
    with pytest.raises(ValueError, match="no kind"):
        client.act("vote.cats", [key])


def test_many_at_once(client: Client, key: SigningKey) -> None:
    """Many envelopes are answered in their order, across several requests."""
    acts = [CastVote(vote="B-4/1" if number % 10 else "Z/1", position="yes") for number in range(1100)]
    answers = client.submit_many([client.sign(act, [key]) for act in acts])

    assert [isinstance(each, Exception) for each in answers] == [number % 10 == 0 for number in range(1100)]
    assert client.submit_many([]) == []


def test_receipts_and_the_checkpoint(client: Client, served: Served) -> None:
    """A receipt can be had later, by id or index, and the checkpoint is the log's."""
    assert client.receipt(served.told["organisation"]) == client.receipt(0)
    assert client.checkpoint().startswith("demo.invalid/assembly\n")


def test_another_organisation(served: Served) -> None:
    """A client that is pinned to one organisation believes no other."""
    with Client(served.url, organisation="ab" * 32) as client, pytest.raises(Unbelievable, match="not abab"):
        client.identity  # noqa: B018


class Meddler(httpx2.BaseTransport):
    """The way to a node, on which somebody changes the answers."""

    def __init__(self, change: Callable[[httpx2.Request, httpx2.Response], httpx2.Response]) -> None:
        self.way = httpx2.HTTPTransport()
        self.change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request on and change what comes back."""
        answer = self.way.handle_request(request)
        answer.read()
        return self.change(request, answer)

    def close(self) -> None:
        """Close the way."""
        self.way.close()


def behind(change: Callable[[httpx2.Request, httpx2.Response], httpx2.Response]) -> httpx2.Client:
    """An HTTP client behind a meddler."""
    return httpx2.Client(transport=Meddler(change))


def test_a_busy_node_is_waited_for(served: Served, key: SigningKey) -> None:
    """503 with Retry-After is obeyed and the request sent again, one act or many; patience has an end."""
    turned_away = iter([True, True, False, True, False])

    def busy(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == "POST" and next(turned_away, False):
            return httpx2.Response(503, headers={"retry-after": "0"})
        return httpx2.Response(answer.status_code, content=answer.content)

    with Client(served.url, http=behind(busy)) as client:
        one = client.vote_cast(vote="B-4/1", position="yes", signers=[key])
        assert one["index"] > 0
        assert len(client.submit_many([client.sign(CastVote(vote="B-4/1", position="no"), [key])])) == 1
    with (
        Client(
            served.url, patience=0.5, http=behind(lambda *_: httpx2.Response(503, headers={"retry-after": "9"}))
        ) as client,
        pytest.raises(Busy, match="9 seconds"),
    ):
        client.members()


def test_a_line_that_is_turned_away(served: Served, key: SigningKey) -> None:
    """Of many acts, the one that found no room and all after it are sent again, in order."""
    once = iter([True])

    def busy(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        content = answer.content
        if request.method == "POST" and next(once, False):
            lines = content.splitlines()
            lines[3:] = [json.dumps({"status": 503, "title": "Busy"}).encode()] * len(lines[3:])
            content = b"\n".join(lines) + b"\n"
        return httpx2.Response(answer.status_code, content=content)

    with Client(served.url, http=behind(busy)) as client:
        acts = [client.sign(CastVote(vote="B-4/1", position="yes"), [key]) for _ in range(8)]
        answers = client.submit_many(acts)

    indexes = [each["index"] for each in answers if not isinstance(each, Exception)]
    assert indexes == sorted(indexes)
    assert len(indexes) == 8


@pytest.mark.parametrize("lie", ["proof", "index", "empty"])
def test_a_receipt_that_is_not_true(served: Served, key: SigningKey, lie: str) -> None:
    """A node that answers with a receipt that does not verify is not believed."""

    def lying(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method != "POST":
            return httpx2.Response(answer.status_code, content=answer.content)
        told = answer.json()
        if lie == "proof":
            told["receipt"] = told["receipt"].replace("\n\n", "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", 1)
        elif lie == "index":
            told["index"] += 1
        else:
            told = {}
        return httpx2.Response(201, json=told)

    with Client(served.url, http=behind(lying)) as client, pytest.raises(Unbelievable):
        client.vote_cast(vote="B-4/1", position="yes", signers=[key])


def test_a_proxy_has_no_business_here(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is not used for an address of this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Client(served.url) as client:
        assert client.members()["total"] == 8


def test_nobody_there() -> None:
    """An address where nobody answers."""
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable, match="does not answer"):
        client.members()
