# SPDX-License-Identifier: Apache-2.0
"""A node behind its server, on loopback: how long one act takes, and what one view costs.

The client is a socket that stays open and sends requests written beforehand, so that little of what is measured is
the client's. An act is sent when the one before it was answered and a block was forced to the same disk: the node is
idle. The processor time of a GET is the server process's own, user and system, over many requests: of `CROWD` clients
that ask at the same time, and of one that asks alone, for which the server falls asleep and wakes at every request.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, islice, repeat
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

from comity.bench import bare
from comity.bench.world import World, logged

SIZE = 2048
"""Bytes of the view that is asked for, as near as a page of it comes."""

CROWD = 32
"""Clients that ask at the same time."""

Found = dict[str, Any]

_POST = b"POST /v1/acts HTTP/1.1\r\nHost: %b\r\nContent-Type: application/vnd.dsse+json\r\nContent-Length: %d\r\n\r\n%b"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def served(folder: Path, acts: int, gets: int, rounds: int) -> Found:
    """Median seconds of an act by HTTP and of a forced write; processor seconds of a GET."""
    world = World()
    node = world.found(folder, workers=0)
    rollcalls = -(-acts // len(world.members))
    votes = []
    for _ in range(rollcalls):
        vote, opening = world.opening()
        logged(node, opening)
        votes.append(vote)
    node.close()
    envelopes = [raw for vote in votes for raw in world.casts(vote)][:acts]
    disk = bare.Disk(folder)
    with _server(folder) as (process, host, port), _connection(host, port) as ask:
        posted = _posted(ask, host, envelopes, disk)
        return {
            "post_seconds": posted,
            "fsync_seconds": disk.median(),
            "posts": len(envelopes),
            **_read(ask, (host, port), process, gets, rounds),
        }


def _posted(ask: Callable[[bytes], "Answer"], host: str, envelopes: list[bytes], disk: bare.Disk) -> float:
    took = []
    for raw in envelopes:
        request = _POST % (host.encode(), len(raw), raw)
        begun = time.perf_counter()
        answer = ask(request)
        took.append(time.perf_counter() - begun)
        if answer.status != 201 or b"c2sp.org/tlog-proof" not in answer.body:
            raise RuntimeError(f"an act of the benchmark was answered {answer.status}: {answer.body[:200]!r}")
        disk.force()
    disk.close()
    return median(took)


def _read(
    ask: Callable[[bytes], "Answer"], address: tuple[str, int], process: psutil.Process, gets: int, rounds: int
) -> Found:
    """Processor seconds of a GET of one page of members over and over, and of pages that nobody asked for before."""
    host, port = address
    limit = _fitting(ask, host)
    again = _get(host, f"/v1/views/members?limit={limit}")
    new = (_get(host, f"/v1/views/members?limit={limit}&{_spelled(number)}") for number in count())
    with _crowd(host, port) as crowd:
        often = [_cpu(process, crowd, repeat(again, gets)) for _ in range(rounds)]
        once = [_cpu(process, crowd, islice(new, max(1, gets // 4))) for _ in range(rounds)]
        alone = [_cpu(process, crowd[:1], repeat(again, max(1, gets // 4))) for _ in range(rounds)]
    return {
        "get_cpu_seconds": median(often),
        "get_new_cpu_seconds": median(once),
        "get_alone_cpu_seconds": median(alone),
        "get_bytes": len(ask(again).body),
        "gets": gets,
        "get_clients": CROWD,
    }


def _fitting(ask: Callable[[bytes], "Answer"], host: str) -> int:
    """How many members make a page of about `SIZE` bytes."""
    few, more = (len(ask(_get(host, f"/v1/views/members?limit={limit}")).body) for limit in (10, 20))
    return 10 + round((SIZE - few) / ((more - few) / 10))


def _spelled(number: int) -> str:
    """A page begins after some member: the same question in ever new spellings, which the server keeps apart."""
    text = f"after=M{number % 150:03}"
    bits = number // 150
    letters = [f"%{ord(letter):02X}" if bits >> at & 1 and letter != "=" else letter for at, letter in enumerate(text)]
    return "".join(letters)


def _cpu(process: psutil.Process, crowd: list[socket.socket], requests: Iterable[bytes]) -> float:
    """Processor seconds of the server for one of the requests, asked by all of the crowd at a time."""
    asked = list(requests)
    before = process.cpu_times()
    for start in range(0, len(asked), len(crowd)):
        together = list(zip(crowd, asked[start : start + len(crowd)], strict=False))
        for connection, request in together:
            connection.sendall(request)
        for connection, _ in together:
            if (answer := _answer(connection)).status != 200:
                raise RuntimeError(f"a question of the benchmark was answered {answer.status}: {answer.body[:200]!r}")
    after = process.cpu_times()
    took: float = after.user + after.system - before.user - before.system
    return took / len(asked)


def _get(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes


@contextmanager
def _server(folder: Path) -> Iterator[tuple[psutil.Process, str, int]]:
    """The real server on a free port of loopback: the process, its host and port."""
    words = [sys.executable, "-P", "-m", "comity.bench.serving", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise RuntimeError("the server of the benchmark did not start; what it said stands above")
        host, port = json.loads(line)
        yield psutil.Process(process.pid), host, port
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _connection(host: str, port: int) -> Iterator[Callable[[bytes], Answer]]:
    """A connection that stays open: a function that sends a request and returns its answer."""
    with socket.create_connection((host, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield lambda request: _asked(connection, request)


@contextmanager
def _crowd(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Connections that stay open, one for each client of the crowd."""
    with ExitStack() as opened:
        yield [opened.enter_context(socket.create_connection((host, port))) for _ in range(CROWD)]


def _asked(connection: socket.socket, request: bytes) -> Answer:
    connection.sendall(request)
    return _answer(connection)


def _answer(connection: socket.socket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(_LENGTH.search(head + b"\r\n")[1])  # type: ignore[index]  # our server always says
    while len(body) < length:
        body += _received(connection)
    return Answer(int(head[9:12]), body)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("the server of the benchmark has closed the connection")
    return data


def _serve(folder: Path) -> None:
    """The server's process: what `comity serve` does, with the high-water notes beside the record."""
    from comity.app.server import bound, server
    from comity.node import Node

    listening = bound("127.0.0.1", 0)
    listening.listen()
    node = Node.open(folder / "record", high_water=folder / "notes")
    try:
        print(json.dumps(listening.getsockname()), flush=True)
        server(node).run(sockets=[listening])
    finally:
        node.close()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
