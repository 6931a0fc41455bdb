# SPDX-License-Identifier: Apache-2.0
"""`comity key`: key files, and what others need to know of them."""

from pathlib import Path

import click
import msgspec

from comity import keys
from comity.charter.terms import Digest, Holder
from comity.cli.fields import checked
from comity.cli.outcome import CANNOT, Failure, Out, answering

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(no_args_is_help=True)
def key() -> None:
    """Make and show keys, and prove that they are at hand.

    A key file holds a secret and is readable by its owner alone. Its id is the SHA-256 of the public key.
    """


@key.command()
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@answering
def new(out: Out, files: tuple[Path, ...]) -> None:
    """Make a new key in each FILE.

    A file that is there already is left alone, and the command fails.
    """
    made = [(file, keys.new(file)) for file in files]
    listed = [{"file": str(file), "keyid": each.keyid, "key": keys.public(each)} for file, each in made]
    out.result({"keys": listed}, *[f"{each['keyid']}  {each['file']}" for each in listed])


@key.command()
@click.argument("file", type=FILE)
@answering
def show(out: Out, file: Path) -> None:
    """Show the public part of the key in FILE: never the secret."""
    found = keys.read(file)
    out.result({"file": str(file), "alg": "ed25519", "keyid": found.keyid, "key": keys.public(found)})


@key.command(name="list")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("."))
@answering
def listing(out: Out, folder: Path) -> None:
    """List the key files in FOLDER (by default this one).

    Files that are not key files, or that others could read, are named on stderr with the reason.
    """
    listed = []
    for file in sorted(folder.glob("*.json")):
        try:
            found = keys.read(file)
        except keys.KeyFileError as error:
            out.note(str(error))
            continue
        listed.append({"file": str(file), "keyid": found.keyid, "key": keys.public(found)})
    lines = [f"{each['keyid']}  {each['file']}" for each in listed] or [f"no key files in {folder}"]
    out.result({"folder": str(folder), "keys": listed}, *lines)


@key.command()
@click.argument("file", type=FILE)
@click.option("--holder", required=True, metavar="HOLDER", help="Whose key it will be: member/ID or office/ID.")
@click.option("--organisation", required=True, metavar="ID", help="The organisation: the founding act's id.")
@click.option("--out", "to", type=FILE, help="Write the object into this file as well.")
@answering
def proof(out: Out, file: Path, holder: str, organisation: str, to: Path | None) -> None:
    """Prove that the key in FILE is at hand, for a holder in an organisation.

    The object that it prints is public. It is what `comity act member.admit --keys` and `comity act key.add
    --act-key` take, as @FILE.
    """
    checked(holder, Holder, "--holder")
    checked(organisation, Digest, "--organisation")
    made = msgspec.to_builtins(keys.proved(keys.read(file), organisation, holder))
    text = msgspec.json.encode(made).decode()
    if to is not None:
        try:
            to.write_text(text + "\n")
        except OSError as error:
            raise Failure(f"{to} cannot be written: {error.strerror}.", CANNOT) from error
    out.result(made, text)
