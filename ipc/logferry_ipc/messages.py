"""What is said over the local API. Frozen values with JSON names equal to the field names.

Fields may be added, never renamed or removed: overlays and other tools rely on them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Raw, Struct, field

from logferry_model.figures import Statistics
from logferry_model.session import End, Scalar

API_VERSION = 1


class DaemonState(StrEnum):
    """What the tray shows as a shape: the most urgent thing that is true."""

    IDLE = "idle"
    WORKING = "working"
    """Something is being uploaded right now."""
    PAUSED = "paused"
    ATTENTION = "attention"
    """A person is needed."""
    OFFLINE = "offline"
    """Something waits and its destination cannot be reached."""


class DeliveryState(StrEnum):
    """Where one session revision stands on its way to one destination."""

    PENDING = "pending"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    FAILED = "failed"
    """Needs a person; nothing is dropped."""
    HELD = "held"
    """Waits for a decision of its owner; `reason` says which."""
    EXCLUDED = "excluded"
    """Left out by the owner's rule."""


class Hello(Struct, frozen=True, kw_only=True):
    """Answer to an unauthenticated caller: which daemon this is and, given a nonce, the proof of it."""

    name: str
    version: str
    api_versions: tuple[int, ...]
    instance: str
    """New with every start of the daemon."""
    proof: str | None = None
    """hex HMAC-SHA256 of the caller's nonce under the key in the discovery file."""


class Counts(Struct, frozen=True, kw_only=True):
    """Deliveries by state; `found` is always the sum of the others.

    A session that no destination is set for counts as held.
    """

    found: int = 0
    pending: int = 0
    uploading: int = 0
    uploaded: int = 0
    failed: int = 0
    held: int = 0
    excluded: int = 0


class DestinationStatus(Struct, frozen=True, kw_only=True):
    """One destination: `state` is one of `ready`, `held`, `waiting`, `paused`, `offline`."""

    name: str
    state: str
    reason: str = ""
    next_attempt: datetime | None = None


class Attention(Struct, frozen=True, kw_only=True):
    """One thing a person should know: what happened to which file or destination, and what to do."""

    code: str
    message: str
    hint: str = ""


class DestinationMetrics(Struct, frozen=True, kw_only=True):
    """What was sent to one destination so far, and how its deliveries stand."""

    name: str
    counts: Counts
    uploaded: int = 0
    failed: int = 0
    average_upload_ms: float | None = None
    bytes_sent: int = 0
    last_upload: datetime | None = None


class Metrics(Struct, frozen=True, kw_only=True):
    """What this installation has sent so far; deleted sessions are not counted any more."""

    uploaded: int = 0
    failed: int = 0
    average_upload_ms: float | None = None
    bytes_sent: int = 0
    last_upload: datetime | None = None
    destinations: tuple[DestinationMetrics, ...] = ()


class Exposition(Struct, frozen=True, kw_only=True):
    """Metrics as Prometheus reads them; the route answers with the text itself."""

    text: str


class RunningSummary(Struct, frozen=True, kw_only=True):
    """A session that still runs, as of a moment ago; one whose log went on after its end is in the spool as well."""

    id: str
    tracker: str
    source: str
    started_at: datetime
    last_at: datetime
    """The time of its last event."""
    events: int


class RunningSession(RunningSummary, frozen=True, kw_only=True):
    """A session that still runs and what it adds up to so far. Names nobody: neither who plays nor whom they meet."""

    statistics: Statistics


class RunningSessions(Struct, frozen=True, kw_only=True):
    """Every session that still runs, the latest begun first."""

    sessions: tuple[RunningSession, ...]


class Ended(Struct, frozen=True, kw_only=True):
    """What a word from outside, that a program was closed or that its owner wants it, ended."""

    ended: int = 0
    sessions: tuple[str, ...] = ()
    """Their ids; they are on their way."""
    waiting: int = 0
    """Sessions whose log is being written this very moment: they end as soon as it is quiet."""
    note: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """The daemon at a glance."""

    state: DaemonState
    version: str
    counts: Counts
    destinations: tuple[DestinationStatus, ...] = ()
    attention: tuple[Attention, ...] = ()
    metrics: Metrics = field(default_factory=Metrics)
    paused: bool = False
    """Whether uploads are paused, also where `state` tells something more urgent."""
    paused_until: datetime | None = None
    """Set while paused for a time; None while paused until resumed, or not paused."""
    last_report_url: str | None = None
    running: tuple[RunningSummary, ...] = ()
    """Sessions that still run, the latest begun first."""
    copy_report_url: bool = False
    """Whether its owner wants the tray to put the address of each new report on the clipboard."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One try at a delivery."""

    number: int
    started_at: datetime
    outcome: str
    """`uploaded`, `later`, `refused` or `broken-off`."""
    reason: str = ""
    took_ms: int | None = None
    """None where nobody saw it end."""
    bytes: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """One session revision on its way to one destination."""

    id: str
    destination: str
    revision: int
    state: DeliveryState
    reason: str = ""
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None
    report_url: str | None = None
    backlog: bool = False
    """Held because it was there before it was asked for."""
    history: tuple[Attempt, ...] = ()
    """Its latest fifty tries, the oldest first; only where one session is asked for."""


