"""What a running daemon offers. The server calls it, the daemon implements it, tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from logferry_ipc.messages import (
    EVERYTHING,
    FORGET,
    Candidates,
    Changed,
    Checks,
    Consent,
    ConsentGrant,
    Deleted,
    DeleteRequest,
    Destinations,
    DestinationTest,
    DiscoverRequest,
    Done,
    Ended,
    Exposition,
    Fingerprint,
    FingerprintRequest,
    Forgetting,
    Identities,
    IdentityDecision,
    Ledger,
    Login,
    NewAccount,
    NewDestination,
    NewPin,
    NewSource,
    NewTrackers,
    PaperChanges,
    PauseRequest,
    Preview,
    PrivacyChange,
    Receipts,
    Recut,
    RecutRequest,
    RetryRequest,
    RunningSession,
    RunningSessions,
    SessionDetail,
    SessionList,
    Sources,
    Status,
    Stopped,
    StreamEvent,
    UploadAll,
    Verification,
    VerifyRequest,
)


class Control(Protocol):
    """Everything a client may ask. Raises the four kinds of error and nothing else."""

    async def status(self) -> Status:
        """The daemon at a glance."""
        ...

    async def metrics(self) -> Exposition:
        """Counts and times, as Prometheus reads them; names nobody and no path."""
        ...

    async def ledger(self, since: str, until: str) -> Ledger:
        """What became of all that was found between two ISO times with their zones; of everything without them."""
        ...

    async def receipts(self, session: str) -> Receipts:
        """What arrived, of one session; of all without one."""
        ...

    async def verify(self, request: VerifyRequest) -> Verification:
        """Ask destinations whether they still have what they gave receipts for; sends nothing of a session."""
        ...

    async def sessions(self) -> SessionList:
        """Every session in the spool, newest first."""
        ...

    async def session(self, session: str) -> SessionDetail:
        """One session; Misconfigured `session-unknown` when there is none."""
        ...

    async def upload(self, session: str) -> Changed:
        """Send this session now: waiting deliveries skip their backoff, held ones stay held."""
        ...

    async def end(self, session: str) -> Ended:
        """End a running session, because its owner wants it; Misconfigured `session-unknown` when none such runs."""
        ...

    async def running(self) -> RunningSessions:
        """Every session that still runs, with what it adds up to so far."""
        ...

    async def running_session(self, session: str) -> RunningSession:
        """One of them; Misconfigured `session-unknown` when none such runs."""
        ...

    async def papers(self, after: str) -> PaperChanges:
        """What became of trackers' papers after the change with this number; "0" is from the beginning."""
        ...

    async def app_closed(self, app: str) -> Ended:
        """A program was closed: its sessions end. Misconfigured `app-unknown` when no source has such a program."""
        ...

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        """Rescan every source, then send all that waits; what was there before goes as `request` says."""
        ...

    async def recut(self, session: str, request: RecutRequest) -> Recut:
        """Split a session or join others to it; Misconfigured says why that cannot be done."""
        ...

    async def preview(self, session: str, to: str) -> Preview:
        """Exactly what a destination is sent of a session; Refused `would-leak` says why nothing is."""
        ...

    async def delete(self, session: str, request: DeleteRequest) -> Deleted:
        """Forget a session for good: nothing of it is sent any more, and its log does not bring it back."""
        ...

    async def retry(self, request: RetryRequest) -> Changed:
        """Put failed deliveries back in the queue."""
        ...

    async def pause(self, request: PauseRequest) -> Done:
        """Start no further upload until resumed or the time is over."""
        ...

    async def resume(self) -> Done:
        """Upload again."""
        ...

    async def sources(self) -> Sources:
        """Every source and its state."""
        ...

    async def add_source(self, source: NewSource) -> Sources:
        """Watch one more folder."""
        ...

    async def remove_source(self, name: str) -> Sources:
        """Stop watching; what was found stays."""
        ...

    async def destinations(self) -> Destinations:
        """Every destination, without secrets."""
        ...

    async def add_destination(self, destination: NewDestination) -> Destinations:
        """One more place to send to; nothing is sent before consent."""
        ...

    async def pin_destination(self, name: str, pin: NewPin) -> Destinations:
        """Another key counts for it, by the word of its owner, who is asked for consent anew."""
        ...

    async def change_account(self, name: str, account: NewAccount) -> Destinations:
        """Its owner is called otherwise there; he is asked for consent anew."""
        ...

    async def change_trackers(self, name: str, trackers: NewTrackers) -> Destinations:
        """Whose sessions go there."""
        ...

    async def test_destination(self, name: str) -> DestinationTest:
        """Whether it can be sent to now, and takes the key."""
        ...

    async def discover(self, request: DiscoverRequest) -> Candidates:
        """Whoever on the local network says to be a collector; proves nothing."""
        ...

    async def fingerprint(self, request: FingerprintRequest) -> Fingerprint:
        """The key that is shown at an address; a handshake and no request."""
        ...

    async def remove_destination(self, name: str, wanted: Forgetting = FORGET) -> Destinations:
        """Forget a destination, its consent and its secret; uploaded receipts stay. Refused as `logout` is."""
        ...

    async def change_privacy(self, destination: str, change: PrivacyChange) -> Consent:
        """Other terms: they have to be agreed to before anything more is sent."""
        ...

    async def consent(self, destination: str) -> Consent:
        """The policy text and whether it was agreed to."""
        ...

    async def grant(self, destination: str, grant: ConsentGrant) -> Consent:
        """Record the owner's agreement; Refused `policy-changed` when the digest is of another text."""
        ...

    async def revoke(self, destination: str) -> Consent:
        """Take the agreement back: nothing more is sent."""
        ...

    async def identities(self) -> Identities:
        """Who played, and what was decided about them."""
        ...

    async def decide_identity(self, decision: IdentityDecision) -> Identities:
        """Whose sessions may go where; Misconfigured `identity-undecided` when there is no answer to take back."""
        ...

    async def login(self, destination: str, login: Login) -> Done:
        """Keep a secret for this destination."""
        ...

    async def logout(self, destination: str, wanted: Forgetting = FORGET) -> Done:
        """Forget the secret; Refused `own-key-only` where something is lost with it and nobody agreed to that."""
        ...

    async def doctor(self) -> Checks:
        """Look at everything that can be wrong."""
        ...

    def events(self, cursor: str | None) -> AsyncIterator[StreamEvent]:
        """Everything after `cursor`, then everything new; `reset` first when the cursor is not known."""
        ...

    async def stop(self) -> Stopped:
        """Finish what is under way and end the daemon; tells what still waits, and waits for none of it."""
        ...
