# SPDX-License-Identifier: Apache-2.0
"""A record at hand, wherever it is: a node's address, a node's data folder, or a folder of published files.

The entry bundles are all that is taken from there. Everything else follows from them: the tree, whose root must be
that of the checkpoint; the founding act, which names the key that must have signed the checkpoint; the register.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from msgspec import Struct

from comity.charter.fold import open_act, public_keys, require_known_edition, step, verify
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.cli.outcome import REFUSED, Failure
from comity.cli.progress import progress
from comity.keys import log_key_of
from comity.record import checkpoint, note
from comity.record.envelope import split_leaf
from comity.record.errors import RecordError
from comity.record.merkle import Tree, leaf_hash
from comity.record.tiles import TILE, bundle_path, decode_bundle

Read = Callable[[str], bytes]
"""Gives the file of a path of the tlog layout; raises Missing where there is none."""


class Missing(Failure):
    """A file of the record is not there."""


class Copy(Struct, frozen=True):
    """A record that was read whole and is in order as a log: checkpoint note, entries, tree, the organisation."""

    checkpoint: bytes
    entries: list[bytes]
    tree: Tree
    organisation: str
    origin: str


@contextlib.contextmanager
def source(where: str) -> Iterator[Read]:
    """How to read the files of the record at an address or in a folder."""
    if where.startswith(("http://", "https://")):
        from comity.sdk import Client, Problem

        with Client(where) as node:

            def over_http(path: str) -> bytes:
                try:
                    return node.read(path)
                except Problem as problem:
                    if problem.status == 404:
                        raise Missing(f"{where} has no {path}.") from problem
                    raise

            yield over_http
        return
    folder = Path(where)
    if not folder.is_dir():
        raise Failure(f"{where!r} is neither a folder nor an http(s) address.")
    if not (folder / "record.sqlite").exists():
        yield lambda path: _file(folder, path)
        return
    from comity.node import Reader

    with Reader.open(folder) as record:
        if record.note:
            click.echo(f"Note: {record.note}", err=True)

        def from_record(path: str) -> bytes:
            content = record.tile(path)
            if content is None:
                raise Missing(f"{folder} has no {path}.")
            return content

        yield from_record


def _file(folder: Path, path: str) -> bytes:
    try:
        return (folder / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Missing(f"{folder} has no {path}; a published record has `checkpoint` and `tile/`.") from None


def whole(read: Read, expected: str = "") -> Copy:
    """Read a record whole; raise Failure where it is not in order, or not that of the `expected` founding act."""
    signed = read("checkpoint")
    try:
        claimed = checkpoint.parse_text(note.parse(signed).text)
        tree, entries = Tree(), []
        with progress("entries", claimed.size, "entries") as advance:
            for number in range(0, claimed.size, TILE):
                bundle = _bundle(read, number // TILE, min(TILE, claimed.size - number))
                tree.extend(b"".join(map(leaf_hash, bundle)))
                entries.extend(bundle)
                advance(len(bundle))
        if not entries or tree.root() != claimed.root:
            raise Failure("The entries do not have the root that the checkpoint signs.", REFUSED)
        identity, origin, key = founding(entries[0])
        checkpoint.open_checkpoint(signed, origin, [note.VerifierKey(origin, key)])
    except RecordError as error:
        raise Failure(f"The record is not in order: {error}", REFUSED) from error
    if expected and identity != expected:
        raise Failure(f"This is the record of the organisation {identity}, not of {expected}.", REFUSED)
    return Copy(signed, entries, tree, identity, origin)


def _bundle(read: Read, number: int, width: int) -> list[bytes]:
    """The first `width` entries of a bundle; where the log has grown meanwhile, out of the longer one."""
    try:
        data = read(bundle_path(number, width))
    except Missing:
        if width == TILE:
            raise
        data = read(bundle_path(number))
    entries = decode_bundle(data)[:width]
    if len(entries) != width:
        raise Failure(f"Bundle {number} has {len(entries)} entries, not {width}.", REFUSED)
    return entries


def founding(entry: bytes) -> tuple[str, str, bytes]:
    """Id, origin and log key of the founding act in entry 0, whose signatures hold."""
    try:
        signed = open_act(split_leaf(entry)[1])
    except Refused as refused:
        raise Failure(f"Entry 0 is not in order: {refused}", REFUSED) from refused
    origin, key = log_key_of(signed.act)
    if not verify(public_keys(Register(), signed), signed):
        raise Failure("Entry 0 is not signed by the founders that it names.", REFUSED)
    return signed.id.hex(), origin, key


def folded(copy: Copy) -> tuple[Register, int]:
    """The register that follows from the entries, every signature verified, and the stamp of the last one."""
    register, last = Register(), 0
    with progress("fold", len(copy.entries), "acts") as advance:
        for index, entry in enumerate(copy.entries):
            # Before the entry is opened: a later edition may know its form.
            require_known_edition(register)
            try:
                stamp, raw = split_leaf(entry)
                step(register, open_act(raw), stamp, last, index)
            except (Refused, RecordError) as refused:
                raise Failure(
                    f"Entry {index} is void, which is evidence against the host: {refused}", REFUSED
                ) from refused
            last = stamp
            advance(1)
    return register, last
