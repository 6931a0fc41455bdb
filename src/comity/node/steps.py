# SPDX-License-Identifier: Apache-2.0
"""The points of the write path, in the order in which a batch passes them.

After each step the writer calls a hook with the step's name; a running node has none. Tests give one that raises an
exception or ends the process there, and so prove that a node recovers from every point. The sequence is the design
(law 9): whatever follows `committed` is derived and can be made again, whatever precedes it has not happened.
"""

from collections.abc import Callable

Hook = Callable[[str], None]

FOUNDING = ("folder made", "key written", "founding folded")
"""Before entry 0 is committed like any other."""

WRITING = (
    "taken",  # a batch is off the queue
    "opened",  # its envelopes are opened, their signatures on the way to the workers
    "folded",  # its acts are in the draft, or refused
    "hashed",  # its leaves are in the tree, beyond the committed size
    "signed",  # the checkpoint exists in memory
    "begun",  # the transaction is open
    "head moved",  # on the condition that nobody else moved it
    "entries inserted",
    "committed",  # from here on the batch is on the record
    "noted",  # the high-water note says so, too
    "merged",  # readers see register and head
    "answered",  # receipts and refusals are out
    "tile written",  # one of possibly many
    "tiles written",
)

SNAPSHOT = ("snapshot taken", "snapshot written", "snapshot renamed")
CLOSING = ("partials written", "checkpoint written", "closed")

RESTORING = (
    "folder made",  # beside the place of a new folder; an older copy is completed where it is
    "key written",
    "begun",
    "head moved",
    "entries inserted",
    "committed",
    "noted",  # of a new folder after it was renamed: until then there is nothing to go on from
    "tile written",
    "partials written",
    "checkpoint written",
    "renamed",  # of a new folder alone
)
"""Of a restoration, which is no part of the write path (`restoring`)."""

STEPS = (*FOUNDING, *WRITING, *SNAPSHOT, *CLOSING)


def undisturbed(step: str) -> None:
    """The hook of a running node: nothing happens."""
