# SPDX-License-Identifier: Apache-2.0
"""Every refusal that the specification names is provoked, teaches, and leaves the register alone."""

import re
from pathlib import Path

import msgspec
import pytest

from comity.charter.act import KINDS
from comity.charter.refusal import MOST, Refused
from conformance.articles import competence, organ, power
from conformance.foundings import FOUNDINGS, Founding, misfounded
from conformance.scribe import Scribe
from conformance.stage import ATTEMPTS, Attempt, stage

SPEC = Path(__file__).parents[2] / "docs/spec"
NOT_CODES = {"organisation.edition", "entry.md", "register.md", "rules.md", "kinds.md"}


@pytest.fixture(scope="module")
def on_stage() -> Scribe:
    """The organisation in which each attempt is refused."""
    return stage("stage")


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: f"{one.code}: {one.what}")
def test_an_act_that_is_not_in_order(on_stage: Scribe, attempt: Attempt) -> None:
    """The act is refused with its code, in words that teach, and nothing changes."""
    before = on_stage.register.digest()
    raw = attempt.make(on_stage)
    refused = on_stage.try_out(raw)
    assert refused is not None
    assert refused.code == attempt.code, refused
    _teaches(refused)
    assert on_stage.register.digest() == before
    for name in "ABG":
        assert on_stage.key(name).seed.hex() not in refused.refusal.sentence()


@pytest.mark.parametrize("founding", FOUNDINGS, ids=lambda one: f"{one.code}: {one.what}")
def test_a_founding_that_is_not_in_order(founding: Founding) -> None:
    """A founding act is refused with its code, and there is no organisation."""
    scribe, raw = misfounded("misfounded", founding)
    refused = scribe.try_out(raw)
    assert refused is not None
    assert refused.code == founding.code, refused
    _teaches(refused)


def _teaches(refused: Refused) -> None:
    refusal = refused.refusal
    assert refusal.rule
    assert refusal.found
    assert refusal.wanted
    assert max(len(refusal.found), len(refusal.wanted)) <= MOST
    assert refusal.article or refusal.code in ENTRY_CODES
    assert msgspec.json.decode(msgspec.json.encode(refusal), type=type(refusal)) == refusal


ENTRY_CODES = {"size", "form", "stamp", "organisation", "key", "counter", "expiry", "signature", "founding.once"}


def test_a_stamp_that_goes_back(on_stage: Scribe) -> None:
    """A stamp below the last one, or beyond 2^53-1, is refused with `stamp`; an equal one is in order."""
    raw = on_stage.seal("vote.cast", {"vote": "running/1", "position": "no"}, "A")
    for stamp in (on_stage.last - 1, 0, 2**53, 2**64 - 1):
        refused = on_stage.try_out(raw, stamp)
        assert refused is not None
        assert refused.code == "stamp"
        _teaches(refused)
    assert on_stage.try_out(raw, on_stage.last) is None


def test_every_code_of_the_specification_is_provoked() -> None:
    """The codes in backticks in the specification are exactly those that the scenarios here provoke."""
    told: set[str] = set()
    for page in ("entry.md", "kinds.md", "register.md"):
        text = (SPEC / page).read_text()
        told |= set(re.findall(r"`([a-z]+\.[a-z]+)`", text))
    order = (SPEC / "entry.md").read_text().partition("The order of the checks")[2]
    told |= set(re.findall(r"^\d\. `([a-z]+)`:", order, re.M))
    provoked = {one.code for one in ATTEMPTS} | {one.code for one in FOUNDINGS} | {"stamp"}
    assert told - set(KINDS) - NOT_CODES == provoked


def test_a_long_quotation_is_cut(on_stage: Scribe) -> None:
    """A refusal quotes what it found, but does not send 32 KiB back."""
    refused = on_stage.try_out(on_stage.seal("vote.cast", {"vote": "x" * 30_000, "position": "yes"}, "A"))
    assert refused is not None
    assert refused.code == "vote.unknown"
    assert len(refused.refusal.found) == MOST


REFERENCES = {
    "an organ's electorate": organ("simple", "chair", "simple"),
    "an organ's chair": organ("members", "members", "simple"),
    "an organ's rule": organ("members", "chair", "simple", "members"),
    "a power's office": power("key.add", "office/members"),
    "a power's electorate": power("key.add", "office/chair", "electorate/chair"),
    "a competence's organ": competence("key.add", "members", "simple"),
    "a competence's rule": competence("key.add", "assembly", "members"),
    "what does not exist": competence("key.add", "assembly", "nothing"),
}


@pytest.mark.parametrize("which", REFERENCES)
def test_each_reference_of_an_article(on_stage: Scribe, which: str) -> None:
    """An article that relies on another of the wrong kind is not coherent, whichever its reference is."""
    enacts = {"kind": "charter.add", "act": {"article": "x", "content": REFERENCES[which]}}
    table = {"proposal": "new", "organ": "assembly", "title": "New", "enacts": enacts}
    refused = on_stage.try_out(on_stage.seal("proposal.table", table, "secretariat"))
    assert refused is not None
    assert refused.code == "charter.reference"


def test_coherence_goes_article_by_article(on_stage: Scribe) -> None:
    """The first article in order of Id that fails names the code, whatever later ones lack."""
    broken = {"article": "assembly", "content": {**on_stage.founding["articles"]["chair"]}}
    early = Scribe("coherence", {**on_stage.founding["articles"], "a": power("vote.cast", "office/chair"),
                                 "z": organ("nowhere", "chair", "simple")}, {}, found=False)  # fmt: skip
    raw = early.seal("organisation.found", early.founding, "chair", "secretariat")
    refused = early.try_out(raw)
    assert refused is not None
    assert refused.code == "charter.kind"
    table = {"proposal": "new", "organ": "council", "title": "T", "enacts": {"kind": "charter.replace", "act": broken}}
    other = on_stage.try_out(on_stage.seal("proposal.table", {**table, "organ": "assembly"}, "secretariat"))
    assert other is not None
    assert other.code == "charter.reference"
