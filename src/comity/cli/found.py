# SPDX-License-Identifier: Apache-2.0
"""`comity found`: an organisation begins with one act, signed by every key that it registers."""

import shlex
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from comity import charters, keys
from comity.charter.acts import Found, Founder, Officer
from comity.charter.article import Article, Electorate, Office
from comity.charter.authority import PlainKey
from comity.charter.fold import open_act, step
from comity.charter.register import Draft, Register
from comity.charter.terms import Id, Name, Origin
from comity.cli.fields import checked
from comity.cli.outcome import MISUSED, Failure, Out, answering
from comity.cli.started import program
from comity.record.ed25519 import SigningKey

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("charter")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The new folder for the record.")
@click.option("--name", help="The organisation's name.")
@click.option(
    "--origin", metavar="HOST/NAME", help="What the log is called for good, for instance example.org/assembly."
)
@click.option("--member", "members", multiple=True, metavar="ID:NAME:STATUS[:KEY]", help="A founding member.")
@click.option("--office", "offices", multiple=True, metavar="ID[:KEY]", help="An office that has a key from the start.")
@click.option(
    "--make-keys", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Make missing keys there."
)
@click.option(
    "--mark", type=click.Choice(["replay", "simulation"]), default=None, help="Say on everything that it is one."
)
@click.option("--log-key", type=FILE, help="The log's key file; made anew where none is given.")
@click.option("--out", "to", type=FILE, help="Write the founding act here instead, for others to sign.")
@click.option("--print", "printing", is_flag=True, help="Print the charter, checked, and found nothing.")
@answering
def found(
    out: Out,
    charter: str,
    data: Path | None,
    name: str | None,
    origin: str | None,
    members: tuple[str, ...],
    offices: tuple[str, ...],
    make_keys: Path | None,
    mark: str | None,
    log_key: Path | None,
    to: Path | None,
    printing: bool,
) -> None:
    """Found an organisation: its record, its charter, its first keys.

    CHARTER is the name of a charter that comes with the program (assembly, consensus, replay), a charter file, or a
    founding act that was written with --out and signed by all.

    KEY is a key file or, for somebody whose file is elsewhere, a public key in base64. With --make-keys DIR what has
    no KEY gets a new key file there: member-ID.json, office-ID.json. The id that is printed is the organisation's
    identity: whoever verifies its record starts from there.

    STATUS is one that an electorate of the charter names: `member` in assembly and consensus, `seated` in replay.

    \b
    To write a charter of your own, begin with one that is there:
      comity found assembly --print > own.json
    Alone, to try:
      comity found assembly --data org --name "Test Assembly" --origin example.org/test --mark simulation \\
          --make-keys keys --member A:Alder:member --member B:Birch:member
    Founders at different places:
      comity found assembly --name N --origin O --log-key log.json --out act.json \\
          --member A:Alder:member:a.json --member B:Birch:member:BASE64 --office presidency:BASE64
      comity act sign act.json --key b.json          at each of the others
      comity found act.json --data org --log-key log.json
    """
    if printing:
        if data or to or name or origin or members or offices or make_keys or mark or log_key:
            raise click.UsageError("--print prints CHARTER and takes nothing besides --json.")
        text = charters.text(charter)
        out.result(msgspec.json.decode(text), text.rstrip("\n"))
        return
    if (data is None) == (to is None):
        raise click.UsageError(
            "Give --data DIR to found it here, or --out FILE to have the act signed by others first."
        )
    if drafted := _drafted(charter):
        if to is not None or members or offices or name or origin or log_key is None or data is None:
            raise click.UsageError(
                "A founding act that is written already needs --data and --log-key, and nothing else."
            )
        _begin(out, data, drafted, keys.read(log_key))
        return
    if name is None or origin is None:
        raise click.UsageError("An organisation has a --name and an --origin.")
    checked(name, Name, "--name")
    checked(origin, Origin, "--origin")
    if to is not None and log_key is None:
        raise click.UsageError("With --out the log's key must be kept for later: name it with --log-key FILE.")
    articles, own = charters.load(charter).articles, _Own(make_keys)
    founders = tuple(own.founder(each) for each in members)
    officers = tuple(own.officer(each) for each in own.every_office(offices, articles))
    if not own.keys:
        raise click.UsageError("An organisation begins with a key that is here: --member, --office or --make-keys.")
    _warn(out, founders, articles)
    log = _log_key(log_key)
    act = Found(
        name=name, origin=origin, log_key=keys.public(log), edition=1, articles=dict(articles),
        mark=mark or "",  # type: ignore[arg-type]  # a choice of the two
        members=founders, officers=officers,
    )  # fmt: skip
    envelope, missing = _signed(act, own.keys)
    if to is None:
        assert data is not None
        _begin(out, data, envelope, log)
        return
    to.write_bytes(envelope + b"\n")
    out.result({"file": str(to), "missing": missing}, f"{to}: {len(missing)} signatures are missing", *missing)


