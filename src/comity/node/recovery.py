# SPDX-License-Identifier: Apache-2.0
"""From a data folder to a ledger: founding, and every later start, whatever the last end was like.

1. every entry is read, once, and hashed; the tree must have the root of the committed head, frontier and checkpoint
   agree
2. the register comes from the newest snapshot that fits the tree, and from folding what follows, without signatures
3. the log's key and the checkpoint's origin are those of the founding act
4. the high-water note must not know of more, or of something else
5. full tiles and bundles that are missing or differ are written again

Damage to a snapshot or a tile is repaired from the entries. Damage to an entry, to the head or to the key is a refusal
to start that says what was found: nobody can repair these but whoever has a copy.
"""

from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import apsw

import comity.domains  # noqa: F401  (every kind that may be on the record)
from comity.charter import fold
from comity.charter.refusal import Refused, UnknownEdition
from comity.charter.register import Register
from comity.charter.tables import Organisation
from comity.node import snapshot
from comity.node.answers import Head
from comity.node.errors import CannotStart, Damaged, OlderCopy, RecordAbsent, RecordExists
from comity.node.highwater import HighWater
from comity.node.ledger import Ledger
from comity.node.logkey import read_log_key, write_log_key
from comity.node.publication import is_whole
from comity.node.store import Entries, Store, StoredHead
from comity.record import checkpoint, envelope
from comity.record.ed25519 import SigningKey
from comity.record.errors import RecordError
from comity.record.merkle import EMPTY_ROOT, Tree
from comity.record.note import NoteSigner, VerifierKey
from comity.record.tiles import TILE, TileRef, encode_bundle

STORE = "record.sqlite"

HEAL = "Move the folder away and make it anew from a public copy: comity restore DIR --from URL|FOLDER --log-key FILE."

After = Callable[[str], None]


def found(folder: Path, founding: bytes, key: SigningKey, notes: Path, stamp: int, after: After) -> None:
    """Make the folder's record with the founding act as entry 0.

    Raise Refused if the act is not in order, RecordExists if there is a record, OlderCopy if the log's key has signed
    one elsewhere. An earlier attempt that was cut short is taken up.
    """
    opened = fold.open_act(founding)
    fold.step(trial := Register(), opened, stamp, 0, 0)
    signer = signer_of(trial, key)
    after("founding folded")
    store = Store(folder / STORE, after)
    if store.head():
        store.close()
        raise RecordExists(f"{folder} holds a record already; an organisation is founded once.")
    note = HighWater(notes, signer.key.vkey())
    if note.noted:
        store.close()
        raise OlderCopy(
            f"The log's key has signed a record of {note.noted[0]} entries before ({note.path}). A new organisation "
            "needs a new key; if the record was lost, bring it back from a public copy: comity restore DIR --from "
            "URL|FOLDER --log-key FILE."
        )
    ledger = Ledger(folder, store, Tree(), Register(), Head(0, EMPTY_ROOT, 0, b""), signer, note, after)
    try:
        write_log_key(folder, key)
        after("key written")
        judged = ledger.judge([(founding, opened, True)], stamp)
        ledger.publish(judged, ledger.commit(judged))
    finally:
        ledger.close()


def reopen(folder: Path, notes: Path, after: After) -> Ledger:
    """Open the folder's record. Raise CannotStart (RecordAbsent, Damaged, OlderCopy) and say why."""
    if not (folder / STORE).exists():
        raise absent(folder)
    path = folder / STORE
    try:
        store = Store(path, after)
        try:
            return _reopen(folder, store, notes, after)
        except BaseException:
            store.close()
            raise
    except apsw.Error as error:
        raise Damaged(f"{path} cannot be read as a database ({error}). {HEAL}") from error


def absent(folder: Path) -> RecordAbsent:
    """There is nothing to open."""
    return RecordAbsent(f"{folder} holds no record. Found an organisation first, or name its folder.")


def _reopen(folder: Path, store: Store, notes: Path, after: After) -> Ledger:
    stored = store.head()
    if stored is None:
        raise RecordAbsent(f"{folder} holds no record: a founding was cut short before its commit. Found it again.")
    head = stored.head
    tree, differing = grow(store, folder)
    require_agreement(tree, stored, store)
    register, useless = register_of(folder, store, tree, head)
    for path in useless:
        path.unlink()
    signer = signer_of(register, read_log_key(folder))
    require_checkpoint(head, signer.key)
    note = HighWater(notes, signer.key.vkey())
    if older := behind(note, tree):
        raise OlderCopy(older)
    if note.noted != (head.size, head.root):
        note.write(head.size, head.root)
    ledger = Ledger(folder, store, tree, register, head, signer, note, after)
    ledger.publication.repair(head.size, differing)
    return ledger


