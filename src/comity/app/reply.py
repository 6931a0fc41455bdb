# SPDX-License-Identifier: Apache-2.0
"""An answer that is ready to be sent, and the headers that every answer carries."""

from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

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


class Reply:
    """An answer that is ready to be sent; also an ASGI application that sends it."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, media: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status = status
        self.body = body
        self.headers = [(b"content-type", media), (b"content-length", b"%d" % len(body)), *headers]

    def public(self) -> list[tuple[bytes, bytes]]:
        """The headers as a GET is sent them, those of every answer included."""
        return [*self.headers, *SAFE, *OPEN]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def header(scope: Scope, wanted: bytes) -> str:
    """The value of a request header (several joined by commas), '' where there is none."""
    return ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
