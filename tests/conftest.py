# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests: none of them writes to the home folder of whoever runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def notes_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """High-water notes go to a folder of this run, where a test names no other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMITY_NOTES", str(tmp_path_factory.mktemp("notes")))
        yield
