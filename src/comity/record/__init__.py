# SPDX-License-Identifier: Apache-2.0
"""The verifiable record: envelopes, Merkle tree, tiles, notes, proofs. Pure; knows no organisation.

Its law: everything here is a function of bytes. What it writes has exactly one spelling, and what it reads
is refused, with a sentence that teaches, unless it has that spelling. It does no I/O, reads no clock, and
takes no randomness but for a new key.

    errors        what can be wrong with bytes; every error is a RecordError
    canonical     the profile of RFC 8785 in which payloads are written
    ed25519       signatures under the strict rule
    envelope      the one admitted DSSE envelope; act ids; leaves of the log
    merkle        the tree of RFC 6962, its proofs and their verification
    subtree       proofs about a run of leaves
    note          signed notes (C2SP signed-note)
    checkpoint    what a log says of itself (C2SP tlog-checkpoint)
    cosignature   what a witness or mirror says of a checkpoint (C2SP tlog-cosignature)
    tiles         the files in which a log is published (C2SP tlog-tiles)
    proof         receipts (C2SP tlog-proof)
"""
