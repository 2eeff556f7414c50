"""What the daemon in memory knows: sessions, places, choices; what tests put into it, and what they find there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_ipc.events import EventLog
from logferry_model.errors import Misconfigured
from logferry_model.figures import Measure, Statistics

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
TRACKERS = ("artemis", "resonance")


class Books:
    """What all parts of it look into."""

    def __init__(self, *, instance: str = "boot1", capacity: int = 1000) -> None:
        self.now = START
        self.log = EventLog(instance, started=START, capacity=capacity)
        self.found: dict[str, m.SessionSummary] = {}
        self.watched: dict[str, m.SourceInfo] = {}
        self.places: dict[str, m.DestinationInfo] = {}
        self.granted_at: dict[str, datetime] = {}
        self.secrets: dict[str, str] = {}
        self.tests: dict[str, m.DestinationTest] = {}
        """What destinations say of their keys."""
        self.terms: dict[str, dict[str, str]] = {}
        self.agreed_terms: tuple[str, ...] = ()
        """Destination -> group -> what its owner chose for it."""
        self.login_note = ""
        self.logout_note = ""
        self.logins: list[tuple[bool, bool]] = []
        """Of each, whether a key was to be made, and whether an account was to take over."""
        self.players: list[m.Identity] = []
        self.rules: list[m.IdentityRule] = []
        self.troubles: tuple[m.Attention, ...] = ()
        self.paused = False
        self.paused_until: datetime | None = None
        self.last_report_url: str | None = None
        self.state: m.DaemonState | None = None
        """Set to say which state it is in, instead of working it out."""
        self.stopping = False
        self.copy_report_url = False
        self.proofs: dict[str, str] = {}
        """Delivery -> what its destination says of it today, where that is not `verified`."""
        self.ledgers: list[tuple[str, str]] = []
        """Since when each was asked for."""
        self.since: datetime | None = None
        """Of the last `upload_all`."""
        self.recuts: list[m.RecutRequest] = []
        self.gone: dict[str, m.DeletedSession] = {}
        self.runs: dict[str, m.RunningSession] = {}
        self.writing = False
        """Whether their logs are being written right now, so that nothing can end."""
        self.neighbours: tuple[m.Candidate, ...] = ()
        self.searched = 0.0
        """For how long, the last time."""
        self.keys: dict[str, str] = {}
        """Address -> the fingerprint shown there."""
        self.calls: list[str] = []

    def find(
        self,
        session: str,
        *states: m.DeliveryState,
        tracker: str = "artemis",
        error: str = "",
    ) -> m.SessionSummary:
        """A session turns up, with one delivery per state."""
        deliveries = tuple(
            m.Delivery(id=f"{session}-{place}", destination=f"place{place}", revision=1, state=state, last_error=error)
            for place, state in enumerate(states)
        )
        summary = m.SessionSummary(
            id=session,
            tracker=tracker,
            source="main",
            started_at=self.now,
            ended_at=self.now + timedelta(hours=1),
            events=3,
            revision=1,
            deliveries=deliveries,
        )
        self.found[session] = summary
        self.log.publish(m.EventKind.SESSION_FOUND, at=self.now, session=session, tracker=tracker)
        return summary

    def join(self, session: str, other: str) -> None:
        """The owner joined a session to another one."""
        self.found[session] = replace(self.found[session], merged_into=other)

    def play(self, session: str, *, tracker: str = "artemis", events: int = 3) -> m.RunningSession:
        """A session runs, or has gone on."""
        measures = (Measure(name="loot", label="Loot", value=events / 2, unit="PED"),)
        running = m.RunningSession(
            id=session,
            tracker=tracker,
            source="main",
            started_at=self.now,
            last_at=self.now + timedelta(minutes=events),
            events=events,
            statistics=Statistics(events=events, measures=measures),
        )
        kind = m.EventKind.SESSION_PROGRESS if session in self.runs else m.EventKind.SESSION_STARTED
        self.runs[session] = running
        self.log.publish(kind, at=self.now, session=session, tracker=tracker)
        return running

    def meet(self, identity: str, *, tracker: str = "artemis", destination: str = "home", waiting: int = 1) -> None:
        """Somebody plays whom nobody was asked about, and the status tells of a question."""
        self.players.append(
            m.Identity(
                destination=destination,
                tracker=tracker,
                title=tracker.title(),
                identity=identity,
                sessions=waiting,
                waiting=waiting,
                state="unknown",
            )
        )
        self.trouble(m.Attention(code="identity-unknown", message="Somebody new played.", hint="Answer."))

    def trouble(self, *attention: m.Attention) -> None:
        """These things want a person from now on."""
        self.troubles = attention
        self._changed()

    def _deliveries(self) -> list[m.Delivery]:
        return [delivery for session in self.found.values() for delivery in session.deliveries]

    def _session(self, session: str) -> m.SessionSummary:
        if session not in self.found:
            raise Misconfigured("session-unknown", f"There is no session {session}.", hint="See sessions list.")
        return self.found[session]

    def _run(self, session: str) -> m.RunningSession:
        if session not in self.runs:
            raise Misconfigured("session-unknown", f"There is no running session {session}.", hint="See sessions list.")
        return self.runs[session]

    def _place(self, name: str) -> m.DestinationInfo:
        if name not in self.places:
            raise Misconfigured("destination-unknown", f"There is no destination {name}.")
        return replace(
            self.places[name],
            consent=name in self.granted_at,
            credential="available" if name in self.secrets else "absent",
        )

    def _changed(self) -> None:
        self.log.publish(m.EventKind.STATE_CHANGED, at=self.now)

    def _destination_status(self, name: str) -> m.DestinationStatus:
        if self.paused:
            return m.DestinationStatus(name=name, state="paused")
        state, trackers = "ready" if name in self.granted_at else "held", self.places[name].trackers
        return m.DestinationStatus(name=name, state=state, trackers=trackers)
