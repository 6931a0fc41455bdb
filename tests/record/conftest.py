# SPDX-License-Identifier: Apache-2.0
"""Where the published test vectors are, if they are there at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("COMITY_DATA") or ROOT / "../shared/data").resolve()


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Path]:
    """Find one collection of vectors, or skip the test by its name."""

    def find(name: str) -> Path:
        folder = DATA / "vectors" / name
        if not folder.is_dir():
            pytest.skip(f"test vectors {name!r} absent")
        return folder

    return find
