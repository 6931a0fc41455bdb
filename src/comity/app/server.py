# SPDX-License-Identifier: Apache-2.0
"""Serving a node over HTTP: one process, one event loop, loopback unless told otherwise.

On SIGTERM or SIGINT the server takes no more connections, lets those who follow events go, finishes what it has begun
within `GRACE` seconds, closes the node (partial tiles, checkpoint and snapshot are written) and returns.
"""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from comity.app.application import create_app
from comity.node import Node

GRACE = 10


class Server(uvicorn.Server):
    """uvicorn, which lets followers of events go first and leaves the signal handlers as it found them."""

    def __init__(self, app: Starlette, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._events = app.state.events

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._events.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def serve(node: Node, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the node until SIGTERM or SIGINT, then close it. Raises OSError where the address cannot be had."""
    listening = bound(host, port)
    try:
        server(node).run(sockets=[listening])
    finally:
        listening.close()
        node.close()


def server(node: Node) -> Server:
    """A server of the node that is not bound to an address yet."""
    app = create_app(node)
    config = uvicorn.Config(
        app,
        loop="auto",
        http="auto",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=20,
        limit_concurrency=1000,
        backlog=512,
    )
    return Server(app, config)


def bound(host: str, port: int) -> socket.socket:
    """A listening socket on the address; port 0 takes any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening
