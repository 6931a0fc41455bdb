# SPDX-License-Identifier: Apache-2.0
"""The core kinds (`kinds.md`): each is one function, its requirements in order, then `yield`, then its effects.

A requirement that does not hold raises `Refused` with its code; up to the `yield` nothing is changed. An enacted act
has no first holder (`Context.holder` is empty): its authority came from the competence.
"""

from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from comity_verify import rules
from comity_verify.canonical import hex256, unbase64
from comity_verify.register import Json, Refused, Register, Running, cohere, row
from comity_verify.signature import valid


class Context(NamedTuple):
    """Where an act stands: number and stamp of its entry, and the holder of its first signer's key."""

    number: int
    stamp: int
    holder: str


Kind = Callable[[Register, Json, Context], Iterator[None]]


def require(kind: str, register: Register, act: Json, context: Context) -> Iterator[None]:
    """Asks the kind's requirements; what it returns brings about the effects when it is exhausted."""
    running = KINDS[kind](register, act, context)
    next(running)
    return running


def _must(holds: object, code: str, why: str) -> None:
    if not holds:
        raise Refused(code, why)


# Authority and keys


def _authority(register: Register, kind: str, context: Context, concerned: str = "") -> None:
    """Direct power over the kind, or being the holder concerned; an enacted act has its authority already."""
    if context.holder not in ("", concerned):
        may = register.empowered(kind, context.holder)
        _must(may, "power.none", f"no article gives {context.holder} power over {kind}")


def _enacted_only(kind: str, context: Context) -> None:
    _must(not context.holder, "power.none", f"{kind} can only be enacted, and {context.holder} did it directly")


def _new_keys(register: Register, keys: list[Json], holder: str) -> None:
    seen = set()
    for key in keys:
        _must(key["key"] != register.organisation["log_key"], "key.role", "the new key is the organisation's log key")
        public = unbase64(key["key"])
        key_id = hex256(public)
        known = key_id in register.keys or key_id in seen
        _must(not known, "key.known", f"the key {key_id} is registered already, or given twice")
        seen.add(key_id)
        message = f"comity key proof v1\n{register.organisation['id']}\n{holder}\n{key_id}\n".encode("ascii")
        proven = valid(public, unbase64(key["proof"]), message)
        _must(proven, "key.proof", f"the proof of possession of the key {key_id} for {holder} does not verify")


# The organisation and its charter


def founding_keys(act: Json) -> list[tuple[str, Json]]:
    """Each key of a founding act with its holder."""
    found = [(f"member/{member['member']}", key) for member in act.get("members", ()) for key in member["keys"]]
    return found + [(f"office/{officer['office']}", k) for officer in act.get("officers", ()) for k in officer["keys"]]


def _organisation_found(register: Register, act: Json, context: Context) -> Iterator[None]:
    _must(context.number == 0, "founding.once", "there is a founding act already, and it is entry 0")
    members, officers, keys = act.get("members", []), act.get("officers", []), founding_keys(act)
    named = [
        [member["member"] for member in members],
        [officer["office"] for officer in officers],
        [key["key"] for _, key in keys],
    ]
    for what, values in zip(("member", "office", "key"), named, strict=True):
        _must(len(set(values)) == len(values), "founding.twice", f"the founding act names one {what} twice")
    _must(act["log_key"] not in named[2], "key.role", "the log key is also the key of a holder")
    for office in named[1]:
        is_office = act["articles"].get(office, {}).get("provision", {}).get("is") == "office"
        _must(is_office, "founding.office", f"no article {office} is an office")
    cohere(act["articles"])
    yield
    about = {name: act[name] for name in ("name", "origin", "log_key", "edition")}  # the fold adds the act id
    register.tables["organisation"]["self"] = row(about | {"founded": context.stamp}, mark=act.get("mark"))
    register.articles.update(act["articles"])
    for member in members:
        _enter_member(register, member, context)
    for holder, key in keys:
        register.add_key(key, holder, context.number)


def _charter(kind: str) -> Kind:
    def change(register: Register, act: Json, context: Context) -> Iterator[None]:
        _enacted_only(kind, context)
        name, after = act["article"], dict(register.articles)
        if kind == "charter.add":
            _must(name not in after, "charter.exists", f"there is an article {name} already")
        else:
            _must(name in after, "charter.unknown", f"there is no article {name}")
        if kind == "charter.repeal":
            del after[name]
        else:
            after[name] = act["content"]
        cohere(after)
        yield
        register.articles.clear()
        register.articles.update(after)
        register.forget_seats()

    return change


