# SPDX-License-Identifier: Apache-2.0
"""What outsiders verify with: checkpoint, tiles, receipts, the digest of the register."""

import asyncio
from typing import Annotated

from msgspec import Meta, Struct
from starlette.types import Receive, Scope, Send

from comity.app.derived import Content
from comity.app.explorer import locate
from comity.app.problems import failed
from comity.app.query import none
from comity.app.reads import JSON, encode, present
from comity.app.reply import Reply, header
from comity.charter.register import Register
from comity.charter.tables import Mark
from comity.node import Head, Node
from comity.record.errors import TileError
from comity.record.tiles import parse_path

TEXT = b"text/plain; charset=utf-8"
FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")


class RegisterAnswer(Struct, frozen=True, kw_only=True):
    """The digest of the register at a size of the record, and of each of its tables (docs/spec/register.md)."""

    mark: Mark
    size: int
    stamp: int
    digest: Annotated[str, Meta(description="SHA-256 of canonical JSON of {table: digest}")]
    tables: dict[str, str]


class Digests:
    """The register's digests, computed beside the event loop and once per size of the record."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._turn = asyncio.Lock()
        self._head: Head | None = None
        self._answer: RegisterAnswer | None = None

    async def answer(self) -> RegisterAnswer:
        """The digests as of now, or of the moment at which they began to be computed."""
        async with self._turn:
            if self._answer is None or self._head is not self.node.head:
                head, standing = self.node.head, present(self.node)
                # Rows are frozen: copies of the tables are a register that no merge reaches.
                still = Register({name: dict(rows) for name, rows in self.node.register.tables.items()})
                digest, tables = await asyncio.to_thread(lambda: (still.digest(), still.table_digests()))
                self._answer = RegisterAnswer(
                    mark=standing.mark, size=standing.size, stamp=standing.stamp, digest=digest, tables=tables
                )
                self._head = head
            return self._answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        none(scope["query_string"])
        answer = await self.answer()
        tag = f'W/"{answer.size}-{answer.digest[:16]}"'.encode()
        headers = ((b"etag", tag), (b"cache-control", b"no-cache"))
        if tag in header(scope, b"if-none-match").encode("latin-1"):
            reply = Reply(304, b"", JSON, headers)
        else:
            reply = Reply(200, encode(answer), JSON, headers)
        await reply(scope, receive, send)


def checkpoint(node: Node, scope: Scope) -> Content:
    """The signed checkpoint of the record (C2SP tlog-checkpoint)."""
    none(scope["query_string"])
    return Content(node.head.checkpoint, TEXT)


def receipt(node: Node, scope: Scope) -> Content:
    """The proof that an entry is in the record at its present size (C2SP tlog-proof)."""
    none(scope["query_string"])
    return Content(node.receipt(locate(node, scope["path_params"]["act"])), TEXT)


class Tiles:
    """Tiles and entry bundles (C2SP tlog-tiles). What a path names never changes once it is there."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        none(scope["query_string"])
        path = f"tile/{scope['path_params']['tile']}"
        try:
            parse_path(path)
        except TileError as error:
            raise failed(404, str(error)) from error
        content = self.node.tile(path)
        if content is None:
            raise failed(404, f"The record of {self.node.head.size} entries has no {path}.")
        await Reply(200, content, b"application/octet-stream", (FOREVER,))(scope, receive, send)
