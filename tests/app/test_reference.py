# SPDX-License-Identifier: Apache-2.0
"""The description and the reference follow from the registries, completely and freshly."""

import re
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from comity.app.openapi import describe
from comity.app.reference import codes, kinds, refusal_codes, render_reference_markdown, views
from comity.charter.act import KINDS
from comity.charter.register import TABLES
from comity.charter.view import VIEWS

ROOT = Path(__file__).parents[2]


def references(node: Any) -> set[str]:
    """Every `$ref` within."""
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(each) for each in node.values()))
    if isinstance(node, list):
        return set().union(*(references(each) for each in node))
    return set()


def test_the_reference_document_is_fresh() -> None:
    """`docs/reference.md` is what the registries give; write it anew after a change of a kind or view."""
    assert (ROOT / "docs" / "reference.md").read_text() == render_reference_markdown()


def test_the_reference_names_everything() -> None:
    """Every kind with all its fields, every view with all its parameters."""
    assert [entry.kind for entry in kinds()] == list(KINDS)
    assert {entry.view for entry in views()} == set(VIEWS)
    for entry in kinds():
        assert tuple(field.name for field in entry.fields) == KINDS[entry.kind].__struct_fields__
        assert entry.summary


def test_refusal_codes_are_those_of_the_specification() -> None:
    """The codes read off the program are the ones that the specification gives the kind, and each has its place."""
    text = (ROOT / "docs" / "spec" / "kinds.md").read_text()
    named = set(re.findall(r"`([a-z]+\.[a-z]+)`", text)) - set(KINDS)
    specified = {code for code in named if code.partition(".")[0] not in TABLES and not code.endswith(".md")}
    derived = {code for entry in kinds() for code in entry.codes}
    assert set(refusal_codes(KINDS["vote.cast"])) == {"vote.unknown", "seat.none", "vote.closed", "vote.position"}
    assert specified <= derived
    assert derived <= set(codes())


def test_every_reference_in_the_description_resolves(client: TestClient) -> None:
    """OpenAPI 3.1 with every kind's payload, every view, and no reference into nothing."""
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert document["openapi"] == "3.1.0"
    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= set(schemas)
    for cls in KINDS.values():
        assert f"Payload_{cls.__name__}_" in schemas
    for name in VIEWS:
        assert f"/v1/views/{name}" in document["paths"]


def test_every_read_of_the_description_is_answered(client: TestClient) -> None:
    """No path of the description is unknown to the application."""
    for path, operations in describe()["paths"].items():
        if "get" in operations and path != "/v1/events":
            concrete = path.replace("{act}", "0").replace("{tile}", "0/000.p/1")
            problem = client.get(concrete)
            assert problem.status_code in (200, 400), path


def test_the_reference_page_explains_every_code(client: TestClient) -> None:
    """The `type` of a problem leads to its place on the page."""
    text = client.get("/reference").text
    for code in codes():
        assert f'id="refusal-{code}"' in text
