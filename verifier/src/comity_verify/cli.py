# SPDX-License-Identifier: Apache-2.0
"""The command `comity-verify`."""

import argparse
import os
import re
import sys
from collections.abc import Sequence

from comity_verify import __version__
from comity_verify.note import verifier_key
from comity_verify.report import as_json, as_text, explain
from comity_verify.source import Unreadable, source
from comity_verify.verify import UNREADABLE, Verdict, verify

_EPILOG = """exit codes: 0 valid; 1 not valid (altered, inconsistent, or with void entries); 2 usage, or the record
cannot be read; 3 governed by an edition of the rules that this program does not know"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Verifies, prints, and returns the exit code."""
    about = "Recomputes a Comity record from its public files alone."
    parser = argparse.ArgumentParser(prog="comity-verify", description=about, epilog=_EPILOG)
    parser.add_argument("target", metavar="TARGET", help="folder or http(s) address with checkpoint and tile/")
    parser.add_argument("--founding", metavar="HEX", default="", help="the founding act's id, as you know it")
    parser.add_argument("--cosigner", metavar="VKEY", action="append", default=[], help="must have cosigned")
    parser.add_argument("--jobs", metavar="N", type=int, help="processes (default: the processors available)")
    parser.add_argument("--explain", metavar="VOTE", help="print the recount of one vote line by line")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the page")
    parser.add_argument("--version", action="version", version=f"comity-verify {__version__}")
    options = parser.parse_args(arguments)
    if options.founding and not re.fullmatch("[0-9a-f]{64}", options.founding):
        parser.error("--founding is not 64 lower-case hexadecimal digits")
    if options.jobs is not None and options.jobs < 1:
        parser.error("--jobs is less than 1")
    try:
        cosigners = tuple([verifier_key(vkey) for vkey in options.cosigner])
    except Unreadable as error:
        parser.error(str(error))
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        verdict = verify(source(options.target), options.founding, cosigners, options.jobs or available)
    except Unreadable as error:
        verdict = Verdict(unreadable=str(error))
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.explain is not None:
        print(explain(verdict, options.explain))
    print(as_json(verdict) if options.json else as_text(verdict))
    missing = options.explain is not None and options.explain not in verdict.fold.register.votes
    return verdict.exit_code or (UNREADABLE if missing else 0)


if __name__ == "__main__":
    sys.exit(main())
