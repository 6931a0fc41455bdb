# SPDX-License-Identifier: Apache-2.0
"""The checked words of acts and tables: identifiers, titles, digests (docs/spec/register.md, Identifiers)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

MAX_INTEGER = 2**53 - 1

_END = r"(?!\n)$"  # `$` alone would admit a trailing line feed in Python's regular expressions

Id = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + _END,
        description="An identifier: letters, digits, '.', '_', '-'; at most 64",
    ),
]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*" + _END, description="A name"),
]
Title = Annotated[
    str,
    Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]*" + _END, description="A title in one line"),
]
Symbol = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*" + _END, description="A document symbol"),
]
Origin = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[!-*,-~]*" + _END,
        description="The origin line of the log: printable ASCII without space and '+'",
    ),
]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" + _END, description="A date, as 2026-07-16")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + _END, description="SHA-256 in lower-case hexadecimal")]
KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + _END, description="The SHA-256 of a public key, in hexadecimal")]
KindName = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[a-z]+(\.[a-z_]+)+" + _END,
        description="The name of a kind, as vote.cast",
    ),
]
Holder = Annotated[
    str,
    Meta(
        pattern=r"^(member|office)/[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + _END,
        description="member/<Id> or office/<Id>",
    ),
]
Constituency = Annotated[
    str,
    Meta(
        pattern=r"^(electorate|office)/[A-Za-z0-9][A-Za-z0-9._-]{0,63}" + _END,
        description="office/<Id> or electorate/<Id>",
    ),
]
_BASE64_32 = r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=" + _END
_BASE64_64 = r"^[A-Za-z0-9+/]{85}[AQgw]==" + _END
PublicKey = Annotated[str, Meta(pattern=_BASE64_32, description="An Ed25519 public key of 32 bytes, in base64")]
KeyProof = Annotated[str, Meta(pattern=_BASE64_64, description="An Ed25519 signature of 64 bytes, in base64")]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Stamp = Annotated[int, Meta(ge=1, le=MAX_INTEGER, description="UTC milliseconds since 1970-01-01")]
Algorithm = Literal["ed25519"]
Position = Literal["yes", "no", "abstain", "object", "present"]
Outcome = Literal["adopted", "rejected", "undecided"]


class Document(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Prose beside the record: digest of its bytes (SHA-256), media type, length in bytes."""

    digest: Digest
    media: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!-~]*" + _END)]
    size: Count = 0
