# SPDX-License-Identifier: Apache-2.0
"""The register (`register.md`): tables of rows, what they say of electorates and powers, and their digest.

Rows are what JSON makes of them: dictionaries with zero values left out. Only the positions of votes that still
run are held apart, as bytes that can be changed in place; they go back into their rows for the digest.
"""

import hashlib
from typing import Any, NamedTuple

from comity_verify import rules
from comity_verify.canonical import hex256, unbase64, write
from comity_verify.forms import EMPOWERED, ENACTABLE

Json = dict[str, Any]
TABLES = "organisation articles members keys counters rolls meetings proposals votes decisions".split()  # noqa: SIM905


class Refused(Exception):
    """A requirement does not hold: the normative code, and in words what was found and what would be right."""


class Running(NamedTuple):
    """A vote that is not declared yet: its seats, its positions, and what may be cast until when."""

    seats: dict[str, int]
    positions: bytearray
    admitted: dict[str, int]  # position to character
    deadline: int


def must(holds: object, code: str, why: str) -> None:
    """Refuses where it does not hold."""
    if not holds:
        raise Refused(code, why)


def row(required: Json, **optional: Any) -> Json:
    """A row: required fields as they are, optional ones without their zero values."""
    return required | {name: value for name, value in optional.items() if value}


class Register:
    """The tables of edition 1."""

    def __init__(self) -> None:
        self.tables: dict[str, Json] = {name: {} for name in TABLES}
        _, self.articles, self.members, self.keys, self.counters = list(self.tables.values())[:5]
        self.rolls, self.meetings, self.proposals, self.votes, self.decisions = list(self.tables.values())[5:]
        self.running: dict[str, Running] = {}
        self.members_by_key: dict[str, str] = {}  # keys in force alone
        self.registered: list[bytes] = []  # every public key, in order
        self.electorates: dict[str, list[str]] = {}  # to be cleared when members or articles change
        self._places: dict[str, dict[str, int]] = {}

    @property
    def organisation(self) -> Json:
        """The one row of `organisation`; empty before the founding act."""
        found: Json = self.tables["organisation"].get("self", {})
        return found

    def provision(self, article: str, which: str) -> Json:
        """The provision of an article where it is of this sort; else nothing."""
        provision: Json = self.articles.get(article, {}).get("provision", {})
        return provision if provision.get("is") == which else {}

    def organ(self, article: str) -> Json:
        """The provision of an organ; refused with `organ.unknown` where there is none."""
        provision = self.provision(article, "organ")
        must(provision, "organ.unknown", f"no article {article} is an organ")
        return provision

    def add_key(self, key: Json, holder: str, index: int) -> None:
        """Enters a key in force."""
        public = unbase64(key["key"])
        key_id = hex256(public)
        self.keys[key_id] = row({"alg": key["alg"], "key": key["key"], "holder": holder}, since=index)
        if holder.startswith("member/"):
            self.members_by_key[key_id] = holder[7:]
        self.registered.append(public)

    def seats(self, electorate: str) -> list[str]:
        """The Ids of the members that the electorate (an article) comprises now, ascending."""
        if electorate not in self.electorates:
            provision = self.articles[electorate]["provision"]
            named = [(m, a) for m, a in self.members.items() if a["status"] in provision["statuses"]]
            if "groups" in provision:
                named = [(m, a) for m, a in named if not set(provision["groups"]).isdisjoint(a.get("groups", ()))]
            self.electorates[electorate] = sorted(member for member, _ in named)
        return self.electorates[electorate]

    def enter_roll(self, electorate: str) -> str:
        """Freezes the electorate as a roll; returns its digest."""
        seats = self.seats(electorate)
        about = [self.members[member] for member in seats]
        groups = {group for member in about for group in member.get("groups", ())}
        weights = {weight for member in about for weight in member.get("weights", ())}
        roll = row(
            {"seats": seats},
            groups={g: "".join(["1" if g in m.get("groups", ()) else "0" for m in about]) for g in groups},
            weights={w: [m.get("weights", {}).get(w, 0) for m in about] for w in weights},
        )
        digest = hex256(write(roll))
        self.rolls.setdefault(digest, roll)
        return digest

    def places(self, roll: str) -> dict[str, int]:
        """Member Id to seat number, for the roll of this digest."""
        if roll not in self._places:
            if len(self._places) > 64:
                self._places.clear()
            self._places[roll] = {member: seat for seat, member in enumerate(self.rolls[roll]["seats"])}
        return self._places[roll]

    def empowered(self, kind: str, holder: str) -> bool:
        """Whether an article gives the holder direct power over the kind."""
        sort, _, name = holder.partition("/")
        for article in self.articles.values():
            power = article["provision"]
            if power["is"] != "power" or kind not in power["kinds"]:
                continue
            electorates = [named[11:] for named in power["holders"] if named.startswith("electorate/")]
            if holder in power["holders"] or (sort == "member" and any(name in self.seats(e) for e in electorates)):
                return True
        return False

    def competence(self, kind: str, organ: str) -> Json:
        """The competence for a kind in an organ: the one with the smallest Id; else nothing."""
        for article in sorted(self.articles):
            provision: Json = self.articles[article]["provision"]
            if provision["is"] == "competence" and provision["organ"] == organ and kind in provision["kinds"]:
                return provision
        return {}

    def tally(self, vote: str) -> rules.Tally:
        """What the rule of a vote is applied to."""
        about = self.votes[vote]
        running = self.running.get(vote)
        positions = about["positions"] if running is None else running.positions.decode("ascii")
        return rules.Tally(self.rolls[about["roll"]], positions, int(vote.rpartition("/")[2]))

    def documents(self) -> int:
        """How many documents beside the record it names by digest."""
        named = [*self.articles.values(), *self.proposals.values()]
        return len({about["text"]["digest"] for about in named if "text" in about})

    def digest(self) -> str:
        """The register digest."""
        for vote, running in self.running.items():
            self.votes[vote]["positions"] = running.positions.decode("ascii")
        tables = {name: hashlib.sha256() for name, table in self.tables.items() if table}
        for name, hashed in tables.items():
            for key in sorted(self.tables[name]):
                hashed.update(write([key, self.tables[name][key]]) + b"\n")
        return hex256(write({name: hashed.hexdigest() for name, hashed in tables.items()}))


