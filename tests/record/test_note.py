# SPDX-License-Identifier: Apache-2.0
"""Notes and their keys, checkpoints, cosignatures: what is written is read, and nothing else is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.record import checkpoint, cosignature, ed25519, note
from comity.record.errors import CheckpointError, NoteError, RecordError
from comity.record.merkle import EMPTY_ROOT

# The example of the specification.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
).encode()

ORIGIN = "acts.example.int/1"
LOG = note.NoteSigner(ORIGIN, ed25519.SigningKey(b"l" * 32))
NEXT = note.NoteSigner(ORIGIN, ed25519.SigningKey(b"n" * 32))
WITNESS = cosignature.Cosigner("witness.example.int", ed25519.SigningKey(b"w" * 32))
HEAD = checkpoint.Checkpoint(ORIGIN, 12, b"\x07" * 32)
SIGNED = checkpoint.sign(HEAD, LOG)

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1, max_size=9)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))), max_size=9)
note_texts = st.lists(lines, min_size=1, max_size=6).map(lambda found: "\n".join(found) + "\n")
note_signatures = st.builds(
    note.NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90)
)
notes = st.builds(note.Note, note_texts, st.lists(note_signatures, min_size=1, max_size=5).map(tuple))


def test_the_example_of_the_specification() -> None:
    """The example key verifies the example note, and both are written back byte for byte."""
    key = note.VerifierKey.parse(SPEC_KEY)
    read = note.parse(SPEC_NOTE)
    assert read.text == "This is an example message.\n"
    assert note.verify(read, [key]) == [key]
    assert (key.vkey(), note.format(read)) == (SPEC_KEY, SPEC_NOTE)


@given(notes)
@settings(max_examples=200, deadline=None)
def test_notes_are_read_as_they_were_written(one: note.Note) -> None:
    """Whatever the text holds, empty lines and dashes included, the last empty line separates."""
    assert note.parse(note.format(one)) == one


@given(notes, st.data())
@settings(max_examples=200, deadline=None)
def test_changed_notes(one: note.Note, data: st.DataObject) -> None:
    """A note with one byte changed is refused, or reads as another note; never as the same."""
    raw = bytearray(note.format(one))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        assert note.parse(bytes(raw)) != one
    except NoteError:
        pass


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes(data: bytes) -> None:
    """Arbitrary bytes are no note, unless writing the note they make gives them back."""
    try:
        read = note.parse(data)
    except NoteError:
        return
    assert note.format(read) == data


def test_keys_and_signers() -> None:
    """A signer's key verifies its notes; a key is read as it is written; no secret is shown."""
    assert note.VerifierKey.parse(LOG.key.vkey()) == LOG.key
    signed = note.Note("text\n", (LOG.sign("text\n"),))
    assert note.verify(signed, [LOG.key]) == [LOG.key]
    assert "llllllll" not in repr(LOG)
    assert "llllllll" not in repr(LOG).encode().hex()
    assert LOG.name == ORIGIN


def test_unknown_keys_are_ignored_and_known_ones_bind() -> None:
    """A line by a stranger changes nothing; one bad line by a known key rejects the note."""
    text = "text\n"
    good, stranger = LOG.sign(text), note.NoteSignature("stranger", b"abcd", b"anything")
    bad_next = note.NoteSignature(NEXT.name, NEXT.key.key_hash, LOG.sign(text).blob)
    assert note.verify(note.Note(text, (stranger, good)), [LOG.key, NEXT.key]) == [LOG.key]
    assert note.verify(note.Note(text, (good, bad_next)), [LOG.key]) == [LOG.key]
    with pytest.raises(NoteError, match="does not hold"):
        note.verify(note.Note(text, (good, bad_next)), [LOG.key, NEXT.key])
    with pytest.raises(NoteError, match="No key"):
        note.verify(note.Note(text, (stranger,)), [LOG.key])
    with pytest.raises(NoteError, match="No key"):
        note.verify(note.Note(text, (good,)), [])
    with pytest.raises(NoteError, match="does not hold"):
        note.verify(note.Note("other\n", (good,)), [LOG.key])


def test_same_name_or_same_hash_is_not_the_same_key() -> None:
    """Only name and key hash together make a key known."""
    text = "text\n"
    signature = LOG.sign(text)
    for stranger in (
        note.NoteSignature("other", signature.key_hash, signature.blob),
        note.NoteSignature(signature.name, b"\0\0\0\0", signature.blob),
    ):
        with pytest.raises(NoteError, match="No key"):
            note.verify(note.Note(text, (stranger,)), [LOG.key])


