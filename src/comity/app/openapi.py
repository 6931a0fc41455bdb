# SPDX-License-Identifier: Apache-2.0
"""The description of the API (OpenAPI 3.1), made from the registries of kinds and views; nothing is declared twice."""

import inspect
import re
from typing import Any

import msgspec

import comity.domains  # noqa: F401  (completes the registries)
from comity import __version__
from comity.app.explorer import ActAnswer, ActsAnswer, ActsQuestion
from comity.app.problems import Problem
from comity.app.publication import RegisterAnswer
from comity.app.submission import Logged, LoggedLine
from comity.charter.act import KINDS, Payload
from comity.charter.view import VIEWS, Listing, View

_REFERENCE = "#/components/schemas/{name}"
_DSSE = "application/vnd.dsse+json"
_ENVELOPE = {
    "title": "Envelope",
    "description": "A DSSE envelope in its one admitted form (docs/spec/entry.md). The payload is one of the "
    "Payload schemas, in canonical JSON and base64.",
    "type": "object",
    "properties": {
        "payload": {"type": "string", "contentEncoding": "base64", "maxLength": 43692},
        "payloadType": {"type": "string", "pattern": r"^application/vnd\.comity\.[a-z]+(\.[a-z_]+)+\.v1\+json$"},
        "signatures": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "items": {
                "type": "object",
                "properties": {
                    "keyid": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "sig": {"type": "string", "contentEncoding": "base64", "minLength": 88, "maxLength": 88},
                },
                "required": ["keyid", "sig"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["payload", "payloadType", "signatures"],
    "additionalProperties": False,
}


def summary(cls: Any) -> str:
    """The first sentence of a class's docstring."""
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def describe() -> dict[str, Any]:
    """The whole description."""
    questions: list[type] = [*VIEWS.values(), ActsQuestion]
    answers = {name: cls.answers for name, cls in VIEWS.items()}
    payloads = {kind: Payload[cls] for kind, cls in KINDS.items()}  # type: ignore[valid-type]
    rest = [ActAnswer, ActsAnswer, RegisterAnswer, Logged, LoggedLine, Problem]
    types = [*questions, *answers.values(), *payloads.values(), *rest]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    of = dict(zip(map(id, types), schemas, strict=True))
    components["Envelope"] = _ENVELOPE
    asked = [components.pop(cls.__name__) for cls in questions]
    paths = _fixed(of, asked[-1])
    for cls, question in zip(VIEWS.values(), asked, strict=False):
        paths[f"/v1/views/{cls.name}"] = {"get": _view(cls, question, of[id(answers[cls.name])])}
    for kind, payload in payloads.items():
        name = of[id(payload)]["$ref"].rpartition("/")[2]
        components[name]["description"] = f"The signed payload of {kind}. {summary(KINDS[kind])}"
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Comity",
            "version": __version__,
            "summary": "A record of signed acts, what follows from it, and the proofs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items()))},
    }
    plain: dict[str, Any] = _portable(document)
    return plain


def _portable(node: Any) -> Any:
    """Patterns as other regular-expression engines read them: `$` there never stands before a line feed."""
    if isinstance(node, dict):
        return {
            key: re.sub(r"\(\?!\\n\)\$$", "$", value)
            if key == "pattern" and isinstance(value, str)
            else _portable(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_portable(each) for each in node]
    return node


def _view(cls: type[View], question: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    parameters = _parameters(question)
    content = {"application/json": {"schema": answer}}
    if issubclass(cls, Listing):
        parameters.append(
            {
                "name": "format",
                "in": "query",
                "description": "csv for a spreadsheet",
                "schema": {"enum": ["json", "csv"], "default": "json"},
            }
        )
        content["text/csv"] = {"schema": {"type": "string"}}
    return {
        "operationId": cls.name,
        "summary": cls.title,
        "description": inspect.getdoc(cls),
        "tags": ["views"],
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer", "headers": _TAGGED, "content": content},
            "304": {"description": "Unchanged since the entity tag that was sent"},
            **_problems(400, 404, 406, 414),
        },
    }


_TAGGED = {"ETag": {"description": "Changes with the record", "schema": {"type": "string"}}}


def _parameters(question: dict[str, Any]) -> list[dict[str, Any]]:
    required = question.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": schema.get("description", name),
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in question.get("properties", {}).items()
    ]


def _problems(*statuses: int) -> dict[str, Any]:
    said = {
        400: "The request or the envelope is not well put",
        404: "There is no such thing",
        406: "No accepted media type is offered",
        408: "The body did not arrive in time",
        413: "Too large",
        414: "The query string is too long",
        415: "Not a media type that is taken",
        422: "The act is not in order; the refusal is signed",
        503: "Not now; Retry-After says when",
    }
    content = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    return {str(status): {"description": said[status], "content": content} for status in statuses}


def _plain(operation: str, summary: str, media: str, schema: dict[str, Any], *problems: int) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {media: {"schema": schema}}},
            **_problems(*problems),
        },
    }


