# SPDX-License-Identifier: Apache-2.0
"""A told story and a client of the application that serves it, in process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.app.story import Story, found

from comity.app import create_app


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """A history of two decisions, an open vote, a meeting."""
    story = found(tmp_path).tell()
    yield story
    story.node.close()


@pytest.fixture
def client(story: Story) -> Iterator[TestClient]:
    """A client of the application in process; what it raises is a failed test."""
    with TestClient(create_app(story.node)) as client:
        yield client


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[TestClient]:
    """A client of an organisation whose record is marked as a replay."""
    story = found(tmp_path, mark="replay").tell()
    with TestClient(create_app(story.node)) as client:
        yield client
    story.node.close()
