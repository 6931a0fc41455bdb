# SPDX-License-Identifier: Apache-2.0
"""The application: every route, and what holds for all of them. One process serves one node.

Routes stand in the order in which they are asked for most. The node merges on the event loop's thread between two
requests (law 9), so that no request sees half a batch.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

import comity.domains  # noqa: F401  (completes the registries)
from comity.app import explorer, health, publication
from comity.app.derived import Derived, Fixed, Make, Shelf
from comity.app.edge import Edge, Requests
from comity.app.events import Events
from comity.app.metrics import Metrics
from comity.app.openapi import describe
from comity.app.pages import Pages
from comity.app.problems import MEDIA, Failed, Problem, encode, of_question, plain
from comity.app.reads import JSON, read
from comity.app.reply import Reply, header
from comity.app.submission import Submission
from comity.charter.refusal import Refused
from comity.node import Failed as Stopped
from comity.node import Node


class OnLoop:
    """Runs the node's merges on the event loop's thread while there is a loop, and in place before and after."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, merge: Callable[[], None]) -> None:
        with self._turn:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(merge)
                return
        merge()

    def bind(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From now on merges go to this loop; with None, they run in place."""
        with self._turn:
            self._loop = loop


def create_app(node: Node) -> Starlette:
    """The ASGI application of a node. While its lifespan lasts, the node merges on its event loop."""
    requests, shelf, events = Requests(), Shelf(node), Events(node)
    pages = Pages(node, publication.Digests(node))
    routes = [*_interface(node, shelf, events, requests, pages), *pages.routes(shelf)]
    for route in routes:
        if isinstance(route, Route):
            requests.templates[id(route.endpoint)] = route.path
            if isinstance(route.endpoint, Derived):
                route.endpoint.template = route.path
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Edge, requests=requests, shelf=shelf)],
        exception_handlers={
            Refused: _handler(pages, of_question),
            Failed: _handler(pages, lambda error: error.problem),
            HTTPException: _handler(pages, _of_status),
            Stopped: _handler(pages, lambda error: plain(503, str(error))),
        },
        lifespan=_lifespan(node, events),
    )
    app.router.redirect_slashes = False
    app.state.node, app.state.events = node, events
    return app


def _interface(node: Node, shelf: Shelf, events: Events, requests: Requests, pages: Pages) -> list[BaseRoute]:
    def derived(make: Make) -> Derived:
        return Derived(node, shelf, make)

    return [
        _get("/v1/views/{view}", derived(read)),
        Route("/v1/acts", _Both(Submission(node), derived(explorer.read_acts)), methods=["GET", "POST"]),
        _get("/v1/acts/{act}", derived(explorer.read_act)),
        _get("/v1/acts/{act}/receipt", derived(publication.receipt)),
        _get("/tile/{tile:path}", publication.Tiles(node)),
        _get("/checkpoint", derived(publication.checkpoint)),
        _get("/v1/register", pages.digests),
        _get("/v1/events", events),
        _get("/metrics", Metrics(node, requests, events)),
        _get("/healthz", health.Alive(node)),
        _get("/readyz", health.Ready(node)),
        _get("/openapi.json", Fixed(msgspec.json.encode(describe()), JSON)),
    ]


def _get(path: str, endpoint: ASGIApp) -> Route:
    return Route(path, endpoint, methods=["GET"])


class _Both:
    """One path that is written by POST and read by GET."""

    def __init__(self, post: ASGIApp, get: ASGIApp) -> None:
        self.post, self.get = post, get

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await (self.post if scope["method"] == "POST" else self.get)(scope, receive, send)


def _lifespan(node: Node, events: Events) -> Any:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        on_loop, before = OnLoop(), node.deliver
        on_loop.bind(asyncio.get_running_loop())
        node.deliver = on_loop
        leave = node.subscribe(events.moved)
        try:
            yield
        finally:
            events.close()
            leave()
            on_loop.bind(None)
            # Merges that were handed over before stand in the loop's queue; they run before this goes on.
            await asyncio.sleep(0)
            node.deliver = before

    return lifespan


def _handler(pages: Pages, make: Callable[[Any], Problem]) -> Any:
    async def handle(request: Request, error: Exception) -> Reply:
        problem = make(error)
        given = error.headers if isinstance(error, Failed | HTTPException) and error.headers else {}
        headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        headers.append((b"cache-control", b"no-store"))
        if (
            not isinstance(error, Stopped)
            and pages.is_page(request.scope["path"])
            and "text/html" in header(request.scope, b"accept")
        ):
            return pages.problem(problem, request.scope, headers)
        return Reply(problem.status, encode(problem), MEDIA, headers)

    return handle


def _of_status(error: HTTPException) -> Problem:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return plain(404, "There is nothing at this path; /openapi.json and /reference list what there is.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = dict(error.headers or {}).get("Allow", "")
        return plain(405, f"This path is answered for {allowed}.")
    return plain(error.status_code, error.detail)
