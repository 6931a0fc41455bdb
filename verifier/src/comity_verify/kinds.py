# SPDX-License-Identifier: Apache-2.0
"""The core kinds (`kinds.md`): each is one method, its requirements in order, then `yield`, then its effects.

A requirement that does not hold raises `Refused` with its code; up to the `yield` nothing is changed. An enacted act
has no first holder (`Context.holder` is empty): its authority came from the competence.
"""

from collections.abc import Container, Iterator
from typing import NamedTuple

from comity_verify import rules
from comity_verify.canonical import hex256, unbase64, valid
from comity_verify.register import Json, Refused, Register, Running, cohere, must, row


class Context(NamedTuple):
    """The act's kind, number and stamp of its entry, and the holder of its first signer's key."""

    kind: str
    number: int
    stamp: int
    holder: str


def _enacted_only(at: Context) -> None:
    must(not at.holder, "power.none", f"{at.kind} can only be enacted, and {at.holder} did it directly")


def founding_keys(act: Json) -> list[tuple[str, Json]]:
    """Each key of a founding act with its holder."""
    found = [(f"member/{member['member']}", key) for member in act.get("members", ()) for key in member["keys"]]
    return found + [(f"office/{officer['office']}", k) for officer in act.get("officers", ()) for k in officer["keys"]]


def _named(table: Json, name: str, what: str) -> Json:
    """The row of a meeting, proposal or vote."""
    found: Json = table.get(name, {})
    must(found, f"{what}.unknown", f"there is no {what} {name[:80]}")
    return found


def _seated(at: Context, seats: Container[str], where: str) -> str:
    """The member that the first holder is, which must have one of the seats."""
    sort, _, member = at.holder.partition("/")
    must(sort == "member" and member in seats, "seat.none", f"{at.holder} has no seat in {where}")
    return member


def _still_open(vote: Json, at: Context) -> None:
    still, until = "closed" not in vote and at.stamp <= vote["deadline"], vote.get("closed", vote["deadline"])
    must(still, "vote.closed", f"the vote closed at {until}, and the stamp is {at.stamp}")


