# SPDX-License-Identifier: Apache-2.0
"""Answers that follow from the register alone: made once per size of the record, kept, tagged, compressed.

Such an answer changes only when the record grows, so its entity tag is made of the head of the record and of the
program, and the encoded bytes are kept on a shelf until the next merge. The shelf is bounded in bytes.
"""

import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from comity import __version__
from comity.app.edge import Reply
from comity.app.query import require_accepted
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


class Kept(NamedTuple):
    """An answer on the shelf: as it is, compressed where that pays, and as 304."""

    plain: Reply
    packed: Reply | None
    unchanged: Reply
    tag: bytes


class Shelf:
    """Encoded answers by path and query, for one head of the record."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._head: Head | None = None
        self._kept: dict[tuple[str, bytes], Kept] = {}
        self._bytes = 0
        self._prefix = b""

    def get(self, path: str, query: bytes) -> Kept | None:
        """The answer kept for this head, if any."""
        if self.node.head is not self._head:
            self._clear()
        return self._kept.get((path, query))

    def keep(self, path: str, query: bytes, content: Content) -> Kept:
        """Encode the content for sending; keep it where there is room."""
        if self.node.head is not self._head:
            self._clear()
        kept = _keep(content, b'W/"' + self._prefix + b'"')
        packed = kept.packed
        weight = len(content.body) + len(packed.body if packed else b"") + len(path) + len(query) + 1024
        if self._bytes + weight <= SHELF_BYTES:
            self._kept[path, query] = kept
            self._bytes += weight
        return kept

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes = 0
        self._head = self.node.head
        program = sha256(__version__.encode() + self._head.root).hexdigest()[:16]
        self._prefix = b"%d-%s" % (self._head.size, program.encode())


class Derived:
    """An endpoint whose answers are derived: `make` makes them from the node and the request."""

    def __init__(self, node: Node, shelf: Shelf, make: Make, media: tuple[str, ...]) -> None:
        self.node = node
        self.shelf = shelf
        self.make = make
        self.media = media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, query = scope["path"], scope["query_string"]
        kept = self.shelf.get(path, query)
        if kept is None:
            kept = self.shelf.keep(path, query, self.make(self.node, scope))
        await _answer(kept, scope, receive, send, self.media)


def _keep(content: Content, tag: bytes) -> Kept:
    headers = (*content.headers, (b"etag", tag), _FRESH)
    packed = None
    if len(content.body) >= COMPRESSED_FROM:
        headers = (*headers, _VARY)
        small = zlib.compress(content.body, 5, 31)
        packed = Reply(200, small, content.media, (*headers, (b"content-encoding", b"gzip")))
    unchanged = Reply(304, b"", content.media, headers)
    unchanged.headers = list(headers)
    return Kept(Reply(200, content.body, content.media, headers), packed, unchanged, tag)


async def _answer(kept: Kept, scope: Scope, receive: Receive, send: Send, media: tuple[str, ...]) -> None:
    """Send what the request's headers ask for: nothing new, compressed, or as it is; 406 where none will do."""
    match = encoding = b""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            match = value
        elif name == b"accept-encoding":
            encoding = value
        elif name == b"accept" and value != b"*/*":
            require_accepted(value.decode("latin-1"), *media)
    if match and (match == b"*" or kept.tag[2:] in match):
        await kept.unchanged(scope, receive, send)
    elif kept.packed is not None and b"gzip" in encoding:
        await kept.packed(scope, receive, send)
    else:
        await kept.plain(scope, receive, send)


class Fixed:
    """An endpoint whose answer never changes while the program runs: a style sheet, a description."""

    def __init__(self, body: bytes, media: bytes) -> None:
        self.media = media.partition(b";")[0].decode()
        tag = b'W/"' + sha256(body).hexdigest()[:16].encode() + b'"'
        self._kept = _keep(Content(body, media), tag)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(self._kept, scope, receive, send, (self.media,))
