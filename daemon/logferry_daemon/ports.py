"""What the daemon needs of the world, one small Protocol a role. Every adapter and its fake passes the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import State
from logferry_daemon.core.discovery import Candidate
from logferry_daemon.core.exchange import Letter, Parcel, Request, Response, Upload
from logferry_daemon.core.gate import Access
from logferry_daemon.core.history import Attempt
from logferry_daemon.core.identities import Binding, Player, Standing
from logferry_daemon.core.papers import Journaled
from logferry_daemon.core.policy import Group
from logferry_daemon.core.reading import Paper, Trouble
from logferry_daemon.core.recut import Recut
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.revision import Version
from logferry_daemon.core.rows import Answer, Question
from logferry_daemon.core.sanitise import TakenOut
from logferry_daemon.core.settle import Signature
from logferry_model.envelope import Receipt
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import Fingerprint
from logferry_model.session import Session, SessionId


class Clock(Protocol):
    """Time. Waiting goes by a clock that no one can set."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait."""
        ...


class Chance(Protocol):
    """Randomness: jitter and keys."""

    def jitter(self) -> float:
        """Evenly between 0 and 1."""
        ...

    def token(self) -> str:
        """Thirty-two hex digits that nobody can guess."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """One directory entry whose name a tracker's pattern fits."""

    path: str
    """Relative to the source's folder, with `/`."""
    signature: Signature
    trouble: Trouble | None = None
    """Why it cannot be read at all: a symlink, a pipe, no permission."""


CLOSED = "folder-unreadable"
"""Code of what is there and cannot be looked into: what was below it is not gone."""