def _warn(out: Out, founders: tuple[Founder, ...], articles: Mapping[str, Article]) -> None:
    """Say on stderr what is lawful and probably not meant."""
    if not founders:
        out.note("No founding member: where no office may admit members, nobody ever can.")
    electorates = [each.provision for each in articles.values() if isinstance(each.provision, Electorate)]
    known = sorted({status for each in electorates for status in each.statuses})
    for founder in founders:
        if founder.status not in known:
            out.note(
                f"{founder.member} has the status {founder.status}, which gives no vote: the charter's electorates "
                f"name {', '.join(known) or 'none'}."
            )


def _drafted(charter: str) -> bytes | None:
    """The bytes of a founding act, where that is what was named."""
    path = Path(charter)
    if charter in charters.shipped() or not path.is_file():
        return None
    data = path.read_bytes().rstrip(b"\n")
    return data if data.startswith(b'{"payload":') else None


def _signed(act: Found, own: list[SigningKey]) -> tuple[bytes, list[str]]:
    """The founding act signed with the keys that are here, and the key ids of those that are not."""
    from comity.record import envelope

    here = {key.keyid for key in own}
    signers = sorted(act.keys(), key=lambda keyid: keyid not in here)
    if len(signers) > envelope.MAX_SIGNATURES:
        raise Failure(
            f"A founding act has at most {envelope.MAX_SIGNATURES} keys, and this one {len(signers)}. Found it with "
            "some members; the charter says how further ones are admitted.",
            MISUSED,
        )
    act.form()
    data = keys.payload(act, signers, counter=1, organisation="", expires=keys.now() + keys.EXPIRY)
    signed = envelope.pae(envelope.payload_type(act.kind), data)
    whole = envelope.assemble(act.kind, data, {key.keyid: key.sign(signed) for key in own})
    return whole, [keyid for keyid in signers if keyid not in here]


def _begin(out: Out, data: Path, envelope: bytes, log: SigningKey) -> None:
    from comity.node import Node

    # Refused here before the node makes a folder for it.
    signed = open_act(envelope)
    trial = Draft(Register())
    step(trial, signed, keys.now(), 0, 0)
    node = Node.found(data, envelope, log)
    try:
        act = signed.act
        assert isinstance(act, Found)
        answer = {
            "organisation": signed.id.hex(), "name": act.name, "origin": act.origin, "mark": act.mark,
            "data": str(data), "size": node.head.size, "root": node.head.root.hex(),
        }  # fmt: skip
    finally:
        node.close()
    folder = shlex.quote(str(data))
    out.result(
        answer,
        f"Founded {act.name}" + (f" (a {act.mark})" if act.mark else ""),
        f"  its identity  {answer['organisation']}",
        f"  its record    {data}",
        f"Serve it:   {program()} serve --data {folder}",
        f"Verify it:  {program()} verify {folder} --founding {answer['organisation']}",
    )


class _Own:
    """Founders and officers as the command line names them; collects the keys that are here, to sign with."""

    def __init__(self, make_keys: Path | None) -> None:
        self.make_keys = make_keys
        self.keys: list[SigningKey] = []

    def founder(self, text: str) -> Founder:
        """A founding member from ID:NAME:STATUS[:KEY]."""
        parts = text.split(":", 3)
        if len(parts) < 3:
            raise click.BadParameter(
                f"{text!r} is not like ID:NAME:STATUS or ID:NAME:STATUS:KEY.", param_hint="--member"
            )
        member, name, status = (
            checked(part, form, "--member") for part, form in zip(parts, (Id, Name, Id), strict=False)
        )
        key = self.key(parts[3] if len(parts) == 4 else "", "member", member)
        return Founder(member=member, name=name, status=status, keys=(key,))

    def officer(self, text: str) -> Officer:
        """An office with its key from ID[:KEY]."""
        office, _, given = text.partition(":")
        checked(office, Id, "--office")
        return Officer(office=office, keys=(self.key(given, "office", office),))

    def every_office(self, given: tuple[str, ...], articles: Mapping[str, Article]) -> list[str]:
        """The offices that were named and, where keys are made, all others of the charter."""
        named = {each.partition(":")[0] for each in given}
        others = [name for name, each in articles.items() if isinstance(each.provision, Office) and name not in named]
        return [*given, *(sorted(others) if self.make_keys is not None else [])]

    def key(self, given: str, what: str, which: str) -> PlainKey:
        """The key as it enters the founding act."""
        if given and len(given) == 44 and given.endswith("=") and not Path(given).exists():
            return _checked_key(given)
        file = Path(given)
        if not given:
            if self.make_keys is None:
                raise click.UsageError(f"The {what} {which} has no KEY: name a key file, or give --make-keys DIR.")
            # A key that an attempt before this one has made is used, so that trying again is no trouble.
            file = self.make_keys / f"{what}-{which}.json"
        key = keys.new(file) if not given and not file.exists() else keys.read(file)
        self.keys.append(key)
        return keys.plain(key)


def _checked_key(given: str) -> PlainKey:
    try:
        return msgspec.convert({"alg": "ed25519", "key": given}, type=PlainKey)
    except msgspec.ValidationError:
        raise click.UsageError(f"{given} is neither a key file nor a public key in base64.") from None


def _log_key(path: Path | None) -> SigningKey:
    if path is None:
        return keys.fresh()
    return keys.read(path) if path.exists() else keys.new(path)
