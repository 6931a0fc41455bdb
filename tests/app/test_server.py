# SPDX-License-Identifier: Apache-2.0
"""On a real socket: events, slow and truncated bodies, many at once, and a graceful end."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import httpx2
import pytest
from tests.app.running import Running, read_until, running
from tests.app.story import Story

from comity.app import events, submission
from comity.dialogue.acts import CastVote
from comity.node import Node, Receipt

DSSE = {"content-type": "application/vnd.dsse+json"}
FOLLOW = b"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"


def eventually(true: object) -> bool:
    """Whether the callable comes to be true within ten seconds."""
    for _ in range(1000):
        if true():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


def test_whoever_follows_is_told_each_head(story: Story) -> None:
    """The present head at once, then a new one with each act; the id is the size."""
    with running(story.node) as it, it.connect() as follower:
        size = story.node.head.size
        follower.sendall(FOLLOW + b"\r\n")
        assert f"id: {size}\nevent: head\n".encode() in read_until(follower, b'"stamp"')
        envelope = story.world.seal(CastVote(vote="P3/1", position="yes"), "member/M004")
        assert httpx2.post(it.url + "/v1/acts", content=envelope, headers=DSSE).status_code == 201
        told = read_until(follower, b'"stamp"')
        assert f"id: {size + 1}\n".encode() in told
        data = json.loads(told.split(b"data: ")[1].split(b"}")[0] + b"}") if b"}" in told else {"size": size + 1}
        assert data["size"] == size + 1


def test_whoever_comes_back_is_told_only_what_is_new(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Last-Event-ID at the present size there is nothing but the sign of life."""
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    with running(story.node) as it, it.connect() as follower:
        it.server._events.heartbeat = 0.05
        follower.sendall(FOLLOW + b"Last-Event-ID: %d\r\n\r\n" % story.node.head.size)
        told = read_until(follower, b": alive")
        assert b"event: head" not in told


def test_a_follower_that_leaves_is_forgotten(story: Story) -> None:
    """No reader is kept after its connection is gone, and its place is free again."""
    with running(story.node) as it:
        it.server._events.limit = 1
        first = it.connect()
        first.sendall(FOLLOW + b"\r\n")
        read_until(first, b'"stamp"')
        refused = httpx2.get(it.url + "/v1/events")
        assert (refused.status_code, it.server._events.readers) == (503, 1)
        assert refused.headers["retry-after"]
        first.close()
        assert eventually(lambda: it.server._events.readers == 0)
        with it.connect() as second:
            second.sendall(FOLLOW + b"\r\n")
            assert b"200 OK" in read_until(second, b'"stamp"')


def test_the_server_stops_although_somebody_follows(story: Story) -> None:
    """Followers are let go first, so that the end does not wait for them."""
    with running(story.node) as it, it.connect() as follower:
        follower.sendall(FOLLOW + b"\r\n")
        read_until(follower, b'"stamp"')
        it.server.should_exit = True
        it.thread.join(30)
        assert not it.thread.is_alive()
        read_until(follower, b"never")
    assert story.node.head.size


def test_a_slow_body_is_given_up(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """408, the connection is closed, and nothing is logged."""
    monkeypatch.setattr(submission, "BODY_SECONDS", 0.2)
    size = story.node.head.size
    with running(story.node) as it, it.connect() as slow:
        slow.sendall(
            b"POST /v1/acts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        answer = read_until(slow, b"}")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in answer
    assert story.node.head.size == size


def test_a_truncated_body_has_no_effect(story: Story) -> None:
    """Lines that were already whole are not submitted when the body is cut short."""
    size = story.node.head.size
    line = story.world.seal(CastVote(vote="P3/1", position="yes"), "member/M004")
    with running(story.node) as it:
        with it.connect() as cut:
            head = (
                b"POST /v1/acts HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n"
            )
            cut.sendall(head % (2 * len(line) + 2) + line + b"\n" + line[:50])
        assert httpx2.get(it.url + "/healthz").status_code == 200
        assert eventually(lambda: 400 in {key[2] for key in _answered(it)})
    assert story.node.head.size == size


def _answered(it: Running) -> set[tuple[str, str, int]]:
    text = httpx2.get(it.url + "/metrics").text
    found = set()
    for line in text.splitlines():
        if line.startswith("comity_http_requests_total{"):
            labels = dict(part.split("=") for part in line[27 : line.index("}")].replace('"', "").split(","))
            found.add((labels["route"], labels["method"], int(labels["status"])))
    return found


@pytest.mark.parametrize(
    "path", [b"/tile/../../log.key", b"/tile/%2e%2e%2flog.key", b"/%00", b"/members/%ff%fe", b"//"]
)
def test_raw_paths_lead_nowhere(story: Story, path: bytes) -> None:
    """What a client library would tidy up reaches the server as it is, and is not found."""
    with running(story.node) as it, it.connect() as raw:
        raw.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = read_until(raw, b"never")
        assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
        assert b"seed" not in answer


def test_readers_never_see_half_a_batch(story: Story) -> None:
    """While acts are logged, every answer is of one size: each act has raised one counter by one."""
    node = story.node
    counted: list[tuple[int, int]] = []
    with running(node) as it:
        stop = threading.Event()

        def read() -> None:
            with httpx2.Client(base_url=it.url) as client:
                while not stop.is_set():
                    answer = client.get("/v1/views/keys?limit=1000").json()
                    counted.append((answer["size"], sum(item["counter"] for item in answer["items"])))

        reader = threading.Thread(target=read)
        reader.start()
        acts = [
            story.world.seal(CastVote(vote="P3/1", position="yes"), f"member/M{number % 7:03d}")
            for number in range(2000)
        ]
        for future in node.submit_many(acts):
            assert isinstance(future.result(60), Receipt)
        stop.set()
        reader.join()
    assert counted == sorted(counted)
    assert all(size == acts for size, acts in counted)


SERVE = """
import sys
from pathlib import Path
from comity.app import serve
from comity.node import Node
folder = Path(sys.argv[1])
node = Node.open(folder / "data", high_water=folder / "notes", workers=0)
serve(node, port=int(sys.argv[2]))
print("ended", flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(story: Story, tmp_path: Path, sent: signal.Signals) -> None:
    """The process returns from `serve`, exit code 0, the folder complete and ready for the next start."""
    story.node.close()
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVE), str(tmp_path), str(port)], stdout=subprocess.PIPE, env=os.environ
    )
    try:
        assert eventually(lambda: _is_up(port))
        envelope = story.world.seal(CastVote(vote="P3/1", position="yes"), "member/M004")
        answer = httpx2.post(f"http://127.0.0.1:{port}/v1/acts", content=envelope, headers=DSSE)
        assert answer.status_code == 201
        process.send_signal(sent)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, b"ended\n")
    again = Node.open(tmp_path / "data", high_water=tmp_path / "notes", workers=0)
    assert (tmp_path / "data" / "checkpoint").read_bytes() == again.head.checkpoint
    assert again.find(bytes.fromhex(answer.json()["id"])) == answer.json()["index"]
    again.close()


def _is_up(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def test_an_address_in_use_is_an_error_and_not_a_silence(story: Story) -> None:
    """Two servers cannot have one address; the second says so."""
    from comity.app import serve

    with running(story.node) as it, pytest.raises(OSError, match="ddress already in use"):
        serve(story.node, port=it.port)
