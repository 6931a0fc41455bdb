# SPDX-License-Identifier: Apache-2.0
"""Bundles in order, read by as many processes as there are processors, never more than a few ahead of the fold.

Bundle n goes to process n modulo their number. With each order a process is told the public keys that the fold has
registered meanwhile, a few hundred at most so that neither side ever waits for the other to empty a pipe.
"""

import contextlib
import multiprocessing
from collections.abc import Generator
from multiprocessing.connection import Connection

from comity_verify import tree
from comity_verify.entries import Bundle, Reader
from comity_verify.source import Source, Unreadable, VerifyError

_AHEAD, _KEYS_AT_ONCE = 3, 256  # orders that one process holds, and keys in an order
_WORTH_A_PROCESS = 4  # bundles


def read_in_order(
    source: Source, reader: Reader, organisation: str, size: int, registered: list[bytes], jobs: int
) -> Generator[Bundle, None, None]:
    """The bundles but the first, which the caller has read; `registered` is the fold's own growing list of keys."""
    count = -(-size // tree.WIDTH)
    jobs = min(jobs, count // _WORTH_A_PROCESS)
    if jobs < 2:
        for number in range(1, count):
            yield reader.bundle(number, tree.bundle_width(size, number))
        return
    with contextlib.ExitStack() as stack:
        pipes = [stack.enter_context(_process(source, organisation)) for _ in range(jobs)]
        told = [0] * jobs
        try:
            for ahead in range(1, count + _AHEAD * jobs):
                due = ahead - _AHEAD * jobs
                if due >= 1:
                    answer = pipes[due % jobs].recv()
                    if isinstance(answer, VerifyError):
                        raise answer
                    yield answer
                if ahead < count:
                    mine = ahead % jobs
                    keys = registered[told[mine] : told[mine] + _KEYS_AT_ONCE]
                    told[mine] += len(keys)
                    pipes[mine].send((ahead, tree.bundle_width(size, ahead), keys))
        except (OSError, EOFError):
            raise Unreadable("A process that read the record ended before its time.") from None


@contextlib.contextmanager
def _process(source: Source, organisation: str) -> Generator[Connection, None, None]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(there, source, organisation), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.terminate()
        process.join()


def _serve(pipe: Connection, source: Source, organisation: str) -> None:
    """Reads what it is told to until it is ended."""
    reader = Reader(source)
    reader.belong(organisation)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            number, width, keys = pipe.recv()
            reader.learn(keys)
            try:
                pipe.send(reader.bundle(number, width))
            except VerifyError as error:
                pipe.send(error)