def test_two_keys_during_a_change() -> None:
    """A log that changes its key signs with both, and either key suffices to read it."""
    data = checkpoint.sign(HEAD, LOG, NEXT)
    for keys in ([LOG.key], [NEXT.key], [NEXT.key, LOG.key]):
        assert checkpoint.open_checkpoint(data, ORIGIN, keys) == HEAD
    assert note.verify(note.parse(data), [NEXT.key, LOG.key]) == [LOG.key, NEXT.key]


def test_signatures_are_added_once() -> None:
    """Cosignatures join a note after the log's own, and the same one is not repeated."""
    read = note.parse(SIGNED)
    extra = WITNESS.cosign(read.text, 5)
    joined = note.with_signatures(read, extra, extra, read.signatures[0])
    assert joined.signatures == (*read.signatures, extra)
    assert note.format(joined) == SIGNED + extra.line().encode()
    assert note.parse_signature(extra.line().removesuffix("\n")) == extra


def test_sixteen_and_more_signatures() -> None:
    """Sixteen signatures must be read; beyond a hundred a note is refused, as Go refuses it."""
    text = "text\n"
    for count in (16, 100):
        many = tuple(note.NoteSignature(f"n{i}", b"abcd", b"x") for i in range(count))
        assert note.parse(note.format(note.Note(text, many))).signatures == many
    more = "".join(note.NoteSignature(f"n{i}", b"abcd", b"x").line() for i in range(101))
    with pytest.raises(NoteError, match="101"):
        note.parse(f"{text}\n{more}".encode())


LINE = "— name YWJjZHg=\n"
HOSTILE_NOTES = {
    "nothing": (b"", "empty line"),
    "no signature": (b"text\n\n", "signature line"),
    "no empty line": (f"text\n{LINE}".encode(), "empty line"),
    "no newline at the end": (f"text\n\n{LINE}".encode()[:-1], "empty line"),
    "text after the signatures": (f"text\n\n{LINE}more\n".encode(), "does not read"),
    "a hyphen for the dash": (b"text\n\n- name YWJjZHg=\n", "does not read"),
    "no space after the dash": ("text\n\n—name YWJjZHg=\n".encode(), "does not read"),
    "no signature after the name": ("text\n\n— name\n".encode(), "does not read"),
    "no name": ("text\n\n—  YWJjZHg=\n".encode(), "key name"),
    "a plus in the name": ("text\n\n— na+me YWJjZHg=\n".encode(), "key name"),
    "a no-break space in the name": ("text\n\n— na\xa0me YWJjZHg=\n".encode(), "key name"),
    "an ideographic space in the name": ("text\n\n— na\u3000me YWJjZHg=\n".encode(), "key name"),
    "a line separator in the name": ("text\n\n— na\u2028me YWJjZHg=\n".encode(), "key name"),
    "two spaces before the signature": ("text\n\n— name  YWJjZHg=\n".encode(), "base64"),
    "a key hash alone": ("text\n\n— name YWJjZA==\n".encode(), "no more than"),
    "no padding": ("text\n\n— name YWJjZHg\n".encode(), "base64"),
    "unused bits set": ("text\n\n— name YWJjZHh=\n".encode(), "base64"),
    "the other alphabet": ("text\n\n— name YWJjZH-_eHh4\n".encode(), "base64"),
    "a carriage return": (f"text\r\n\n{LINE}".encode(), "character"),
    "a tab": (f"te\txt\n\n{LINE}".encode(), "character"),
    "a null": (f"te\0xt\n\n{LINE}".encode(), "character"),
    "no UTF-8": (f"text\n\n{LINE}".encode().replace(b"text", b"te\xff\xfe"), "UTF-8"),
    "a surrogate": (b"te\xed\xa0\x80\n\n" + LINE.encode(), "UTF-8"),
    "over a million bytes": (b"x" * 1_000_000 + b"\n\n" + LINE.encode(), "at most"),
}


@pytest.mark.parametrize("name", HOSTILE_NOTES)
def test_hostile_notes(name: str) -> None:
    """Each malformed note is refused with a sentence that says what was found."""
    data, reason = HOSTILE_NOTES[name]
    with pytest.raises(NoteError, match=reason):
        note.parse(data)


