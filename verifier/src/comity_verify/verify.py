# SPDX-License-Identifier: Apache-2.0
"""Recomputes a record. The steps, in order:

1. The checkpoint is a well-formed signed note; its origin is the founding act's, and the log key of entry 0 signed
   it. Cosigners whose keys the caller gave signed it too.
2. Every entry bundle is read to its last byte; the leaf hashes and every hash tile, full and partial, are recomputed
   and compared with the published ones; the root is the checkpoint's.
3. Every entry is checked in the specification's order: size, form, stamp, organisation, key, counter, expiry,
   signature. One that fails is void: named by index and code, and evidence against the host.
4. The entries are folded into the register, by the requirements and effects of all core kinds.
5. Every decision is recounted from the positions of its seats by the rule frozen in its vote, when it is declared.
6. The register's digest is computed.
7. The founding act's id is compared with the one that the caller trusts; without one the anchor is the record itself.
"""

import contextlib
import itertools
import time
from dataclasses import dataclass, field

from comity_verify import note, tree
from comity_verify.entries import Reader
from comity_verify.fold import EDITION, Fold
from comity_verify.reading import read_in_order
from comity_verify.source import Absent, Broken, Source, Unreadable

VALID, INVALID, UNREADABLE, UNKNOWN_EDITION = 0, 1, 2, 3


@dataclass
class Verdict:
    """What was found. `faults` are sentences; `root` and `register` are empty where they were not reached."""

    fold: Fold = field(default_factory=Fold)
    checkpoint: note.Checkpoint | None = None
    faults: list[str] = field(default_factory=list)
    unreadable: str = ""
    cosigned: list[str] = field(default_factory=list)
    not_recomputed: list[str] = field(default_factory=list)
    root: str = ""
    register: str = ""
    anchor: str = "record itself"
    tiles: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 valid, 1 not valid, 2 unreadable, 3 governed by an edition that this program does not know."""
        if self.faults or self.fold.void or self.unreadable:
            return INVALID if self.faults or self.fold.void else UNREADABLE
        return VALID if self.fold.halted is None else UNKNOWN_EDITION


def verify(source: Source, founding: str = "", cosigners: tuple[note.NoteKey, ...] = (), jobs: int = 1) -> Verdict:
    """Takes all the steps, as far as the record lets it."""
    started, verdict = time.monotonic(), Verdict()
    try:
        _read(source, verdict, cosigners, jobs)
    except (Unreadable, Broken) as error:
        if isinstance(error, Unreadable) or (isinstance(error, Absent) and verdict.checkpoint is None):
            verdict.unreadable = f"There is no record that can be read here: {error}"
        else:
            verdict.faults.append(f"{error} So the record is not what its checkpoint promises, or is not all here.")
    if verdict.fold.founded and founding:
        verdict.anchor, found = "founding act given", verdict.fold.register.organisation["id"]
        why = f"This is the record of the organisation {found}, not of {founding}, which was asked for: "
        why += "another organisation, or a forgery with a founding act of its own."
        verdict.faults += [why] if found != founding else []
    _name_the_rest(verdict, cosigners)
    verdict.seconds = time.monotonic() - started
    return verdict


def _read(source: Source, verdict: Verdict, cosigners: tuple[note.NoteKey, ...], jobs: int) -> None:
    """Steps 1 to 6. The first bundle comes first, since entry 0 has the key that signs the checkpoint."""
    fold, checkpoint, faults = verdict.fold, note.parse(source.read("checkpoint", note.LONGEST)), verdict.faults
    verdict.checkpoint, size = checkpoint, checkpoint.size
    if size == 0:
        raise Broken("The record is empty: it has no founding act.")
    reader, frontier = Reader(source), tree.Frontier(source)
    first = reader.bundle(0, tree.bundle_width(size, 0))
    fold.take(first)
    if not fold.founded:
        return  # entry 0 is void: there is no organisation, and verification ends here
    _compare_signatures(checkpoint, verdict, cosigners)
    organisation, registered = fold.register.organisation["id"], fold.register.registered
    with contextlib.closing(read_in_order(source, reader, organisation, size, registered, jobs)) as rest:
        for bundle in itertools.chain([first], rest):
            frontier.add(bundle.hashes, bundle.full, bundle.faults)
            if bundle is not first:
                fold.take(bundle)
    root = frontier.root()
    verdict.root, verdict.tiles, verdict.register = root.hex(), frontier.tiles, fold.register.digest()
    faults += frontier.faults
    if root != checkpoint.root:
        faults.append(
            f"The entries have the root {root.hex()}, the checkpoint signs {checkpoint.root.hex()}: these are not "
            "the entries that the host signed. Whoever serves them altered them, or the host signed another log."
        )
    elif frontier.faults:
        faults.append(
            "The entries are those that the checkpoint signs; the tiles named above are not theirs, "
            "so whoever serves the files altered or damaged the tiles."
        )


def _compare_signatures(checkpoint: note.Checkpoint, verdict: Verdict, cosigners: tuple[note.NoteKey, ...]) -> None:
    log = verdict.fold.log_key()
    if checkpoint.origin != log.name:
        verdict.faults.append(
            f"The checkpoint is of the log {checkpoint.origin[:128]!r}; the founding act founds {log.name!r}. "
            "Whoever published it put the checkpoint of one log on another."
        )
    for key in (log, *cosigners):
        who = "the founding act's log key" if key is log else f"the cosigner {key.name}"
        try:
            signed = note.signed_by(checkpoint, key)
        except Broken as error:
            verdict.faults.append(f"{error} It should be the signature of {who}.")
            continue
        if signed is None:
            verdict.faults.append(f"The checkpoint is not signed by {who}, so nobody answers for it in that name.")
        elif key is not log:
            verdict.cosigned.append(key.name + (f" at {signed}" if signed else ""))


def _name_the_rest(verdict: Verdict, cosigners: tuple[note.NoteKey, ...]) -> None:
    """What this program did not recompute."""
    fold, rest = verdict.fold, verdict.not_recomputed
    known = [(key.name, key.tag()) for key in (*cosigners, *([fold.log_key()] if fold.founded else []))]
    signatures = verdict.checkpoint.signatures if verdict.checkpoint else []
    others = len([1 for name, blob in signatures if (name, blob[:4]) not in known])
    if fold.halted is not None and fold.founded:
        edition = fold.register.organisation["edition"]
        rest.append(f"entries from {fold.halted} on: governed by edition {edition}, and this program knows {EDITION}")
    elif not verdict.register:
        rest.append("whatever comes after the point where verification ended")
    rest.append(f"documents beside the record ({fold.register.documents()} named by digest)")
    rest.append("the time of stamps: it is the host's word; only their order was checked")
    rest.append("who holds the keys that act in a member's or an office's name")
    rest += [f"{others} other signatures on the checkpoint, whose keys were not given"] if others else []
    if not verdict.cosigned:
        rest.append("whether others are shown another record: compare checkpoints, or give cosigners' keys")
    if verdict.anchor == "record itself":
        rest.append("whether this is the organisation that you mean: give --founding")
