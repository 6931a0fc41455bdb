# SPDX-License-Identifier: Apache-2.0
"""Problems (RFC 9457): what is said when a request is not answered as wished. One form for everything.

A refusal of the charter is a problem whose extra members are the refusal's own: code, rule, found, wanted, article;
and, where the node signed it, act, size, stamp and note (law 10).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from comity.charter.refusal import Refusal, Refused
from comity.node import SignedRefusal

MEDIA = b"application/problem+json"

READING = {"view.unknown": 404, "view.absent": 404, "view.parameter": 400}
"""The status of a question that cannot be answered, by its code."""

REFUSING = {"form": 400, "size": 413}
"""The status of a refused act, by its code; 422 for every other."""


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem: what kind it is, what happened, and, where the charter refused, what would be in order."""

    status: Annotated[int, Meta(description="The HTTP status")]
    title: Annotated[str, Meta(description="What kind of problem it is, or the rule that was not kept")]
    type: Annotated[str, Meta(description="`about:blank`, or the place in the reference that explains the code")] = (
        "about:blank"
    )
    detail: str = ""
    code: Annotated[str, Meta(description="The normative code of the refusal, for instance `vote.closed`")] = ""
    rule: Annotated[str, Meta(description="What the charter demands")] = ""
    found: Annotated[str, Meta(description="What was found instead")] = ""
    wanted: Annotated[str, Meta(description="What would be in order")] = ""
    article: Annotated[str, Meta(description="The provision it rests on")] = ""
    act: Annotated[str, Meta(description="Id of the refused act, hex; empty where it could not be opened")] = ""
    size: Annotated[int, Meta(description="Size of the record when the act was refused")] = 0
    stamp: Annotated[int, Meta(description="Stamp of the refusal, UTC milliseconds")] = 0
    note: Annotated[str, Meta(description="The refusal as a note signed by the log: a wrong one is provable")] = ""


class Failed(Exception):
    """A request that ends in a problem, with the headers that belong to it."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.headers = dict(headers or {})
        super().__init__(problem.detail or problem.title)


def encode(problem: Problem) -> bytes:
    """The problem as JSON. `type` is written even where it is the default."""
    fields = msgspec.structs.asdict(problem)
    return msgspec.json.encode({name: value for name, value in fields.items() if value or name == "type"})


def plain(status: int, detail: str = "") -> Problem:
    """A problem that the HTTP status says all about."""
    return Problem(status=status, title=HTTPStatus(status).phrase, detail=detail)


def failed(status: int, detail: str, **headers: str) -> Failed:
    """The exception for a plain problem; header names with `_` for `-`."""
    return Failed(plain(status, detail), {name.replace("_", "-"): value for name, value in headers.items()})


def of_refusal(refusal: Refusal, status: int) -> Problem:
    """A refusal as a problem."""
    return Problem(
        status=status,
        type=f"/reference#refusal-{refusal.code}",
        title=refusal.rule,
        detail=refusal.sentence(),
        code=refusal.code,
        rule=refusal.rule,
        found=refusal.found,
        wanted=refusal.wanted,
        article=refusal.article,
    )


def of_question(refused: Refused) -> Problem:
    """A question that cannot be answered, as a problem."""
    problem = of_refusal(refused.refusal, READING.get(refused.code, 422))
    if refused.code in READING:
        return msgspec.structs.replace(problem, title=HTTPStatus(problem.status).phrase)
    return problem


def of_answer(answer: SignedRefusal) -> Problem:
    """A refused act, as the node signed it, as a problem."""
    return msgspec.structs.replace(
        of_refusal(answer.refusal, REFUSING.get(answer.refusal.code, 422)),
        act=answer.act,
        size=answer.size,
        stamp=answer.stamp,
        note=answer.note,
    )