_TEXT = {"type": "string"}


def _fixed(of: dict[int, Any], question: dict[str, Any]) -> dict[str, Any]:
    named = {
        "name": "act",
        "in": "path",
        "required": True,
        "description": "Index of the entry, or id of the act",
        "schema": {"type": "string", "pattern": "^([0-9a-f]{64}|[0-9]{1,16})$"},
    }
    explored = _plain("acts", "Entries of the record", "application/json", of[id(ActsAnswer)], 400, 406, 414)
    explored["parameters"] = _parameters(question)
    one = _plain("act", "One entry, decoded", "application/json", of[id(ActAnswer)], 400, 404, 406)
    receipt = _plain("receipt", "The proof that it is in the record (tlog-proof)", "text/plain", _TEXT, 400, 404, 406)
    one["parameters"] = receipt["parameters"] = [named]
    events = _plain("events", "The head of the record, each time it moves", "text/event-stream", _TEXT, 400, 406, 503)
    tile = _plain("tile", "A tile or entry bundle (tlog-tiles)", "application/octet-stream", {}, 400, 404)
    tile["parameters"] = [
        {"name": "tile", "in": "path", "required": True, "schema": {"type": "string"}, "example": "0/000"}
    ]
    return {
        "/v1/acts": {"post": _submit(of), "get": explored},
        "/v1/acts/{act}": {"get": one},
        "/v1/acts/{act}/receipt": {"get": receipt},
        "/v1/register": {
            "get": _plain("register", "Digest of the register", "application/json", of[id(RegisterAnswer)], 400)
        },
        "/v1/events": {"get": events},
        "/checkpoint": {"get": _plain("checkpoint", "The signed checkpoint", "text/plain", _TEXT, 400, 406)},
        "/tile/{tile}": {"get": tile},
    }


def _submit(of: dict[int, Any]) -> dict[str, Any]:
    envelope = {"schema": {"$ref": _REFERENCE.format(name="Envelope")}}
    logged = {"application/json": {"schema": of[id(Logged)]}}
    lines = {
        "application/x-ndjson": {
            "schema": {"type": "string"},
            "x-item-schema": {"oneOf": [of[id(LoggedLine)], {"$ref": _REFERENCE.format(name="Problem")}]},
        }
    }
    return {
        "operationId": "submit",
        "summary": "Submit a signed act, or many, one a line",
        "description": "The one write verb. Of many, each line is answered in its place with its own status.",
        "requestBody": {
            "required": True,
            "content": {
                _DSSE: envelope,
                "application/json": envelope,
                "application/x-ndjson": {"schema": {"description": "One envelope a line; each is judged by itself"}},
            },
        },
        "responses": {
            "201": {"description": "On the record", "content": logged},
            "200": {"description": "On the record before; or many answers", "content": {**logged, **lines}},
            **_problems(400, 406, 408, 413, 415, 422, 503),
        },
    }
