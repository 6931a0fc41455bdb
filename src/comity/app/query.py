# SPDX-License-Identifier: Apache-2.0
"""Query strings and Accept headers, read strictly: what is not understood is refused by name, never ignored."""

from urllib.parse import parse_qsl

from comity.app.problems import failed
from comity.charter.view import parameter

LONGEST = 4096


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query string. Raises `Refused` or `Failed` for what is not one."""
    if not query:
        return {}
    if len(query) > LONGEST:
        raise failed(414, f"The query string has {len(query)} bytes; at most {LONGEST} are read.")
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=32
        )
    except ValueError as error:
        raise failed(400, f"The query string is not one of name=value pairs in UTF-8: {error}") from error
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise parameter(name, "given twice", "once")
        given[name] = value
    return given


def none(query: bytes) -> None:
    """Refuse any parameter where none is known."""
    for name, value in parameters(query).items():
        raise parameter(name, value, "no parameter at all")


def accepts(accept: str, *media: str) -> bool:
    """Whether the Accept header lets one of the media types through; true where there is no such header."""
    if not accept or "*/*" in accept:
        return True
    for part in accept.split(","):
        wanted, *fields = [each.strip().lower() for each in part.split(";")]
        if any(field.replace(" ", "").rstrip("0.") in ("q=", "q") for field in fields):
            continue
        if any(wanted == each or wanted == each.partition("/")[0] + "/*" for each in media):
            return True
    return False


def require_accepted(accept: str, *media: str) -> None:
    """406 unless the Accept header lets one of the media types through."""
    if not accepts(accept, *media):
        raise failed(406, f"This is answered as {' or '.join(media)}; the request accepts {accept[:200]}.")
