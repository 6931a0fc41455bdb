# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with bytes that claim to belong to a record.

Each message is a whole sentence: what was found, and what would be in order. Nothing secret enters one.
"""


class RecordError(Exception):
    """Bytes of a record that are not in order; every error of this package is one."""


class SizeError(RecordError):
    """Something is larger than the record admits."""


class FormError(RecordError):
    """An envelope or a payload is not in its one admitted form."""


class SignatureError(RecordError):
    """A signature or a key does not hold under the strict Ed25519 rule."""


class NoteError(RecordError):
    """A signed note, a verifier key or a note signature is malformed, unknown or false (C2SP signed-note)."""


class CheckpointError(RecordError):
    """A note is in order but is not a checkpoint of the expected log (C2SP tlog-checkpoint)."""


class ProofError(RecordError):
    """An inclusion or consistency proof does not prove what it claims, or cannot be given (RFC 6962)."""


class TileError(RecordError):
    """A tile's path, width or content is not that of C2SP tlog-tiles."""