def test_notes_that_could_not_be_read_are_not_written() -> None:
    """Writing refuses what reading would refuse."""
    good = note.NoteSignature("name", b"abcd", b"x")
    for bad in (
        note.Note("no newline", (good,)),
        note.Note("a\ttab\n", (good,)),
        note.Note("\ud800\n", (good,)),
        note.Note("text\n", ()),
        note.Note("text\n", (note.NoteSignature("na me", b"abcd", b"x"),)),
        note.Note("text\n", (note.NoteSignature("\ud800", b"abcd", b"x"),)),
        note.Note("text\n", (note.NoteSignature("", b"abcd", b"x"),)),
        note.Note("text\n", (note.NoteSignature("name", b"abc", b"x"),)),
        note.Note("text\n", (note.NoteSignature("name", b"abcd", b""),)),
        note.Note("text\n", (good,) * 101),
        note.Note("x" * 1_000_000 + "\n", (good,)),
    ):
        with pytest.raises(NoteError):
            note.format(bad)
    for text in ("no newline", "a\ttab\n", "\ud800\n"):
        with pytest.raises(NoteError):
            LOG.sign(text)
    for name in ("", "na me", "na+me", "na\nme", "\ud800"):
        with pytest.raises(NoteError):
            note.NoteSigner(name, ed25519.SigningKey(b"x" * 32))


def test_hostile_verifier_keys() -> None:
    """A key with a wrong hash, type, length or spelling is refused; a type-04 key is a cosigner's."""
    vkey = LOG.key.vkey()
    name, hint, material = vkey.split("+", 2)
    wrong_hint = f"{name}+{'0' * 8}+{material}"
    short = base64.b64encode(b"\x01" + b"x" * 31).decode()
    for bad in ("", "name", "name+00000000", wrong_hint, f"{name}+{hint.upper()}+{material}",
                f"{name}+{hint}+{short}", f"{name}+{hint}+{material[:-1]}", f"+{hint}+{material}",
                f"na me+{hint}+{material}", WITNESS.key.vkey()):  # fmt: skip
        with pytest.raises(NoteError):
            note.VerifierKey.parse(bad)
    with pytest.raises(NoteError, match="type 01"):
        cosignature.CosignerKey.parse(vkey)
    assert cosignature.parse_key(vkey) == LOG.key
    assert cosignature.parse_key(WITNESS.key.vkey()) == WITNESS.key
    ecdsa = note.join_vkey("name", 2, b"x" * 32)
    with pytest.raises(NoteError, match="type 02"):
        cosignature.parse_key(ecdsa)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
@settings(max_examples=100, deadline=None)
def test_checkpoints_are_read_as_they_were_written(origin: str, size: int, root: bytes) -> None:
    """Origin, size and root come back; under another origin the checkpoint is refused."""
    head = checkpoint.Checkpoint(origin, size, root)
    assert checkpoint.parse_text(head.text()) == head
    data = checkpoint.sign(head, LOG)
    assert checkpoint.open_checkpoint(data, origin, [LOG.key]) == head
    with pytest.raises(CheckpointError, match="not of"):
        checkpoint.open_checkpoint(data, origin + "x", [LOG.key])
    with pytest.raises(NoteError, match="No key"):
        checkpoint.open_checkpoint(data, origin, [NEXT.key])


ROOT = base64.b64encode(b"\x07" * 32).decode()
HOSTILE_CHECKPOINTS = {
    "two lines": f"{ORIGIN}\n12\n",
    "an extension line": f"{ORIGIN}\n12\n{ROOT}\nextension\n",
    "an empty line after": f"{ORIGIN}\n12\n{ROOT}\n\n",
    "no newline at the end": f"{ORIGIN}\n12\n{ROOT}",
    "no origin": f"\n12\n{ROOT}\n",
    "a leading zero": f"{ORIGIN}\n012\n{ROOT}\n",
    "a sign": f"{ORIGIN}\n+12\n{ROOT}\n",
    "a negative size": f"{ORIGIN}\n-1\n{ROOT}\n",
    "a space": f"{ORIGIN}\n12 \n{ROOT}\n",
    "digits that are not ASCII": f"{ORIGIN}\n１２\n{ROOT}\n",
    "an underscore": f"{ORIGIN}\n1_2\n{ROOT}\n",
    "no size": f"{ORIGIN}\n\n{ROOT}\n",
    "2^63": f"{ORIGIN}\n{2**63}\n{ROOT}\n",
    "a thousand digits": f"{ORIGIN}\n{'9' * 1000}\n{ROOT}\n",
    "ten thousand digits": f"{ORIGIN}\n{'9' * 10_000}\n{ROOT}\n",
    "a short root": f"{ORIGIN}\n12\n{base64.b64encode(b'x' * 31).decode()}\n",
    "a root without padding": f"{ORIGIN}\n12\n{ROOT[:-1]}\n",
    "a root with unused bits set": f"{ORIGIN}\n12\n{ROOT[:-2]}d=\n",
    "an empty log with a root": f"{ORIGIN}\n0\n{ROOT}\n",
}


