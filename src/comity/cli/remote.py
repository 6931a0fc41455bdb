# SPDX-License-Identifier: Apache-2.0
"""The node that a command speaks to."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from comity.sdk import Client

URL = "http://127.0.0.1:8000"


def url_option() -> click.Option:
    """The option --url, which the environment variable COMITY_URL stands in for."""
    return click.Option(
        ["--url"], default=URL, envvar="COMITY_URL", show_default=True, metavar="URL", help="The node; or COMITY_URL."
    )


def organisation_option(about: str) -> click.Option:
    """The option --organisation, which the environment variable COMITY_ORGANISATION stands in for."""
    return click.Option(
        ["--organisation"], default="", envvar="COMITY_ORGANISATION", metavar="ID",
        help=f"{about} (the founding act's id); or COMITY_ORGANISATION.",
    )  # fmt: skip


def client(url: str, organisation: str = "") -> "Client":
    """A client of the node at the address; it speaks to it only when it has to."""
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} does not begin with http:// or https://.", param_hint="--url")
    from comity.sdk import Client

    return Client(url, organisation=organisation)
