# SPDX-License-Identifier: Apache-2.0
"""The public pages: one for every view, and a few about the record itself. Server-rendered, no script, one style sheet.

A view's page is the template of its name in its domain's folder `templates/`; a view without one gets a plain page
made from its answer. Whatever comes from the record is escaped and stripped of control characters that could reorder
or hide what a reader sees.
"""

from collections.abc import Callable, Collection
from importlib.resources import files
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from msgspec import Struct
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from comity.app import explorer, phrasing
from comity.app.derived import Content, Derived, Fixed, Shelf
from comity.app.openapi import summary
from comity.app.problems import Failed, Problem
from comity.app.publication import Digests
from comity.app.query import none, parameters, require_accepted
from comity.app.reads import csv, item_type, present
from comity.app.reference import codes, kinds, views
from comity.app.reply import Reply
from comity.charter.act import KINDS
from comity.charter.refusal import Refused
from comity.charter.tables import Organisation
from comity.charter.view import MARKS, VIEWS, Listing, View, ask, holder_name, parameter
from comity.dialogue import picture
from comity.node import Node

HTML = b"text/html; charset=utf-8"
SVG = b"image/svg+xml; charset=utf-8"

LANGUAGES = {"en": "ltr", "fr": "ltr", "es": "ltr", "ru": "ltr", "zh": "ltr", "ar": "rtl"}
"""The languages that a page can be asked for, with their direction. The texts are in English so far."""

_MACHINES = ("/v1/", "/tile/", "/checkpoint", "/metrics", "/healthz", "/readyz", "/openapi.json")
_DOMAINS = ("comity.app", "comity.charter", "comity.members", "comity.dialogue")


