# SPDX-License-Identifier: Apache-2.0
"""Submitting acts: receipts, refusals, many at once, and what is not taken."""

import json
import time
from base64 import b64decode
from collections.abc import Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient
from tests.app.story import Story, found
from tests.world import SECRETARIAT

from comity.app import create_app, submission
from comity.charter.refusal import Refusal
from comity.charter.register import encode
from comity.dialogue.acts import CastVote, TableProposal
from comity.node import Answer, Busy, Node, refusal_text
from comity.record import note, proof

DSSE = {"content-type": "application/vnd.dsse+json"}
LINES = {"content-type": "application/x-ndjson"}


def cast(story: Story, member: int = 5, position: str = "yes", vote: str = "P3/1") -> bytes:
    """The envelope of a position in the vote that is open."""
    return story.world.seal(CastVote(vote=vote, position=position), f"member/M{member:03d}")  # type: ignore[arg-type]


def test_an_act_in_order_is_logged_and_its_receipt_verifies(client: TestClient, story: Story) -> None:
    """201 with index, id, stamp, and a proof that an outsider verifies under the log's key."""
    envelope = cast(story)
    response = client.post("/v1/acts", content=envelope, headers=DSSE)
    assert response.status_code == 201
    logged = response.json()
    assert response.headers["location"] == f"/v1/acts/{logged['index']}"
    key = note.VerifierKey.parse(story.node.vkey)
    head = proof.verify(
        proof.parse(logged["receipt"].encode()),
        logged["stamp"].to_bytes(8, "big") + envelope,
        "world.example/1",
        [key],
    )
    assert head.size == story.node.head.size


def test_a_duplicate_gets_its_first_receipt_again(client: TestClient, story: Story) -> None:
    """200 with the same index and stamp; nothing is logged twice."""
    envelope = cast(story)
    first = client.post("/v1/acts", content=envelope, headers=DSSE).json()
    size = story.node.head.size
    again = client.post("/v1/acts", content=envelope, headers=DSSE)
    assert again.status_code == 200
    assert (again.json()["index"], again.json()["stamp"]) == (first["index"], first["stamp"])
    assert story.node.head.size == size


def test_a_refusal_teaches_and_binds(client: TestClient, story: Story) -> None:
    """422 with rule, found, wanted and article; the note over exactly this refusal is signed by the log."""
    response = client.post("/v1/acts", content=cast(story, vote="P1/1"), headers=DSSE)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "vote.closed")
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "/reference#refusal-vote.closed"
    assert problem["wanted"] == "an open vote"
    refusal = Refusal(**{name: problem.get(name, "") for name in ("code", "rule", "found", "wanted", "article")})
    signed = note.parse(problem["note"].encode())
    note.verify(signed, [note.VerifierKey.parse(story.node.vkey)])
    told = refusal_text("world.example/1", refusal, problem["act"], problem["size"], problem["stamp"])
    assert signed.text == told
    assert sha256(encode(refusal)).hexdigest() in told


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"", 400, "form"), (b"{}", 400, "form"), (b"\xff\x00", 400, "form"), (b"[" * 1000, 400, "form")],
)
def test_what_is_no_envelope_is_refused(client: TestClient, body: bytes, status: int, code: str) -> None:
    """Malformed bytes get the refusal `form`, signed as any other."""
    response = client.post("/v1/acts", content=body, headers=DSSE)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["note"]


def test_an_envelope_may_be_exactly_as_large_as_the_record_admits(client: TestClient) -> None:
    """48 KiB reach the node, one byte more does not."""
    at_most = client.post("/v1/acts", content=b"x" * submission.MAX_ENVELOPE, headers=DSSE)
    too_large = client.post("/v1/acts", content=b"x" * (submission.MAX_ENVELOPE + 1), headers=DSSE)
    assert (at_most.status_code, too_large.status_code) == (400, 413)


def test_a_body_without_a_declared_length_is_limited_too(client: TestClient) -> None:
    """Chunks are counted as they arrive."""
    response = client.post("/v1/acts", content=(b"x" * 1000 for _ in range(60)), headers=DSSE)
    assert response.status_code == 413


