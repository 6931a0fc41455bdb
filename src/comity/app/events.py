# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: the head of the record, each time it has moved.

A later head covers every earlier one, so nothing is queued: a slow reader skips heads and misses nothing. Readers are
bounded in number, are told that the line is alive, and are let go as soon as they leave or the node closes.
"""

import asyncio

import msgspec
from starlette.types import Receive, Scope, Send

from comity.app import query
from comity.app.problems import failed
from comity.app.reply import header
from comity.charter.view import parameter
from comity.node import Head, Node

READERS = 256
HEARTBEAT = 15.0
RETRY_MS = 3000

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Events:
    """The endpoint, and what it knows of its readers."""

    def __init__(self, node: Node, *, readers: int = READERS, heartbeat: float = HEARTBEAT) -> None:
        self.node = node
        self.limit = readers
        self.heartbeat = heartbeat
        self.readers = 0
        self._moved = asyncio.Event()
        self._closing = False

    def moved(self, head: Head) -> None:
        """Wake every reader; called on the event loop's thread after a merge."""
        self._moved.set()
        self._moved = asyncio.Event()

    def close(self) -> None:
        """Let every reader go."""
        self._closing = True
        self._moved.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query.none(scope["query_string"])
        query.require_accepted(header(scope, b"accept"), "text/event-stream")
        seen = _last(header(scope, b"last-event-id"))
        if self.readers >= self.limit or self._closing:
            raise failed(503, f"{self.limit} readers follow already.", Retry_After="30")
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        self.readers += 1
        gone = asyncio.create_task(_left(receive))
        try:
            await self._follow(seen, gone, send)
        finally:
            self.readers -= 1
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _follow(self, seen: int, gone: asyncio.Task[None], send: Send) -> None:
        await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
        while not gone.done() and not self._closing:
            moved = self._moved
            head = self.node.head
            if head.size != seen:
                seen = head.size
                await send({"type": "http.response.body", "body": event(head), "more_body": True})
                continue
            waiter = asyncio.create_task(moved.wait())
            done, _ = await asyncio.wait((waiter, gone), timeout=self.heartbeat, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            if not done:
                await send({"type": "http.response.body", "body": b": alive\n\n", "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last(given: str) -> int:
    if not given:
        return -1
    if not (given.isascii() and given.isdecimal() and len(given) <= 16):
        raise parameter("Last-Event-ID", given, "the id of an event: the size of the record")
    return int(given)


def event(head: Head) -> bytes:
    """One event: the head as JSON, its size as the id."""
    data = msgspec.json.encode({"size": head.size, "root": head.root.hex(), "stamp": head.stamp})
    return b"id: %d\nevent: head\ndata: %b\n\n" % (head.size, data)
