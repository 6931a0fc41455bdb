# SPDX-License-Identifier: Apache-2.0
"""Views: questions to the register and their answers; one class in one file is one view.

A view is a frozen struct whose fields are its parameters. Its answer follows from the register and the standing of
the record alone, never from the clock, so that whoever folds the record answers the same. From the registry follow
the HTTP read, its place in OpenAPI and the reference, the command, the method of the client and a plain page.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

from comity.charter.article import Article
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.tables import Mark, Member, Organisation

T = TypeVar("T")
V = TypeVar("V", bound="View")


class Standing(Struct, frozen=True, kw_only=True):
    """Where the record stands: its size, the stamp of its last entry (ms), the organisation's id, its mark."""

    size: int
    stamp: int
    organisation: str = ""
    mark: Mark = ""


def standing(register: Register, size: int, stamp: int) -> Standing:
    """The standing of a register into which `size` entries have been folded, the last at `stamp`."""
    row = register.get(Organisation, "self")
    if row is None:
        return Standing(size=size, stamp=stamp)
    return Standing(size=size, stamp=stamp, organisation=row.id, mark=row.mark)


MARKS = {
    "replay": "Replay: these acts were played from published roll calls with keys made on the spot; "
    "no state signed anything. Titles and dates are those of the source, right or wrong.",
    "simulation": "Simulation: these acts were made up to try the system out; no state signed anything.",
}
"""What every view, picture and export of a marked record says."""


class Answer(Struct, frozen=True, kw_only=True):
    """What every answer says besides: the mark of the record, its size, the stamp of its last entry (UTC ms)."""

    mark: Annotated[Mark, Meta(description="`replay` or `simulation` where the record is marked so, else empty")]
    size: Annotated[int, Meta(description="Entries in the record when this was answered")]
    stamp: Annotated[int, Meta(description="Stamp of its last entry, UTC milliseconds")]


class Page(Answer, Generic[T], frozen=True, kw_only=True):
    """Some items of a list."""

    items: tuple[T, ...]
    next: Annotated[str, Meta(description="Give this as `after` to go on; empty at the end")]
    total: Annotated[int, Meta(description="Items that the filters let through, on all pages")]
    start: Annotated[int, Meta(description="How many of them come before the first item here")]


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question; subclasses are registered with `@view` and have an `answer` of their own."""

    name: ClassVar[str]
    title: ClassVar[str]
    path: ClassVar[str]
    answers: ClassVar[Any]

    def answer(self, register: Register, standing: Standing) -> Any:
        """The answer, a struct. Raises `Refused` where there is none."""
        raise TypeError(f"{type(self).__name__} has no answer of its own")


class Listing(View, frozen=True, kw_only=True):
    """A question that is answered with a list, page by page."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="How many items at most")] = 50
    after: Annotated[str, Meta(max_length=200, description="Go on after this key, the `next` of the page before")] = ""

    def page(self, standing: Standing, keys: Sequence[str], item: Callable[[str], T]) -> Page[T]:
        """The page of `keys` that was asked for, in their order; `item` makes what is shown of one."""
        start = 0
        if self.after:
            try:
                start = keys.index(self.after) + 1
            except ValueError:
                raise parameter("after", self.after, "the `next` of the page before") from None
        chosen = keys[start : start + self.limit]
        return Page(
            mark=standing.mark,
            size=standing.size,
            stamp=standing.stamp,
            items=tuple([item(key) for key in chosen]),
            next=chosen[-1] if start + len(chosen) < len(keys) and chosen else "",
            total=len(keys),
            start=start,
        )


VIEWS: dict[str, type[View]] = {}
"""Every view that this program knows, by name, in the order of registration."""


def view(name: str, *, title: str, path: str = "") -> Callable[[type[V]], type[V]]:
    """Class decorator: register the class as the view; `path` is where its page stands, fields in braces."""

    def register(cls: type[V]) -> type[V]:
        if name in VIEWS:
            raise ValueError(f"two classes claim the view {name}")
        cls.name, cls.title, cls.path = name, title, path or f"/{name}"
        cls.answers = get_type_hints(cls.answer, include_extras=True)["return"]
        VIEWS[name] = cls
        return cls

    return register


def ask(name: str, parameters: dict[str, Any]) -> View:
    """The question of that name with its parameters, which may be text; `Refused` where it is not well put."""
    cls = VIEWS.get(name)
    if cls is None:
        raise Refused(
            "view.unknown", "The view exists", found=name, wanted=f"one of {', '.join(VIEWS)}", article="Reading"
        )
    for given in parameters:
        if given not in cls.__struct_fields__:
            raise parameter(given, parameters[given], ", ".join(cls.__struct_fields__) or "no parameter at all")
    try:
        return msgspec.convert(parameters, type=cls, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(
            "view.parameter",
            f"The parameters of {name} are well put",
            found=str(error),
            wanted="what its reference says",
            article="Reading",
        ) from error


def parameter(name: str, found: object, wanted: str) -> Refused:
    """The refusal of a parameter that the view does not know or cannot use."""
    return Refused(
        "view.parameter",
        f"The parameter {name[:64]} must be one that can be answered",
        found=str(found)[:200],
        wanted=wanted,
        article="Reading",
    )


def absent(what: str, found: str, where: str) -> Refused:
    """The refusal of a question about something that is not in the register; `where` lists what is."""
    return Refused(
        "view.absent",
        f"The register holds the {what} that is asked for",
        found=f"no {what} {found[:200]}",
        wanted=f"one that {where} lists",
        article="Reading",
    )


def holder_name(register: Register, holder: str) -> str:
    """The name by which people know a holder: of the member, or the title of the office's article."""
    what, _, which = holder.partition("/")
    if what == "member":
        member = register.get(Member, which)
        return member.name if member else which
    article = register.get(Article, which)
    return article.title if article else which
