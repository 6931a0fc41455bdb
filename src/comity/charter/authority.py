# SPDX-License-Identifier: Apache-2.0
"""Who may do what: directly by a power, or by the decision of a competent organ (docs/spec/kinds.md, Authority).

Also electorates, the rolls made of them, and the keys by which holders act.
"""

from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256

from msgspec import Struct

from comity.charter.act import Context
from comity.charter.article import Article, Competence, Electorate, Office, Organ, Power
from comity.charter.refusal import Refused
from comity.charter.register import Register, encode
from comity.charter.tables import Key, Member, Organisation, Roll
from comity.charter.terms import Algorithm, KeyProof, PublicKey
from comity.record import ed25519


class PlainKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key whose possession is shown by its signature on the act itself."""

    alg: Algorithm
    key: PublicKey


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key with a proof of possession: its own signature over `proof_text`."""

    alg: Algorithm
    key: PublicKey
    proof: KeyProof


def key_id(key: str) -> str:
    """The id of a public key given in base64."""
    return ed25519.key_id(b64decode(key))


def proof_text(organisation: str, holder: str, key_id: str) -> bytes:
    """What a new key signs to show that somebody has it."""
    return f"comity key proof v1\n{organisation}\n{holder}\n{key_id}\n".encode()


def organisation(register: Register) -> Organisation:
    """The organisation of a register that is not empty."""
    row = register.get(Organisation, "self")
    if row is None:
        raise LookupError("the register has no organisation: entry 0 has not been folded")
    return row


def holds_power(register: Register, kind: str, holder: str) -> bool:
    """Whether some power lists the kind for the holder, by office or by electorate."""
    for article in register.rows(Article).values():
        power = article.provision
        if isinstance(power, Power) and kind in power.kinds:
            for constituency in power.holders:
                what, _, which = constituency.partition("/")
                if what == "office":
                    if constituency == holder:
                        return True
                elif holder.startswith("member/") and holder[7:] in seats(register, which):
                    return True
    return False


def require_power(register: Register, context: Context, kind: str) -> None:
    """Refuse with `power.none` an act of the kind that has authority neither directly nor by enactment."""
    if not context.enacted and not holds_power(register, kind, context.holder):
        raise Refused(
            "power.none",
            f"The charter must give the power to do {kind}",
            found=f"{context.holder}, to whom no article gives it",
            wanted=_who(register, kind),
        )


def _who(register: Register, kind: str) -> str:
    direct = sorted(
        holder
        for article in register.rows(Article).values()
        if isinstance(article.provision, Power) and kind in article.provision.kinds
        for holder in article.provision.holders
    )
    organs = sorted(
        article.provision.organ
        for article in register.rows(Article).values()
        if isinstance(article.provision, Competence) and kind in article.provision.kinds
    )
    ways = [f"the act of {holder}" for holder in direct] + [f"a decision of {organ}" for organ in organs]
    return " or ".join(ways) or "an article that grants it, which the charter lacks"


def require_organ(register: Register, organ: str) -> Organ:
    """The organ that the article provides, or `organ.unknown`."""
    article = register.get(Article, organ)
    if article is None or not isinstance(article.provision, Organ):
        raise Refused(
            "organ.unknown",
            "The charter must have this organ",
            found=organ,
            wanted="an article that is an organ",
        )
    return article.provision


def require_chair(organ: Organ, context: Context) -> None:
    """Refuse with `organ.chair` what only the presiding office of the organ may do."""
    if context.holder != f"office/{organ.chair}":
        raise Refused(
            "organ.chair",
            "The presiding office of the organ does this",
            found=context.holder,
            wanted=f"office/{organ.chair}",
        )


def is_office(register: Register, office: str) -> bool:
    """Whether the article is an office."""
    article = register.get(Article, office)
    return article is not None and isinstance(article.provision, Office)


def competence(register: Register, organ: str, kind: str) -> Competence | None:
    """The competence of the organ for the kind: of the articles that give it, the one with the smallest id."""
    articles = register.rows(Article)
    for name in sorted(articles):
        provision = articles[name].provision
        if isinstance(provision, Competence) and provision.organ == organ and kind in provision.kinds:
            return provision
    return None


