# SPDX-License-Identifier: Apache-2.0
"""The log's private key, in the data folder as `log.key`: JSON `{"alg":"ed25519","seed":"<base64>"}`, mode 0600.

A key file of the command line, which has the key's id as well, is read too.
"""

from base64 import b64encode
from pathlib import Path
from typing import Literal

import msgspec

from comity.node.errors import Damaged
from comity.node.files import write_whole
from comity.record.ed25519 import SigningKey
from comity.record.errors import SignatureError

NAME = "log.key"


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    alg: Literal["ed25519"]
    seed: bytes
    keyid: str = ""


def write_log_key(folder: Path, key: SigningKey) -> None:
    """Keep the key, readable by its owner alone."""
    text = msgspec.json.encode({"alg": "ed25519", "seed": b64encode(key.seed).decode()}) + b"\n"
    write_whole(folder / NAME, text, durable=True, mode=0o600)


def read_log_key(folder: Path) -> SigningKey:
    """The key of the log; Damaged if the file is not one, or is missing."""
    return read_key(folder / NAME)


def read_key(path: Path) -> SigningKey:
    """The key in a file, wherever it is; Damaged if the file is not one, or is missing."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        key = SigningKey(file.seed)
    except FileNotFoundError as error:
        raise Damaged(f"{path} is missing; without the log's key no checkpoint can be signed.") from error
    except (msgspec.MsgspecError, SignatureError) as error:
        raise Damaged(f"{path} does not hold an Ed25519 seed in JSON: {error}") from error
    if file.keyid not in ("", key.keyid):
        raise Damaged(f"{path} says that its key is {file.keyid}, but its seed makes {key.keyid}.")
    return key
