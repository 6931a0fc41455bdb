# SPDX-License-Identifier: Apache-2.0
"""What schemathesis makes of the description: whatever is sent, the answers keep to it. In process, bounded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.app.story import found

from comity.app import create_app
from comity.app.openapi import describe

HELD = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
]
"""The checks that hold. `positive_data_acceptance` cannot: an envelope that fits the schema is still unsigned."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    """An application whose node runs as long as the module's tests."""
    story = found(tmp_path_factory.mktemp("contract")).tell()
    app = create_app(story.node)
    with TestClient(app):
        yield app
    story.node.close()


@schemathesis.serializer("application/x-ndjson")
def _lines(ctx: Any, value: Any) -> bytes:
    """Lines are sent as they were generated: nothing that a writer would have made."""
    return str(value).encode("utf-8", "replace")


REJECTED = {"checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 406, 408, 413, 414, 415, 422, 503]}}}
config = SchemathesisConfig.from_dict(REJECTED)
description = schemathesis.openapi.from_dict(describe(), config=config).exclude(path="/v1/events")
"""As the application serves it. Events never end, and are tested on a socket."""


@pytest.mark.slow
@description.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_keeps_to_the_description(case: schemathesis.Case, served: Starlette) -> None:
    """No server error, no undeclared status, type or shape, for good input and for bad."""
    case.call_and_validate(checks=[CHECKS.get_one(name) for name in HELD], app=served)


def test_the_checks_exist(tmp_path: Path) -> None:
    """A check that was renamed would otherwise be missed in silence."""
    assert all(CHECKS.get_one(name) for name in HELD)