def seats(register: Register, electorate: str) -> tuple[str, ...]:
    """The ids of the members who are in the electorate now, ascending; none where there is no such electorate."""
    article = register.get(Article, electorate)
    if article is None or not isinstance(article.provision, Electorate):
        return ()
    statuses, groups = frozenset(article.provision.statuses), frozenset(article.provision.groups)
    return tuple(
        sorted(
            name
            for name, member in register.rows(Member).items()
            if member.status in statuses and (not groups or not groups.isdisjoint(member.groups))
        )
    )


def convene(register: Register, electorate: str) -> tuple[str, Roll]:
    """The electorate as it is now, frozen: the roll and its digest. `organ.empty` where nobody is in it."""
    names = seats(register, electorate)
    if not names:
        raise Refused(
            "organ.empty",
            "An organ needs members to meet and to vote",
            found=f"nobody in the electorate {electorate}",
            wanted="at least one member of a status that it names",
        )
    members = register.rows(Member)
    within: set[str] = set()
    scales: set[str] = set()
    for name in names:
        within.update(members[name].groups)
        scales.update(members[name].weights)
    roll = Roll(
        seats=names,
        groups={
            group: "".join("1" if group in members[name].groups else "0" for name in names) for group in sorted(within)
        },
        weights={scale: tuple(members[name].weights.get(scale, 0) for name in names) for scale in sorted(scales)},
    )
    return sha256(encode(roll)).hexdigest(), roll


def seat_of(register: Register, roll: str, holder: str) -> int:
    """The seat of the holder in the roll (by digest), or -1."""
    row = register.get(Roll, roll)
    return -1 if row is None else _numbers(roll, row).get(holder, -1)


_numbered: dict[str, dict[str, int]] = {}


def _numbers(digest: str, roll: Roll) -> dict[str, int]:
    """The seat numbers of a roll by holder; kept by digest, which determines them."""
    numbers = _numbered.get(digest)
    if numbers is None:
        if len(_numbered) >= 1024:
            _numbered.clear()
        numbers = {f"member/{name}": number for number, name in enumerate(roll.seats)}
        _numbered[digest] = numbers
    return numbers


def require_seat(register: Register, roll: str, holder: str) -> int:
    """The seat of the holder in the roll, or `seat.none`."""
    seat = seat_of(register, roll, holder)
    if seat < 0:
        raise Refused(
            "seat.none",
            "Only a member with a seat in this electorate may do this",
            found=holder,
            wanted="a member that was in the electorate when it was frozen",
        )
    return seat


def require_new_keys(register: Register, context: Context, holder: str, keys: Iterable[NewKey]) -> None:
    """Refuse a key that is the log's, is known already, or whose possession is not proved."""
    seen: set[str] = set()
    own = organisation(register)
    for new in keys:
        identity = key_id(new.key)
        if new.key == own.log_key:
            raise Refused(
                "key.role",
                "Keys are distinct by role",
                found="the log's own key",
                wanted="a key made for acts",
            )
        if identity in seen or register.get(Key, identity) is not None:
            raise Refused(
                "key.known",
                "A key is registered once and for one holder",
                found=f"key {identity}, which is registered already",
                wanted="a new key",
            )
        seen.add(identity)
        text = proof_text(context.organisation, holder, identity)
        if not ed25519.verify(b64decode(new.key), text, b64decode(new.proof)):
            raise Refused(
                "key.proof",
                "Whoever registers a key shows that it is at hand",
                found="a proof that does not verify",
                wanted=f"the key's own signature over {text.decode()!r}",
            )


def enter_keys(register: Register, context: Context, holder: str, keys: Iterable[NewKey | PlainKey]) -> None:
    """Register the keys for the holder, in force from the next entry on."""
    for new in keys:
        register.put(key_id(new.key), Key(alg=new.alg, key=new.key, holder=holder, since=context.index))
