# SPDX-License-Identifier: Apache-2.0
"""The laws of the fold, under random play: replay equals live, however drafted; what is refused changes nothing."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.charter.player import Player

from comity.charter import fold
from comity.charter.refusal import Refused, UnknownEdition
from comity.charter.register import Draft, Register
from conformance.scribe import Scribe, judge

ROOT = Path(__file__).parents[2]
VERIFIER = Path(sys.executable).with_name("comity-verify")


class Organisations(RuleBasedStateMachine):
    """Lawful and unlawful acts by members, offices and strangers, while rules, electorates and keys change."""

    def __init__(self) -> None:
        super().__init__()
        self.player = Player("play", lambda options: options[0])

    def _play(self, data: st.DataObject, *moves: Any) -> None:
        self.player.choose = lambda options: data.draw(st.sampled_from(options))
        for move in moves:
            move(self.player)

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def members(self, data: st.DataObject) -> None:
        self._play(data, data.draw(st.sampled_from([Player.admit, Player.suspend, Player.rekey])))

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def meetings(self, data: st.DataObject) -> None:
        self._play(data, Player.meet, Player.meet)

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def proposals(self, data: st.DataObject) -> None:
        self._play(data, Player.table, data.draw(st.sampled_from([Player.open, Player.table, Player.withdraw])))

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def positions(self, data: st.DataObject) -> None:
        self._play(data, Player.take_position, Player.take_position)

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def results(self, data: st.DataObject) -> None:
        self._play(data, data.draw(st.sampled_from([Player.close, Player.open, Player.wait])), Player.declare)

    @precondition(lambda self: not self.player.stopped)
    @rule(data=st.data())
    def campaigns(self, data: st.DataObject) -> None:
        self._play(data, Player.campaign)

    @precondition(lambda self: self.player.stopped)
    @rule()
    def nothing_more(self) -> None:
        scribe = self.player.scribe
        with pytest.raises(UnknownEdition):
            scribe.try_out(scribe.entries[-1][8:])

    @precondition(lambda self: not self.player.stopped)
    @invariant()
    def the_decision_is_the_same_whoever_declares_and_when(self) -> None:
        self.player.same_whoever_declares()

    def teardown(self) -> None:
        _replays(self.player.scribe)


TestOrganisations = Organisations.TestCase
TestOrganisations.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def _replays(scribe: Scribe) -> None:
    """From scratch the register is at every position what it was live, however acts are gathered in drafts."""
    assert len(scribe.digests) == len(scribe.entries)
    assert _digests(scribe, every=1) == scribe.digests
    assert _digests(scribe, every=7)[6::7] == scribe.digests[6::7]
    one = Draft(Register())
    last = 0
    for index, entry in enumerate(scribe.entries):
        last, _ = judge(one, entry, last, index)
        assert one.digest() == scribe.digests[index]
    assert one.digest() == _by_hand(scribe.register)


def _digests(scribe: Scribe, every: int) -> list[str]:
    """The digest of the committed register after each entry, merged after so many entries."""
    register, last, found = Register(), 0, []
    draft = Draft(register)
    for index, entry in enumerate(scribe.entries):
        last, _ = judge(draft, entry, last, index)
        if (index + 1) % every == 0:
            draft.merge()
            draft = Draft(register)
        found.append(register.digest())
    return found


def _by_hand(register: Register) -> str:
    """The digest as docs/spec/register.md says, by the reference package for RFC 8785."""
    tables = {}
    for name, rows in register.tables.items():
        lines = [rfc8785.dumps([key, msgspec.json.decode(msgspec.json.encode(rows[key]))]) for key in sorted(rows)]
        if lines:
            tables[name] = sha256(b"".join(line + b"\n" for line in lines)).hexdigest()
    return sha256(rfc8785.dumps(tables)).hexdigest()


def _played(seed: int, entries: int = 200) -> Player:
    player = Player(f"game-{seed}", Random(seed).choice)  # noqa: S311 (a game, not a key)
    while len(player.scribe.entries) < entries and not player.stopped:
        player.choose(Player.MOVES)(player)
    return player


@pytest.fixture(scope="module")
def games() -> list[Player]:
    """Forty longer games."""
    return [_played(seed) for seed in range(40)]


def test_games_are_worth_their_name(games: list[Player]) -> None:
    """The games reach what they are to test: enactments, void effects, revotes, many kinds of refusal, the end."""
    refusals = {code for game in games for code in game.refusals}
    tables = [game.scribe.register.tables for game in games]
    decisions = [row for each in tables for row in each["decisions"].values()]
    assert len(refusals) >= 35, sorted(refusals)
    assert {row.effect for row in decisions} == {"", "enacted", "refused"}
    assert {row.outcome for row in decisions} == {"adopted", "rejected", "undecided"}
    assert len({row.refused for row in decisions if row.refused}) >= 5
    assert any(row.rounds > 1 for each in tables for row in each["proposals"].values())
    assert any(game.stopped for game in games)


def test_long_games_replay(games: list[Player]) -> None:
    """So do they at every position."""
    for game in games:
        _replays(game.scribe)


def test_an_unknown_edition_stops_before_any_check(games: list[Player]) -> None:
    """Where an edition was raised nothing more is judged, well-formed or not."""
    ended = [game.scribe for game in games if game.scribe.register.tables["organisation"]["self"].edition == 2]
    assert ended
    for scribe in ended:
        before = scribe.register.digest()
        for entry in (b"", scribe.entries[-1], b"\x00" * 30):
            with pytest.raises(UnknownEdition, match="edition 2"):
                judge(scribe.register, entry, 0, 1)
        with pytest.raises(UnknownEdition):
            fold.step(scribe.register, fold.open_act(scribe.entries[-1][8:]), 0, 1, 1)
        assert scribe.register.digest() == before


def test_another_hash_seed_gives_the_same_games(games: list[Player]) -> None:
    """Another process with another hash seed plays the same games to the same registers."""
    script = (
        "from tests.charter.test_fold import _played\nimport json\n"
        "print(json.dumps([_played(seed).scribe.digests[-1] for seed in range(12)]))"
    )
    for seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert json.loads(run.stdout) == [game.scribe.digests[-1] for game in games[:12]]


@pytest.mark.conformance
def test_the_verifier_agrees_on_random_games(games: list[Player], tmp_path: Path) -> None:
    """The independent verifier finds the same register and the same void entries in every game."""
    if not VERIFIER.exists():
        pytest.skip("comity-verify absent")
    for number, game in enumerate(games):
        scribe = game.scribe
        folder = tmp_path / str(number)
        scribe.write(folder)
        run = subprocess.run([VERIFIER, folder, "--json"], capture_output=True, text=True, check=False)
        assert run.stdout, run.stderr
        found = json.loads(run.stdout)
        assert found["faults"] == []
        assert [{"index": each["index"], "code": each["code"]} for each in found["void"]] == scribe.void
        assert found["register"] == scribe.digests[-1]


def test_a_refused_act_leaves_a_draft_untouched() -> None:
    """Also the counter of its signer stays, so that the act may be corrected and handed in again."""
    scribe = _played(0, entries=5).scribe
    draft = Draft(scribe.register)
    raw = scribe.seal("vote.cast", {"vote": "nothing/1", "position": "yes"}, "A")
    with pytest.raises(Refused):
        fold.step(draft, fold.open_act(raw), scribe.now, scribe.last, len(scribe.entries))
    assert not any(draft.tables.values())
