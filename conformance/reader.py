# SPDX-License-Identifier: Apache-2.0
"""What comity itself finds in the static files of a record: `python -m conformance.reader FOLDER…`, a line each.

The checkpoint is verified under the founding act's log key, the root recomputed from the entries, and each entry folded
as a node folds it. Nothing is taken from the folder but checkpoint and entry bundles.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path

from comity.charter import fold
from comity.charter.acts import Found
from comity.charter.refusal import UnknownEdition
from comity.charter.register import Register
from comity.record import checkpoint, envelope, merkle, note, tiles
from conformance.scribe import Json, judge


def entries(folder: Path) -> list[bytes]:
    """The entries of a record from its bundles; the last one may be partial."""
    size = checkpoint.parse_text(note.parse((folder / "checkpoint").read_bytes()).text).size
    found: list[bytes] = []
    while len(found) < size:
        width = min(tiles.TILE, size - len(found))
        path = tiles.bundle_path(len(found) // tiles.TILE, width)
        found += tiles.decode_bundle((folder / path).read_bytes())
    return found


def read(folder: Path) -> Json:
    """Size, root, organisation, register, acts, decisions and void entries, as `expected.json` has them."""
    logged = entries(folder)
    register, last, void, judged = Register(), 0, [], 0
    found: Json = {"size": len(logged), "root": "", "organisation": "", "register": ""}
    for index, entry in enumerate(logged):
        try:
            last, refused = judge(register, entry, last, index)
        except UnknownEdition:
            found["stops"] = index
            break
        judged += 1
        if refused is not None:
            void.append({"index": index, "code": refused.code})
            if index == 0:
                break
    found |= {"acts": judged - len(void), "decisions": len(register.tables["decisions"]), "void": void}
    if register.tables["organisation"]:
        found |= {"organisation": register.tables["organisation"]["self"].id, "register": register.digest()}
        found["root"] = _root(folder, logged).hex()
    return found


def _root(folder: Path, logged: list[bytes]) -> bytes:
    """The root of the entries, which is also that of the verified checkpoint."""
    founding = fold.open_act(envelope.split_leaf(logged[0])[1]).act
    assert isinstance(founding, Found)
    key = note.VerifierKey(founding.origin, b64decode(founding.log_key))
    head = checkpoint.open_checkpoint((folder / "checkpoint").read_bytes(), founding.origin, [key])
    tree = merkle.Tree()
    for entry in logged:
        tree.append(merkle.leaf_hash(entry))
    if tree.root() != head.root:
        raise ValueError(f"{folder}: the checkpoint has another root than the entries")
    return tree.root()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(read(Path(name)), sort_keys=True))
