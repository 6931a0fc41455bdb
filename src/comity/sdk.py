# SPDX-License-Identifier: Apache-2.0
"""The Python client of a node: what a member can do and ask, over HTTP, under the names of the registry.

    client = Client("http://127.0.0.1:8000")
    receipt = client.vote_cast(vote="A/1", position="yes", signers=[key])
    client.proposals(status="adopted")

Typed, the same is said with the registry's own classes, whose fields and answers a type checker knows:

    client.act(CastVote(vote="A/1", position="yes"), [key])
    client.ask(ProposalsView(status="adopted")).items

It signs here, keeps the counters of its keys, waits where the node asks it to (503 with Retry-After), and believes
nothing without a signature: the organisation is the founding act, whose id it recomputes (give `organisation` to
pin it), and each receipt is verified with the log key which that act names.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter, Signature
from types import TracebackType
from typing import Any, Protocol, TypedDict, TypeVar, cast
from urllib.parse import urlsplit

import httpx2
import msgspec

import comity.domains  # noqa: F401  (completes the registry)
from comity.charter.act import KINDS, Act, decode_act
from comity.charter.acts import Found
from comity.charter.fold import open_act, public_keys, verify
from comity.charter.refusal import Refused
from comity.charter.register import Register
from comity.charter.view import VIEWS, Standing, View
from comity.keys import EXPIRY, log_key_of, now, seal
from comity.record import note, proof
from comity.record.ed25519 import SigningKey
from comity.record.envelope import leaf, open_envelope, split_leaf
from comity.record.errors import RecordError
from comity.record.merkle import leaf_hash
from comity.record.tiles import bundle_path, decode_bundle

PATIENCE = 60.0
"""How long a client waits for a busy node in all, in seconds."""

MANY = 500
"""Envelopes in one request of `submit_many`."""


T = TypeVar("T", covariant=True)


class Question(Protocol[T]):
    """A view of the registry, with its parameters; `T` is its answer."""

    def answer(self, register: Register, standing: Standing) -> T:
        """The answer, where the register is at hand."""


class Receipt(TypedDict):
    """Where an act is on the record: its index, id (hex) and stamp (UTC ms), and the proof (C2SP tlog-proof)."""

    index: int
    id: str
    stamp: int
    receipt: str


class Problem(Exception):
    """The node did not do what it was asked, and that is no refusal of an act; the text is a sentence."""

    def __init__(self, text: str, status: int = 0, **facts: Any) -> None:
        super().__init__(text)
        self.status = status
        self.facts = facts


class Unreachable(Problem):
    """Nobody answers at the address."""


class Busy(Problem):
    """The node asked to wait longer than this client has patience for."""


class Unbelievable(Problem):
    """What the node answered does not verify: a receipt, its founding act, another organisation than expected."""


class ActRefused(Refused):
    """The node refused an act. `facts` has the act's id, the size and stamp at which, and the node's signed note."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(
            str(told.get("code", "")),
            str(told.get("rule", told.get("detail", ""))),
            found=told.get("found", ""),
            wanted=told.get("wanted", ""),
            article=str(told.get("article", "")),
        )
        self.facts = {name: told[name] for name in ("act", "size", "stamp", "note") if name in told}


class Organisation(msgspec.Struct, frozen=True):
    """Whose record it is: the founding act's id (hex), name, origin, the log's verifier key, mark."""

    id: str
    name: str
    origin: str
    vkey: str
    mark: str


def verify_receipt(receipt: Receipt, envelope: bytes, vkey: str) -> int:
    """Verify offline that the log of `vkey` holds the envelope at the receipt's index and stamp.

    Gives the size of the record that the proof speaks of; raises RecordError where anything does not hold.
    """
    key = note.VerifierKey.parse(vkey)
    found = proof.parse(receipt["receipt"].encode())
    if found.index != receipt["index"]:
        raise Unbelievable(f"The receipt says entry {receipt['index']}, its proof entry {found.index}.")
    if open_envelope(envelope).id.hex() != receipt["id"]:
        raise Unbelievable(f"The receipt is for another act, {receipt['id']}.")
    hashed = leaf_hash(leaf(receipt["stamp"], envelope))
    return proof.verify_leaf(found, hashed, key.name, [key]).size


