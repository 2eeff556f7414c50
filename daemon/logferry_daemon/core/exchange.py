"""What a dialect and a sender say to each other. Values only: no socket, no clock.

A dialect is a conversation: a generator that yields requests, is sent the responses, and returns the outcome. One post
is a conversation of one request; asking for an upload address first, or sending chunk by chunk, is a longer one.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from logferry_daemon.core.offer import Offer
from logferry_model.envelope import Receipt
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One session revision, ready to be written in a dialect."""

    session: SessionId
    tracker: str
    natural_key: str
    revision: int
    started_at: datetime
    ended_at: datetime | None
    document: bytes
    """The sanitised session, encoded."""
    idempotency_key: str
    install_id: str
    app_version: str
    platform: str
    account: str = ""
    """What its owner is called over there; empty where he is anonymous, and only the random id goes along."""
    partial: bool = False
    """It still runs: there will be more of it."""
    encodings: tuple[str, ...] = ("gzip",)
    """What the destination unpacks, as far as is known when the letter is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent, made once and kept with the delivery: every retry sends the same bytes."""

    body: bytes
    headers: Mapping[str, str]
    payload_digest: str
    """sha-256 hex of the session inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How far a letter has come; kept with its delivery, so that the next daemon goes on from there."""

    path: str = ""
    """Of the upload over there, below the destination's URL; empty while there is none."""
    offset: int = 0
    """Bytes that the destination said it has."""
    cuts: int = 0
    """How often the network broke off in the middle of it."""
    expires: datetime | None = None
    """Until when it lies over there if it is not ended; None where nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `path` is below the destination's URL, so no answer can lead it elsewhere."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    to: str | None = None
    """A whole address that an answer named, in place of `path`: only where core/reaching.py lets it."""
    keep: Upload | None = None
    """To be on the disk before this is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """The destination proved that it has it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneByOwner:
    """The owner deleted the report over there: it stays deleted, and nothing is sent again."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Try this delivery again; `free` says that the attempt does not count."""

    reason: str
    floor: timedelta = timedelta()
    free: bool = False
    trouble: bool = True
    """Counts for the breaker: transport failures and 5xx."""
    unreached: bool = False
    """There was no whole answer at all."""
    parks_after: int | None = None
    """Answers of this kind after which it is parked, once the first of them is `parks_age` old."""
    parks_age: timedelta = timedelta()
    parks_alone: bool = False
    """Such an answer counts only while the destination takes others: a proxy in its place says the same to all."""
    refused_encoding: str = ""
    """The letter is packed in a way that is not taken: it is written anew, without this one and under another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """Refused for good: a person decides."""

    reason: str
    too_big: bool = False
    """The request was, and smaller ones may not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """No request to this destination makes sense for a while, or until a person has acted."""

    reason: str
    hint: str = ""
    wait: timedelta | None = None
    """None: until somebody changes something."""
    offline: bool = False
    by_network: bool = False
    """May be over as soon as this computer is in another network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the owner wants deleted, as far as it is known over here."""

    report_id: str
    """From the receipt; empty where none came, and the report may not be there at all."""
    idempotency_key: str
    """Of the request that no receipt came for."""
    age: timedelta
    """Since the sending of it was stopped."""
    session: str = ""
    """What it is a report of: some destinations call it by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """The destination has it no more, or never had it."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """Nothing came of it in company: this letter is sent by itself."""


Outcome = Acked | GoneByOwner | Later | Parked | Stop
Conversation = Generator[Request, Response, Outcome]
Erasure = Erased | Later | Parked | Stop
ErasingConversation = Generator[Request, Response, Erasure]


class Dialect(Protocol):
    """The contract a destination speaks."""

    @property
    def name(self) -> str:
        """As in settings."""
        ...

    def write(self, parcel: Parcel) -> Letter:
        """The bytes for this destination: the same parcel makes the same letter."""
        ...

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """Headers that prove to `request` whose it is, made anew for each; Misconfigured when it is no such secret."""
        ...

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """The conversation that hands over `letter` to the destination at `url`."""
        ...

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The conversation that has `report` deleted over there; Parked where the contract knows no such thing."""
        ...


@runtime_checkable
class Probing(Protocol):
    """What a dialect has besides, when its destinations say whether they are there without being sent anything."""

    def probe(self, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
        """The conversation that asks for it, without a key; None where the destination itself answered."""
        ...


@runtime_checkable
class Replacing(Protocol):
    """What a dialect has besides, when its destinations put a later version of a session in place of an earlier one."""

    @property
    def takes_partials(self) -> bool:
        """Whether a session may be sent while it still runs: its end takes the place of that."""
        ...

    @property
    def takes_summaries(self) -> bool:
        """Whether what a session adds up to may be sent first, without its events."""
        ...


def takes_partials(dialect: Dialect) -> bool:
    """Whether a session that still runs may be sent in this dialect."""
    return isinstance(dialect, Replacing) and dialect.takes_partials


def takes_summaries(dialect: Dialect) -> bool:
    """Whether a summary may be sent in this dialect."""
    return isinstance(dialect, Replacing) and dialect.takes_summaries


@runtime_checkable
class Batching(Protocol):
    """What a dialect has besides, when several letters may go in one request."""

    def most_together(self, offer: Offer) -> int:
        """How many, as far as is known of the destination; fewer than two: none may."""
        ...

    def together(
        self, letters: Sequence[Letter], *, url: str, now: datetime
    ) -> Generator[Request, Response, Sequence[Outcome | Alone]]:
        """The conversation that hands them over; what comes of each, in their order."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """What a dialect has besides, when its destinations can be asked what they have of several letters."""

    def recall(
        self, letters: Sequence[Letter], *, url: str, now: datetime
    ) -> Generator[Request, Response, Sequence[Acked | None]]:
        """The conversation that asks; for each, in their order, the proof that it arrived, None without one."""
        ...


@runtime_checkable
class Resuming(Protocol):
    """What a dialect has besides, when its destinations say what they can do and may take a letter in pieces."""

    def ask(self) -> Generator[Request, Response, Offer | None]:
        """The conversation that asks for it; None where no such answer came."""
        ...

    def resume(
        self, letter: Letter, upload: Upload, offer: Offer, *, tracker: str, url: str, now: datetime
    ) -> Conversation:
        """The conversation that hands over `letter` in pieces, going on from `upload`.

        It is thrown Unreachable where a request had no whole answer, and may ask how much arrived.
        """
        ...


@runtime_checkable
class TakingBack(Protocol):
    """What a dialect has besides, when its destinations may delete an upload in pieces that was begun."""

    def take_back(self, path: str, *, now: datetime) -> ErasingConversation:
        """The conversation that has the upload at `path` deleted; Parked where the destination does not offer that."""
        ...