class SessionSummary(Struct, frozen=True, kw_only=True):
    """One session as a list shows it, newest revision; all its deliveries."""

    id: str
    tracker: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    revision: int
    end: End | None = None
    deliveries: tuple[Delivery, ...] = ()
    merged_into: str | None = None
    """The session that it was joined to by hand."""


class Copy(Struct, frozen=True, kw_only=True):
    """What a destination has, or had, of a deleted session."""

    destination: str
    state: str
    """`kept`: nobody asked for its deletion; `pending`: not confirmed yet; `deleted`; `failed`: a person is needed."""
    certain: bool = True
    """False where it was sent and no answer came: it may have arrived."""
    report_url: str | None = None
    attempts: int = 0
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None


class DeletedSession(Struct, frozen=True, kw_only=True):
    """A session that its owner deleted: which one it was, and what of it is elsewhere."""

    id: str
    tracker: str
    deleted_at: datetime
    copies: tuple[Copy, ...] = ()


class SessionList(Struct, frozen=True, kw_only=True):
    """Sessions, newest first."""

    sessions: tuple[SessionSummary, ...]
    running: tuple[RunningSummary, ...] = ()
    """Those that still run, the latest begun first."""
    deleted: tuple[DeletedSession, ...] = ()
    """Those that their owner deleted, the latest deleted first."""


class SessionDetail(Struct, frozen=True, kw_only=True):
    """One session with what it adds up to."""

    session: SessionSummary
    statistics: Statistics
    facts: dict[str, Scalar] = field(default_factory=dict)


class Changed(Struct, frozen=True, kw_only=True):
    """How many deliveries a command moved, and a sentence about what was not."""

    changed: int
    note: str = ""


class UploadAll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send everything that waits; with `since`, of what was there before only what ended at that time or later."""

    since: datetime | None = None


EVERYTHING = UploadAll()


class RecutRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Split the session at these times, or join these others to it: one of the two."""

    at: tuple[datetime, ...] = ()
    merge: tuple[str, ...] = ()
    """Ids of its neighbours."""
    dry_run: bool = False
    """Only tell what would be."""


class DeleteRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forget a session for good; with `remote`, have its destinations delete what they have of it, too."""

    remote: bool = False


class Deleted(Struct, frozen=True, kw_only=True):
    """What is gone, and what is left elsewhere."""

    sessions: tuple[str, ...]
    """Ids: it, and those that had become part of it."""
    copies: tuple[Copy, ...] = ()
    running: bool = False
    """It still runs: when it is over, it is not kept and not sent."""
    note: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """A session before or after a recut."""

    id: str
    tracker: str
    started_at: datetime
    ended_at: datetime | None
    events: int
    end: End | None = None


class Recut(Struct, frozen=True, kw_only=True):
    """What sessions were and what was made of them."""

    before: tuple[Part, ...]
    after: tuple[Part, ...]
    dry_run: bool = False


class LedgerGroup(Struct, frozen=True, kw_only=True):
    """What one day brought, or one source."""

    name: str
    """An ISO date on the daemon's own calendar, or the source's name."""
    sessions: int
    counts: Counts


class LedgerLine(Struct, frozen=True, kw_only=True):
    """So many deliveries of one state, for one reason."""

    state: DeliveryState
    rule: str
    """Stable, for programs; docs/ledger.md lists them."""
    reason: str
    """The same for people."""
    destination: str
    """Empty where the line is not about one."""
    count: int
    sessions: tuple[str, ...] = ()
    """Some of them."""


class LedgerUpload(Struct, frozen=True, kw_only=True):
    """One delivery that arrived."""

    session: str
    destination: str
    uploaded_at: datetime
    report_url: str | None = None


class LedgerTrouble(Struct, frozen=True, kw_only=True):
    """A file that cannot be read as it is; as of now, whatever the period."""

    source: str
    path: str
    code: str
    message: str


class Ledger(Struct, frozen=True, kw_only=True):
    """What became of everything that was found in a period. The counts of `lines` add up to `counts` by state."""

    since: datetime | None
    """None: from the beginning."""
    until: datetime
    sessions: int
    counts: Counts
    days: tuple[LedgerGroup, ...] = ()
    """The latest first."""
    sources: tuple[LedgerGroup, ...] = ()
    lines: tuple[LedgerLine, ...] = ()
    uploads: tuple[LedgerUpload, ...] = ()
    """The latest thousand of them, the latest first."""
    deleted: int = 0
    """Sessions that their owner deleted in the period; they are in no other number."""
    troubles: tuple[LedgerTrouble, ...] = ()


class ReceiptInfo(Struct, frozen=True, kw_only=True):
    """The destination's proof of one delivery."""

    delivery: str
    session: str
    destination: str
    revision: int
    uploaded_at: datetime
    report_url: str | None = None
    report_id: str = ""
    receipt_id: str = ""
    received_digest: str = ""
    """sha-256 of the bytes on the wire."""
    payload_digest: str = ""
    """sha-256 of the session inside."""
    bytes_sent: int = 0
    note: str = ""
    """Why there is no receipt, where there is none."""


