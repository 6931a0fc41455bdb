# SPDX-License-Identifier: Apache-2.0
"""What a verdict says to people, and to programs."""

import json

from comity_verify import rules
from comity_verify.verify import UNKNOWN_EDITION, UNREADABLE, VALID, Verdict

_SHOWN = 20  # faults and void entries; the JSON object has them all
_MARKS = {
    "replay": "THIS RECORD IS A REPLAY. Its keys were made on the spot; no state signed anything.",
    "simulation": "THIS RECORD IS A SIMULATION. Its keys were made on the spot; nobody decided anything.",
}


def plain(text: str) -> str:
    """Text of unknown origin, harmless on a terminal: what cannot be printed is written as an escape."""
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in text])


def as_json(verdict: Verdict) -> str:
    """One line: the verdict as a JSON object in ASCII."""
    fold, about = verdict.fold, verdict.fold.register.organisation
    size = verdict.checkpoint.size if verdict.checkpoint else 0
    found = {"ok": verdict.exit_code == VALID, "size": size, "root": verdict.root, "register": verdict.register}
    found |= {"acts": fold.acts, "decisions": len(fold.register.decisions), "seconds": round(verdict.seconds, 3)}
    found |= {"anchor": verdict.anchor, "organisation": about.get("id", ""), "edition": about.get("edition", 0)}
    found |= {"faults": verdict.faults + ([verdict.unreadable] if verdict.unreadable else []), "void": fold.void}
    found |= {"cosigned": verdict.cosigned, "not_recomputed": verdict.not_recomputed}
    return json.dumps(found | {name: about.get(name, "") for name in ("origin", "name", "mark")})


def as_text(verdict: Verdict) -> str:
    """The verdict as a page for people."""
    lines, about, checkpoint = [""], verdict.fold.register.organisation, verdict.checkpoint
    if about:
        lines += [f"  {about['name']}", ""]
        if "mark" in about:
            lines += [f"  {_MARKS[about['mark']]}", ""]
        lines += [f"  origin        {about['origin']}", f"  organisation  {about['id']}"]
        lines += [f"  anchor        {verdict.anchor}"]
    if checkpoint is not None:
        lines += [f"  size          {checkpoint.size:,}", f"  root          {verdict.root or 'not reached'}"]
        lines += [f"  register      {verdict.register or 'not reached'}", ""]
    if verdict.register:
        lines += _recomputed(verdict)
    lines += _listed("Could not be read", [verdict.unreadable] if verdict.unreadable else [])
    lines += _listed("What is wrong", verdict.faults)
    void = [f"entry {void['index']}, {void['code']}: {void['why']}" for void in verdict.fold.void]
    lines += _listed("Void entries: the host logged them although they are not in order", void)
    lines += ["  Not recomputed", *[f"    - {what}" for what in verdict.not_recomputed]]
    lines += ["", f"  {_conclusion(verdict)}  ({verdict.seconds:.1f} s)", ""]
    return "\n".join([plain(line) for line in lines])


def _recomputed(verdict: Verdict) -> list[str]:
    fold, register = verdict.fold, verdict.fold.register
    outcomes = [decision["outcome"] for decision in register.decisions.values()]
    counted = ", ".join([f"{outcomes.count(o)} {o}" for o in ("adopted", "rejected", "undecided")])
    counts = [
        (verdict.tiles, "tiles of entries and hashes, up to the root"),
        (fold.acts, "acts in order: form, keys, counters, expiry, signatures, charter"),
        (len(register.members), f"members, {len(register.keys):,} keys, {len(register.articles):,} articles"),
        (len(register.proposals), f"proposals, {len(register.votes):,} votes opened"),
        (len(outcomes), f"decisions recounted: {counted}"),
    ]
    lines = [f"    {count:>11,}  {what}" for count, what in counts]
    return ["  Recomputed", *lines, *[f"                 cosigned by {who}" for who in verdict.cosigned], ""]


def _listed(title: str, what: list[str]) -> list[str]:
    more = [f"    … and {len(what) - _SHOWN:,} more (--json has all)"] if len(what) > _SHOWN else []
    return [f"  {title}", *[f"    ! {one}" for one in what[:_SHOWN]], *more, ""] if what else []


def _conclusion(verdict: Verdict) -> str:
    return {
        VALID: "Valid: everything above follows from the signed acts alone.",
        UNKNOWN_EDITION: "Valid as far as this program knows the rules; the rest needs a later release.",
        UNREADABLE: "NOT VERIFIED: the record could not be read.",
    }.get(verdict.exit_code, "NOT VALID.")


def explain(verdict: Verdict, vote: str) -> str:
    """The recount of one vote, so that a reader can do it again with pencil and paper."""
    register = verdict.fold.register
    about, decision = register.votes.get(vote), register.decisions.get(vote)
    if about is None:
        return plain(f"  There is no vote {vote[:80]}; vote ids have the form <proposal>/<round>.")
    tally = register.tally(vote)
    lines = [
        f"  Vote {vote}: {register.proposals[about['proposal']]['title']}",
        f"    organ {about['organ']}, round {tally.round}, {len(tally.positions)} seats",
        f"    opened {about['opened']}, deadline {about['deadline']}, closed {about.get('closed', 'by its deadline')}",
    ]
    for position, character in (*rules.CHARACTERS.items(), ("(none)", "-")):
        seats = [seat for seat, c in zip(tally.roll["seats"], tally.positions, strict=True) if c == character]
        lines += [f"    {position:8} {len(seats):>4}  {' '.join(seats)}"] if seats else []
    lines += [f"    {line}" for line in rules.explain(about["rule"], tally)]
    if decision is None:
        return "\n".join([plain(line) for line in ["", *lines, "    not declared yet"]])
    refused = f"without effect, refused with {decision.get('refused')}"
    effect = {"": "", "enacted": "; what it carries was enacted"}.get(decision.get("effect", ""), f"; {refused}")
    lines.append(f"    declared {decision['declared']}: {decision['outcome']} {decision.get('reason', '')}{effect}")
    return "\n".join([plain(line) for line in ["", *lines]])