def grow(store: Entries, folder: Path | None) -> tuple[Tree, list[int]]:
    """Read every entry once: the tree over all of them, and the full bundles whose files do not hold them.

    Without a folder no files are looked at.

    Nothing is repaired yet: only the root tells whether the entries or the files are right. Raise Damaged where an
    index is missing.
    """
    tree = Tree()
    differing: list[int] = []
    leaves: list[bytes] = []
    for expected, (number, leaf) in enumerate(store.stream()):
        if number != expected:
            raise Damaged(f"Entry {expected} is missing from {store.path}; the next one there is {number}.")
        leaves.append(leaf)
        if len(leaves) == TILE:
            _extend(tree, leaves)
            if folder and not is_whole(folder, TileRef(None, number // TILE), encode_bundle(leaves)):
                differing.append(number // TILE)
            leaves.clear()
    _extend(tree, leaves)
    return tree, differing


def _extend(tree: Tree, leaves: list[bytes]) -> None:
    tree.extend(b"".join([sha256(b"\0" + leaf).digest() for leaf in leaves]))


def refold(store: Entries, register: Register, start: int, last: int) -> None:
    """Fold the entries from `start` on into the register that the earlier ones made; `last` is their last stamp.

    Signatures are skipped: this node verified them before it committed the entries.
    """
    for number, leaf in store.stream(start):
        try:
            # Before the entry is opened: a later edition may know its form.
            fold.require_known_edition(register)
            stamp, raw = envelope.split_leaf(leaf)
            fold.step(register, fold.open_act(raw), stamp, last, number, True)
        except (Refused, RecordError) as error:
            raise Damaged(
                f"Entry {number} was logged but is not in order for this program ({error}). Either it was written by a "
                "program that folds differently, or it was tampered with."
            ) from error
        last = stamp


def require_agreement(tree: Tree, stored: StoredHead, store: Entries) -> None:
    """Raise Damaged where the entries are not those that the head was committed with."""
    head = stored.head
    if tree.size != head.size:
        raise Damaged(f"{store.path} holds {tree.size} entries, but {head.size} were committed.")
    if tree.root() != head.root or tuple(tree.frontier()) != stored.frontier:
        raise Damaged(
            f"The entries in {store.path} do not have the root that was committed with them ({head.root.hex()}, "
            f"{head.size} entries): an entry was damaged or altered. {HEAL}"
        )


def register_of(folder: Path, store: Entries, tree: Tree, head: Head) -> tuple[Register, list[Path]]:
    """The register at the head, and the snapshots of no use: damaged, of other code, or of another record.

    Raise CannotStart where an edition is needed that this program does not know.
    """
    useless: list[Path] = []
    try:
        for path in snapshot.in_folder(folder / snapshot.FOLDER):
            found = snapshot.read(path)
            if found and found[0].size <= tree.size and found[0].root == tree.root(found[0].size):
                header, register = found
                refold(store, register, header.size, header.stamp)
                return register, useless
            useless.append(path)
        register = Register()
        refold(store, register, 0, 0)
    except UnknownEdition as error:
        raise CannotStart(str(error)) from error
    return register, useless


def signer_of(register: Register, key: SigningKey) -> NoteSigner:
    """Who signs for the log; Damaged where the key is not the log's."""
    organisation = register.get(Organisation, "self")
    if organisation is None or b64decode(organisation.log_key) != key.public:
        raise Damaged("The log's key is not the one that the founding act names.")
    return NoteSigner(organisation.origin, key)


def require_checkpoint(head: Head, key: VerifierKey) -> None:
    """Raise Damaged where the head's checkpoint is not one of its size and root, signed by the log."""
    try:
        found = checkpoint.open_checkpoint(head.checkpoint, key.name, [key])
    except RecordError as error:
        raise Damaged(f"The committed checkpoint is not this log's: {error}") from error
    if (found.size, found.root) != (head.size, head.root):
        raise Damaged("The committed checkpoint is of another size or root than the head beside it.")


def behind(note: HighWater, tree: Tree) -> str:
    """Why a record with this tree must not go on, by the high-water note; or ''."""
    if note.noted is None:
        return ""
    size, root = note.noted
    if size > tree.size:
        return (
            f"This record has {tree.size} entries, but this machine has committed {size} ({note.path}). An older copy "
            "was restored; going on from it would fork the record. The missing entries can be had "
            "from a public copy: comity restore DIR --from URL|FOLDER."
        )
    if tree.root(size) != root:
        return (
            f"At {size} entries this record has the root {tree.root(size).hex()}, but this machine committed "
            f"{root.hex()} ({note.path}). It is another branch of the record; going on from it would fork it for good."
        )
    return ""
