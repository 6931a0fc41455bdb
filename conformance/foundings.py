# SPDX-License-Identifier: Apache-2.0
"""Founding acts that are not in order: for each code of a founding what provokes it."""

from collections.abc import Callable
from typing import NamedTuple

from conformance.articles import article, assembly, organ, power
from conformance.scribe import Json, Scribe
from conformance.stage import SIX


class Founding(NamedTuple):
    """A founding act that is not in order."""

    code: str
    what: str
    change: Callable[[Scribe], Json]


def _twice(scribe: Scribe) -> Json:
    first = scribe.founding["members"][0]
    return {"members": [first, {**first, "keys": [scribe.plain("A#2")]}]}


def _articles(name: str, provision: Json) -> Callable[[Scribe], Json]:
    return lambda scribe: {"articles": {**scribe.founding["articles"], name: provision}}


FOUNDINGS = [
    Founding("founding.twice", "a member twice", _twice),
    Founding(
        "founding.twice",
        "a key twice",
        lambda s: {"members": [s.founder("A", {}), s.founder("B", {"keys": [s.plain("A")]})]},
    ),
    Founding(
        "founding.twice",
        "an office twice",
        lambda s: {"officers": [{"office": "chair", "keys": [s.plain(name)]} for name in ("chair", "secretariat")]},
    ),
    Founding("key.role", "the log's key as a member's", lambda s: {"log_key": s.public("A")}),
    Founding(
        "founding.office",
        "keys for what is no office",
        lambda s: {"officers": [{"office": "simple", "keys": [s.plain("chair")]}]},
    ),
    Founding("charter.reference", "a dangling organ", _articles("x", organ("nowhere", "chair", "simple"))),
    Founding("charter.kind", "a power to amend", _articles("x", power("charter.add", "office/chair"))),
    Founding("charter.rule", "a rule that counts what it does not offer", _articles("x", article(
        {"is": "rule", "positions": ["yes"], "clauses": [{"outcome": "adopted", "when": {
            "is": "compare", "left": {"is": "count", "of": ["no"]}, "relation": "=", "right": {"is": "seats"}}}]}))),
]  # fmt: skip


def misfounded(seed: str, founding: Founding) -> tuple[Scribe, bytes]:
    """A scribe with nothing logged yet, and the envelope of a founding act that is not in order."""
    scribe = Scribe(seed, assembly(), SIX, found=False)
    act = {**scribe.founding, **founding.change(scribe)}
    holders = [*act["members"], *act["officers"]]
    wanted = {key["key"] for holder in holders for key in holder["keys"]}
    names = [name for name in (*"ABCDEF", "A#2", "chair", "secretariat") if scribe.public(name) in wanted]
    return scribe, scribe.seal("organisation.found", act, *names)
