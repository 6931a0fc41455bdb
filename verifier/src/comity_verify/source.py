# SPDX-License-Identifier: Apache-2.0
"""The published files of a record, from a folder or over HTTP: bounded, regular, and nothing outside.

Whoever serves the files is not trusted: a file that is too long, a link that leads out of the folder, a device, an
answer that never ends, each is an error that says what it was.
"""

import os
import stat
import zlib
from typing import NamedTuple

_PATIENCE = 30.0  # seconds without a byte before a server counts as silent


class VerifyError(Exception):
    """Verification cannot go on; the text is a sentence for people."""


class Unreadable(VerifyError):
    """The record could not be read, which says nothing about it."""


class Broken(VerifyError):
    """What was read cannot be the record that its checkpoint signs."""


class Absent(Broken):
    """A file that the checkpoint's size calls for is not there."""


def source(target: str) -> "Source":
    """The folder or the http(s) address that the caller named."""
    if target.startswith(("http://", "https://")):
        return Web(target.rstrip("/"))
    if not os.path.isdir(target):
        raise Unreadable(f"{target!r} is neither a folder nor an http(s) address.")
    return Folder(os.path.realpath(target))


class Folder(NamedTuple):
    """A folder in the layout of tlog-tiles."""

    root: str

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of a regular file inside the folder."""
        real = os.path.realpath(os.path.join(self.root, path))
        if os.path.commonpath((real, self.root)) != self.root:
            raise Broken(f"{path} is a link that leads out of the folder; it is not followed.")
        try:
            # Not blocking: a named pipe must not hold the verifier up.
            handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with open(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise IsADirectoryError
                return _bounded(path, file.read(limit + 1), limit)
        except (FileNotFoundError, NotADirectoryError):
            raise Absent(f"{path} is missing.") from None
        except IsADirectoryError:
            raise Broken(f"{path} is not a regular file.") from None
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None

    def partials(self, path: str) -> list[int]:
        """Widths of the partial tiles in the folder `<path>.p`."""
        try:
            names = set(os.listdir(os.path.join(self.root, path + ".p")))
        except OSError:
            return []
        return [width for width in range(1, 256) if str(width) in names]


class Web(NamedTuple):
    """A record served over HTTP; a server may send entry bundles compressed with gzip."""

    address: str

    def read(self, path: str, limit: int) -> bytes:
        """The bytes that the server gives for a path below the address."""
        import http.client  # here, for they take a third of the start of a program that mostly reads folders
        import urllib.error
        import urllib.request

        name = f"{self.address}/{path}"
        about = {"Accept-Encoding": "gzip, identity", "User-Agent": "comity-verify"}
        try:
            request = urllib.request.Request(name, headers=about)  # noqa: S310 - `source` admits http(s) alone
            # A proxy of the environment has no business with an address of this machine.
            own = request.host.partition(":")[0] in ("localhost", "127.0.0.1")
            opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if own else []))
            with opener.open(request, timeout=_PATIENCE) as answer:
                data: bytes = answer.read(limit + 1)
                coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        except urllib.error.HTTPError as error:
            error.close()
            sort = Absent if error.code in (404, 410) else Unreadable
            raise sort(f"{path} is missing or cannot be read: the server answers {error.code}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreadable(f"{path} cannot be read: {str(error)[:120] or type(error).__name__}.") from None
        if coding == "gzip":
            try:
                data = zlib.decompressobj(wbits=31).decompress(data, limit + 1)
            except zlib.error:
                raise Broken(f"{path} was sent as gzip and is not.") from None
        elif coding not in ("identity", ""):
            raise Unreadable(f"{path} was sent in the encoding {coding[:20]!r}, which was not asked for.")
        return _bounded(path, data, limit)

    def partials(self, path: str) -> list[int]:
        """Nothing: a server cannot be asked what else it keeps."""
        return []


def _bounded(path: str, data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise Broken(f"{path} is longer than the {limit} bytes that it can have.")
    return data


Source = Folder | Web