def _edition_raise(register: Register, act: Json, context: Context) -> Iterator[None]:
    _enacted_only("edition.raise", context)
    now, then = register.organisation["edition"], act["edition"]
    _must(then == now + 1, "edition.step", f"edition {then} does not follow edition {now}")
    yield
    register.organisation["edition"] = then


# Members and keys


def _enter_member(register: Register, act: Json, context: Context) -> None:
    about = {"name": act["name"], "status": act["status"]}
    optional = {"admitted": context.number, "groups": act.get("groups"), "weights": act.get("weights")}
    register.members[act["member"]] = row(about, **optional)
    register.forget_seats()


def _member_admit(register: Register, act: Json, context: Context) -> Iterator[None]:
    _authority(register, "member.admit", context)
    name, holder, keys = act["member"], f"member/{act['member']}", act.get("keys", [])
    _must(name not in register.members, "member.exists", f"there is a member {name} already")
    _new_keys(register, keys, holder)
    yield
    _enter_member(register, act, context)
    for key in keys:
        register.add_key(key, holder, context.number)


def _member_status(register: Register, act: Json, context: Context) -> Iterator[None]:
    _authority(register, "member.status", context)
    name, status = act["member"], act["status"]
    _must(name in register.members, "member.unknown", f"there is no member {name}")
    _must(register.members[name]["status"] != status, "member.same", f"{name} has the status {status} already")
    yield
    register.members[name]["status"] = status
    register.forget_seats()


def _key_add(register: Register, act: Json, context: Context) -> Iterator[None]:
    holder = act["holder"]
    _authority(register, "key.add", context, holder)
    sort, _, name = holder.partition("/")
    known = name in register.members if sort == "member" else register.provision(name, "office")
    _must(known, "holder.unknown", f"there is no {sort} {name}")
    _new_keys(register, [act["key"]], holder)
    yield
    register.add_key(act["key"], holder, context.number)


def _key_revoke(register: Register, act: Json, context: Context) -> Iterator[None]:
    name = act["key"]
    key = register.keys.get(name, {})
    _must(key, "key.unknown", f"there is no key {name}")
    _must("revoked" not in key, "key.revoked", f"the key {name} was revoked by entry {key.get('revoked')}")
    _authority(register, "key.revoke", context, key["holder"])
    yield
    key["revoked"] = context.number
    register.members_by_key.pop(name, None)


# Meetings


def _named(table: Json, name: str, what: str) -> Json:
    """The row of a meeting, proposal or vote."""
    found: Json = table.get(name, {})
    _must(found, f"{what}.unknown", f"there is no {what} {name[:80]}")
    return found


def _chaired(register: Register, organ: str, context: Context) -> Json:
    """The provision of the organ, of which the first holder must be the chair."""
    provision = register.organ(organ)
    chair = f"office/{provision['chair']}"
    _must(context.holder == chair, "organ.chair", f"{context.holder} is not {chair}, which presides over {organ}")
    return provision


def _seated(context: Context, seats: Container[str], where: str) -> str:
    """The member that the first holder is, which must have one of the seats."""
    sort, _, member = context.holder.partition("/")
    _must(sort == "member" and member in seats, "seat.none", f"{context.holder} has no seat in {where}")
    return member


def _meeting_convene(register: Register, act: Json, context: Context) -> Iterator[None]:
    organ, name = _chaired(register, act["organ"], context), act["meeting"]
    _must(name not in register.meetings, "meeting.exists", f"there is a meeting {name} already")
    seats = register.seats(organ["electorate"])
    _must(seats, "organ.empty", f"{act['organ']} has no seat")
    yield
    roll = register.enter_roll(organ["electorate"])
    about = {"organ": act["organ"], "roll": roll, "present": "-" * len(seats), "status": "convened"}
    register.meetings[name] = row(about, date=act.get("date"))


def _meeting_attend(register: Register, act: Json, context: Context) -> Iterator[None]:
    meeting = _named(register.meetings, act["meeting"], "meeting")
    _must(meeting["status"] != "closed", "meeting.closed", f"the meeting {act['meeting']} is closed")
    places, present = register.places(meeting["roll"]), meeting["present"]
    member = _seated(context, places, f"the meeting {act['meeting']}")
    place = places[member]
    _must(present[place] == "-", "meeting.present", f"{member} is present already")
    yield
    meeting["present"] = present[:place] + "p" + present[place + 1 :]


def _meeting_open(register: Register, act: Json, context: Context) -> Iterator[None]:
    meeting = _named(register.meetings, act["meeting"], "meeting")
    organ, status = _chaired(register, meeting["organ"], context), meeting["status"]
    _must(status == "convened", "meeting.convened", f"the meeting {act['meeting']} is {status}, not convened")
    tally = rules.Tally(register.rolls[meeting["roll"]], meeting["present"], 1)
    quorate = "opens" not in organ or rules.holds(organ["opens"], tally)
    _must(quorate, "meeting.quorum", f"{tally.positions.count('p')} present do not make the quorum to open")
    yield
    meeting["status"] = "open"