class Pages:
    """Renders pages of one node."""

    def __init__(self, node: Node, digests: Digests) -> None:
        self.node = node
        self.digests = digests
        self.environment = Environment(
            loader=ChoiceLoader([PackageLoader(name) for name in _DOMAINS]),
            autoescape=True,
            finalize=phrasing.clean,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(phrasing.FILTERS)
        self.environment.globals.update(
            bar=picture.bar,
            tiles=picture.tiles,
            seat_counts=picture.seat_counts,
            in_figures=picture.in_figures,
            summary=summary,
            data=phrasing.data,
        )

    def routes(self, shelf: Shelf) -> list[BaseRoute]:
        """Every page, the pictures and the style sheet."""

        def page(path: str, make: Callable[[Node, Scope], Content]) -> Route:
            return Route(path, Derived(self.node, shelf, make), methods=["GET"])

        static = files("comity.app") / "static"
        longest_first = sorted(VIEWS.values(), key=lambda cls: (-cls.path.count("/"), "path}" in cls.path, cls.path))
        return [
            page("/votes/{vote:path}/picture.svg", self.picture),
            *[page(cls.path, self._of_view(cls)) for cls in longest_first],
            page("/acts", self.acts),
            page("/acts/{act}", self.act),
            page("/reference", self.reference),
            Route("/register", _Register(self), methods=["GET"]),
            Route("/style.css", Fixed((static / "style.css").read_bytes(), b"text/css; charset=utf-8")),
            Route("/icon.svg", Fixed((static / "icon.svg").read_bytes(), SVG)),
        ]

    def is_page(self, path: str) -> bool:
        """Whether people are addressed at this path; never once the node has failed, as nothing can be shown then."""
        return not self.node.failed and not path.startswith(_MACHINES)

    def _of_view(self, cls: type[View]) -> Callable[[Node, Scope], Content]:
        names = self.environment.list_templates()
        template = f"{cls.name}.html" if f"{cls.name}.html" in names else "plain.html"

        def make(node: Node, scope: Scope) -> Content:
            given = parameters(scope["query_string"])
            lang = language(given)
            form = given.pop("format", "html")
            chosen = dict(given)
            for name, value in scope["path_params"].items():
                if name in given:
                    raise parameter(name, given[name], "to be given in the path alone")
                given[name] = value
            question = ask(cls.name, given)
            if form == "csv":
                return csv(node, question, f"/v1/views/{cls.name}", given)
            if form != "html":
                raise parameter("format", form, "html or csv")
            answer = question.answer(node.register, present(node))
            columns = item_type(cls).__struct_fields__ if issubclass(cls, Listing) else ()
            context = {
                "answer": answer,
                "question": question,
                "view": cls,
                "given": given,
                "chosen": chosen,
                "columns": columns,
                "choices": choices(cls, chosen, scope["path_params"]),
            }
            return Content(self.render(template, scope["path"], lang, **context), HTML)

        return make

    def render(self, template: str, path: str, lang: str, **context: Any) -> bytes:
        """A page as bytes. `link` in a template keeps the language."""
        register, standing = self.node.register, present(self.node)
        organisation = register.get(Organisation, "self")

        def asked(name: str, **fields: Any) -> Any:
            return ask(name, fields).answer(register, standing)

        text = self.environment.get_template(template).render(
            organisation=organisation,
            standing=standing,
            banner=MARKS.get(standing.mark, ""),
            lang=lang,
            dir=LANGUAGES[lang],
            path=path,
            link=lambda to, **query: phrasing.link(to, lang, query),
            ask=asked,
            named=lambda holder: holder_name(register, holder),
            **context,
        )
        return text.encode("utf-8", "replace")

    def picture(self, node: Node, scope: Scope) -> Content:
        """The picture of a vote by itself; the mark of the record is part of it."""
        none(scope["query_string"])
        answer = ask("vote", {"vote": scope["path_params"]["vote"]}).answer(node.register, present(node))
        return Content(picture.tiles(answer, alone=True).encode("utf-8", "replace"), SVG)

    def acts(self, node: Node, scope: Scope) -> Content:
        """The record, entry by entry, the newest first unless told otherwise."""
        given = parameters(scope["query_string"])
        lang = language(given)
        asked = explorer.question({"newest": "true", **given})
        answer = explorer.acts(node, asked)
        kinds = Choice(name="kind", value=asked.kind, options=tuple(KINDS))
        holder = Choice(name="holder", value=asked.holder)
        context = {"answer": answer, "asked": asked, "chosen": given, "choices": (kinds, holder)}
        return Content(self.render("acts.html", "/acts", lang, **context), HTML)

    def act(self, node: Node, scope: Scope) -> Content:
        """One entry."""
        given = parameters(scope["query_string"])
        lang = language(given)
        _nothing_more(given)
        answer = explorer.act(node, explorer.locate(node, scope["path_params"]["act"]))
        fields = msgspec.json.format(msgspec.json.encode(answer.act, order="sorted"), indent=2).decode()
        return Content(self.render("act.html", scope["path"], lang, answer=answer, fields=fields), HTML)

    def reference(self, node: Node, scope: Scope) -> Content:
        """Every kind and every view, from the registries."""
        given = parameters(scope["query_string"])
        lang = language(given)
        _nothing_more(given)
        body = self.render("reference.html", "/reference", lang, kinds=kinds(), views=views(), codes=codes())
        return Content(body, HTML)

    def problem(self, problem: Problem, scope: Scope, headers: list[tuple[bytes, bytes]]) -> Reply:
        """A problem for people: the same object, as a page."""
        try:
            lang = language(parameters(scope["query_string"]))
        except (Refused, Failed):
            lang = "en"  # the query string itself may be what the problem is about
        body = self.render("problem.html", scope["path"], lang, problem=problem)
        return Reply(problem.status, body, HTML, headers)


class _Register:
    """The page of the register's digests, which are computed beside the event loop."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = parameters(scope["query_string"])
        lang = language(given)
        _nothing_more(given)
        for name, value in scope["headers"]:
            if name == b"accept":
                require_accepted(value.decode("latin-1"), "text/html")
        answer = await self.pages.digests.answer()
        body = self.pages.render("register.html", "/register", lang, answer=answer)
        await Reply(200, body, HTML, ((b"cache-control", b"no-cache"),))(scope, receive, send)


class Choice(Struct, frozen=True, kw_only=True):
    """A filter of a list: its name, what it is set to, and what it can be set to where that is a closed list."""

    name: str
    value: str = ""
    options: tuple[str, ...] = ()


def choices(cls: type[View], chosen: dict[str, str], fixed: Collection[str]) -> tuple[Choice, ...]:
    """The filters of a list, from the fields of the view; none for a view that is no list."""
    if not issubclass(cls, Listing):
        return ()
    hints = get_type_hints(cls)
    return tuple(
        Choice(name=name, value=chosen.get(name, ""), options=_options(hints[name]))
        for name in cls.__struct_fields__
        if name not in ("limit", "after") and name not in fixed
    )


def _options(hint: Any) -> tuple[str, ...]:
    """The values of a Literal or of a union of them, without the empty one."""
    if get_origin(hint) is Literal:
        return tuple(value for value in get_args(hint) if value)
    return tuple(value for each in get_args(hint) for value in _options(each))


def language(given: dict[str, str]) -> str:
    """The language that is asked for; taken out of the parameters."""
    lang = given.pop("lang", "en")
    if lang not in LANGUAGES:
        raise parameter("lang", lang, ", ".join(LANGUAGES))
    return lang


def _nothing_more(given: dict[str, str]) -> None:
    for name, value in given.items():
        raise parameter(name, value, "lang")
