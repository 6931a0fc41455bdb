# SPDX-License-Identifier: Apache-2.0
"""A public copy is folded by a program that may be older than the record."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.node.conftest import House
from tests.node.test_editions import MALFORMED, append_behind_its_back, raising_the_edition
from tests.world import World

from comity.charter.refusal import UnknownEdition
from comity.cli import reading
from comity.cli.table import table
from comity.node import Receipt


def test_an_entry_of_a_later_edition_is_not_called_void(tmp_path: Path) -> None:
    """What this program cannot open may be in order in the edition that was raised: no evidence against anybody."""
    house = House(tmp_path, World(members=3))
    with closing(house.found()) as node:
        for future in node.submit_many(raising_the_edition(house, node.head.stamp)):
            assert isinstance(future.result(20), Receipt)
    with reading.source(str(house.folder)) as read:
        register, _ = reading.folded(reading.whole(read))
    assert register.tables["organisation"]["self"].edition == 2

    append_behind_its_back(house, node.head.stamp.to_bytes(8, "big") + MALFORMED)
    with reading.source(str(house.folder)) as read:
        copy = reading.whole(read)
    with pytest.raises(UnknownEdition, match="edition 2"):
        reading.folded(copy)


def test_stamps_are_told_as_moments() -> None:
    """A stamp is a date and a time in UTC; one that has not come is nothing, one beyond the calendar its number."""
    rows = [{"vote": "A/1", "opened": 1784217600000, "closed": 0, "deadline": 2**53 - 1}]
    assert table(rows) == [
        "vote  opened                   deadline",
        "A/1   2026-07-16 16:00:00 UTC  9007199254740991",
    ]