def _meeting_close(register: Register, act: Json, context: Context) -> Iterator[None]:
    meeting = _named(register.meetings, act["meeting"], "meeting")
    _chaired(register, meeting["organ"], context)
    _must(meeting["status"] != "closed", "meeting.closed", f"the meeting {act['meeting']} is closed already")
    yield
    meeting["status"] = "closed"


# Proposals


def _proposal_table(register: Register, act: Json, context: Context) -> Iterator[None]:
    organ, name, enacts, rule = register.organ(act["organ"]), act["proposal"], act.get("enacts"), act.get("rule")
    if not register.empowered("proposal.table", context.holder):
        _seated(context, register.seats(organ["electorate"]), act["organ"])
    _must(name not in register.proposals, "proposal.exists", f"there is a proposal {name} already")
    if enacts is None:
        _must(rule is None or rule in organ["rules"], "rule.other", f"{rule} is not a rule of {act['organ']}")
        rule = rule or organ["rules"][0]
    else:
        competence = register.competence(enacts["kind"], act["organ"])
        _must(competence, "competence.none", f"{act['organ']} has no competence for {enacts['kind']}")
        decides = competence["rule"]
        _must(rule in (None, decides), "rule.other", f"{enacts['kind']} is decided by {decides}, not by {rule}")
        rule = decides
        require(enacts["kind"], register, enacts["act"], context._replace(holder=""))
    yield
    about = {"organ": act["organ"], "title": act["title"], "rule": rule, "by": context.holder}
    optional = {field: act.get(field) for field in ("symbol", "date", "text", "enacts")}
    register.proposals[name] = row(about | {"tabled": context.stamp, "status": "tabled"}, **optional)


def _proposal_withdraw(register: Register, act: Json, context: Context) -> Iterator[None]:
    proposal = _named(register.proposals, act["proposal"], "proposal")
    by, status, rounds = proposal["by"], proposal["status"], proposal.get("rounds", 0)
    _must(context.holder == by, "proposal.by", f"{context.holder} did not table it: {by} did")
    _must(status == "tabled" and not rounds, "proposal.status", f"it is {status} after {rounds} votes")
    yield
    proposal["status"] = "withdrawn"


# Votes


def _competent(register: Register, proposal: Json) -> None:
    """The competence for what a proposal enacts is still there, and its rule still the proposal's."""
    kind, organ, rule = proposal["enacts"]["kind"], proposal["organ"], proposal["rule"]
    still = register.competence(kind, organ).get("rule") == rule
    _must(still, "competence.changed", f"{organ} is no longer competent for {kind} by {rule}")


def _vote_open(register: Register, act: Json, context: Context) -> Iterator[None]:
    proposal = _named(register.proposals, act["proposal"], "proposal")
    name, status = proposal["organ"], proposal["status"]
    organ = _chaired(register, name, context)
    _must(status == "tabled", "proposal.status", f"the proposal is {status}, not tabled")
    if "enacts" in proposal:
        _competent(register, proposal)
    else:
        _must(proposal["rule"] in organ["rules"], "rule.other", f"{proposal['rule']} is no longer a rule of {name}")
    meeting = register.meetings.get(act.get("meeting", ""), {})
    sits = meeting.get("organ") == name and meeting.get("status") == "open"
    why = f"{name} votes in an open meeting of its own" if "opens" in organ else f"{name} votes without a meeting"
    _must(sits if "opens" in organ else "meeting" not in act, "vote.meeting", why)
    rule = register.articles[proposal["rule"]]["provision"]
    lasts, least = act["deadline"] - context.stamp, max(1, rule.get("least", 0))
    _must(lasts >= least, "vote.deadline", f"the deadline is {lasts} ms after the stamp; at least {least} are due")
    _must(register.seats(organ["electorate"]), "organ.empty", f"{name} has no seat")
    yield
    roll = register.enter_roll(organ["electorate"])
    places = register.places(roll)
    positions = bytearray(b"-" * len(places))
    if meeting and "present" in rule["positions"]:
        for member, place in register.places(meeting["roll"]).items():
            if meeting["present"][place] == "p" and member in places:
                positions[places[member]] = ord("p")
    proposal.update(status="voting", rounds=proposal.get("rounds", 0) + 1)
    vote = f"{act['proposal']}/{proposal['rounds']}"
    about = {"proposal": act["proposal"], "organ": name, "roll": roll, "rule": rule, "positions": positions.decode()}
    times = {"opened": context.stamp, "deadline": act["deadline"]}
    register.votes[vote] = row(about | times, meeting=act.get("meeting"))
    admitted = frozenset(ord(rules.CHARACTERS[position]) for position in rule["positions"])
    register.running[vote] = Running(places, positions, admitted, act["deadline"])


