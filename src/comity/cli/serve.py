# SPDX-License-Identifier: Apache-2.0
"""`comity serve`: one node, served until it is told to stop.

The address is taken before the node starts, so that a port in use costs nothing. From the moment at which the command
says that it serves, an interrupt or a termination lets the server finish what it has begun and then closes the node,
which writes its partial tiles: a clean exit.
"""

import errno
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.outcome import Failure, Out, answering

if TYPE_CHECKING:
    from comity.app.server import Server
    from comity.node import Node

HOST, PORT = "127.0.0.1", 8000


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The folder of the record.")
@click.option("--host", default=HOST, show_default=True, help="The address to listen at; 0.0.0.0 for every one.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0 for any free."
)
@answering
def serve(out: Out, data: Path, host: str, port: int) -> None:
    """Serve an organisation's record over HTTP.

    Pages, the API and the files of the record, until an interrupt (Ctrl-C) or a termination. With --json the object
    is printed when the node listens. Put a proxy with TLS before it when others are to reach it.
    """
    from comity.node import Node

    with listening(host, port) as bound, serving(Node.open(data)) as (node, stop):
        head = node.head
        where = address(bound)
        answer = {"url": where, "data": str(data), "vkey": node.vkey, "size": head.size, "root": head.root.hex()}
        out.result(answer, f"{head.size} {'entry' if head.size == 1 else 'entries'} at {where}", "Stop with Ctrl-C.")
        run(node, bound, stop)
    out.note("Stopped.")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket bound to the address; Failure where it is not to be had."""
    from comity.app.server import bound

    try:
        taken = bound(host, port)
        taken.listen(512)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failure(
                f"Port {port} at {host} is taken by another program, perhaps by a node that runs already. "
                f"Choose another, for instance --port {port + 1 if port < 65535 else 8000}."
            ) from error
        raise Failure(f"{host}:{port} cannot be listened at: {error.strerror or error}.") from error
    with closing(taken):
        yield taken


def address(bound: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


class Stop:
    """Remembers that the process was told to stop, and tells the server once there is one."""

    def __init__(self) -> None:
        self.told = False
        self.server: Server | None = None

    def __call__(self, number: int, frame: object) -> None:
        self.told = True
        if self.server is not None:
            self.server.should_exit = True


@contextmanager
def serving(node: "Node") -> Iterator[tuple["Node", Stop]]:
    """The node, closed at the end whatever happens; until then signals are noted and interrupt nothing."""
    stop = Stop()
    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with closing(node):
            yield node, stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def run(node: "Node", bound: socket.socket, stop: Stop) -> None:
    """Serve the node on the socket until it is told to stop."""
    from comity.app.server import server

    # Whoever started us may read our words through a pipe and wait for them.
    sys.stdout.flush()
    stop.server = server(node)
    if stop.told:
        return
    stop.server.run(sockets=[bound])
    if not stop.server.started and not stop.told:
        raise Failure("The server could not start; what it said stands above.")