class LogFiles(Protocol):
    """The files of one folder. Opens nothing but regular files inside it, never for writing."""

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        """Every entry that fits, and with the trouble CLOSED what cannot be looked into.

        Unreachable `source-missing` when the folder itself is not there.
        """
        ...

    async def look(self, root: Path, path: str) -> FileSeen | None:
        """One entry again; None when it is gone."""
        ...

    async def read(self, root: Path, path: str, *, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`; Damaged when it is not a regular file inside the folder."""
        ...


class Watcher(Protocol):
    """Tells that something may have changed. A hint, never the record."""

    def hints(self, root: Path) -> AsyncIterator[None]:
        """One item for every burst of changes, until cancelled. Ends when watching is not possible."""
        ...


class Databases(Protocol):
    """Other programs' databases. Never written, never locked for long, read where they can do no harm."""

    async def ask(self, root: Path, path: str, question: Question) -> Answer:
        """Rows of one moment; Damaged `database-...` says why not for good, Unreachable why not now."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """One running program; another one with the same number began at another time."""

    name: str
    """As it was asked for."""
    pid: int
    began: float
    """Seconds since 1970."""


class Processes(Protocol):
    """Which programs run."""

    async def find(self, names: Collection[str]) -> Sequence[Program]:
        """Those of `names` that run right now, under this system or inside Wine: a look at every process there is."""
        ...

    async def alive(self, programs: Collection[Program]) -> Sequence[Program]:
        """Those of `programs` that still run: a look at these alone."""
        ...


class Sender(Protocol):
    """Carries one request to a destination and brings back the whole answer."""

    async def send(
        self, url: str, request: Request, secret: Mapping[str, str], pin: Fingerprint | None = None
    ) -> Response:
        """Unreachable when there is no whole answer; follows nothing, keeps nothing.

        With a pin nothing is written to anybody but the holder of this key: Unreachable `pin-changed` tells of another.
        """
        ...


class Fingerprints(Protocol):
    """Which keys are shown where."""

    async def look(self, url: str) -> Fingerprint:
        """Of the key at this https address now, without a request; Unreachable when there is none."""
        ...


class Discovery(Protocol):
    """Who on the local network says to be a collector."""

    async def browse(self, duration: timedelta) -> Sequence[Candidate]:
        """Everybody who answers in that time; proves nothing. Unreachable when nobody can be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNote:
    """One thing that the owner should know about where a key is. Never holds the key."""

    code: str
    message: str
    hint: str


class Credentials(Protocol):
    """Secrets of destinations. Only the daemon touches them."""

    async def access(self, destination: str) -> Access:
        """Whether there is one and it can be had."""
        ...

    async def secret(self, destination: str) -> str | None:
        """The secret, or None unless `access` is available."""
        ...

    async def keep(self, destination: str, secret: str, *, insecure: bool) -> None:
        """Store it and read it back; Misconfigured says why it could not be kept."""
        ...

    async def forget(self, destination: str, *, quiet: bool = False) -> None:
        """Delete it everywhere it may be; `quiet` where nobody is there to unlock anything."""
        ...

    async def origin(self, destination: str) -> str:
        """Who laid this destination's key down, in words; empty where it was given to Logferry itself."""
        ...

    async def notes(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        """What the owner should know about where the keys of these are."""
        ...

    async def own_key(self, name: str) -> tuple[Access, str | None]:
        """A key of the installation itself, 64 hex digits; None unless it is there and can be had."""
        ...

    async def make_own_key(self, name: str) -> tuple[Access, str | None]:
        """As `own_key`; made up and kept where there is none. Still absent: there is nowhere to keep it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """What the spool remembers of one file."""

    source: str
    path: str
    signature: Signature
    head: str
    """sha-256 hex over the first `head_size` bytes: another file of the same name has another one."""
    head_size: int
    offset: int
    """Read on from here: everything before it is in the spool."""
    line: int
    days: int = 0
    """Midnights passed before `offset`, in a log of times without dates."""
    first_at: datetime | None
    running: bool
    """Whether its last session may go on."""
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A sanitised session on its way into the spool."""

    session: Session
    document: bytes
    """The session, encoded."""
    fingerprint: str
    """Digest of what makes a revision another one: everything but how the end was recognised."""
    weight: int
    """As of Found: how much of the session there is."""
    only_grows: bool = False
    """A log that is appended to: a version with fewer events is a cut copy, not a correction."""
    removed: TakenOut = field(default_factory=dict)
    """What was taken out on the way here."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Slot -> text, of what some destination is sent as the log says it."""
    leaks: tuple[str, ...] = ()
    """Where something private was left: then `session` is an empty frame, and nothing of it is sent."""
    identity: str | None = None
    """Who played, as `known_as`. Stays on this computer: it is in no document and in no letter."""
    names_player: bool = False
    """Whether it could say who played: where neither it nor an earlier state of it does, that is UNSURE."""


def version_of(new: NewSession) -> Version:
    """What decides whether it is a new revision."""
    return Version(
        fingerprint=new.fingerprint,
        events=len(new.session.events),
        end_rule=new.session.end.rule if new.session.end else "",
        only_grows=new.only_grows,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What became of one session: the revision it has now, and whether that is news."""

    session: SessionId
    revision: int
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery as the spool has it."""

    id: str
    session: SessionId
    destination: str
    revision: int
    state: State
    attempts: int
    created_at: datetime
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None
    report_url: str | None = None
    standing: Standing = Standing.ALLOWED
    """Whether its player's sessions may go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session as the spool has it, newest revision, without its document."""

    id: SessionId
    tracker: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    revision: int
    end_rule: str
    end_evidence: str
    end_confidence: float
    found_at: datetime
    """When the spool took it in for the first time."""
    merged_into: SessionId | None = None
    """The session that it was joined to by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that the worker now has: its letter if one was written before, else the parcel to write it from."""

    row: DeliveryRow
    parcel: Parcel
    letter: Letter | None
    upload: Upload = field(default_factory=Upload)
    """How far the letter has come."""
    backfill: bool = False
    """Whether it was there before it was asked for."""
    leaks: tuple[str, ...] = ()
    """Where something private was left, which is why only a frame of it is kept."""
    removed: TakenOut = field(default_factory=dict)
    """What was taken out before it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent to one destination."""

    uploaded: int
    bytes_sent: int
    timed: int
    """How many of them are in `took`."""
    took: timedelta
    """All of these together."""
    last_upload: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """A delivery that arrived, and the proof of it."""

    delivery: str
    session: SessionId
    destination: str
    revision: int
    receipt: Receipt | None
    """None where its owner had deleted the report over there."""
    note: str
    report_url: str | None
    uploaded_at: datetime
    bytes_sent: int
    took: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Deliveries by destination and state, and what was sent."""

    by_state: Mapping[tuple[str, State], int]
    homeless: int
    """Sessions without any delivery."""
    uploaded: int
    bytes_sent: int
    average_ms: float | None
    last_upload: datetime | None
    last_report_url: str | None
    backlog: Backlog | None = None
    barred: Mapping[tuple[str, State, Standing], int] = field(default_factory=dict)
    """How many of `by_state` are of players who are not allowed there."""
    sent: Mapping[str, Sent] = field(default_factory=dict)
    """Destination -> what was sent there; those that nothing was sent to are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A player whose sessions there are for a destination."""

    destination: str
    player: Player
    sessions: int
    waiting: int
    """Of these, how many have a pending delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The sessions that wait for their owner to ask."""

    sessions: int
    first: datetime
    """When the oldest of them began."""
    last: datetime
    """When the youngest of them ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recutting:
    """What sessions were and what a recut makes of them."""

    before: tuple[Session, ...]
    after: tuple[Session, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """What a destination has, or may have, of a deleted session."""

    id: str
    session: SessionId
    destination: str
    report_id: str
    """Its name over there; empty where no receipt came: then it may not be there at all."""
    idempotency_key: str
    report_url: str | None
    stopped_at: datetime
    """Since then nothing of the session is sent."""
    state: CopyState
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRow:
    """A session that its owner deleted."""

    session: SessionId
    tracker: str
    deleted_at: datetime
    copies: tuple[CopyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a deletion took away, and what it could not reach."""

    sessions: tuple[SessionId, ...]
    """It, and those that had become part of it or of what it was cut from."""
    stopped: tuple[str, ...]
    """Deliveries that must not be sent any more, also when they are under way."""
    copies: tuple[CopyRow, ...]
    outdated: tuple[SessionId, ...] = ()
    """Sessions that were cut from the same one and stay, of which a destination has a revision from before the cut."""


def earlier(destination: str, place: str) -> str:
    """What deliveries are filed under whose destination is not at this place any more. No destination is named so."""
    return f"{destination}~{place}"


def place_note(destination: str) -> str:
    """The note that remembers a destination's place."""
    return f"place:{destination}"


def terms_note(destination: str) -> str:
    """The note that remembers on which terms letters are written: the digest of the text that was agreed to.

    It outlives a consent that is taken back.
    """
    return f"terms:{destination}"


UNASKED = "backfill-unasked"
"""The note that is there when what was found before goes without being asked for."""


def source_note(source: str) -> str:
    """The note that remembers since when a source is followed, and where: `<ISO time> <place>`."""
    return f"source:{source}:since"


def destination_note(destination: str) -> str:
    """The note that remembers since when a destination is at its place: an ISO time."""
    return f"destination:{destination}:since"


def followed(note: str) -> datetime:
    """The time in either of the two."""
    return datetime.fromisoformat(note.partition(" ")[0])


class UnknownSession(Misconfigured):
    """There is no such session, or not any more."""

    def __init__(self, session: str, merged_into: str | None = None) -> None:
        said = (
            f"Session {session} became part of {merged_into}." if merged_into else f'There is no session "{session}".'
        )
        super().__init__("session-unknown", said, hint="See: logferry sessions list")


class Intake(Protocol):
    """The spool as the sources see it."""

    async def files(self, source: str) -> Sequence[FileRow]:
        """Everything remembered about a source's files."""
        ...

    async def admit(
        self,
        row: FileRow,
        sessions: Sequence[NewSession],
        destinations: Sequence[str],
        now: datetime,
        papers: Sequence[Paper] | None = None,
    ) -> Sequence[Admitted]:
        """Keep the sessions, one delivery of each to each destination, and the file's position: all or nothing.

        A session that ended before its source was followed or before a destination was set is backlog there. One that
        its owner has recut is cut again in the same way; what is news of that is told part by part.
        """
        ...

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        """The file is gone, and the papers in it; its sessions stay."""
        ...


class Outbox(Protocol):
    """The spool as the delivery worker sees it."""

    async def claim(self, destination: str, now: datetime, limit: int, *, backfill: int) -> Sequence[Claimed]:
        """The oldest deliveries that are due, marked as uploading; at most so many of a backfill, and those last.

        Never one of a player who is not allowed there.
        """
        ...

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        """The bytes, before they are sent for the first time."""
        ...

    async def keep_upload(self, delivery: str, upload: Upload) -> None:
        """How far they have come."""
        ...

    async def forget_letter(self, delivery: str) -> None:
        """The bytes are not taken as they are: they are written anew, under another key."""
        ...

    async def acked(self, delivery: str, receipt: Receipt | None, note: str, now: datetime, took: timedelta) -> None:
        """Uploaded. No receipt: the owner deleted it over there."""
        ...

    async def deferred(
        self, delivery: str, reason: str, next_attempt: datetime, *, counts: bool, now: datetime | None = None
    ) -> None:
        """Back to pending; `now` is when that was known, for its history."""
        ...

    async def released(self, deliveries: Sequence[str]) -> None:
        """Those of them that are still being sent are pending again: sending was broken off."""
        ...

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        """Failed: a person decides."""
        ...

    async def kept(self, document: bytes) -> Mapping[str, str]:
        """Slot -> text, of those slots in a document that some destination is sent as the log says them."""
        ...

    async def note(self, key: str) -> str | None:
        """A small fact that survives a restart."""
        ...

    async def set_note(self, key: str, value: str | None) -> None:
        """Remember it, or forget it with None."""
        ...

    async def next_due(self, destination: str, *, backfill: bool) -> datetime | None:
        """When the earliest pending delivery that may go is due, of a backfill or of what goes by itself."""
        ...


class Ledger(Protocol):
    """The spool as people ask about it."""

    async def totals(self) -> Totals:
        """Counts and metrics."""
        ...

    async def sessions(self) -> Sequence[tuple[SessionRow, Sequence[DeliveryRow]]]:
        """All sessions, newest first, with their deliveries."""
        ...

    async def session(self, session: str) -> tuple[SessionRow, Sequence[DeliveryRow], Session] | None:
        """One session with its document, by id or by an unambiguous beginning of it."""
        ...

    async def paper_changes(self, after: int) -> Sequence[Journaled]:
        """What became of trackers' papers after the line of that number, oldest first, some hundred at a time."""
        ...

    async def troubles(self) -> Sequence[tuple[str, str, Trouble]]:
        """Source, path and trouble of every file that has one."""
        ...

    async def release(self, session: str | None, since: datetime | None) -> int:
        """Backlog to pending: of one session, of those that ended at or after `since`, or all."""
        ...

    async def hurry(self, session: str | None, now: datetime) -> int:
        """Make pending deliveries due now: of one session, or all."""
        ...

    async def recut(self, order: Recut, destinations: Sequence[str], now: datetime, *, only_look: bool) -> Recutting:
        """Split or join sessions by hand; Misconfigured says why it cannot be done. `only_look` keeps nothing."""
        ...

    async def retry(self, ids: Sequence[str], now: datetime) -> int:
        """Failed deliveries back to pending, by the beginning of their or their session's id; all without `ids`."""
        ...

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """One delivery as it stands."""
        ...

    async def look_at(self, session: str, destination: str) -> Claimed | None:
        """The newest delivery of a session to a destination, as `claim` would give it, without claiming it."""
        ...

    async def failures(self, limit: int) -> Sequence[DeliveryRow]:
        """Failed deliveries, newest first."""
        ...


class History(Protocol):
    """The spool as it knows how things came to be as they are."""

    async def attempts(self, session: str) -> Mapping[str, Sequence[Attempt]]:
        """Delivery -> its latest tries, the oldest first; of one session."""
        ...

    async def receipts(self, session: str | None) -> Sequence[ReceiptRow]:
        """What arrived, of one session or of all, the latest first."""
        ...


class Choices(Protocol):
    """The spool as the keeper of what its owner decided."""

    async def grants(self) -> Mapping[str, Grant]:
        """Destination -> agreement."""
        ...

    async def grant(self, grant: Grant) -> None:
        """Record an agreement; what was written on other terms and not sent is forgotten, and written again."""
        ...

    async def revoke(self, destination: str) -> None:
        """Take it back."""
        ...

    async def keep_only(self, groups: Collection[Group]) -> None:
        """Forget every text that was kept for a destination, but of these groups: none of it is left in the files."""
        ...

    async def enlist(self, destination: str, place: str, now: datetime) -> int:
        """A delivery of every session to a destination that has none of it yet; how many there were.

        `place` stands for the address behind the name. When it is another one than before, what was uploaded there is
        filed under `earlier(...)` and counts for nothing here; when it is one of before, it counts again.
        """
        ...

    async def dismiss(self, destination: str) -> None:
        """Forget the unsent deliveries and the agreement of a destination that is gone, and file the uploaded ones."""
        ...

    async def note(self, key: str) -> str | None:
        """A small fact that survives a restart."""
        ...

    async def set_note(self, key: str, value: str | None) -> None:
        """Remember it, or forget it."""
        ...


class Roster(Protocol):
    """The spool as it knows who played, and whose sessions may go where."""

    async def seen(self) -> Sequence[Seen]:
        """Every player of a session that is for a destination, by destination and player."""
        ...

    async def bindings(self) -> Sequence[Binding]:
        """Everything the owner said of players, by destination, tracker and identity."""
        ...

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Remember answers in place of those that they make void."""
        ...

    async def unbind(self, destination: str, tracker: str, identity: str) -> int:
        """Forget the answers that one about these would make void; how many there were."""
        ...


class Removals(Protocol):
    """The spool as the place where sessions are deleted, and copies of them remembered until they are, too."""

    async def delete(self, session: str, tracker: str, now: datetime, *, ask: Collection[str]) -> Removed:
        """Remove everything of a session, and never admit it again; UnknownSession when it became part of another.

        One that is not there, because it still runs, will not be admitted either. `ask` names the destinations that
        are to delete their copies, also those of a session that was deleted before.
        """
        ...

    async def scrub(self) -> None:
        """Nothing that was deleted is left in the spool's files when this returns."""
        ...

    async def deleted(self) -> Sequence[DeletedRow]:
        """All deleted sessions, newest first."""
        ...

    async def due_copies(self, destination: str, now: datetime, limit: int) -> Sequence[CopyRow]:
        """Copies that a destination is to delete now."""
        ...

    async def next_copy(self, destination: str) -> datetime | None:
        """When the earliest copy is due there."""
        ...

    async def copy_gone(self, copy: str, note: str, now: datetime) -> None:
        """Its destination confirmed that it has it no more."""
        ...

    async def copy_refused(self, copy: str, reason: str, now: datetime) -> None:
        """It will not delete it like this: a person decides."""
        ...

    async def copy_deferred(
        self, copy: str, reason: str, now: datetime, next_attempt: datetime, *, counts: bool
    ) -> None:
        """Not now."""
        ...


class Spool(Intake, Outbox, Ledger, History, Choices, Roster, Removals, Protocol):
    """All seven; one adapter, one database, one writer."""
