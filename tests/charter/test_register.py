# SPDX-License-Identifier: Apache-2.0
"""The register and drafts over it: what is read, what is merged, what the digest covers."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

import comity.domains  # noqa: F401  (completes the registries)
from comity.charter.register import Draft, Register, table
from comity.charter.tables import Key, Member


def _member(name: str) -> Member:
    return Member(name=name, status="member")


def test_a_draft_is_seen_by_nobody_until_it_is_merged() -> None:
    """What is put, replaced, removed or counted in a draft shows in it at once, below only after the merge."""
    register = Register()
    register.put("A", _member("old"))
    register.put("B", _member("gone"))
    register.count("k", 1)
    draft = Draft(register)
    assert draft.rows(Member) == register.rows(Member)
    draft.put("A", _member("new"))
    draft.put("C", _member("added"))
    draft.remove(Member, "B")
    draft.count("k", 2)
    assert draft.rows(Member) == {"A": _member("new"), "C": _member("added")}
    assert (draft.get(Member, "B"), draft.get(Member, "C")) == (None, _member("added"))
    assert (draft.counter("k"), draft.counter("other")) == (2, 0)
    assert register.rows(Member) == {"A": _member("old"), "B": _member("gone")}
    assert (register.get(Member, "C"), register.counter("k")) == (None, 1)
    promised = draft.digest()
    assert promised != register.digest()
    draft.merge()
    assert register.rows(Member) == {"A": _member("new"), "C": _member("added")}
    assert (register.counter("k"), register.digest()) == (2, promised)


operation = st.tuples(st.sampled_from(["put", "remove", "merge", "draft"]), st.sampled_from("ABC"), st.integers(0, 3))


@given(st.lists(operation, max_size=30))
def test_drafts_over_drafts_are_one_register(operations: list[tuple[str, str, int]]) -> None:
    """Whatever is put, removed, merged and drafted anew, the uppermost draft reads as a plain dictionary would."""
    stack: list[Register] = [Register()]
    plain: dict[str, Member] = {}
    for what, key, number in operations:
        if what == "put":
            plain[key] = _member(str(number))
            stack[-1].put(key, plain[key])
        elif what == "remove" and key in plain:
            del plain[key]
            stack[-1].remove(Member, key)
        elif what == "draft":
            stack.append(Draft(stack[-1]))
        elif what == "merge" and len(stack) > 1:
            upper = stack.pop()
            assert isinstance(upper, Draft)
            upper.merge()
        assert stack[-1].rows(Member) == plain
        assert {name: stack[-1].get(Member, name) for name in "ABC"} == {name: plain.get(name) for name in "ABC"}
        straight = Register()
        for name, row in plain.items():
            straight.put(name, row)
        assert stack[-1].digest() == straight.digest()


def test_the_digest_of_nothing() -> None:
    """An empty register has the digest of an empty object; a table emptied again is as if it had never been."""
    nothing = sha256(b"{}").hexdigest()
    register = Register()
    assert register.digest() == nothing
    register.put("A", _member("A"))
    assert register.digest() != nothing
    register.remove(Member, "A")
    assert register.digest() == nothing


def test_the_digest_of_a_row() -> None:
    """Written out by hand: zero values are left out, those of a map are kept."""
    register = Register()
    register.put("A", Member(name="Å", status="member", weights={"people": 0}))
    row = '["A",{"name":"Å","status":"member","weights":{"people":0}}]\n'
    tables = f'{{"members":"{sha256(row.encode()).hexdigest()}"}}'
    assert register.digest() == sha256(tables.encode()).hexdigest()


def test_order_of_entry_does_not_matter() -> None:
    """Rows are sorted by key."""
    one, other = Register(), Register()
    for register, names in ((one, "AB"), (other, "BA")):
        for name in names:
            register.put(name, Key(alg="ed25519", key=name, holder="member/A"))
    assert one.digest() == other.digest()


def test_a_table_has_one_row_type() -> None:
    """Two row types for one table are an error of the program, found when it starts."""
    with pytest.raises(ValueError, match="members"):
        table("members")(Member)