@pytest.mark.parametrize("media", ["text/plain", "", "application/xml", "multipart/form-data"])
def test_other_media_types_are_not_taken(client: TestClient, media: str) -> None:
    """415 says what is taken."""
    response = client.post("/v1/acts", content=b"{}", headers={"content-type": media})
    assert response.status_code == 415
    assert "application/vnd.dsse+json" in response.headers["accept-post"]


def test_an_answer_that_nobody_accepts_is_not_made(client: TestClient, story: Story) -> None:
    """406 comes before the act is submitted, so that nothing is logged."""
    size = story.node.head.size
    response = client.post("/v1/acts", content=cast(story), headers=DSSE | {"accept": "image/png"})
    assert (response.status_code, story.node.head.size) == (406, size)


def test_parameters_are_refused_where_none_is_known(client: TestClient, story: Story) -> None:
    """A stray parameter is named, and nothing is logged."""
    size = story.node.head.size
    response = client.post("/v1/acts?dry_run=1", content=cast(story), headers=DSSE)
    assert response.status_code == 400
    assert "dry_run" in response.json()["detail"]
    assert story.node.head.size == size


def test_many_envelopes_are_answered_line_by_line(client: TestClient, story: Story) -> None:
    """Each line has its own status, in order; a bad one does not hold up the next."""
    good, late = cast(story, 4), cast(story, 4, vote="P1/1")
    body = b"\n".join([good, b"nonsense", late, good, cast(story, 6)]) + b"\n"
    response = client.post("/v1/acts", content=body, headers=LINES)
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [line["status"] for line in lines] == [201, 400, 422, 200, 201]
    assert lines[0]["index"] == lines[3]["index"]
    assert lines[0]["receipt"].startswith("c2sp.org/tlog-proof@v1\n")


def test_thousands_of_lines_are_all_answered(client: TestClient, story: Story) -> None:
    """More lines than one batch of the writer, every one on the record afterwards."""
    titles = [TableProposal(proposal=f"Q{number}", organ="plenary", title="x") for number in range(1500)]
    before = story.node.head.size
    body = b"\n".join(story.world.seal(each, SECRETARIAT) for each in titles)
    lines = client.post("/v1/acts", content=body, headers=LINES).text.splitlines()
    indices = [json.loads(line)["index"] for line in lines]
    assert indices == list(range(before, before + 1500))


def test_too_many_lines_or_bytes_are_refused_before_anything_is_logged(client: TestClient, story: Story) -> None:
    """The limits hold for the whole body."""
    size = story.node.head.size
    lines = client.post("/v1/acts", content=b"x\n" * (submission.MAX_LINES + 1), headers=LINES)
    octets = client.post("/v1/acts", content=b"x" * (submission.MAX_BODY + 1), headers=LINES)
    assert (lines.status_code, octets.status_code, story.node.head.size) == (413, 413, size)


def test_an_empty_body_of_lines_has_no_answers(client: TestClient) -> None:
    """Nothing in, nothing out."""
    response = client.post("/v1/acts", content=b"", headers=LINES)
    assert (response.status_code, response.content) == (200, b"")


def test_a_full_queue_asks_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After, for one act and for each of many; reading goes on."""
    story = found(tmp_path)
    story.node.close()
    node = Node.open(tmp_path / "data", high_water=tmp_path / "notes", workers=0, queue=0)
    monkeypatch.setattr(submission, "ROOM_SECONDS", 0.0)
    with TestClient(create_app(node)) as client:
        one = client.post("/v1/acts", content=b"{}", headers=DSSE)
        many = client.post("/v1/acts", content=b"{}\n{}\n", headers=LINES)
        assert one.status_code == 503
        assert int(one.headers["retry-after"]) >= 1
        assert [json.loads(line)["status"] for line in many.text.splitlines()] == [503, 503]
        assert client.get("/v1/views/members").status_code == 200
        assert "comity_busy_total" in client.get("/metrics").text
    node.close()


def test_nothing_overtakes_a_line_that_was_turned_away(
    client: TestClient, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first 503 every later line gets one too, so that the counters of a key stay in order when resent."""
    titles = [TableProposal(proposal=f"R{number}", organ="plenary", title="x") for number in range(900)]
    lines = [story.world.seal(each, SECRETARIAT) for each in titles]
    submit, calls = story.node.submit_many, iter([True, False])

    def full_once(envelopes: Sequence[bytes]) -> Sequence[Future[Answer]]:
        if next(calls, True):
            return submit(envelopes)
        raise Busy(1)

    monkeypatch.setattr(story.node, "submit_many", full_once)
    monkeypatch.setattr(submission, "ROOM_SECONDS", 0.0)
    answers = client.post("/v1/acts", content=b"\n".join(lines), headers=LINES).text.splitlines()
    statuses = [json.loads(line)["status"] for line in answers]
    logged = statuses.count(201)
    assert 0 < logged < 900
    assert statuses == [201] * logged + [503] * (900 - logged)
    monkeypatch.undo()
    again = client.post("/v1/acts", content=b"\n".join(lines[logged:]), headers=LINES).text.splitlines()
    assert {json.loads(line)["status"] for line in again} == {201}


