# SPDX-License-Identifier: Apache-2.0
"""Charter files: charters as data, shipped to begin with, and read from anywhere.

A charter file is one JSON object: `articles`, a map from article id to article (docs/spec/register.md, Articles), and
optionally `about`, a few sentences for people, which do not enter the record. The shipped charters are examples of
procedure; none is that of a real organisation.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import msgspec

from comity.charter.article import Article, require_coherent
from comity.charter.terms import Id


class CharterFileError(Exception):
    """A charter file that cannot be read or is not one; the text is a sentence for people."""


class Charter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a charter file holds: its articles by id, and what it is for."""

    articles: Mapping[Id, Article]
    about: str = ""


def shipped() -> list[str]:
    """The names of the charters that come with the program."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def load(name: str) -> Charter:
    """The shipped charter of that name, or the charter in the file; coherent, or CharterFileError or Refused."""
    return parse(_bytes(name), name)


def text(name: str) -> str:
    """The charter as it is written, to be edited: what `load` accepts, or the same errors."""
    data = _bytes(name)
    parse(data, name)
    return data.decode()


def _bytes(name: str) -> bytes:
    if name in shipped():
        return resources.files(__name__).joinpath(f"{name}.json").read_bytes()
    path = Path(name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CharterFileError(
            f"There is no charter {name}: neither a file nor one of those shipped, {', '.join(shipped())}."
        ) from None
    except OSError as error:
        raise CharterFileError(f"The charter {path} cannot be read: {error.strerror}.") from error


def parse(data: bytes, name: str) -> Charter:
    """The charter in these bytes; `name` is for the error."""
    try:
        charter = msgspec.json.decode(data, type=Charter)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise CharterFileError(f"{name} is not a charter: {error}.") from error
    require_coherent(charter.articles)
    return charter