@pytest.mark.parametrize("name", HOSTILE_CHECKPOINTS)
def test_hostile_checkpoints(name: str) -> None:
    """A text that is not three lines in order is no checkpoint, even if the log signed it."""
    text = HOSTILE_CHECKPOINTS[name]
    with pytest.raises(CheckpointError):
        checkpoint.parse_text(text)
    with pytest.raises(CheckpointError):
        WITNESS.cosign(text, 1)
    if text.endswith("\n"):
        signed = note.format(note.Note(text, (LOG.sign(text),)))
        with pytest.raises(CheckpointError):
            checkpoint.open_checkpoint(signed, ORIGIN, [LOG.key])


def test_the_empty_log() -> None:
    """A log of no leaves has the empty root, and says so."""
    head = checkpoint.Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert checkpoint.open_checkpoint(checkpoint.sign(head, LOG), ORIGIN, [LOG.key]) == head
    for bad in (
        checkpoint.Checkpoint("a\nb", 1, b"x" * 32),
        checkpoint.Checkpoint("\ud800", 1, b"x" * 32),
        checkpoint.Checkpoint("", 1, b"x" * 32),
        checkpoint.Checkpoint(ORIGIN, -1, b"x" * 32),
        checkpoint.Checkpoint(ORIGIN, 1, b"x" * 33),
    ):
        with pytest.raises(RecordError):
            checkpoint.sign(bad, LOG)


@given(st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_cosignatures(time: int) -> None:
    """A cosignature holds for its checkpoint and time, and for no other."""
    signature = WITNESS.cosign(HEAD.text(), time)
    joined = note.with_signatures(note.parse(SIGNED), signature)
    read = note.parse(note.format(joined))
    assert cosignature.verify(read, [WITNESS.key]) == [cosignature.Cosignature(WITNESS.key, time)]
    assert checkpoint.open_checkpoint(note.format(joined), ORIGIN, [LOG.key]) == HEAD
    later = note.NoteSignature(
        signature.name, signature.key_hash, ((time + 1) % 2**64).to_bytes(8, "big") + signature.blob[8:]
    )
    for bad in (
        note.Note(read.text, (later,)),
        note.Note(read.text.replace("12", "13"), (signature,)),
        note.Note(read.text, (note.NoteSignature(signature.name, signature.key_hash, signature.blob[:-1]),)),
        note.Note(read.text, (note.NoteSignature(signature.name, signature.key_hash, signature.blob[8:]),)),
    ):
        with pytest.raises(NoteError, match="does not hold"):
            cosignature.verify(bad, [WITNESS.key])


def test_cosigners_the_caller_does_not_know() -> None:
    """Unknown cosigners are ignored; how many suffice is not decided here, so none is no error."""
    joined = note.with_signatures(note.parse(SIGNED), WITNESS.cosign(HEAD.text(), 9))
    other = cosignature.Cosigner("other", ed25519.SigningKey(b"o" * 32))
    assert cosignature.verify(joined, [other.key]) == []
    assert "wwwwwwww" not in repr(WITNESS)
    for time in (-1, 2**63):
        with pytest.raises(NoteError, match="2\\^63"):
            WITNESS.cosign(HEAD.text(), time)


def test_a_time_beyond_the_specification() -> None:
    """A time of 2^63 or more is refused even where the cosigner signed it."""
    key = ed25519.SigningKey(b"w" * 32)
    for time, holds in ((2**63 - 1, True), (2**63, False), (2**64 - 1, False)):
        stated = f"cosignature/v1\ntime {time}\n{HEAD.text()}".encode()
        assert WITNESS.key.holds(HEAD.text(), time.to_bytes(8, "big") + key.sign(stated)) is holds


def test_a_cosignature_is_no_signature_of_the_log() -> None:
    """The same key and name in the other type are another key: a cosignature never stands for the log."""
    key = ed25519.SigningKey(b"s" * 32)
    signer, cosigner = note.NoteSigner("same", key), cosignature.Cosigner("same", key)
    assert signer.key.key_hash != cosigner.key.key_hash
    text = HEAD.text()
    with pytest.raises(NoteError, match="No key"):
        note.verify(note.Note(text, (cosigner.cosign(text, 1),)), [signer.key])
    assert cosignature.verify(note.Note(text, (signer.sign(text),)), [cosigner.key]) == []