class Chamber(Register):
    """The register with the acts that change it: the method for the kind `vote.cast` is `vote_cast`."""

    def require(self, act: Json, at: Context) -> Iterator[None]:
        """Asks the kind's requirements; what it returns brings about the effects when it is exhausted."""
        effects: Iterator[None] = getattr(self, at.kind.replace(".", "_"))(act, at)
        next(effects)
        return effects

    def _require_enacted(self, proposal: Json, at: Context) -> Iterator[None]:
        """The same for the act that a proposal carries; no holder does it."""
        enacts = proposal["enacts"]
        return self.require(enacts["act"], Context(enacts["kind"], at.number, at.stamp, ""))

    def _authority(self, at: Context, concerned: str = "") -> None:
        """Direct power over the kind, or being the holder concerned; an enacted act has its authority already."""
        if at.holder not in ("", concerned):
            may = self.empowered(at.kind, at.holder)
            must(may, "power.none", f"no article gives {at.holder} power over {at.kind}")

    def _new_keys(self, keys: list[Json], holder: str) -> None:
        seen = set()
        for key in keys:
            must(key["key"] != self.organisation["log_key"], "key.role", "the new key is the organisation's log key")
            public = unbase64(key["key"])
            key_id = hex256(public)
            known = key_id in self.keys or key_id in seen
            must(not known, "key.known", f"the key {key_id} is registered already, or given twice")
            seen.add(key_id)
            message = f"comity key proof v1\n{self.organisation['id']}\n{holder}\n{key_id}\n".encode("ascii")
            proven = valid(public, unbase64(key["proof"]), message)
            must(proven, "key.proof", f"the proof of possession of the key {key_id} for {holder} does not verify")

    def organisation_found(self, act: Json, at: Context) -> Iterator[None]:
        must(at.number == 0, "founding.once", "there is a founding act already, and it is entry 0")
        members, officers, keys = act.get("members", []), act.get("officers", []), founding_keys(act)
        names, offices = [member["member"] for member in members], [officer["office"] for officer in officers]
        given = [key["key"] for _, key in keys]
        for what, values in (("member", names), ("office", offices), ("key", given)):
            must(len(set(values)) == len(values), "founding.twice", f"the founding act names one {what} twice")
        must(act["log_key"] not in given, "key.role", "the log key is also the key of a holder")
        for office in offices:
            is_office = act["articles"].get(office, {}).get("provision", {}).get("is") == "office"
            must(is_office, "founding.office", f"no article {office} is an office")
        cohere(act["articles"])
        yield
        about = {name: act[name] for name in ("name", "origin", "log_key", "edition")}  # the fold adds the act id
        self.tables["organisation"]["self"] = row(about | {"founded": at.stamp}, mark=act.get("mark"))
        self.articles.update(act["articles"])
        for member in members:
            self._enter_member(member, at)
        for holder, key in keys:
            self.add_key(key, holder, at.number)

    def _amend(self, act: Json, at: Context) -> Iterator[None]:
        _enacted_only(at)
        name, after = act["article"], {**self.articles, act["article"]: act.get("content")}
        if at.kind == "charter.add":
            must(name not in self.articles, "charter.exists", f"there is an article {name} already")
        else:
            must(name in self.articles, "charter.unknown", f"there is no article {name}")
        if at.kind == "charter.repeal":
            del after[name]
        cohere(after)
        yield
        self.articles.clear()
        self.articles.update(after)
        self.electorates.clear()

    charter_add = charter_replace = charter_repeal = _amend

    def edition_raise(self, act: Json, at: Context) -> Iterator[None]:
        _enacted_only(at)
        now, then = self.organisation["edition"], act["edition"]
        must(then == now + 1, "edition.step", f"edition {then} does not follow edition {now}")
        yield
        self.organisation["edition"] = then

    def _enter_member(self, act: Json, at: Context) -> None:
        about = {"name": act["name"], "status": act["status"]}
        optional = {"admitted": at.number, "groups": act.get("groups"), "weights": act.get("weights")}
        self.members[act["member"]] = row(about, **optional)
        self.electorates.clear()

    def member_admit(self, act: Json, at: Context) -> Iterator[None]:
        self._authority(at)
        name, holder, keys = act["member"], f"member/{act['member']}", act.get("keys", [])
        must(name not in self.members, "member.exists", f"there is a member {name} already")
        self._new_keys(keys, holder)
        yield
        self._enter_member(act, at)
        for key in keys:
            self.add_key(key, holder, at.number)

    def member_status(self, act: Json, at: Context) -> Iterator[None]:
        self._authority(at)
        name, status = act["member"], act["status"]
        must(name in self.members, "member.unknown", f"there is no member {name}")
        must(self.members[name]["status"] != status, "member.same", f"{name} has the status {status} already")
        yield
        self.members[name]["status"] = status
        self.electorates.clear()

    def key_add(self, act: Json, at: Context) -> Iterator[None]:
        holder = act["holder"]
        self._authority(at, holder)
        sort, _, name = holder.partition("/")
        known = name in self.members if sort == "member" else self.provision(name, "office")
        must(known, "holder.unknown", f"there is no {sort} {name}")
        self._new_keys([act["key"]], holder)
        yield
        self.add_key(act["key"], holder, at.number)

    def key_revoke(self, act: Json, at: Context) -> Iterator[None]:
        name = act["key"]
        key = self.keys.get(name, {})
        must(key, "key.unknown", f"there is no key {name}")
        must("revoked" not in key, "key.revoked", f"the key {name} was revoked by entry {key.get('revoked')}")
        self._authority(at, key["holder"])
        yield
        key["revoked"] = at.number
        self.members_by_key.pop(name, None)

    def _chaired(self, organ: str, at: Context) -> Json:
        """The provision of the organ, of which the first holder must be the chair."""
        provision = self.organ(organ)
        chair = f"office/{provision['chair']}"
        must(at.holder == chair, "organ.chair", f"{at.holder} is not {chair}, which presides over {organ}")
        return provision

    def meeting_convene(self, act: Json, at: Context) -> Iterator[None]:
        organ, name = self._chaired(act["organ"], at), act["meeting"]
        must(name not in self.meetings, "meeting.exists", f"there is a meeting {name} already")
        seats = self.seats(organ["electorate"])
        must(seats, "organ.empty", f"{act['organ']} has no seat")
        yield
        roll = self.enter_roll(organ["electorate"])
        about = {"organ": act["organ"], "roll": roll, "present": "-" * len(seats), "status": "convened"}
        self.meetings[name] = row(about, date=act.get("date"))

    def meeting_attend(self, act: Json, at: Context) -> Iterator[None]:
        meeting = _named(self.meetings, act["meeting"], "meeting")
        must(meeting["status"] != "closed", "meeting.closed", f"the meeting {act['meeting']} is closed")
        places, present = self.places(meeting["roll"]), meeting["present"]
        place = places[_seated(at, places, f"the meeting {act['meeting']}")]
        must(present[place] == "-", "meeting.present", f"{at.holder} is present already")
        yield
        meeting["present"] = present[:place] + "p" + present[place + 1 :]

    def meeting_open(self, act: Json, at: Context) -> Iterator[None]:
        meeting = _named(self.meetings, act["meeting"], "meeting")
        organ, status = self._chaired(meeting["organ"], at), meeting["status"]
        must(status == "convened", "meeting.convened", f"the meeting {act['meeting']} is {status}, not convened")
        tally = rules.Tally(self.rolls[meeting["roll"]], meeting["present"], 1)
        quorate = "opens" not in organ or rules.holds(organ["opens"], tally)
        must(quorate, "meeting.quorum", f"{tally.positions.count('p')} present do not make the quorum to open")
        yield
        meeting["status"] = "open"

    def meeting_close(self, act: Json, at: Context) -> Iterator[None]:
        meeting = _named(self.meetings, act["meeting"], "meeting")
        self._chaired(meeting["organ"], at)
        must(meeting["status"] != "closed", "meeting.closed", f"the meeting {act['meeting']} is closed already")
        yield
        meeting["status"] = "closed"

    def proposal_table(self, act: Json, at: Context) -> Iterator[None]:
        organ, name, enacts, rule = self.organ(act["organ"]), act["proposal"], act.get("enacts"), act.get("rule")
        if not self.empowered("proposal.table", at.holder):
            _seated(at, self.seats(organ["electorate"]), act["organ"])
        must(name not in self.proposals, "proposal.exists", f"there is a proposal {name} already")
        admitted = organ["rules"]
        if enacts is not None:
            competence = self.competence(enacts["kind"], act["organ"])
            must(competence, "competence.none", f"{act['organ']} has no competence for {enacts['kind']}")
            admitted = [competence["rule"]]
        must(rule is None or rule in admitted, "rule.other", f"{rule} is not a rule for it, but {', '.join(admitted)}")
        if enacts is not None:
            self._require_enacted(act, at)
        yield
        about = {"organ": act["organ"], "title": act["title"], "rule": rule or admitted[0], "by": at.holder}
        optional = {field: act.get(field) for field in ("symbol", "date", "text", "enacts")}
        self.proposals[name] = row(about | {"tabled": at.stamp, "status": "tabled"}, **optional)

    def proposal_withdraw(self, act: Json, at: Context) -> Iterator[None]:
        proposal = _named(self.proposals, act["proposal"], "proposal")
        by, status, rounds = proposal["by"], proposal["status"], proposal.get("rounds", 0)
        must(at.holder == by, "proposal.by", f"{at.holder} did not table it: {by} did")
        must(status == "tabled" and not rounds, "proposal.status", f"it is {status} after {rounds} votes")
        yield
        proposal["status"] = "withdrawn"

    def _competent(self, proposal: Json) -> None:
        """The competence for what a proposal enacts is still there, and its rule still the proposal's."""
        kind, organ, rule = proposal["enacts"]["kind"], proposal["organ"], proposal["rule"]
        still = self.competence(kind, organ).get("rule") == rule
        must(still, "competence.changed", f"{organ} is no longer competent for {kind} by {rule}")

    def vote_open(self, act: Json, at: Context) -> Iterator[None]:
        proposal = _named(self.proposals, act["proposal"], "proposal")
        name, status = proposal["organ"], proposal["status"]
        organ = self._chaired(name, at)
        must(status == "tabled", "proposal.status", f"the proposal is {status}, not tabled")
        if "enacts" in proposal:
            self._competent(proposal)
        else:
            must(proposal["rule"] in organ["rules"], "rule.other", f"{proposal['rule']} is no longer a rule of {name}")
        meeting = self.meetings.get(act.get("meeting", ""), {})
        sits = meeting.get("organ") == name and meeting.get("status") == "open"
        why = f"{name} votes in an open meeting of its own" if "opens" in organ else f"{name} votes without a meeting"
        must(sits if "opens" in organ else "meeting" not in act, "vote.meeting", why)
        rule = self.articles[proposal["rule"]]["provision"]
        lasts, least = act["deadline"] - at.stamp, max(1, rule.get("least", 0))
        must(lasts >= least, "vote.deadline", f"the deadline is {lasts} ms after the stamp; at least {least} are due")
        must(self.seats(organ["electorate"]), "organ.empty", f"{name} has no seat")
        yield
        roll = self.enter_roll(organ["electorate"])
        places = self.places(roll)
        positions = bytearray(b"-" * len(places))
        for member, place in self.places(meeting["roll"]).items() if meeting else ():
            if meeting["present"][place] == "p" and member in places and "present" in rule["positions"]:
                positions[places[member]] = ord("p")
        proposal.update(status="voting", rounds=proposal.get("rounds", 0) + 1)
        vote = f"{act['proposal']}/{proposal['rounds']}"
        about = {"proposal": act["proposal"], "organ": name, "roll": roll, "rule": rule, "opened": at.stamp}
        about |= {"deadline": act["deadline"], "positions": positions.decode()}
        self.votes[vote] = row(about, meeting=act.get("meeting"))
        admitted = {position: ord(rules.CHARACTERS[position]) for position in rule["positions"]}
        self.running[vote] = Running(places, positions, admitted, act["deadline"])

    def vote_cast(self, act: Json, at: Context) -> Iterator[None]:
        vote = _named(self.votes, act["vote"], "vote")
        member = _seated(at, self.places(vote["roll"]), f"the vote {act['vote']}")
        _still_open(vote, at)
        position, admitted = act["position"], vote["rule"]["positions"]
        must(position in admitted, "vote.position", f"{position} is not a position of the rule ({', '.join(admitted)})")
        yield
        running = self.running[act["vote"]]
        running.positions[running.seats[member]] = ord(rules.CHARACTERS[position])

    def vote_close(self, act: Json, at: Context) -> Iterator[None]:
        vote = _named(self.votes, act["vote"], "vote")
        self._chaired(vote["organ"], at)
        _still_open(vote, at)
        must("early" in vote["rule"], "vote.early", "the rule does not let a vote be closed before its deadline")
        yield
        vote["closed"] = at.stamp
        self.running[act["vote"]] = self.running[act["vote"]]._replace(deadline=-1)

    def vote_declare(self, act: Json, at: Context) -> Iterator[None]:
        name = act["vote"]
        vote = _named(self.votes, name, "vote")
        must(name not in self.decisions, "vote.declared", f"the vote {name} was declared already")
        over = "closed" in vote or at.stamp > vote["deadline"]
        must(over, "vote.running", f"the vote runs until {vote['deadline']}, and the stamp is {at.stamp}")
        organ, (sort, _, who) = self.provision(vote["organ"], "organ"), at.holder.partition("/")
        seated = sort == "member" and who in self.places(vote["roll"])
        may = seated or (sort == "office" and who == organ.get("chair"))
        must(may, "declare.by", f"{at.holder} neither presides over {vote['organ']} nor has a seat in the vote")
        tally = self.tally(name)
        counts, found = rules.counts(vote["rule"], tally), rules.outcome(vote["rule"], tally)
        must(act["counts"] == counts, "declare.counts", f"declared are {act['counts']}, recounted are {counts}")
        declared = (act["outcome"], act.get("reason", ""))
        must(declared == found, "declare.outcome", f"declared is {declared}, by the rule it is {found}")
        yield
        vote["positions"] = self.running.pop(name).positions.decode()
        proposal = self.proposals[vote["proposal"]]
        about = {"outcome": act["outcome"], "counts": counts, "declared": at.stamp}
        decision = self.decisions[name] = row(about, reason=act.get("reason"))
        proposal["status"] = "tabled" if act["outcome"] == "undecided" else act["outcome"]
        if act["outcome"] == "adopted" and "enacts" in proposal:
            self._enact(proposal, decision, at)

    def _enact(self, proposal: Json, decision: Json, at: Context) -> None:
        """Checks the enacted act once more, against the register now, and brings it about or notes the refusal."""
        try:
            self.organ(proposal["organ"])
            self._competent(proposal)
            effects = self._require_enacted(proposal, at)
        except Refused as refusal:
            decision.update(effect="refused", refused=refusal.args[0])
            proposal["status"] = "without_effect"
        else:
            list(effects)
            decision["effect"] = "enacted"
