# SPDX-License-Identifier: Apache-2.0
"""What a node answers: the head of the record, receipts, signed refusals, and the futures in which they arrive.

A receipt's proof (C2SP tlog-proof) is written when somebody asks for it: it is a function of the index and of the head
under which the act was committed. A refusal is signed as a note whose text is, line by line: `comity refusal v1`, the
origin of the log, the act's id in hexadecimal (64 zeros where the envelope could not be opened), the size of the record
that the act was judged against, the stamp, the code, and the SHA-256 of the refusal in canonical JSON. An origin holds
no space, so that such a note can never be taken for a checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures._base import FINISHED, PENDING
from hashlib import sha256
from typing import Any

from msgspec import Struct

from comity.charter.refusal import Refusal
from comity.charter.register import encode
from comity.record import note, proof
from comity.record.merkle import Tree

REFUSAL = "comity refusal v1"
UNOPENED = "0" * 64


class Head(Struct, frozen=True):
    """The committed end of the record: size, root (32 bytes), last stamp (ms), signed checkpoint."""

    size: int
    root: bytes
    stamp: int
    checkpoint: bytes


class Receipt(Struct, frozen=True, gc=False):
    """The act is on the record, at `index`, since `stamp` (ms). `duplicate`: it was there before it was submitted."""

    index: int
    stamp: int
    act: bytes
    head: Head
    tree: Tree
    duplicate: bool = False

    @property
    def id(self) -> str:
        """The act id in hexadecimal."""
        return self.act.hex()

    @property
    def proof(self) -> bytes:
        """The proof that the entry is under the head's checkpoint, as tlog-proof."""
        return write_proof(self.tree, self.index, self.head)


class SignedRefusal(Struct, frozen=True):
    """The act is not in order, and this log says so over its signature.

    `act` is the id in hexadecimal, '' where the envelope could not be opened; `size` how many entries the act was
    judged against; `note` the signed note.
    """

    refusal: Refusal
    act: str
    size: int
    stamp: int
    note: str


Answer = Receipt | SignedRefusal


def write_proof(tree: Tree, index: int, head: Head) -> bytes:
    """The tlog-proof of an entry at a head; ProofError where the head does not have it."""
    return proof.format(proof.TlogProof(index, tuple(tree.inclusion(index, head.size)), head.checkpoint))


def refusal_text(origin: str, refusal: Refusal, act: str, size: int, stamp: int) -> str:
    """What is signed of a refusal; a verifier builds the same text from the refusal it was shown."""
    digest = sha256(encode(refusal)).hexdigest()
    return f"{REFUSAL}\n{origin}\n{act or UNOPENED}\n{size}\n{stamp}\n{refusal.code}\n{digest}\n"


def sign_refusal(signer: note.NoteSigner, refusal: Refusal, act: str, size: int, stamp: int) -> SignedRefusal:
    """Bind the log to a refusal."""
    text = refusal_text(signer.name, refusal, act, size, stamp)
    signed = note.format(note.Note(text, (signer.sign(text),)))
    return SignedRefusal(refusal, act, size, stamp, signed.decode())


class Pending(Future[Answer]):
    """The future of one answer. Those of one call share a condition: a lock for each would cost more than a fold.

    It is an ordinary `concurrent.futures.Future` for whoever waits, but cannot be cancelled: an act that was taken
    is answered.
    """

    def __init__(self, shared: threading.Condition) -> None:
        # In place of Future.__init__, which makes a condition of its own.
        self._condition = shared
        self._state = PENDING
        self._result = None
        self._exception = None
        self._waiters = []
        self._done_callbacks: list[Any] = []

    def cancel(self) -> bool:
        """Answers come whether or not somebody waits for them."""
        return False

    def result(self, timeout: float | None = None) -> Answer:
        """The answer; TimeoutError if it has not come within `timeout` seconds."""
        self._await(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Why there is no answer, or None; TimeoutError if neither has come within `timeout` seconds."""
        self._await(timeout)
        return super().exception(0)

    def _await(self, timeout: float | None) -> None:
        # The condition is shared: being woken may mean that a sibling has its answer.
        if self._state != FINISHED:
            with self._condition:
                self._condition.wait_for(lambda: self._state == FINISHED, timeout)


def settle(answers: Iterable[tuple[Pending, Answer | Exception]]) -> None:
    """Give many answers (or errors); neighbours that share a condition are woken once."""
    held: threading.Condition | None = None
    expecting = []
    try:
        for future, answer in answers:
            if future._condition is not held:
                _let_go(held)
                held = future._condition
                held.acquire()
            future._state = FINISHED
            if isinstance(answer, Exception):
                future._exception = answer
                for waiter in future._waiters:
                    waiter.add_exception(future)
            else:
                future._result = answer
                for waiter in future._waiters:
                    waiter.add_result(future)
            if future._done_callbacks:
                expecting.append(future)
    finally:
        _let_go(held)
    for future in expecting:
        future._invoke_callbacks()  # type: ignore[attr-defined]


def _let_go(held: threading.Condition | None) -> None:
    if held is not None:
        held.notify_all()
        held.release()
