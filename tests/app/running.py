# SPDX-License-Identifier: Apache-2.0
"""A real server on loopback, in a thread, for what only shows on a socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from comity.app.server import Server, bound, server
from comity.node import Node


class Running:
    """A server that runs; `url` is where."""

    def __init__(self, node: Node) -> None:
        self.server: Server = server(node)
        self.socket = bound("127.0.0.1", 0)
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    def connect(self) -> socket.socket:
        """A connection of one's own, to say on it whatever one likes."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def running(node: Node) -> Iterator[Running]:
    """Serve the node until the block ends; the node stays open."""
    it = Running(node)
    it.thread.start()
    while not it.server.started and it.thread.is_alive():
        time.sleep(0.01)
    try:
        yield it
    finally:
        it.server.should_exit = True
        it.thread.join(30)
        it.socket.close()
        assert not it.thread.is_alive()


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """What arrives up to and including the wanted bytes, or up to the end."""
    got = b""
    while wanted not in got:
        part = connection.recv(65536)
        if not part:
            break
        got += part
    return got
