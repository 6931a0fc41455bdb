# SPDX-License-Identifier: Apache-2.0
"""Files that are there whole or not at all: written beside their place, then renamed into it.

What can be made again is not forced to the disk (`durable=False`): after a power cut it is checked and, if need be,
written anew.
"""

import errno
import os
from pathlib import Path

import apsw

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, data: bytes, *, durable: bool, mode: int = 0o644) -> None:
    """Put `data` into `path` so that no reader ever sees a part of it."""
    beside = f"{path}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_full(error: Exception) -> bool:
    """Whether an error says that there is no room: of the operating system's, or of SQLite's."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, apsw.FullError):
        return True
    # SQLite could not lengthen the index of its write-ahead log, which it reports apart.
    return isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE
