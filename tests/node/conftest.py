# SPDX-License-Identifier: Apache-2.0
"""Nodes for tests: each has a folder of its own, notes beside it, and is closed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.world import World

from comity.node import Node


class House:
    """A place where a world's node runs, ends and starts again."""

    def __init__(self, place: Path, world: World) -> None:
        self.folder = place / "data"
        self.notes = place / "notes"
        self.world = world
        self.running: list[Node] = []

    def found(self, **options: Any) -> Node:
        """Found the organisation and run its node."""
        return self._run(
            Node.found(self.folder, self.world.founding, self.world.log_key, **self._defaults(options)),
        )

    def open(self, **options: Any) -> Node:
        """Run the node on what is in the folder."""
        return self._run(Node.open(self.folder, **self._defaults(options)))

    def _defaults(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"high_water": self.notes, "workers": 0, **options}

    def _run(self, node: Node) -> Node:
        self.running.append(node)
        return node


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An organisation of three members that is about to be founded."""
    house = House(tmp_path, World(members=3))
    yield house
    for node in house.running:
        node.close()