class Receipts(Struct, frozen=True, kw_only=True):
    """Everything that arrived, the latest first."""

    receipts: tuple[ReceiptInfo, ...]


class VerifyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deliveries to ask their destinations about, by id; at most twenty at a time."""

    deliveries: tuple[str, ...]


class Verified(Struct, frozen=True, kw_only=True):
    """What a destination says today of one delivery."""

    delivery: str
    session: str
    destination: str
    state: str
    """`verified`, `missing`, `different`, or `unclear` where it did not say."""
    reason: str = ""
    received_digest: str = ""
    """As the receipt has it that came with the upload."""
    payload_digest: str = ""
    received_there: str = ""
    """As the destination tells it today; empty where it told none."""
    payload_there: str = ""


class Verification(Struct, frozen=True, kw_only=True):
    """The answers, in the order that was asked in."""

    deliveries: tuple[Verified, ...]


class RetryRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deliveries or sessions to try again, by id; empty means all failed ones."""

    ids: tuple[str, ...] = ()


class PauseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold all uploads; `seconds` None means until resumed."""

    seconds: float | None = None


class SourceInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configured place to read from."""

    name: str
    tracker: str
    path: str
    state: str = ""
    """Filled by the daemon: `watching`, `missing` or a reason."""
    files: int = 0
    sessions: int = 0


class Sources(Struct, frozen=True, kw_only=True):
    """Every source, and the trackers that a new one may name."""

    sources: tuple[SourceInfo, ...]
    trackers: tuple[str, ...] = ()


class NewSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source to add; the daemon makes up a name where none is given."""

    tracker: str
    path: str
    name: str | None = None


class DestinationInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configured place to send to. Its secret is never shown, only whether there is one."""

    name: str
    dialect: str
    url: str
    consent: bool = False
    credential: str = "absent"
    """`available`, `absent`, `locked`, `denied`, `stuck` or `refused`."""
    pin: str = ""
    """The fingerprint of the one key that may answer there; empty where authorities decide."""


class Destinations(Struct, frozen=True, kw_only=True):
    """Every destination, and the dialects that a new one may name."""

    destinations: tuple[DestinationInfo, ...]
    dialects: tuple[str, ...] = ()


class PaperChange(Struct, frozen=True, kw_only=True):
    """What became of one thing that a tracker keeps besides sessions: a party, a creature, a preference."""

    seq: int
    """Ask for what came after it with this number."""
    source: str
    kind: str
    id: str
    action: str
    """`CREATE`, `UPDATE` or `DELETE`."""
    at: datetime


class PaperChanges(Struct, frozen=True, kw_only=True):
    """What happened, oldest first, some hundred at a time: empty when there is no more."""

    changes: tuple[PaperChange, ...]


class NewDestination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A destination to add."""

    name: str
    dialect: str
    url: str
    pin: str = ""
    """The fingerprint of its key, as its owner compared it."""


class NewPin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key that counts from now on."""

    pin: str


class DiscoverRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to look for collectors."""

    seconds: float = 10.0


class Candidate(Struct, frozen=True, kw_only=True):
    """Somebody on the local network who says to be a collector. Nothing of it is proven."""

    name: str
    url: str
    fingerprint: str = ""
    """As they say: compare it with what the collector itself prints."""


class Candidates(Struct, frozen=True, kw_only=True):
    """Everybody who answered."""

    candidates: tuple[Candidate, ...]


class FingerprintRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address by https."""

    url: str


class Fingerprint(Struct, frozen=True, kw_only=True):
    """The key that an address shows now."""

    url: str
    fingerprint: str


