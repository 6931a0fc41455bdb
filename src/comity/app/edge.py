# SPDX-License-Identifier: Apache-2.0
"""The edge of HTTP: what holds for every answer, whoever makes it.

Security headers; reading from anywhere (the record is public); no body for HEAD; requests counted by route template
and status. An answer that is on the shelf is sent from here, without asking the routes. Plain ASGI, because every
request passes.
"""

import logging
from collections import Counter
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from comity.app.derived import Shelf, chosen
from comity.app.reply import OPEN, SAFE, Reply

log = logging.getLogger("comity.app")

PREFLIGHT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"accept, if-none-match, last-event-id"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


_FAILED = Reply(
    500,
    b'{"type":"about:blank","status":500,"title":"Internal Server Error","detail":"It went wrong here; it is noted."}',
    b"application/problem+json",
    [(b"cache-control", b"no-store")],
)


class Requests:
    """How many requests were answered, by route template and status, and the seconds spent on them."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.seconds: Counter[str] = Counter()
        self.templates: dict[int, str] = {}

    def template(self, scope: Scope) -> str:
        """The path of the route that was matched, fields in braces; 'none' where no route matched."""
        return self.templates.get(id(scope.get("endpoint")), "none")

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer."""
        template = self.template(scope)
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self.answered[template, method, status] += 1
        self.seconds[template] += seconds  # type: ignore[assignment]


class Edge:
    """The outermost layer of our own."""

    def __init__(self, app: ASGIApp, requests: Requests, shelf: Shelf) -> None:
        self.app = app
        self.requests = requests
        self.shelf = shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        if method == "GET" and await self._from_shelf(scope, send):
            return
        reading = method in ("GET", "HEAD")
        extra = SAFE + OPEN if reading else SAFE
        status = 0
        began = perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *extra]
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            if method == "OPTIONS" and _asks_first(scope):
                await sent({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
                await sent({"type": "http.response.body", "body": b""})
            else:
                await self.app(scope, receive, sent)
        except Exception:
            if status:  # too late to say so; the server cuts the connection
                raise
            log.exception("a request failed: %s %s", method, scope["path"])
            await _FAILED(scope, receive, sent)
        finally:
            self.requests.count(scope, status, perf_counter() - began)

    async def _from_shelf(self, scope: Scope, send: Send) -> bool:
        kept = self.shelf.get(scope["path"], scope["query_string"])
        reply = None if kept is None else chosen(kept, scope["headers"])
        if kept is None or reply is None:
            return False
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.public})
        await send({"type": "http.response.body", "body": reply.body})
        self.requests.answered[kept.template, "GET", reply.status] += 1
        return True


def _asks_first(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])
