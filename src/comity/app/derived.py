# SPDX-License-Identifier: Apache-2.0
"""Answers that follow from the register alone: made once per size of the record, kept, tagged, compressed.

Such an answer changes only when the record grows, so its entity tag is made of the head of the record and of the
program, and the encoded bytes are kept on a shelf until the next merge. The shelf is bounded in bytes.
"""

import zlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from comity import __version__
from comity.app.query import accepts, require_accepted
from comity.app.reply import Reply, header
from comity.node import Head, Node

SHELF_BYTES = 32 * 2**20
COMPRESSED_FROM = 4096
"""Shorter answers are not worth the work of compressing."""

_VARY = (b"vary", b"accept-encoding")
_FRESH = (b"cache-control", b"no-cache")


class Content(NamedTuple):
    """What an endpoint makes: bytes, their media type, headers of its own."""

    body: bytes
    media: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


Make = Callable[[Node, Scope], Content]


class Ready(NamedTuple):
    """An answer on the shelf, with all its headers, as a GET is sent it."""

    status: int
    public: list[tuple[bytes, bytes]]
    body: bytes


class Kept(NamedTuple):
    """What is on the shelf: the answer as it is, compressed where that pays, and as 304."""

    plain: Reply
    packed: Reply | None
    unchanged: Reply
    tag: bytes
    media: str
    template: str
    ready: tuple[Ready, Ready, Ready]
    """The same three, for those who come again."""


class Shelf:
    """Encoded answers by path and query, for one head of the record."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._head: Head | None = None
        self._kept: dict[tuple[str, bytes], Kept] = {}
        self._bytes = 0
        self._tag = b""

    def get(self, path: str, query: bytes) -> Kept | None:
        """The answer kept for this head, if any; nothing once the node has failed."""
        if self.node.failed:
            return None
        if self.node.head is not self._head:
            self._clear()
        return self._kept.get((path, query))

    def keep(self, scope: Scope, content: Content, template: str) -> Kept:
        """Encode the content for sending; keep it where there is room."""
        if self.node.head is not self._head:
            self._clear()
        kept = _keep(content, self._tag, template)
        path, query = scope["path"], scope["query_string"]
        weight = len(content.body) + len(kept.packed.body if kept.packed else b"") + len(path) + len(query) + 2048
        if self._bytes + weight <= SHELF_BYTES:
            self._kept[path, query] = kept
            self._bytes += weight
        return kept

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes = 0
        self._head = self.node.head
        program = sha256(__version__.encode() + self._head.root).hexdigest()[:16]
        self._tag = b'W/"%d-%s"' % (self._head.size, program.encode())


class Derived:
    """An endpoint whose answers are derived: `make` makes them from the node and the request."""

    def __init__(self, node: Node, shelf: Shelf, make: Make) -> None:
        self.node = node
        self.shelf = shelf
        self.make = make
        self.template = "none"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = self.shelf.get(scope["path"], scope["query_string"])
        if kept is None:
            kept = self.shelf.keep(scope, self.make(self.node, scope), self.template)
        await _answer(kept, scope, receive, send)


class Fixed:
    """An endpoint whose answer never changes while the program runs: a style sheet, a description."""

    def __init__(self, body: bytes, media: bytes) -> None:
        tag = b'W/"' + sha256(body).hexdigest()[:16].encode() + b'"'
        self._kept = _keep(Content(body, media), tag, "none")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(self._kept, scope, receive, send)


def _keep(content: Content, tag: bytes, template: str) -> Kept:
    media = content.media.partition(b";")[0].decode()
    headers = (*content.headers, (b"etag", tag), _FRESH)
    packed = None
    if len(content.body) >= COMPRESSED_FROM:
        headers = (*headers, _VARY)
        small = zlib.compress(content.body, 5, 31)
        packed = Reply(200, small, content.media, (*headers, (b"content-encoding", b"gzip")))
    plain, unchanged = Reply(200, content.body, content.media, headers), Reply(304, b"", content.media)
    unchanged.headers = list(headers)
    ready = [Ready(each.status, each.public(), each.body) for each in (plain, packed or plain, unchanged)]
    return Kept(plain, packed, unchanged, tag, media, template, (ready[0], ready[1], ready[2]))


def _which(kept: Kept, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Which of the three the request's headers ask for: 0 as it is, 1 compressed, 2 nothing new; -1: none will do."""
    match = encoding = b""
    for name, value in headers:
        if name == b"if-none-match":
            match = value
        elif name == b"accept-encoding":
            encoding = value
        elif name == b"accept" and value != b"*/*" and not accepts(value.decode("latin-1"), kept.media):
            return -1
    if match and (match == b"*" or kept.tag[2:] in match):
        return 2
    return 1 if kept.packed is not None and b"gzip" in encoding else 0


def chosen(kept: Kept, headers: Iterable[tuple[bytes, bytes]]) -> Ready | None:
    """The answer on the shelf that the headers ask for; None where none will do."""
    which = _which(kept, headers)
    return None if which < 0 else kept.ready[which]


async def _answer(kept: Kept, scope: Scope, receive: Receive, send: Send) -> None:
    which = _which(kept, scope["headers"])
    if which < 0:
        require_accepted(header(scope, b"accept"), kept.media)
    reply = (kept.plain, kept.packed or kept.plain, kept.unchanged)[which]
    await reply(scope, receive, send)