class Player(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who played, in the words of one tracker's log."""

    tracker: str
    identity: str


class Identity(Struct, frozen=True, kw_only=True):
    """A player whose sessions there are for a destination, and whether they may go there."""

    destination: str
    tracker: str
    title: str
    """The tracker as people call it."""
    identity: str
    sessions: int
    waiting: int
    """Of these, how many have a delivery that is not sent yet and was asked for."""
    state: str
    """`allowed`, `denied` or `unknown`: nobody was asked yet, so they are held."""


class IdentityRule(Struct, frozen=True, kw_only=True):
    """An answer of the owner's; `*` stands for every tracker, or for everybody that no other answer is about."""

    destination: str
    tracker: str
    identity: str
    allowed: bool
    decided_at: datetime


class Identities(Struct, frozen=True, kw_only=True):
    """Who played, and what was decided about them."""

    identities: tuple[Identity, ...]
    rules: tuple[IdentityRule, ...] = ()


class IdentityDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a player's sessions may go to a destination; `allowed` None takes an answer back."""

    destination: str
    identity: str
    """`*` for everybody that no other answer is about."""
    tracker: str = "*"
    """An answer for all of them takes the place of those for single ones."""
    allowed: bool | None


class Consent(Struct, frozen=True, kw_only=True):
    """What the owner agrees to for one destination, and whether they have."""

    destination: str
    granted: bool
    policy: str
    """The text that was or will be agreed to."""
    policy_digest: str
    """sha-256 hex of the text with the destination's address: a grant names the text it agrees to."""
    granted_at: datetime | None = None
    waiting: int = 0
    """Deliveries that a grant would release."""
    terms: tuple[str, ...] = ()
    """What of people and places is sent, line by line, as in the text."""
    agreed_terms: tuple[str, ...] = ()
    """The same as it was agreed to."""
    identities: tuple[Identity, ...] = ()
    """Whose sessions there are for it: a grant that names them allows those that are unknown."""
    key_note: str = ""
    """What a grant says of the key, too, where one was laid down that served another address."""


class PrivacyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other terms for a destination; what is not named stays as it is."""

    treatments: dict[str, str]
    """Group of fields -> `keep`, `token` or `drop`."""


class Removal(Struct, frozen=True, kw_only=True):
    """Something that is not sent."""

    field: str
    reason: str
    times: int


class Preview(Struct, frozen=True, kw_only=True):
    """What one destination is sent of one session."""

    session: str
    destination: str
    content_type: str
    content_encoding: str
    sha256: str
    """Hex, of `body`."""
    body: bytes
    """Byte for byte what goes over the wire as the request's body."""
    document: Raw
    """The session in it."""
    removed: tuple[Removal, ...] = ()
    """What was taken out, and why."""
    state: str = ""
    """Where its delivery stands, as in the list of sessions."""
    reconstruction: bool = False
    """It was sent already and its bytes are not kept: this is what would be sent of it on the terms of today."""


class ConsentGrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agreement to exactly the text with this digest, and to the players that were shown with it."""

    policy_digest: str
    identities: tuple[Player, ...] = ()


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret for one destination: goes in, never comes out."""

    secret: str
    insecure_storage: bool = False
    """Allow a file with mode 0600 where the system has no keyring."""

    def __repr__(self) -> str:
        return "Login(secret=***)"


class Check(Struct, frozen=True, kw_only=True):
    """One thing that doctor looked at; `level` is `ok`, `advice` or `problem`."""

    name: str
    level: str
    message: str
    hint: str = ""


class Checks(Struct, frozen=True, kw_only=True):
    """Everything doctor looked at."""

    checks: tuple[Check, ...]


class EventKind(StrEnum):
    """What the event stream reports. Listeners ignore kinds they do not know."""

    SESSION_STARTED = "session.started"
    """A session runs."""
    SESSION_PROGRESS = "session.progress"
    """A running session has gone on; told at most every two seconds."""
    SESSION_FOUND = "session.found"
    """A session is over, or a newer version of one is."""
    SESSION_DELETED = "session.deleted"
    """A session is gone, and so are its deliveries."""
    DELIVERY_CHANGED = "delivery.changed"
    STATE_CHANGED = "state.changed"
    """Pause, resume, sources, destinations, consents, attention."""
    RESET = "reset"
    """Events were missed: read the status afresh."""
    GOING_AWAY = "going-away"
    """The daemon stops."""


class StreamEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the event log; `cursor` resumes after it."""

    cursor: str
    """`<instance>.<sequence>`"""
    kind: EventKind
    at: datetime
    session: str | None = None
    delivery: Delivery | None = None
    tracker: str | None = None


class Done(Struct, frozen=True, kw_only=True):
    """It is done."""

    ok: bool = True
    note: str = ""
    """What its owner should know about it."""


class Stopped(Done, frozen=True, kw_only=True):
    """The daemon ends; what is not sent stays in the spool and goes on at the next start."""

    waiting: int = 0
    """Deliveries that would have gone by themselves."""
    counts: Counts = field(default_factory=Counts)
