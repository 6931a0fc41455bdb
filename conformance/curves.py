# SPDX-License-Identifier: Apache-2.0
"""Signatures on which libraries for Ed25519 differ: void under the strict rule, good to some others.

Each satisfies the group equation, so that a verifier which leaves out one of the strict rule's conditions (S below the
order, canonical encodings, no point of small order as key or as R) folds another register than everybody else.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha512

from comity.record import ed25519, envelope
from conformance.scribe import Json, Scribe, dsse
from conformance.stage import CAST, stage
from conformance.stories import record

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
IDENTITY = (1).to_bytes(32, "little")
"""The neutral point, of order 1."""

UNREDUCED = (PRIME + 1).to_bytes(32, "little")
"""The neutral point with a y that is not reduced."""

BASE = bytes.fromhex("58" + "66" * 31)

Resign = Callable[[ed25519.SigningKey, bytes], bytes]


def _scalar(key: ed25519.SigningKey) -> int:
    half = bytearray(sha512(key.seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return int.from_bytes(half, "little")


def beyond_the_order(key: ed25519.SigningKey, signed: bytes) -> bytes:
    """The key's own signature with the order added to S."""
    good = key.sign(signed)
    return good[:32] + (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")


def small_order_r(key: ed25519.SigningKey, signed: bytes) -> bytes:
    """A signature by the key in which R is the neutral point."""
    challenge = int.from_bytes(sha512(IDENTITY + key.public + signed).digest(), "little")
    return IDENTITY + (challenge * _scalar(key) % ORDER).to_bytes(32, "little")


def _signed_so(scribe: Scribe, how: Resign) -> bytes:
    """A's position under a signature of that kind."""
    key, payload = scribe.key("A"), scribe.payload(CAST, "A")
    signature = how(key, envelope.pae("application/vnd.comity.vote.cast.v1+json", payload))
    return dsse("vote.cast", payload, [{"keyid": key.keyid, "sig": b64encode(signature).decode()}])


def _weak_key(public: bytes) -> Json:
    """A key of small order, for which R = the base point and S = 1 satisfy the equation over any bytes."""
    proof = BASE + (1).to_bytes(32, "little")
    return {"alg": "ed25519", "key": b64encode(public).decode(), "proof": b64encode(proof).decode()}


@record
def void_signatures(seed: str) -> Scribe:
    """Void by signatures and proofs that satisfy the equation of Ed25519 and break its strict rule."""
    scribe = stage(seed)
    for how in (beyond_the_order, small_order_r):
        assert scribe.log(_signed_so(scribe, how)) == "signature", how
    for public in (IDENTITY, UNREDUCED):
        member = {"member": "H", "name": "State of H", "status": "member", "keys": [_weak_key(public)]}
        scribe.wrong("key.proof", "member.admit", member, "secretariat")
    scribe.cast("running/1", no="A")
    return scribe


def lenient(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a verifier without the strict rule's conditions accepts: the equation alone, computed slowly.

    Shows that the entries above are void for the strict rule's reasons and no other.
    """
    challenge = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little")
    s = int.from_bytes(signature[32:], "little")
    return _times(s, _point(BASE)) == _plus(_point(signature[:32]), _times(challenge, _point(public)))


D = -121665 * pow(121666, -1, PRIME) % PRIME


def _point(encoded: bytes) -> tuple[int, int]:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, (y & 2**255 - 1) % PRIME
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert (x * x - square) % PRIME == 0, "not a point"
    return (PRIME - x if x & 1 != sign else x) % PRIME, y


def _plus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    product = D * a[0] * b[0] * a[1] * b[1] % PRIME
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, PRIME)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, PRIME)
    return x % PRIME, y % PRIME


def _times(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = _plus(result, point)
        point, scalar = _plus(point, point), scalar >> 1
    return result