def _still_open(vote: Json, context: Context) -> None:
    still = "closed" not in vote and context.stamp <= vote["deadline"]
    until = vote.get("closed", vote["deadline"])
    _must(still, "vote.closed", f"the vote closed at {until}, and the stamp is {context.stamp}")


def _vote_cast(register: Register, act: Json, context: Context) -> Iterator[None]:
    vote = _named(register.votes, act["vote"], "vote")
    member = _seated(context, register.places(vote["roll"]), f"the vote {act['vote']}")
    _still_open(vote, context)
    position, admitted = act["position"], vote["rule"]["positions"]
    _must(position in admitted, "vote.position", f"{position} is not a position of the rule ({', '.join(admitted)})")
    yield
    running = register.running[act["vote"]]
    running.positions[running.seats[member]] = ord(rules.CHARACTERS[position])


def _vote_close(register: Register, act: Json, context: Context) -> Iterator[None]:
    vote = _named(register.votes, act["vote"], "vote")
    _chaired(register, vote["organ"], context)
    _still_open(vote, context)
    _must("early" in vote["rule"], "vote.early", "the rule does not let a vote be closed before its deadline")
    yield
    # A zero is left out of the row, so in the first millisecond of 1970 closing has no effect.
    if context.stamp:
        vote["closed"] = context.stamp
        register.running[act["vote"]] = register.running[act["vote"]]._replace(deadline=-1)


def _vote_declare(register: Register, act: Json, context: Context) -> Iterator[None]:
    name = act["vote"]
    vote = _named(register.votes, name, "vote")
    _must(name not in register.decisions, "vote.declared", f"the vote {name} was declared already")
    over = "closed" in vote or context.stamp > vote["deadline"]
    _must(over, "vote.running", f"the vote runs until {vote['deadline']}, and the stamp is {context.stamp}")
    organ, (sort, _, who) = register.provision(vote["organ"], "organ"), context.holder.partition("/")
    seated = sort == "member" and who in register.places(vote["roll"])
    may = seated or (sort == "office" and who == organ.get("chair"))
    _must(may, "declare.by", f"{context.holder} neither presides over {vote['organ']} nor has a seat in the vote")
    tally = register.tally(name)
    counts, found = rules.counts(vote["rule"], tally), rules.outcome(vote["rule"], tally)
    _must(act["counts"] == counts, "declare.counts", f"declared are {act['counts']}, recounted are {counts}")
    declared = (act["outcome"], act.get("reason", ""))
    _must(declared == found, "declare.outcome", f"declared is {declared}, by the rule it is {found}")
    yield
    vote["positions"] = register.running.pop(name).positions.decode()
    proposal = register.proposals[vote["proposal"]]
    about = {"outcome": act["outcome"], "counts": counts, "declared": context.stamp}
    decision = register.decisions[name] = row(about, reason=act.get("reason"))
    proposal["status"] = "tabled" if act["outcome"] == "undecided" else act["outcome"]
    if act["outcome"] == "adopted" and "enacts" in proposal:
        _enact(register, proposal, decision, context)


def _enact(register: Register, proposal: Json, decision: Json, context: Context) -> None:
    """Checks the enacted act once more, against the register now, and brings it about or notes the refusal."""
    enacts = proposal["enacts"]
    try:
        register.organ(proposal["organ"])
        _competent(register, proposal)
        effects = require(enacts["kind"], register, enacts["act"], context._replace(holder=""))
    except Refused as refusal:
        decision.update(effect="refused", refused=refusal.code)
        proposal["status"] = "without_effect"
    else:
        for _ in effects:
            pass
        decision["effect"] = "enacted"


KINDS: dict[str, Kind] = {
    **{kind: _charter(kind) for kind in ("charter.add", "charter.replace", "charter.repeal")},
    "organisation.found": _organisation_found,
    "edition.raise": _edition_raise,
    "member.admit": _member_admit,
    "member.status": _member_status,
    "key.add": _key_add,
    "key.revoke": _key_revoke,
    "meeting.convene": _meeting_convene,
    "meeting.attend": _meeting_attend,
    "meeting.open": _meeting_open,
    "meeting.close": _meeting_close,
    "proposal.table": _proposal_table,
    "proposal.withdraw": _proposal_withdraw,
    "vote.open": _vote_open,
    "vote.cast": _vote_cast,
    "vote.close": _vote_close,
    "vote.declare": _vote_declare,
}
