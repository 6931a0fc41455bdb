# SPDX-License-Identifier: Apache-2.0
"""Whether the process lives, and whether it takes acts."""

import msgspec
from starlette.types import Receive, Scope, Send

from comity.app.problems import MEDIA, encode, plain
from comity.app.query import none
from comity.app.reply import Reply
from comity.node import Node

_NOW = ((b"cache-control", b"no-store"),)


class Alive:
    """`/healthz`: the event loop answers and the writer has not ended for good; otherwise start the process again."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        none(scope["query_string"])
        if self.node.failed:
            reply = Reply(503, encode(plain(503, self.node.failed)), MEDIA, _NOW)
        else:
            reply = Reply(200, b"alive\n", b"text/plain; charset=utf-8", _NOW)
        await reply(scope, receive, send)


class Ready:
    """`/readyz`: the writer runs and the record can grow; otherwise 503 and the reason. Reading goes on meanwhile."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        none(scope["query_string"])
        unwritable = None if self.node.failed else self.node.unwritable
        if self.node.failed:
            reply = Reply(503, encode(plain(503, self.node.failed)), MEDIA, _NOW)
        elif unwritable is not None:
            retry = (b"retry-after", b"%d" % max(1, unwritable.retry_after))
            reply = Reply(503, encode(plain(503, str(unwritable))), MEDIA, (*_NOW, retry))
        else:
            reply = Reply(200, msgspec.json.encode({"size": self.node.head.size}), b"application/json", _NOW)
        await reply(scope, receive, send)
