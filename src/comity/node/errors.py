# SPDX-License-Identifier: Apache-2.0
"""Why a node does not do what it is asked: now (`Busy`, `Unwritable`), any more (`Failed`), or at all (`CannotStart`).

Each message is a sentence for the operator or the caller, and says what would help. An act that is not in order is
none of these: it is answered with a signed refusal.
"""


class NodeError(Exception):
    """What a node cannot do; every error of this package is one."""


class Busy(NodeError):
    """The queue is full. `retry_after` is in seconds; the act was not taken, and nothing is known about it."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"The queue of the writer is full; try again in {retry_after} s.")


class Unwritable(NodeError):
    """Nothing can be written now, while reading goes on. `why` is a sentence, `retry_after` in seconds.

    The act was not logged; it may be submitted again unchanged.
    """

    def __init__(self, why: str, retry_after: int) -> None:
        self.why = why
        self.retry_after = retry_after
        super().__init__(f"{why} Try again in {retry_after} s.")


class Failed(NodeError):
    """The node has stopped for good and answers nothing more. What it had taken may or may not be on the record.

    Whoever has no receipt submits the same envelope again after the restart: an act is logged once.
    """


class CannotStart(NodeError):
    """The data folder and what the node knows do not allow it to run; nothing was changed."""


class RecordAbsent(CannotStart):
    """There is no record in the folder."""


class RecordExists(CannotStart):
    """There is a record in the folder already; an organisation is founded once."""


class Locked(CannotStart):
    """Another node runs on this folder."""


class OlderCopy(CannotStart):
    """The record is older than, or another than, what this node has signed before: a copy was restored."""


class Damaged(CannotStart):
    """The entries, the head or the log's key are not what was committed."""


class NotRestored(CannotStart):
    """What is in the folder is no record that could be completed; nothing was changed."""


class Void(NodeError):
    """An entry of a copy is not in order: the copy is not what a host may have logged, or the host logged wrongly."""


class Full(NodeError):
    """The disk is full; the transaction was rolled back, and the store is as it was before."""


class Overtaken(NodeError):
    """Somebody else has written to the record: its size is not what this node committed last."""
