"""Talks to the running daemon: synchronous, typed, light to import. Decides nothing, retries nothing.

Each method is a route, a connection and an answer. Nothing is kept between calls, so a client may outlive
the daemon and be used from several threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Final, Self, TypeVar

from msgspec import Struct

from logferry_ipc import endpoint as discovery
from logferry_ipc import messages as m
from logferry_ipc import sse
from logferry_ipc.line import DaemonNotRunning, Line, told
from logferry_ipc.routes import BY_CALL
from logferry_model.errors import Unreachable

__all__ = ["DaemonClient", "DaemonNotRunning", "EventStream"]

_TIMEOUT: Final = timedelta(seconds=30)
"""A rescan of every source is the longest answer."""
_PERSON: Final = timedelta(seconds=150)
"""A keyring may ask its user to unlock it before it takes or gives up a secret."""
_SILENCE: Final = timedelta(seconds=45)
"""After this long without so much as a heartbeat, which comes every 15 s, a stream is given up."""

_Answer = TypeVar("_Answer", bound=Struct)


class EventStream(Iterator[m.StreamEvent]):
    """Events as they come; ends after `going-away` or `close`, raises Unreachable when it breaks off."""

    def __init__(self, line: Line, response: HTTPResponse) -> None:
        self._line = line
        self._response = response
        self._ended = False

    def __next__(self) -> m.StreamEvent:
        while not self._ended:
            if (event := self._read()) is not None:
                self._ended = event.kind is m.EventKind.GOING_AWAY
                return event
        self._line.close()
        raise StopIteration

    def close(self) -> None:
        """End the stream; may be called from another thread, whose waiting reader then ends."""
        self._ended = True
        self._line.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._line.close()

    def _read(self) -> m.StreamEvent | None:
        try:
            with told():
                line = self._response.readline(sse.MAX_LINE)
        except Unreachable:
            line = b""
        if line or self._ended:
            return sse.read_line(line)
        self._line.close()
        raise Unreachable("stream-broken", "The daemon's event stream broke off.", hint="Follow it again.")


class DaemonClient:
    """The methods of Control, asked of the daemon whose discovery file lies in `runtime`."""

    def __init__(self, runtime: Path, *, timeout: timedelta = _TIMEOUT) -> None:
        self._runtime = runtime
        self._timeout = timeout

    def hello(self) -> m.Hello:
        """Which daemon this is; it has proved to be ours."""
        with closing(Line.to(self._endpoint(), timeout=self._timeout)) as line:
            return line.greet()

    def status(self) -> m.Status:
        """The daemon at a glance."""
        return self._call("status", m.Status)

    def metrics(self) -> m.Exposition:
        """Counts and times, as Prometheus reads them."""
        with closing(Line.to(self._endpoint(), timeout=self._timeout)) as line:
            line.greet()
            return m.Exposition(text=line.read_text(line.ask(BY_CALL["metrics"])))

    def ledger(self, since: str = "", until: str = "") -> m.Ledger:
        """What became of all that was found between two ISO times with their zones; of everything without them."""
        return self._call("ledger", m.Ledger, since, until)

    def receipts(self, session: str = "") -> m.Receipts:
        """What arrived, of one session; of all without one."""
        return self._call("receipts", m.Receipts, session)

    def verify(self, request: m.VerifyRequest) -> m.Verification:
        """Ask destinations whether they still have what they gave receipts for."""
        return self._call("verify", m.Verification, body=request, timeout=_PERSON)

    def sessions(self) -> m.SessionList:
        """Every session in the spool, newest first."""
        return self._call("sessions", m.SessionList)

    def session(self, session: str) -> m.SessionDetail:
        """One session; Misconfigured `session-unknown` when there is none."""
        return self._call("session", m.SessionDetail, session)

    def upload(self, session: str) -> m.Changed:
        """Send this session now: waiting deliveries skip their backoff, held ones stay held."""
        return self._call("upload", m.Changed, session)

    def end(self, session: str) -> m.Ended:
        """End a running session, because its owner wants it; Misconfigured `session-unknown` when none such runs."""
        return self._call("end", m.Ended, session)

    def running(self) -> m.RunningSessions:
        """Every session that still runs, with what it adds up to so far."""
        return self._call("running", m.RunningSessions)

    def running_session(self, session: str) -> m.RunningSession:
        """One of them; Misconfigured `session-unknown` when none such runs."""
        return self._call("running_session", m.RunningSession, session)

    def papers(self, after: str) -> m.PaperChanges:
        """What became of trackers' papers after the change with this number; "0" is from the beginning."""
        return self._call("papers", m.PaperChanges, after)

    def app_closed(self, app: str) -> m.Ended:
        """A program was closed: its sessions end. Misconfigured `app-unknown` when no source has such a program."""
        return self._call("app_closed", m.Ended, app)

    def upload_all(self, request: m.UploadAll = m.EVERYTHING) -> m.Changed:
        """Rescan every source, then send all that waits; what was there before goes as `request` says."""
        return self._call("upload_all", m.Changed, body=request)

    def recut(self, session: str, request: m.RecutRequest) -> m.Recut:
        """Split a session or join others to it; Misconfigured says why that cannot be done."""
        return self._call("recut", m.Recut, session, body=request)

    def preview(self, session: str, to: str) -> m.Preview:
        """Exactly what a destination is sent of a session; Refused `would-leak` says why nothing is."""
        return self._call("preview", m.Preview, session, to)

    def delete(self, session: str, request: m.DeleteRequest) -> m.Deleted:
        """Forget a session for good: nothing of it is sent any more, and its log does not bring it back."""
        return self._call("delete", m.Deleted, session, body=request)

    def retry(self, request: m.RetryRequest) -> m.Changed:
        """Put failed deliveries back in the queue."""
        return self._call("retry", m.Changed, body=request)

    def pause(self, request: m.PauseRequest) -> m.Done:
        """Start no further upload until resumed or the time is over."""
        return self._call("pause", m.Done, body=request)

    def resume(self) -> m.Done:
        """Upload again."""
        return self._call("resume", m.Done)

    def sources(self) -> m.Sources:
        """Every source and its state."""
        return self._call("sources", m.Sources)

    def add_source(self, source: m.NewSource) -> m.Sources:
        """Watch one more folder."""
        return self._call("add_source", m.Sources, body=source)

    def remove_source(self, name: str) -> m.Sources:
        """Stop watching; what was found stays."""
        return self._call("remove_source", m.Sources, name)

    def destinations(self) -> m.Destinations:
        """Every destination, without secrets."""
        return self._call("destinations", m.Destinations)

    def add_destination(self, destination: m.NewDestination) -> m.Destinations:
        """One more place to send to; nothing is sent before consent."""
        return self._call("add_destination", m.Destinations, body=destination)

    def pin_destination(self, name: str, pin: m.NewPin) -> m.Destinations:
        """Another key counts for it, by the word of its owner, who is asked for consent anew."""
        return self._call("pin_destination", m.Destinations, name, body=pin)

    def change_account(self, name: str, account: m.NewAccount) -> m.Destinations:
        """Its owner is called otherwise there; he is asked for consent anew."""
        return self._call("change_account", m.Destinations, name, body=account)

    def change_trackers(self, name: str, trackers: m.NewTrackers) -> m.Destinations:
        """Whose sessions go there."""
        return self._call("change_trackers", m.Destinations, name, body=trackers)

    def test_destination(self, name: str) -> m.DestinationTest:
        """Whether it can be sent to now, and takes the key."""
        return self._call("test_destination", m.DestinationTest, name)

    def discover(self, request: m.DiscoverRequest) -> m.Candidates:
        """Whoever on the local network says to be a collector; proves nothing."""
        return self._call("discover", m.Candidates, body=request)

    def fingerprint(self, request: m.FingerprintRequest) -> m.Fingerprint:
        """The key that is shown at an address; a handshake and no request."""
        return self._call("fingerprint", m.Fingerprint, body=request)

    def remove_destination(self, name: str, wanted: m.Forgetting = m.FORGET) -> m.Destinations:
        """Forget a destination, its consent and its secret; uploaded receipts stay. Refused as `logout` is."""
        return self._call("remove_destination", m.Destinations, name, body=wanted, timeout=_PERSON)

    def change_privacy(self, destination: str, change: m.PrivacyChange) -> m.Consent:
        """Other terms: they have to be agreed to before anything more is sent."""
        return self._call("change_privacy", m.Consent, destination, body=change)

    def consent(self, destination: str) -> m.Consent:
        """The policy text and whether it was agreed to."""
        return self._call("consent", m.Consent, destination)

    def grant(self, destination: str, grant: m.ConsentGrant) -> m.Consent:
        """Record the owner's agreement; Refused `policy-changed` when the digest is of another text."""
        return self._call("grant", m.Consent, destination, body=grant)

    def revoke(self, destination: str) -> m.Consent:
        """Take the agreement back: nothing more is sent."""
        return self._call("revoke", m.Consent, destination)

    def identities(self) -> m.Identities:
        """Who played, and what was decided about them."""
        return self._call("identities", m.Identities)

    def decide_identity(self, decision: m.IdentityDecision) -> m.Identities:
        """Whose sessions may go where; Misconfigured `identity-undecided` when there is no answer to take back."""
        return self._call("decide_identity", m.Identities, body=decision)

    def login(self, destination: str, login: m.Login) -> m.Done:
        """Keep a secret for this destination."""
        return self._call("login", m.Done, destination, body=login, timeout=_PERSON)

    def logout(self, destination: str, wanted: m.Forgetting = m.FORGET) -> m.Done:
        """Forget the secret; Refused `own-key-only` where something is lost with it and nobody agreed to that."""
        return self._call("logout", m.Done, destination, body=wanted, timeout=_PERSON)

    def doctor(self) -> m.Checks:
        """Look at everything that can be wrong."""
        return self._call("doctor", m.Checks)

    def stop(self) -> m.Stopped:
        """Finish what is under way and end the daemon; tells what still waits."""
        return self._call("stop", m.Stopped)

    def events(self, cursor: str | None = None) -> EventStream:
        """Everything after `cursor`, then everything new; `reset` first when the cursor is not known."""
        line = Line.to(self._endpoint(), timeout=self._timeout)
        try:
            line.greet()
            response = line.ask(BY_CALL["events"], cursor=cursor)
            line.sock.settimeout(_SILENCE.total_seconds())
        except BaseException:
            line.close()
            raise
        return EventStream(line, response)

    def _call(
        self,
        name: str,
        answer: type[_Answer],
        *values: str,
        body: Struct | None = None,
        timeout: timedelta | None = None,
    ) -> _Answer:
        with closing(Line.to(self._endpoint(), timeout=timeout or self._timeout)) as line:
            line.greet()
            return line.read(line.ask(BY_CALL[name], *values, body=body), answer)

    def _endpoint(self) -> discovery.Endpoint:
        endpoint = discovery.read(self._runtime)
        if endpoint is None:
            raise DaemonNotRunning
        return endpoint
