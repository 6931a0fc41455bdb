# SPDX-License-Identifier: Apache-2.0
"""A verification worker: reads signatures from its standard input, writes a verdict for each to its standard output.

Run as a program of its own (`python -P verifying.py`) so that it holds nothing but the verifier, and ends by itself
when the node ends, however it ends. A frame is its length as a u32, then for each signature: public key (32 bytes),
length of the signed bytes as a u32, signature (64 bytes), signed bytes. The answer to a frame is one byte for each
signature, 1 where it holds. All numbers are big-endian.
"""

import signal
import sys

from comity.record import ed25519

LENGTH_BYTES = 4
_SIGNED = ed25519.PUBLIC_BYTES + LENGTH_BYTES
_MESSAGE = _SIGNED + ed25519.SIGNATURE_BYTES


def frame(signatures: list[tuple[bytes, bytes, bytes]]) -> bytes:
    """Write a frame of (public key, signature, signed bytes)."""
    parts = [b""]
    for public, signature, message in signatures:
        parts += (public, len(message).to_bytes(LENGTH_BYTES, "big"), signature, message)
    body = b"".join(parts)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def verdicts(body: bytes) -> bytes:
    """Verify the signatures of a frame, given without its length."""
    found = bytearray()
    at = 0
    while at < len(body):
        public = body[at : at + ed25519.PUBLIC_BYTES]
        length = int.from_bytes(body[at + ed25519.PUBLIC_BYTES : at + _SIGNED], "big")
        end = at + _MESSAGE + length
        found.append(ed25519.verify(public, body[at + _MESSAGE : end], body[at + _SIGNED : at + _MESSAGE]))
        at = end
    return bytes(found)


def main() -> None:
    """Answer frames until the node closes the pipe."""
    # Ctrl-C reaches the whole group of processes; the node decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while length := source.read(LENGTH_BYTES):
        target.write(verdicts(source.read(int.from_bytes(length, "big"))))
        target.flush()


if __name__ == "__main__":
    main()
