# SPDX-License-Identifier: Apache-2.0
"""`comity key`: key files, and what others need to know of them."""

import re
from pathlib import Path

import click
import msgspec

from comity import keys
from comity.charter.terms import Digest, Holder
from comity.cli.fields import checked
from comity.cli.outcome import CANNOT, Failure, Out, answering
from comity.cli.remote import client

FILE = click.Path(path_type=Path, dir_okay=False)
KEYID = re.compile(r"[0-9a-f]{64}")


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
@click.option("--url", default="", metavar="URL", help="Ask this node too: whose key it is, which counter comes next.")
@answering
def show(out: Out, file: Path, url: str) -> None:
    """Show the public part of the key in FILE: never the secret.

    With --url also what the register of a node says: the organisation, the key's holder, and the counter that an act
    signed offline may have. Where the file is elsewhere, give the key's id in its place.
    """
    if url and not file.exists() and KEYID.fullmatch(str(file)):
        out.result(_registered(url, str(file)))
        return
    found = keys.read(file)
    answer = {"file": str(file), "alg": "ed25519", "keyid": found.keyid, "key": keys.public(found)}
    out.result({**answer, **_registered(url, found.keyid)} if url else answer)


def _registered(url: str, keyid: str) -> dict[str, object]:
    """What the node's register says of a key, and what an act signed offline needs to know."""
    with client(url) as node:
        organisation, next_counter = node.identity.id, node.next_counter(keyid)
        rows = node.show("keys", keyid=keyid)["items"]
    holder = rows[0]["holder"] if rows else ""
    told: dict[str, object] = {"keyid": keyid, "organisation": organisation, "holder": holder}
    if rows and rows[0]["revoked"]:
        told["revoked"] = rows[0]["revoked"]
    return {**told, "next_counter": next_counter}


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
@click.option("--organisation", required=True, envvar="COMITY_ORGANISATION", metavar="ID",
              help="The organisation: the founding act's id; or COMITY_ORGANISATION.")  # fmt: skip
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