class Client:
    """A node at an address. Not to be shared between threads."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        organisation: str = "",
        patience: float = PATIENCE,
        http: httpx2.Client | None = None,
    ) -> None:
        """`organisation` pins the founding act's id; without it the first answer is believed."""
        self.url = url.rstrip("/")
        self.patience = patience
        self._expected = organisation
        # A proxy of the environment has no business with an address of this machine.
        away = urlsplit(self.url).hostname not in ("localhost", "127.0.0.1", "::1")
        self._http = http or httpx2.Client(timeout=30, follow_redirects=False, trust_env=away)
        self._counters: dict[str, int] = {}
        self._identity: Organisation | None = None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # What is done

    def act(
        self,
        kind: str | Act,
        signers: Sequence[SigningKey],
        *,
        counter: int = 0,
        expires: int = 0,
        **fields: Any,
    ) -> Receipt:
        """Sign an act of the kind with all of the keys and send it; raise ActRefused where it is not in order.

        `kind` may be an act itself, typed: `client.act(CastVote(vote="A/1", position="yes"), [key])`. The first
        signer's counter and an expiry in 30 days are filled in where they are not given.
        """
        done = kind if isinstance(kind, Act) else decode_act(_known(kind), fields)
        return self.submit(self.sign(done, signers, counter=counter, expires=expires))

    def sign(self, act: Act, signers: Sequence[SigningKey], *, counter: int = 0, expires: int = 0) -> bytes:
        """The envelope of an act for this node's organisation, signed and not sent."""
        first = signers[0].keyid
        taken = counter or self.next_counter(first)
        self._counters[first] = max(taken, self._counters.get(first, 0))
        return seal(act, signers, counter=taken, organisation=self.identity.id, expires=expires or now() + EXPIRY)

    def submit(self, envelope: bytes) -> Receipt:
        """Send an envelope; give its receipt, verified."""
        self._require_expected()
        answer = self._request("POST", "/v1/acts", content=envelope, media="application/vnd.dsse+json")
        return self._believed(self._receipt(answer.json()), envelope)

    def submit_many(self, envelopes: Sequence[bytes]) -> list[Receipt | Refused]:
        """Send envelopes in order; for each its receipt, verified, or the refusal."""
        self._require_expected()
        answers: list[Receipt | Refused] = []
        deadline = time.monotonic() + self.patience
        while len(answers) < len(envelopes):
            part = envelopes[len(answers) : len(answers) + MANY]
            answer = self._request("POST", "/v1/acts", content=b"\n".join(part) + b"\n", media="application/x-ndjson")
            for envelope, line in zip(part, answer.text.splitlines(), strict=True):
                told = msgspec.json.decode(line, type=dict[str, Any])
                if told.get("status") == 503:
                    # This one and all after it are sent again, in order; those before have their answers.
                    self._wait(deadline, told.get("retry_after", 1))
                    break
                refused = "code" in told
                answers.append(ActRefused(told) if refused else self._believed(self._receipt(told), envelope))
        return answers

    # What is asked

    def show(self, view: str, **params: Any) -> dict[str, Any]:
        """The answer of a view, as the node's JSON has it."""
        answer = self._request("GET", f"/v1/views/{view}", params=_texts(params))
        return cast(dict[str, Any], answer.json())

    def ask(self, question: Question[T]) -> T:
        """The answer to a question of the registry, typed: `ask(MembersView()).items[0].name`."""
        if not isinstance(question, View):
            raise TypeError(f"{type(question).__name__} is not a view of the registry")
        told = self.show(question.name, **msgspec.structs.asdict(question))
        answer: T = msgspec.convert(told, type=question.answers)
        return answer

    def items(self, view: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a view that lists, page by page."""
        after = ""
        while True:
            page = self.show(view, **params, **({"after": after} if after else {}))
            yield from page["items"]
            after = page.get("next") or ""
            if not after:
                return

    def receipt(self, act: str | int) -> str:
        """A receipt (tlog-proof) at the node's present head for an act, by id or index."""
        return self._request("GET", f"/v1/acts/{act}/receipt").text

    def checkpoint(self) -> str:
        """The node's signed checkpoint."""
        return self._request("GET", "/checkpoint").text

    def read(self, path: str) -> bytes:
        """A file of the published record (`checkpoint`, `tile/...`)."""
        return self._request("GET", f"/{path}").content

    @property
    def identity(self) -> Organisation:
        """The organisation, from its founding act; raises Unbelievable if it is not the one expected."""
        if self._identity is None:
            self._identity = self._meet()
        return self._identity

    def next_counter(self, keyid: str) -> int:
        """The next counter of a key: one more than this client has used, and than the register has seen."""
        if keyid not in self._counters:
            seen = self.show("keys", keyid=keyid)["items"]
            self._counters[keyid] = seen[0]["counter"] if seen else 0
        return self._counters[keyid] + 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """`vote_cast(vote=…, position=…, signers=[…])` for a kind; `members(status=…)`, `vote("A/1")` for a view."""
        if kind := _METHODS.get(name):

            def do(*, signers: Sequence[SigningKey], **fields: Any) -> Receipt:
                return self.act(kind, signers, **fields)

            return _named(do, name, KINDS[kind])
        if not name.startswith("_") and name in VIEWS:

            def ask(*needed: Any, **params: Any) -> dict[str, Any]:
                return self.show(name, **_placed(name, needed, params))

            return _named(ask, name, VIEWS[name])
        raise AttributeError(f"{name} is neither a kind nor a view; there are {', '.join(dir(self))}")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *_METHODS, *VIEWS})

    # How

    def _require_expected(self) -> None:
        """Nothing is sent to a node that has another organisation than the one this client is pinned to."""
        if self._expected:
            self.identity  # noqa: B018  (raises)

    def _meet(self) -> Organisation:
        size = int(self.checkpoint().split("\n")[1])
        first = decode_bundle(self.read(bundle_path(0, min(size, 256))))[0]
        signed = open_act(split_leaf(first)[1])
        act = signed.act
        if not isinstance(act, Found) or not verify(public_keys(Register(), signed), signed):
            raise Unbelievable(f"The record at {self.url} does not begin with a founding act that its founders signed.")
        if self._expected and signed.id.hex() != self._expected:
            raise Unbelievable(f"{self.url} is the organisation {signed.id.hex()}, not {self._expected}.")
        vkey = note.VerifierKey(*log_key_of(act)).vkey()
        return Organisation(signed.id.hex(), act.name, act.origin, vkey, act.mark)

    def _believed(self, receipt: Receipt, envelope: bytes) -> Receipt:
        try:
            verify_receipt(receipt, envelope, self.identity.vkey)
        except RecordError as error:
            raise Unbelievable(f"The node's receipt for entry {receipt['index']} does not verify: {error}") from error
        return receipt

    def _receipt(self, told: dict[str, Any]) -> Receipt:
        try:
            return Receipt(
                index=int(told["index"]), id=str(told["id"]), stamp=int(told["stamp"]), receipt=str(told["receipt"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Unbelievable(f"The node's answer is no receipt: {told!r:.200}.") from error

    def _request(
        self, method: str, path: str, *, content: bytes | None = None, media: str = "", params: Any = None
    ) -> httpx2.Response:
        headers = {"content-type": media} if media else {}
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = self._http.request(method, self.url + path, content=content, headers=headers, params=params)
            except httpx2.HTTPError as error:
                raise Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}.") from error
            if answer.status_code == 503:
                self._wait(deadline, answer.headers.get("retry-after", "1"))
                continue
            if answer.is_success:
                return answer
            raise _failure(answer)

    def _wait(self, deadline: float, seconds: Any) -> None:
        pause = float(seconds) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(seconds)) else 1.0
        if time.monotonic() + pause > deadline:
            raise Busy(f"{self.url} is busy and asks to come back in {pause:g} seconds.", 503, retry_after=pause)
        time.sleep(pause)


def _failure(answer: httpx2.Response) -> Exception:
    """A refused act, or a problem in the node's own words."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if isinstance(told, dict) and "code" in told:
        return ActRefused(told)
    detail = told.get("detail") or told.get("title") if isinstance(told, dict) else None
    return Problem(str(detail or f"{answer.request.url} answers {answer.status_code}."), answer.status_code)


def _known(kind: str) -> str:
    name = _METHODS.get(kind, kind)
    if name not in KINDS:
        raise ValueError(f"There is no kind {kind}; there are {', '.join(KINDS)}.")
    return name


def _texts(params: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value is not None and value != ""}


def _placed(view: str, needed: Sequence[Any], params: dict[str, Any]) -> dict[str, Any]:
    """All parameters by name: those given by place are those that the view needs, in their order."""
    names = [field.name for field in msgspec.structs.fields(VIEWS[view]) if field.required]
    if len(needed) > len(names):
        places = ", ".join(names) or "no parameter"
        raise TypeError(f"{view}() takes {places} by place, and was given {len(needed)}; name all others")
    by_place = dict(zip(names, needed, strict=False))
    if twice := sorted(set(by_place) & set(params)):
        raise TypeError(f"{view}() was given {', '.join(twice)} twice, by place and by name")
    return {**by_place, **params}


def _named(method: Callable[..., Any], name: str, struct: type[msgspec.Struct]) -> Callable[..., Any]:
    """The method under its name, with the docstring and the parameters of the kind or the view."""
    placed = Parameter.KEYWORD_ONLY if issubclass(struct, Act) else Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        Parameter(field.name, placed)
        if field.required
        else Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default)
        for field in sorted(msgspec.structs.fields(struct), key=lambda field: not field.required)
    ]
    if issubclass(struct, Act):
        parameters.append(Parameter("signers", Parameter.KEYWORD_ONLY, annotation=Sequence[SigningKey]))
    method.__name__, method.__doc__ = name, struct.__doc__
    method.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return method


_METHODS = {kind.replace(".", "_"): kind for kind in KINDS}
"""The name of the method for each kind."""
