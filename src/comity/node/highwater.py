# SPDX-License-Identifier: Apache-2.0
"""The high-water note: what this machine has committed, kept outside the folder that gets backed up.

Whoever restores an older copy of a record and goes on from there forks it: two different entries under one index,
both signed. So each commit is noted here, before anybody has a receipt, and a node whose record is smaller than the
note, or has another root at its size, does not start. A note belongs to a log's key: its file is named by the SHA-256
of the verifier key. It has a fixed length and is rewritten in place; within one sector of a disk that is atomic, and a
checksum tells if it was not.
"""

import os
from hashlib import sha256
from pathlib import Path

from comity.node.errors import CannotStart
from comity.node.files import write_whole
from comity.record.errors import NoteError
from comity.record.note import from_base64, to_base64

TITLE = "comity high-water 1"


def default_folder() -> Path:
    """$COMITY_NOTES, or ~/.local/state/comity."""
    given = os.environ.get("COMITY_NOTES")
    return Path(given) if given else Path.home() / ".local" / "state" / "comity"


class HighWater:
    """The note of one log. `noted` is (size, root) as last written, or None before the first time."""

    def __init__(self, folder: Path, vkey: str) -> None:
        self.path = folder / sha256(vkey.encode()).hexdigest()
        self._descriptor = -1
        self.noted: tuple[int, bytes] | None = self._read()

    def write(self, size: int, root: bytes) -> None:
        """Note a commit; returns when it is on the disk."""
        data = _text(size, root)
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                write_whole(self.path, data, durable=True)
            self._descriptor = os.open(self.path, os.O_RDWR)
        os.pwrite(self._descriptor, data, 0)
        _to_disk(self._descriptor)
        self.noted = size, root

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> tuple[int, bytes] | None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            title, size, root, _ = data.decode("ascii").split("\n", 3)
            noted = int(size), from_base64(root, "the root")
        except (ValueError, NoteError) as error:
            raise self._unreadable() from error
        if title != TITLE or data != _text(*noted):
            raise self._unreadable()
        return noted

    def _unreadable(self) -> CannotStart:
        return CannotStart(
            f"The high-water note {self.path} is damaged. It tells whether this record is an older copy. If you are "
            "sure that nobody has a checkpoint or a receipt of a greater size (what is missing can be had by comity "
            "restore DIR --from URL|FOLDER), delete the note and start again."
        )


def _text(size: int, root: bytes) -> bytes:
    body = f"{TITLE}\n{size:019d}\n{to_base64(root)}\n".encode()
    return body + sha256(body).hexdigest()[:32].encode() + b"\n"


# Where there is no fdatasync (macOS), fsync does more than is needed.
_to_disk = getattr(os, "fdatasync", os.fsync)
