# SPDX-License-Identifier: Apache-2.0
"""The typed reads: `GET /v1/views/{view}`, one for every view of the registry, as JSON or CSV."""

from typing import Any, get_args
from urllib.parse import quote, urlencode

import msgspec
from starlette.types import Scope

from comity.app.derived import Content
from comity.app.export import LIMIT, table
from comity.app.query import parameters
from comity.charter.view import Listing, Page, Standing, View, ask, parameter, standing
from comity.node import Node

JSON = b"application/json"
CSV = b"text/csv; charset=utf-8"

encode = msgspec.json.Encoder().encode


def present(node: Node) -> Standing:
    """Where the record stands now."""
    return standing(node.register, node.head.size, node.head.stamp)


def read(node: Node, scope: Scope) -> Content:
    """The answer of the view named in the path to the parameters of the query."""
    name = scope["path_params"]["view"]
    given = parameters(scope["query_string"])
    form = given.pop("format", "json")
    view = ask(name, given)
    if form == "csv":
        return csv(node, view, f"/v1/views/{name}", given)
    if form != "json":
        raise parameter("format", form, "json or csv")
    answer = view.answer(node.register, present(node))
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(answer, Page) and answer.next:
        headers = (_next(scope["path"], given, answer.next),)
    return Content(encode(answer), JSON, headers)


def csv(node: Node, view: View, path: str, given: dict[str, str]) -> Content:
    """The answer of a list as CSV, up to `LIMIT` rows of it."""
    if not isinstance(view, Listing):
        raise parameter("format", "csv", "json; only lists are exported as CSV")
    if "limit" not in given:
        view = msgspec.structs.replace(view, limit=LIMIT)
    page = view.answer(node.register, present(node))
    columns = item_type(type(view)).__struct_fields__
    headers = [(b"content-disposition", f'inline; filename="{view.name}.csv"'.encode())]
    if page.next:
        headers.append(_next(path, {**given, "format": "csv"}, page.next))
    return Content(table(page, columns), CSV, tuple(headers))


def item_type(view: type[View]) -> Any:
    """The struct of an item of a listing's answer."""
    return get_args(view.answers)[0]


def _next(path: str, given: dict[str, str], after: str) -> tuple[bytes, bytes]:
    return b"link", f'<{quote(path)}?{urlencode({**given, "after": after})}>; rel="next"'.encode()
