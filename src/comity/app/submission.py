# SPDX-License-Identifier: Apache-2.0
"""The one write verb: `POST /v1/acts`, one envelope or many.

In this order: the content type, the declared and then the actual size of the body, the node. Nothing is submitted
before the whole body has arrived, so that a request cut short has no effect. Of many envelopes, one a line, each is
answered in its place; where the writer's queue is full, the request waits for room instead of giving up.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from comity.app import query
from comity.app.problems import MEDIA, Failed, Problem, encode, failed, of_answer, plain
from comity.app.reply import Reply, header
from comity.node import Answer, Busy, Node, Receipt, Unwritable
from comity.node import Failed as Stopped
from comity.record.envelope import MAX_ENVELOPE

ONE = ("application/vnd.dsse+json", "application/json")
MANY = "application/x-ndjson"
MAX_BODY = 8 * 2**20
MAX_LINES = 10_000
BODY_SECONDS = 60.0
"""How long a body may take to arrive."""
ROOM_SECONDS = 30.0
"""How long many envelopes wait for room in the writer's queue."""
AT_ONCE = 4
"""Requests with many envelopes that are taken at the same time."""
_CHUNK = 256


class Logged(Struct, frozen=True, kw_only=True):
    """The act is on the record."""

    index: int
    id: str
    stamp: int
    receipt: str


class LoggedLine(Logged, frozen=True, kw_only=True):
    """The act in this line is on the record; `status` is 201, or 200 where it was there before."""

    status: int


def logged(receipt: Receipt) -> Logged:
    """A receipt as it is sent: with its proof (C2SP tlog-proof)."""
    return Logged(index=receipt.index, id=receipt.id, stamp=receipt.stamp, receipt=receipt.proof.decode())


class Submission:
    """The endpoint."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._many = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query.none(scope["query_string"])
        media = header(scope, b"content-type").partition(";")[0].strip().lower()
        if media == MANY:
            query.require_accepted(header(scope, b"accept"), MANY)
            await self._take_many(scope, receive, send)
        elif media in ONE:
            query.require_accepted(header(scope, b"accept"), "application/json", "application/problem+json")
            reply = await self._take_one(await body(scope, receive, MAX_ENVELOPE))
            await reply(scope, receive, send)
        else:
            accepted = ", ".join((*ONE, MANY))
            raise failed(415, f"An envelope is sent as {accepted}; this is {media or 'unnamed'}.", Accept_Post=accepted)

    async def _take_one(self, envelope: bytes) -> Reply:
        try:
            answer = await asyncio.wrap_future(self.node.submit(envelope))
        except (Busy, Unwritable) as error:
            raise not_now(error) from error
        except Stopped as error:
            raise failed(503, str(error)) from error
        if isinstance(answer, Receipt):
            place = (b"location", b"/v1/acts/%d" % answer.index)
            status = 200 if answer.duplicate else 201
            return Reply(status, msgspec.json.encode(logged(answer)), b"application/json", (place,))
        problem = of_answer(answer)
        return Reply(problem.status, encode(problem), MEDIA)

    async def _take_many(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._many.locked():
            raise failed(503, f"{AT_ONCE} requests with many acts are being taken already.", Retry_After="2")
        async with self._many:
            raw = await body(scope, receive, MAX_BODY)
            lines = raw.removesuffix(b"\n").split(b"\n") if raw else []
            if len(lines) > MAX_LINES:
                raise failed(413, f"The body has {len(lines)} lines; at most {MAX_LINES} are taken at once.")
            headers = [(b"content-type", MANY.encode()), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for chunk in self._answers(lines):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _answers(self, lines: list[bytes]) -> AsyncIterator[bytes]:
        """The answers to the lines, in order, some at a time; later lines are submitted while earlier are awaited."""
        waiting: deque[Future[Answer] | Problem] = deque()
        loop = asyncio.get_running_loop()
        patience = loop.time() + ROOM_SECONDS
        at = 0
        while at < len(lines) or waiting:
            while at < len(lines) and len(waiting) < 4 * _CHUNK:
                some = lines[at : at + _CHUNK]
                at += len(some)
                try:
                    waiting.extend(self.node.submit_many(some))
                except Busy as error:
                    if loop.time() < patience:
                        at -= len(some)
                        break
                    refused = not_now(error).problem
                except Unwritable as error:
                    refused = not_now(error).problem
                except Stopped as error:
                    refused = plain(503, str(error))
                else:
                    await asyncio.sleep(0)
                    continue
                # Whoever is turned away sends again from here. What comes later must not overtake: its counters
                # would put the earlier acts of the same keys out of order for good.
                waiting.extend([refused] * (len(some) + len(lines) - at))
                at = len(lines)
            if not waiting:
                await asyncio.sleep(0.05)
                continue
            written = [await _line(waiting.popleft()) for _ in range(min(len(waiting), _CHUNK))]
            yield b"".join(written)


async def _line(answer: Future[Answer] | Problem) -> bytes:
    if not isinstance(answer, Problem):
        try:
            given = answer.result() if answer.done() else await asyncio.wrap_future(answer)
        except (Busy, Unwritable) as error:
            answer = not_now(error).problem
        except Stopped as error:
            answer = plain(503, str(error))
        else:
            if isinstance(given, Receipt):
                line = LoggedLine(
                    status=200 if given.duplicate else 201,
                    index=given.index,
                    id=given.id,
                    stamp=given.stamp,
                    receipt=given.proof.decode(),
                )
                return msgspec.json.encode(line) + b"\n"
            answer = of_answer(given)
    return encode(answer) + b"\n"


def not_now(error: Busy | Unwritable) -> Failed:
    """The problem of a node that does not take acts now."""
    return failed(503, str(error), Retry_After=str(max(1, error.retry_after)))


async def body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body of a request, whole; `Failed` where it is too large, too slow or cut short."""
    declared = header(scope, b"content-length")
    if declared.isdecimal() and int(declared) > limit:
        raise failed(413, f"The body has {declared} bytes; at most {limit} are in order here.")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise failed(400, "The body was cut short.")
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise failed(413, f"The body has more than {limit} bytes.", Connection="close")
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise failed(408, f"The body did not arrive within {BODY_SECONDS:.0f} s.", Connection="close") from error
