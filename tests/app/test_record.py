# SPDX-License-Identifier: Apache-2.0
"""The record over HTTP: entries, tiles, checkpoint, digests; enough for an outsider to recompute everything."""

import hashlib
import json

import pytest
from starlette.testclient import TestClient
from tests.app.story import Story

from comity.charter import fold
from comity.charter.register import Register
from comity.record import checkpoint, note, tiles
from comity.record.envelope import split_leaf
from comity.record.merkle import Tree, leaf_hash


def test_an_outsider_recomputes_the_register_from_the_tiles(client: TestClient, story: Story) -> None:
    """Checkpoint, entry bundles and digest agree: the fold of what was published is what is shown."""
    key = note.VerifierKey.parse(story.node.vkey)
    head = checkpoint.open_checkpoint(client.get("/checkpoint").content, "world.example/1", [key])
    entries: list[bytes] = []
    for index in range(-(-head.size // 256)):
        width = min(256, head.size - 256 * index)
        entries += tiles.decode_bundle(client.get("/" + tiles.bundle_path(index, width)).content)
    tree, register, last = Tree(), Register(), 0
    for index, entry in enumerate(entries):
        stamp, envelope = split_leaf(entry)
        fold.step(register, fold.open_act(envelope), stamp, last, index)
        tree.append(leaf_hash(entry))
        last = stamp
    told = client.get("/v1/register").json()
    assert tree.root() == head.root
    assert (told["digest"], told["tables"]) == (register.digest(), register.table_digests())


def test_full_tiles_never_change(client: TestClient, story: Story) -> None:
    """A tile may be kept for ever; the checkpoint may not."""
    response = client.get(f"/tile/0/000.p/{story.node.head.size}")
    assert "immutable" in response.headers["cache-control"]
    assert len(response.content) == 32 * story.node.head.size
    assert client.get("/checkpoint").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/000",
        "/tile/0/001",
        "/tile/0/000.p/255",
        "/tile/0/000.p/256",
        "/tile/0/0",
        "/tile/64/000",
        "/tile/entries/x001/000",
        "/tile/../log.key",
        "/tile/..%2f..%2flog.key",
        "/tile/%2e%2e/%2e%2e/record.sqlite",
        "/tile/0/000%00",
        "/tile//etc/passwd",
        "/tile/",
        "/tile/0/000.p/1/../../../log.key",
        "/../data/log.key",
        "/static/../pages.py",
    ],
)
def test_a_path_that_names_no_tile_is_not_found(client: TestClient, path: str) -> None:
    """404, and no way out of the record."""
    response = client.get(path)
    assert response.status_code == 404
    assert b"seed" not in response.content


def test_an_entry_is_found_by_index_and_by_id(client: TestClient, story: Story) -> None:
    """Decoded fields, whose it is, what it says, and the signed bytes."""
    by_index = client.get("/v1/acts/3").json()
    assert client.get(f"/v1/acts/{by_index['id']}").json() == by_index
    assert by_index["words"] == "Member M000 voted yes on W/1, On tea"
    assert by_index["holders"] == ["member/M000"]
    assert by_index["act"] == {"vote": "P1/1", "position": "yes"}
    assert by_index["envelope"].encode() == split_leaf(story.node.entry(3))[1]


@pytest.mark.parametrize("name", ["100000", "-1", "1.0", "0x1", "f" * 64, "F" * 64, "²", "9" * 30, "%00", "a b"])
def test_an_entry_that_is_not_there_is_not_found(client: TestClient, name: str) -> None:
    """Beyond the end, or no name of an entry at all."""
    for path in (f"/v1/acts/{name}", f"/v1/acts/{name}/receipt", f"/acts/{name}"):
        assert client.get(path).status_code == 404


def test_the_record_is_read_in_both_directions(client: TestClient, story: Story) -> None:
    """Following `next` meets every entry once, upwards and downwards."""
    for newest in ("false", "true"):
        indices: list[int] = []
        start = ""
        while True:
            answer = client.get(f"/v1/acts?limit=7&newest={newest}{start}").json()
            indices += [item["index"] for item in answer["items"]]
            if answer["next"] is None:
                break
            start = f"&start={answer['next']}"
        assert sorted(indices) == list(range(story.node.head.size))
        assert indices == sorted(indices, reverse=newest == "true")


def test_the_record_is_filtered_by_kind_and_holder(client: TestClient) -> None:
    """Only the kind, only those whose key signed."""
    casts = client.get("/v1/acts?kind=vote.cast&holder=member/M001").json()["items"]
    assert [item["words"].split(" on ")[0] for item in casts] == [
        "Member M001 voted yes",
        "Member M001 voted no",
        "Member M001 voted no",
    ]
    assert client.get("/v1/acts?holder=member/NOBODY").json()["items"] == []
    founding = client.get("/v1/acts?holder=member/M001").json()["items"][0]
    assert founding["kind"] == "organisation.found"


def test_a_filter_looks_through_so_many_entries_and_says_where_to_go_on(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question about a long record is answered in parts."""
    monkeypatch.setattr("comity.app.explorer.SCAN", 5)
    first = client.get("/v1/acts?kind=meeting.open").json()
    assert (first["items"], first["next"]) == ([], 5)


@pytest.mark.parametrize("query", ["kind=nothing", "start=-1", "limit=501", "start=x", "newest=perhaps", "order=up"])
def test_a_question_about_the_record_is_well_put(client: TestClient, query: str) -> None:
    """400 with the parameter's name."""
    response = client.get(f"/v1/acts?{query}")
    assert response.status_code == 400
    assert query.split("=")[0] in response.json()["detail"]


def test_beyond_the_end_there_is_nothing(client: TestClient) -> None:
    """An empty page, not an error: the record may grow there."""
    assert client.get("/v1/acts?start=1000000").json()["items"] == []
    assert client.get("/v1/acts?start=9007199254740993&limit=500").json()["next"] is None


def test_the_digest_is_tagged(client: TestClient, story: Story) -> None:
    """304 until the record grows."""
    first = client.get("/v1/register")
    assert client.get("/v1/register", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    story.vote("P3/1", "--y")
    after = client.get("/v1/register", headers={"if-none-match": first.headers["etag"]})
    assert after.json()["digest"] == story.node.register.digest() != first.json()["digest"]


def test_the_marks_travel_with_the_record(replay: TestClient) -> None:
    """Entries and digests of a replay say so."""
    for path in ("/v1/acts", "/v1/acts/0", "/v1/register"):
        assert replay.get(path).json()["mark"] == "replay"


def test_metrics_count_acts_and_refusals(client: TestClient, story: Story) -> None:
    """What Prometheus reads agrees with what happened."""
    client.post("/v1/acts", content=b"{}", headers={"content-type": "application/json"})
    text = client.get("/metrics").text
    assert f"comity_record_size {float(story.node.head.size)}" in text
    assert 'comity_refusals_total{code="form"} 1.0' in text
    assert "comity_writable 1.0" in text
    batches = text.split("\ncomity_batches_total ")[1].split("\n")[0]
    assert f'comity_commit_seconds_bucket{{le="+Inf"}} {batches}' in text
    assert "comity_stamp_age_seconds" in text


def test_the_founding_act_is_the_anchor(client: TestClient) -> None:
    """The organisation's id is the id of entry 0."""
    organisation = client.get("/v1/views/organisation").json()
    assert organisation["id"] == client.get("/v1/acts/0").json()["id"]
    assert len(bytes.fromhex(organisation["id"])) == hashlib.sha256().digest_size
    assert json.loads(client.get("/v1/acts/0").json()["envelope"])["signatures"]
