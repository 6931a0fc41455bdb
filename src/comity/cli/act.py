# SPDX-License-Identifier: Apache-2.0
"""`comity act`: what can be done, a command for each kind of the registry; and signing together.

An act is signed here, with key files, and sent; or it is written into a file for others to sign, who may be far away
and offline, and sent when all have signed.
"""

from pathlib import Path
from typing import Any

import click

from comity import keys
from comity.charter.terms import Digest
from comity.cli.fields import Moment, checked, given, options
from comity.cli.outcome import MISUSED, REFUSED, Failure, Out, answering
from comity.cli.remote import client, organisation_option, url_option
from comity.cli.started import program
from comity.record.ed25519 import SigningKey

FILE = click.Path(path_type=Path, dir_okay=False)
OWN = ("key", "url", "out", "signer", "organisation", "counter", "expires", "receipt", "json", "help")
"""What options of every kind are called; a field of the same name is given as --act-<name>."""


class Kinds(click.Group):
    """A command for each kind that this program knows, made from the registry."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_kinds(), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _kinds():
            return kind_command(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.NoSuchCommand(args[0], possibilities=self.list_commands(ctx), ctx=ctx)
        return super().resolve_command(ctx, args)


def _kinds() -> dict[str, Any]:
    import comity.domains  # noqa: F401  (completes the registry)
    from comity.charter.act import KINDS

    return dict(KINDS)


@click.group(cls=Kinds, no_args_is_help=True, subcommand_metavar="KIND [OPTIONS]")
def act() -> None:
    """Do something: sign an act and send it.

    KIND says what is done; its options are its fields. Every kind takes --key FILE, as often as it has signers (the
    first is the actor), and --url; or --out FILE, to have others sign first.

    \b
    Signed together:
      comity act key.add ... --key a.json --signer KEYID-OF-B --out act.json
      comity act sign act.json --key b.json
      comity act submit act.json
    Without a network, on the machine that has the key:
      comity act vote.cast ... --key a.json --organisation ID --counter 7 --out act.json

    An act is signed for one organisation. Without --organisation or COMITY_ORGANISATION it is the one that the node
    says it has, which stderr then names: compare it with the identity that the founders gave you.
    """


class KindCommand(click.Command):
    """A command whose help lists the fields of the kind apart from how the act is signed and sent."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        params = self.get_params(ctx)
        fields = [each for each in params if (each.name or "").startswith("field_")]
        for title, some in (
            ("Fields", fields),
            ("Signing and sending", [each for each in params if each not in fields]),
        ):
            rows = [record for each in some if (record := each.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def kind_command(kind: str) -> click.Command:
    """The command of one kind."""
    from comity.charter.act import KINDS

    cls = KINDS[kind]
    about = f"{cls.__doc__}\n\nRests on: {cls.basis}. Moments are milliseconds, 2026-12-01T12:00:00Z, or +72h from now."
    own = [
        click.Option(["--key"], type=FILE, multiple=True, required=True, help="Sign with this key file (repeatable)."),
        url_option(),
        click.Option(["--out"], type=FILE, help="Write the envelope here and do not send it."),
        click.Option(["--signer"], multiple=True, metavar="KEYID", help="Somebody else who will sign (repeatable)."),
        organisation_option("The organisation that is signed for; asked of the node else"),
        click.Option(["--counter"], type=click.IntRange(1), help="The first key's counter; asked of the node else."),
        click.Option(["--expires"], type=Moment(), metavar="MOMENT", help="Until when it may be logged (30 days)."),
        click.Option(["--receipt"], type=FILE, help="Keep the receipt (a tlog-proof) in this file."),
        click.Option(["--json", "as_json"], is_flag=True, help="Answer with one JSON object in the last line."),
    ]

    def run(as_json: bool, **values: Any) -> None:
        _do(Out(as_json), kind, values)

    return KindCommand(kind, params=[*options(cls, OWN), *own], callback=run, help=about, short_help=cls.__doc__)


def _do(out: Out, kind: str, values: dict[str, Any]) -> None:
    from comity.charter.act import decode_act

    signers = [keys.read(path) for path in values["key"]]
    done = decode_act(kind, given(values))
    to: Path | None = values["out"]
    if values["signer"] and to is None:
        raise click.UsageError("An act that others sign too is written with --out FILE first.")
    with client(values["url"], values["organisation"]) as node:
        organisation = "" if kind == "organisation.found" else _organisation(out, node, values["organisation"])
        counter = values["counter"] or node.next_counter(signers[0].keyid)
        envelope = _sealed(
            done, signers, values["signer"], counter, organisation, values["expires"] or keys.now() + keys.EXPIRY
        )
        if to is not None:
            to.write_bytes(envelope + b"\n")
            _tell_written(out, to, envelope)
            return
        _send(out, node, envelope, values["receipt"])


def _organisation(out: Out, node: Any, given: str) -> str:
    """The organisation that is signed for: the one named or, told on stderr, whichever the node has."""
    if given:
        return checked(given, Digest, "--organisation")
    found = node.identity
    out.note(f"Signed for {found.name}, {found.id}: so says {node.url}. COMITY_ORGANISATION pins it.")
    return str(found.id)


def _sealed(
    done: Any, signers: list[SigningKey], others: tuple[str, ...], counter: int, organisation: str, expires: int
) -> bytes:
    from comity.record import envelope

    named = list(dict.fromkeys([*[key.keyid for key in signers], *others]))
    data = keys.payload(done, named, counter=counter, organisation=organisation, expires=expires)
    signed = envelope.pae(envelope.payload_type(done.kind), data)
    return envelope.assemble(done.kind, data, {key.keyid: key.sign(signed) for key in signers})


def _read(path: Path) -> bytes:
    return path.read_bytes().rstrip(b"\r\n")


def _missing(envelope: bytes) -> list[str]:
    _, named, have = keys.signatures(envelope)
    return [keyid for keyid in named if keyid not in have]


def _tell_written(out: Out, path: Path, envelope: bytes) -> None:
    opened, _, _ = keys.signatures(envelope)
    missing = _missing(envelope)
    send = f"signed by all; {program()} act submit {path}"
    state = f"still to be signed by {', '.join(missing)}" if missing else send
    out.result({"file": str(path), "id": opened.id.hex(), "kind": opened.kind, "missing": missing}, f"{path}: {state}")


def _send(out: Out, node: Any, envelope: bytes, receipt: Path | None) -> None:
    answer = node.submit(envelope)
    if receipt is not None:
        receipt.write_text(answer["receipt"])
    out.result(
        dict(answer),
        f"On the record as entry {answer['index']}.",
        f"  act      {answer['id']}",
        f"  stamp    {answer['stamp']}",
        f"  receipt  verified{f', kept in {receipt}' if receipt else ''}",
    )


@act.command()
@click.argument("file", type=FILE)
@click.option("--key", "key", type=FILE, multiple=True, required=True, help="Sign with this key file (repeatable).")
@click.option("--out", "to", type=FILE, help="Write the result here, not back into FILE.")
@answering
def sign(out: Out, file: Path, key: tuple[Path, ...], to: Path | None) -> None:
    """Add a signature to an act in FILE that names the key as a signer.

    What is signed is shown first: read it before you give the file back.
    """
    envelope = _read(file)
    opened, _, _ = keys.signatures(envelope)
    out.say(f"{opened.kind}\n{opened.payload.decode()}")
    signed = keys.cosign(envelope, [keys.read(path) for path in key])
    (to or file).write_bytes(signed + b"\n")
    _tell_written(out, to or file, signed)


@act.command()
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--receipt", type=FILE, help="Keep the receipt (a tlog-proof) in this file; for one FILE.")
@answering
def submit(out: Out, files: tuple[Path, ...], receipt: Path | None, organisation: str, url: str) -> int:
    """Send acts that are written and signed.

    A FILE holds one envelope a line. Each is answered; the exit code is 1 if one was refused.
    """
    envelopes = [line for file in files for line in _read(file).splitlines() if line]
    if not envelopes:
        raise Failure(f"There is no act in {', '.join(map(str, files))}.")
    for envelope in envelopes:
        if missing := _missing(envelope):
            raise Failure(f"An act is still to be signed by {', '.join(missing)}.", MISUSED)
    if receipt is not None and len(envelopes) != 1:
        raise click.UsageError("--receipt keeps the receipt of one act.")
    with client(url, organisation) as node:
        if len(envelopes) == 1:
            _send(out, node, envelopes[0], receipt)
            return 0
        answers = node.submit_many(envelopes)
    return _tell_many(out, answers)


submit.params += [organisation_option("Send it to no other organisation"), url_option()]


def _tell_many(out: Out, answers: list[Any]) -> int:
    refused = 0
    for answer in answers:
        if isinstance(answer, Exception):
            refused += 1
            out.note(str(answer))
        else:
            out.say(f"entry {answer['index']}  {answer['id']}")
    listed = [{"refusal": str(each)} if isinstance(each, Exception) else dict(each) for each in answers]
    out.result(
        {"logged": len(answers) - refused, "refused": refused, "answers": listed},
        f"{len(answers) - refused} logged, {refused} refused",
    )
    return REFUSED if refused else 0
