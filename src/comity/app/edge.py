# SPDX-License-Identifier: Apache-2.0
"""The edge of HTTP: what holds for every answer, whoever makes it.

Security headers; reading from anywhere (the record is public); no body for HEAD; requests counted by route template
and status. Plain ASGI, because it is passed by every request.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("comity.app")

_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)

SAFE = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
"""Nothing but our own style sheet and pictures is loaded; there is no script to allow."""

OPEN = [(b"access-control-allow-origin", b"*")]
"""Reading is public: any page may read. Writing is a signature and needs no cookie, so nothing else is opened."""

PREFLIGHT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"accept, if-none-match, last-event-id"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


class Reply:
    """An answer that is ready to be sent; also an ASGI application that sends it."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, media: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status = status
        self.body = body
        self.headers = [(b"content-type", media), (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


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

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer. The template is that of the route; 'none' where no route matched."""
        template = self.templates.get(id(scope.get("endpoint")), "none")
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self.answered[template, method, status] += 1
        self.seconds[template] += seconds  # type: ignore[assignment]


class Edge:
    """The outermost layer of our own."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self.app = app
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
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


def _asks_first(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


def header(scope: Scope, wanted: bytes) -> str:
    """The value of a request header (several joined by commas), '' where there is none."""
    return ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)


def state(scope: Scope) -> Any:
    """What the application keeps for its endpoints."""
    return scope["app"].state
