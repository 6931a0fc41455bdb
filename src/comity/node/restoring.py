# SPDX-License-Identifier: Apache-2.0
"""A data folder made, or an older copy of one completed, from a public copy of the record and the log's key.

1. every entry of the copy is folded from the first on, every signature verified; none may be void
2. the log's key must be the one that the founding act names
3. the high-water note, where this machine has one, must not know of more than the copy has, or of something else
4. a new folder is built beside its place and renamed into it; an older copy must be a prefix of the public one and gets
   what it lacks in one transaction, conditional on its size
5. the note is written, then the files of the record

So whatever ends it, there is either the folder as it was or the record as restored: what is left to do then, a start
does. The checkpoint is signed anew: Ed25519 is deterministic and a checkpoint says size and root alone, so that it is
the one that the log has signed before, without what witnesses added.

What this cannot know: whether somebody holds a longer record than the copy, where the machine's own note is gone.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
from msgspec import Struct

import comity.domains  # noqa: F401  (every kind that may be on the record)
from comity.charter import fold
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.node import recovery
from comity.node.answers import Head
from comity.node.errors import Damaged, NotRestored, OlderCopy, RecordExists, Void
from comity.node.files import sync_folder
from comity.node.highwater import HighWater, default_folder
from comity.node.logkey import NAME, read_log_key, write_log_key
from comity.node.node import LOCK, take_lock
from comity.node.publication import Publication
from comity.node.steps import Hook, undisturbed
from comity.node.store import Row, Store, id8
from comity.record import checkpoint, envelope
from comity.record.checkpoint import Checkpoint
from comity.record.ed25519 import SigningKey
from comity.record.errors import RecordError
from comity.record.merkle import Tree, leaf_hash
from comity.record.note import NoteSigner
from comity.record.tiles import TILE

PIECE = 1024
"""Entries after which progress is told."""


class Restored(Struct, frozen=True):
    """What a folder has now: its size and root, how many entries it `had` before, and whether the machine had a note.

    `noted` is the size in the high-water note before, or None where there was none.
    """

    size: int
    root: bytes
    had: int
    noted: int | None


class _Whole(Struct, frozen=True):
    """A copy that was folded: rows for the store, the tree over them, their head, who signs and with what."""

    rows: list[Row]
    tree: Tree
    head: Head
    signer: NoteSigner
    key: SigningKey


def restore(
    folder: Path,
    entries: Sequence[bytes],
    log_key: SigningKey,
    *,
    high_water: Path | None = None,
    advance: Callable[[int], None] = lambda count: None,
    after: Hook = undisturbed,
) -> Restored:
    """Make the folder, or complete it, so that it holds the entries of a copy (leaves, from entry 0 on).

    Whether the entries have the root of a signed checkpoint is for the caller to check. `advance` is told how many more
    entries were verified; `high_water` is the folder of notes, as for `Node.open`; `after` as in `steps`.
    Raise Void where an entry is not in order, OlderCopy where the copy is older than the high-water note or than the
    folder, RecordExists or NotRestored where the folder holds something else, Locked where a node runs on it, Damaged
    where what the folder has is damaged or the key is not the log's; the folder is then as it was.
    """
    whole = _whole(entries, log_key, advance)
    note = HighWater(high_water or default_folder(), whole.signer.key.vkey())
    try:
        if recovery.behind(note, whole.tree):
            raise OlderCopy(_too_old(note, whole))
        noted = note.noted[0] if note.noted else None
        had = _put(folder, whole, note, after)
    finally:
        note.close()
    return Restored(whole.head.size, whole.head.root, had, noted)


def _whole(entries: Sequence[bytes], key: SigningKey, advance: Callable[[int], None]) -> _Whole:
    register, tree, rows, last = Register(), Tree(), list[Row](), 0
    for index, leaf in enumerate(entries):
        # Before the entry is opened: a later edition may know its form.
        fold.require_known_edition(register)
        try:
            stamp, raw = envelope.split_leaf(leaf)
            opened = fold.open_act(raw)
            fold.step(register, opened, stamp, last, index)
        except (Refused, RecordError) as error:
            raise Void(f"Entry {index} is void, which is evidence against the host: {error}") from error
        last = stamp
        rows.append((index, id8(opened.id), leaf))
        tree.append(leaf_hash(leaf))
        if not (index + 1) % PIECE:
            advance(PIECE)
    advance(len(rows) % PIECE)
    if not rows:
        raise Void("The copy has no entries; a record begins with its founding act.")
    signer = recovery.signer_of(register, key)
    size, root = tree.size, tree.root()
    text = checkpoint.sign(Checkpoint(signer.name, size, root), signer)
    return _Whole(rows, tree, Head(size, root, last, text), signer, key)


def _too_old(note: HighWater, whole: _Whole) -> str:
    assert note.noted is not None
    size, root = note.noted
    if size > whole.head.size:
        return (
            f"The copy has {whole.head.size} entries, but this machine has committed {size} ({note.path}). Going on "
            "from it would fork the record. Restore from a copy that is at least as long."
        )
    return (
        f"At {size} entries the copy has the root {whole.tree.root(size).hex()}, but this machine committed "
        f"{root.hex()} ({note.path}). The copy is another branch; going on from it would fork the record for good."
    )


def _put(folder: Path, whole: _Whole, note: HighWater, after: Hook) -> int:
    """Have the record in the folder; gives how many entries it had before."""
    if (folder / recovery.STORE).exists():
        return _complete(folder, whole, note, after)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotRestored(
            f"{folder} is there and holds no record. A restored record gets a new folder: name one that is not there."
        )
    _build(folder.absolute(), whole, after)
    note.write(whole.head.size, whole.head.root)
    after("noted")
    return 0


def _build(folder: Path, whole: _Whole, after: Hook) -> None:
    """A new folder, built beside its place. What an attempt before this one has left is cleared away."""
    beside = folder.with_name(f".{folder.name}.restoring")
    beside.mkdir(parents=True, exist_ok=True)
    lock = take_lock(beside)
    try:
        for left in beside.iterdir():
            if left.name != LOCK:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        after("folder made")
        write_log_key(beside, whole.key)
        after("key written")
        _append(beside, 0, whole, after)
        _publish(beside, whole, after)
        os.rename(beside, folder)
        sync_folder(folder.parent)
        after("renamed")
    except BaseException:
        # Nothing of it is of use to anybody, and the room may be needed.
        shutil.rmtree(beside, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _complete(folder: Path, whole: _Whole, note: HighWater, after: Hook) -> int:
    """Add to an older copy what it lacks."""
    lock = take_lock(folder)
    try:
        had = _require_prefix(folder, whole, after)
        if not (folder / NAME).exists():
            write_log_key(folder, whole.key)
        elif read_log_key(folder).public != whole.signer.key.public:
            raise Damaged(f"{folder / NAME} is not this log's key. Move it away, and the one given takes its place.")
        after("key written")
        if had < whole.head.size:
            _append(folder, had, whole, after)
        note.write(whole.head.size, whole.head.root)
        after("noted")
        _publish(folder, whole, after)
        return had
    finally:
        os.close(lock)


def _require_prefix(folder: Path, whole: _Whole, after: Hook) -> int:
    """The size of the record in the folder, which is sound, not newer, and the beginning of the copy."""
    path = folder / recovery.STORE
    try:
        store = Store(path, after)
        try:
            stored = store.head()
            if stored is None:
                raise NotRestored(f"{folder} was to be founded, and is not. Name a folder that is not there.")
            tree, _ = recovery.grow(store, None)
            recovery.require_agreement(tree, stored, store)
        finally:
            store.close()
    except apsw.Error as error:
        raise Damaged(f"{path} cannot be read as a database ({error}). {recovery.HEAL}") from error
    size = stored.head.size
    common = min(size, whole.head.size)
    if tree.root(common) != whole.tree.root(common):
        raise RecordExists(
            f"{folder} holds another record, or another branch of this one: at {common} entries its root is "
            f"{tree.root(common).hex()}, that of the copy {whole.tree.root(common).hex()}. Nothing was changed."
        )
    if size > common:
        raise RecordExists(f"{folder} has {size} entries, more than the copy, which has {common}. Nothing was changed.")
    return size


def _append(folder: Path, had: int, whole: _Whole, after: Hook) -> None:
    store = Store(folder / recovery.STORE, after)
    try:
        store.append(had, whole.rows[had:], whole.head, whole.tree.frontier())
        after("committed")
    finally:
        store.close()


def _publish(folder: Path, whole: _Whole, after: Hook) -> None:
    """Write the files of the record, so that the folder verifies as it stands. A start would make them as well."""
    store = Store(folder / recovery.STORE, after)
    try:
        files = Publication(folder, whole.tree, store, after)
        files.repair(whole.head.size, range(whole.head.size // TILE))
        files.finish(whole.head.size, whole.head.checkpoint)
    finally:
        store.close()