def cohere(articles: Json) -> None:
    """Refuses articles that, as a whole, do not fit together."""
    for name in sorted(articles):
        provision = articles[name]["provision"]
        which, fault = provision["is"], ""
        for wanted, other in _references(provision):
            fits = other in articles and articles[other]["provision"]["is"] == wanted
            must(fits, "charter.reference", f"article {name} names {other}, which is no {wanted}")
        if which in ("power", "competence"):
            for kind in provision["kinds"]:
                admitted = EMPOWERED if which == "power" else ENACTABLE
                must(kind in admitted, "charter.kind", f"article {name}: a {which} cannot list the kind {kind}")
        if which == "rule":
            fault = rules.rule_fault(provision)
        elif which == "organ" and "opens" in provision:
            fault = rules.fault(["present"], [provision["opens"]])
        must(not fault, "charter.rule", f"article {name} is not well-formed: {fault}")


def _references(provision: Json) -> list[tuple[str, str]]:
    """What an article names, each with the sort of article that it must be."""
    which = provision["is"]
    if which == "organ":
        named = [("rule", rule) for rule in provision["rules"]]
        return [("electorate", provision["electorate"]), ("office", provision["chair"]), *named]
    if which == "power":
        return [(holder.split("/")[0], holder.split("/")[1]) for holder in provision["holders"]]
    return [("organ", provision["organ"]), ("rule", provision["rule"])] if which == "competence" else []
