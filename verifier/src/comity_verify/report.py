# SPDX-License-Identifier: Apache-2.0
"""What a verdict says to people, and to programs."""

import json
from typing import Any

from comity_verify import rules
from comity_verify.rules import CHARACTERS
from comity_verify.verify import UNKNOWN_EDITION, Verdict

_SHOWN = 20  # faults and void entries; the JSON object has them all

_MARKS = {
    "replay": "THIS RECORD IS A REPLAY. Its keys were made on the spot; no state signed anything.",
    "simulation": "THIS RECORD IS A SIMULATION. Nobody decided anything; its keys were made on the spot.",
}


def plain(text: str) -> str:
    """Text of unknown origin, harmless on a terminal: what cannot be printed is written as an escape."""
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in text])


def as_json(verdict: Verdict) -> str:
    """One line: the verdict as a JSON object in ASCII."""
    fold, checkpoint = verdict.fold, verdict.checkpoint
    about: dict[str, Any] = fold.register.organisation
    return json.dumps(
        {
            "ok": verdict.ok,
            "size": 0 if checkpoint is None else checkpoint.size,
            "root": verdict.root,
            "register": verdict.register,
            "acts": fold.acts,
            "decisions": len(fold.register.decisions),
            "seconds": round(verdict.seconds, 3),
            "anchor": verdict.anchor,
            "organisation": about.get("id", ""),
            "origin": about.get("origin", ""),
            "name": about.get("name", ""),
            "mark": about.get("mark", ""),
            "edition": about.get("edition", 0),
            "void": [{"index": v.number, "code": v.code, "why": v.why} for v in fold.void],
            "faults": [*verdict.faults, *([verdict.unreadable] if verdict.unreadable else [])],
            "cosigned": verdict.cosigned,
            "not_recomputed": verdict.not_recomputed,
        }
    )


def as_text(verdict: Verdict) -> str:
    """The verdict as a page for people."""
    lines: list[str] = [""]
    fold, checkpoint = verdict.fold, verdict.checkpoint
    about: dict[str, Any] = fold.register.organisation
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
        lines += _checked(verdict)
    lines += _problems(verdict)
    lines += ["  Not recomputed"]
    lines += [f"    - {what}" for what in verdict.not_recomputed]
    lines += ["", f"  {_conclusion(verdict)}  ({verdict.seconds:.1f} s)", ""]
    return "\n".join([plain(line) for line in lines])


def _checked(verdict: Verdict) -> list[str]:
    fold, register = verdict.fold, verdict.fold.register
    outcomes = [decision["outcome"] for decision in register.decisions.values()]
    counted = ", ".join([f"{outcomes.count(o)} {o}" for o in ("adopted", "rejected", "undecided")])
    lines = [
        "  Recomputed",
        f"    {verdict.bundles:>11,}  entry bundles and {verdict.tiles:,} hash tiles, up to the root",
        f"    {fold.acts:>11,}  acts in order: form, keys, counters, expiry, signatures, charter",
        f"    {len(register.members):>11,}  members, {len(register.keys):,} keys, {len(register.articles):,} articles",
        f"    {len(register.proposals):>11,}  proposals, {len(register.votes):,} votes opened",
        f"    {len(outcomes):>11,}  decisions recounted: {counted}",
    ]
    lines += [f"    {'':>11}  cosigned by {who}" for who in verdict.cosigned]
    return [*lines, ""]


def _problems(verdict: Verdict) -> list[str]:
    lines = []
    if verdict.unreadable:
        lines += ["  Could not be read", f"    ! {verdict.unreadable}", ""]
    if verdict.faults:
        lines += ["  What is wrong"]
        lines += [f"    ! {fault}" for fault in verdict.faults[:_SHOWN]]
        lines += [*_more(len(verdict.faults)), ""]
    if verdict.fold.void:
        lines += ["  Void entries: the host logged them although they are not in order"]
        lines += [f"    ! entry {void.number}, {void.code}: {void.why}" for void in verdict.fold.void[:_SHOWN]]
        lines += [*_more(len(verdict.fold.void)), ""]
    return lines


def _more(count: int) -> list[str]:
    return [f"    … and {count - _SHOWN:,} more (--json has all)"] if count > _SHOWN else []


def _conclusion(verdict: Verdict) -> str:
    if verdict.ok:
        return "Valid: everything above follows from the signed acts alone."
    if verdict.exit_code == UNKNOWN_EDITION:
        return "Valid as far as this program knows the rules; the rest needs a later release."
    return "NOT VALID." if verdict.faults or verdict.fold.void else "NOT VERIFIED: the record could not be read."


def explain(verdict: Verdict, vote: str) -> str:
    """The recount of one vote, so that a reader can do it again with pencil and paper."""
    register = verdict.fold.register
    about = register.votes.get(vote)
    if about is None:
        return plain(f"  There is no vote {vote[:80]}; vote ids have the form <proposal>/<round>.\n")
    tally = register.tally(vote)
    lines = [
        f"  Vote {vote}: {register.proposals[about['proposal']]['title']}",
        f"    organ {about['organ']}, round {tally.round}, {len(tally.positions)} seats",
        f"    opened {about['opened']}, deadline {about['deadline']}"
        + (f", closed early {about['closed']}" if "closed" in about else ""),
    ]
    names = {character: position for position, character in CHARACTERS.items()} | {"-": "(none)"}
    for character in "ynaop-":
        seats = [m for m, c in zip(tally.roll["seats"], tally.positions, strict=True) if c == character]
        if seats:
            lines.append(f"    {names[character]:8} {len(seats):>4}  {' '.join(seats)}")
    lines += [f"    {line}" for line in rules.explain(about["rule"], tally)]
    decision = register.decisions.get(vote)
    if decision is None:
        lines.append("    not declared yet")
    else:
        effect = {"enacted": "; what it carries was enacted", "": ""}.get(
            decision.get("effect", ""), f"; without effect, refused with {decision.get('refused')}"
        )
        reason = f" ({decision['reason']})" if "reason" in decision else ""
        lines.append(f"    declared {decision['declared']}: {decision['outcome']}{reason}{effect}")
    return "\n".join([plain(line) for line in ["", *lines, ""]])
