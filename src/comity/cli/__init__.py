# SPDX-License-Identifier: Apache-2.0
"""The `comity` command. One module per command, imported only when that command is used."""

from comity.cli.program import comity


def main() -> None:
    """What the console script runs."""
    comity()


__all__ = ["comity", "main"]
