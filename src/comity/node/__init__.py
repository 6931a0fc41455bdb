# SPDX-License-Identifier: Apache-2.0
"""One running node: stores, writer, recovery, publication.

node          found, open, submit, read, close
writer        the one thread that writes, and the queue before it
ledger        commit, then speak: how a batch becomes part of the record
store         entries and head in SQLite, one conditional transaction
workers       signatures verified beside the writer (`verifying` is what the processes run)
stamps        a clock that is not believed when it jumps
highwater     what this machine has committed, noted outside the folder
recovery      from a data folder to a ledger
reader        a record read without a trace, whether or not a node runs on it
snapshot      the register, so that a start need not fold everything
restoring     a data folder made, or completed, from a public copy
publication   the record as files in the layout of C2SP tlog-tiles
answers       heads, receipts, signed refusals, and the futures in which they arrive
steps         the named points of the write path, for faults
"""

from comity.node.answers import Answer, Head, Pending, Receipt, SignedRefusal, refusal_text
from comity.node.errors import (
    Busy,
    CannotStart,
    Damaged,
    Failed,
    Full,
    Locked,
    NodeError,
    NotRestored,
    OlderCopy,
    RecordAbsent,
    RecordExists,
    Unwritable,
    Void,
)
from comity.node.node import Node
from comity.node.reader import Reader
from comity.node.restoring import Restored, restore

__all__ = [
    "Answer",
    "Busy",
    "CannotStart",
    "Damaged",
    "Failed",
    "Full",
    "Head",
    "Locked",
    "Node",
    "NodeError",
    "NotRestored",
    "OlderCopy",
    "Pending",
    "Reader",
    "Receipt",
    "RecordAbsent",
    "RecordExists",
    "SignedRefusal",
    "Restored",
    "Unwritable",
    "Void",
    "refusal_text",
    "restore",
]