def test_a_clock_that_jumps_stops_writing_and_not_reading(tmp_path: Path) -> None:
    """503 says why, /readyz says the same, pages and proofs go on."""
    now = [int(time.time() * 1000)]
    story = found(tmp_path, clock=lambda: now[0])
    with TestClient(create_app(story.node)) as client:
        assert client.get("/readyz").status_code == 200
        now[0] -= 3_600_000
        envelope = story.world.seal(TableProposal(proposal="Q", organ="plenary", title="x"), SECRETARIAT)
        refused, ready = client.post("/v1/acts", content=envelope, headers=DSSE), client.get("/readyz")
        assert (refused.status_code, ready.status_code) == (503, 503)
        assert "retry-after" in refused.headers
        assert "clock" in ready.json()["detail"].lower()
        assert client.get("/healthz").status_code == 200
        assert client.get("/checkpoint").content == story.node.head.checkpoint
    story.node.close()


def test_a_node_that_has_failed_says_so_everywhere(tmp_path: Path) -> None:
    """503 with the reason for acts, views, pages and both probes, so that the process is started again."""
    armed: list[str] = []

    def fault(step: str) -> None:
        if armed and step == armed[0]:
            raise OSError("the disk is gone")

    story = found(tmp_path, after=fault)
    with TestClient(create_app(story.node)) as client:
        assert client.get("/").status_code == 200
        armed.append("head moved")
        envelope = story.world.seal(TableProposal(proposal="Q", organ="plenary", title="x"), SECRETARIAT)
        first = client.post("/v1/acts", content=envelope, headers=DSSE)
        answers = [
            first,
            client.post("/v1/acts", content=envelope, headers=DSSE),
            *(client.get(path) for path in ("/healthz", "/readyz", "/v1/views/members", "/checkpoint")),
            client.get("/", headers={"accept": "text/html"}),
        ]
        many = client.post("/v1/acts", content=envelope, headers=LINES)
        assert [answer.status_code for answer in answers] == [503] * 7
        assert all("the disk is gone" in answer.json()["detail"] for answer in answers)
        assert json.loads(many.text)["status"] == 503
        assert client.get("/nowhere", headers={"accept": "text/html"}).status_code == 404
        assert "comity_failed 1.0" in client.get("/metrics").text
    story.node.close()


def test_only_post_writes(client: TestClient, story: Story) -> None:
    """Other methods say what is allowed, and log nothing."""
    size = story.node.head.size
    response = client.put("/v1/acts", content=cast(story), headers=DSSE)
    assert (response.status_code, story.node.head.size) == (405, size)
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert response.headers["content-type"] == "application/problem+json"


def test_receipts_outlive_the_growth_of_the_record(client: TestClient, story: Story) -> None:
    """The receipt asked for later is another proof of the same entry."""
    logged = client.post("/v1/acts", content=cast(story), headers=DSSE).json()
    client.post("/v1/acts", content=cast(story, 6), headers=DSSE)
    later = client.get(f"/v1/acts/{logged['id']}/receipt")
    entry = story.node.entry(logged["index"])
    key = note.VerifierKey.parse(story.node.vkey)
    assert proof.verify(proof.parse(later.content), entry, "world.example/1", [key]).size == story.node.head.size
    assert msgspec.json.decode(entry[8:])["payloadType"] == "application/vnd.comity.vote.cast.v1+json"
    assert b64decode(msgspec.json.decode(entry[8:])["payload"])
