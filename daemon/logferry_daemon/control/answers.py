"""Answers the local API: each question is one call, built from the spool, the gates and the fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from logferry_daemon.checks.check import Check as DoctorCheck
from logferry_daemon.control import given_up, views
from logferry_daemon.control.accounts import AccountDesk
from logferry_daemon.control.deleting import DeletionDesk
from logferry_daemon.control.deleting import attention as deletion_attention
from logferry_daemon.control.endings import Endings
from logferry_daemon.control.exposition import exposition
from logferry_daemon.control.filters import FilterDesk, check_trackers
from logferry_daemon.control.hosts import check_hosts
from logferry_daemon.control.identities import IdentityDesk, sentences
from logferry_daemon.control.keys import KeyDesk
from logferry_daemon.control.leaving import Leaving
from logferry_daemon.control.ledger import LedgerDesk
from logferry_daemon.control.live import Live
from logferry_daemon.control.pinning import PinDesk, pin_setting
from logferry_daemon.control.privacy import PrivacyDesk
from logferry_daemon.control.queue_state import queue_attention, rebuilt_attention, without_queue
from logferry_daemon.control.recutting import RecutDesk
from logferry_daemon.control.settings_store import SettingsStore, Value
from logferry_daemon.control.trying import TrialDesk
from logferry_daemon.control.verifying import VerifyDesk
from logferry_daemon.core.consent import POLICY_VERSION, Grant, policy_digest
from logferry_daemon.core.delivery import LEFT_OUT, State
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.filters import takers
from logferry_daemon.core.places import reason_against_name
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.salvage import REBUILT_NOTE
from logferry_daemon.core.services import reason_against_destination
from logferry_daemon.fleet import Fleet, check_folder
from logferry_daemon.key_trial import KeyTrial
from logferry_daemon.ports import Clock, Credentials, Discovery, Fingerprints, Spool
from logferry_daemon.scribe import RENEWED_NOTE, renewed_at
from logferry_daemon.settings import SourceSettings
from logferry_ipc.events import EventLog
from logferry_ipc.messages import (
    EVERYTHING,
    Candidates,
    Changed,
    Check,
    Checks,
    Consent,
    ConsentGrant,
    Deleted,
    DeleteRequest,
    DestinationInfo,
    Destinations,
    DestinationTest,
    DiscoverRequest,
    Done,
    Ended,
    Exposition,
    Fingerprint,
    FingerprintRequest,
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
    SourceInfo,
    Sources,
    Status,
    Stopped,
    StreamEvent,
    UploadAll,
    Verification,
    VerifyRequest,
)
from logferry_model.errors import Misconfigured, Refused

MAX_DIGITS = 18
"""Of a number that SQLite can hold."""
MAX_FAILURES = 20
MAX_PAUSE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What answers are made of."""

    version: str
    clock: Clock
    spool: Spool
    fleet: Fleet
    credentials: Credentials
    settings: SettingsStore
    discovery: Discovery
    fingerprints: Fingerprints
    log: EventLog
    checks: Callable[[], AsyncIterator[DoctorCheck]]
    stop: asyncio.Event
    user_home: Path
    live: Live
    """The sessions that still run."""
    scrub: Callable[[], Awaitable[bool]]
    """Overwrites what was deleted; whether that is done."""
    key_given: Callable[[], None] = lambda: None
    """Called when there may be a key that nothing was searched for yet."""
    recipe_troubles: Sequence[Trouble] = ()
    """Of the owner's own recipes, as they were at the start."""
    copy_report_url: bool = False
    """Whether the tray is to put the address of each new report on the clipboard."""


class DaemonControl:
    """Implements `logferry_ipc.control.Control`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._spool = parts.spool
        self._fleet = parts.fleet
        self._gates = parts.fleet.gates
        self._endings = Endings(parts.fleet, parts.spool, parts.clock)
        self._recutting = RecutDesk(parts.fleet, parts.spool, parts.clock)
        self._pinning = PinDesk(parts.fleet, parts.settings, parts.discovery, parts.fingerprints)
        self._keys = KeyDesk(parts.fleet, parts.credentials, parts.key_given)
        self._accounts = AccountDesk(parts.fleet, parts.settings, parts.credentials)
        self._trying = TrialDesk(parts.fleet, KeyTrial(parts.fleet))
        self._filters = FilterDesk(parts.fleet, parts.settings, parts.spool)
        self._privacy = PrivacyDesk(parts.fleet, parts.spool, parts.settings)
        self._identities = IdentityDesk(parts.fleet, parts.spool, parts.spool, parts.clock)
        self._deletions = DeletionDesk(parts.fleet, parts.spool, parts.live, parts.clock, parts.scrub)
        self._ledger = LedgerDesk(parts.fleet.all_gates, parts.spool, parts.clock)
        self._verifying = VerifyDesk(parts.fleet, parts.spool)
        self._leaving = Leaving(parts.fleet.all_gates, parts.spool)

    async def status(self) -> Status:
        """The daemon at a glance."""
        gates = await self._fleet.all_gates()
        totals = await self._spool.totals()
        counts = views.counts(totals, gates)
        trouble = self._spool.trouble
        sources = without_queue(self._fleet.runners, trouble)
        failures = await self._spool.failures(MAX_FAILURES)
        questions = await self._identities.questions(totals)
        return Status(
            state=views.daemon_state(
                counts,
                gates,
                sources,
                paused=self._gates.holds.paused,
                asked=bool(questions or trouble),
                not_yet=views.not_yet(gates, totals),
            ),
            version=self._parts.version,
            counts=counts,
            destinations=views.destinations(gates, totals, self._fleet.filters()),
            attention=views.attention(
                gates,
                failures,
                sources,
                await self._spool.troubles(),
                recipes=self._parts.recipe_troubles,
                backlog=totals.backlog,
                keys=await self._parts.credentials.notes(tuple(gates)),
                questions=questions,
                waiting=views.waiting(totals, gates),
                queue=(
                    *queue_attention(trouble),
                    *rebuilt_attention(await self._spool.note(REBUILT_NOTE), self._parts.clock.now()),
                ),
                deletions=deletion_attention(await self._spool.deleted(), unscrubbed=await self._spool.unscrubbed()),
                tokens=(
                    *views.tokens_renewed(renewed_at(await self._spool.note(RENEWED_NOTE)), self._parts.clock.now()),
                    *given_up.attention(await self._keys.lost(), self._parts.clock.now()),
                ),
            ),
            metrics=views.metrics(totals, gates),
            paused=self._gates.holds.paused,
            paused_until=self._gates.holds.paused_until if self._gates.holds.paused else None,
            last_report_url=totals.last_report_url,
            running=self._parts.live.summaries,
            copy_report_url=self._parts.copy_report_url,
        )

    async def metrics(self) -> Exposition:
        """Counts and times, as Prometheus reads them."""
        return Exposition(text=exposition(await self.status()))

    async def ledger(self, since: str) -> Ledger:
        """What became of all that was found."""
        return await self._ledger.ledger(since)

    async def receipts(self, session: str) -> Receipts:
        """What arrived."""
        return await self._ledger.receipts(session)

    async def verify(self, request: VerifyRequest) -> Verification:
        """Ask destinations what they still have."""
        return await self._verifying.verify(request)

    async def sessions(self) -> SessionList:
        """Every session, newest first."""
        gates = await self._fleet.all_gates()
        found = await self._spool.sessions()
        return SessionList(
            sessions=tuple(views.session(row, deliveries, gates) for row, deliveries in found),
            running=self._parts.live.summaries,
            deleted=await self._deletions.deleted(),
        )

    async def papers(self, after: str) -> PaperChanges:
        """What became of trackers' papers after one change."""
        if not (after.isascii() and after.isdigit() and len(after) < MAX_DIGITS):
            raise Misconfigured("number-unreadable", f'"{after[:40]}" is no number.', hint="Ask from 0 on.")
        return PaperChanges(changes=tuple(map(views.paper_change, await self._spool.paper_changes(int(after)))))

    async def running(self) -> RunningSessions:
        """Every session that still runs, the latest begun first."""
        return RunningSessions(sessions=tuple(self._parts.live.sessions))

    async def running_session(self, session: str) -> RunningSession:
        """One session that still runs, by id or by an unambiguous beginning of it."""
        return self._live_one(session)

    async def end(self, session: str) -> Ended:
        """A running session ends here, as its owner wants it."""
        return await self._endings.demand(self._live_one(session).id)

    async def app_closed(self, app: str) -> Ended:
        """A program was closed: its sessions end."""
        return await self._endings.app_closed(app)

    def _live_one(self, name: str) -> RunningSession:
        fitting = [one for one in self._parts.live.sessions if name and one.id.startswith(name)]
        if len(fitting) != 1:
            hint = "See: logferry sessions list"
            raise Misconfigured("session-unknown", f'There is no running session "{name}".', hint=hint)
        return fitting[0]

    async def session(self, session: str) -> SessionDetail:
        """One session, by id or by an unambiguous beginning of it."""
        found = await self._spool.session(session)
        if found is None:
            raise _unknown("session", session, "logferry sessions list")
        row, deliveries, document = found
        gates = await self._fleet.all_gates()
        tries = await self._spool.attempts(row.id)
        return SessionDetail(
            session=views.session(row, deliveries, gates, tries), statistics=document.statistics, facts=document.facts
        )

    async def upload(self, session: str) -> Changed:
        """One session, now."""
        detail = await self.session(session)
        await self._release(detail.session.id, None)
        changed = await self._spool.hurry(detail.session.id, self._parts.clock.now())
        return await self._hurried(changed)

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        """Everything, after another look at every source."""
        since = request.since
        if since is not None and since.tzinfo is None:
            raise Misconfigured("since-unusable", "The time has no zone.", hint="As in: 2026-01-01T00:00:00Z")
        await self._fleet.rescan()
        await self._release(None, since)
        changed = await self._spool.hurry(None, self._parts.clock.now())
        return await self._hurried(changed)

    async def _release(self, session: str | None, since: datetime | None) -> None:
        """What was there before is asked for."""
        if await self._spool.release(session, since):
            self._fleet.listeners.state_changed()

    async def _hurried(self, changed: int) -> Changed:
        gates = await self._fleet.all_gates()
        self._fleet.wake_couriers()
        questions = await self._identities.questions(await self._spool.totals())
        return Changed(changed=changed, note=" ".join((*views.closed(gates), *sentences(questions))))

    async def recut(self, session: str, request: RecutRequest) -> Recut:
        """Split a session or join others to it."""
        return await self._recutting.recut(session, request)

    async def preview(self, session: str, to: str) -> Preview:
        """Exactly what a destination is sent of a session."""
        return await self._privacy.preview(session, self._courier_of(to).name)

    async def delete(self, session: str, request: DeleteRequest) -> Deleted:
        """Forget a session for good."""
        return await self._deletions.delete(session, request)

    async def retry(self, request: RetryRequest) -> Changed:
        """Failed deliveries, once more; destinations that were given up are tried, too."""
        changed = await self._spool.retry(request.ids, self._parts.clock.now())
        self._gates.forgive_all()
        await self._fleet.hasten_deletions()
        return await self._hurried(changed)

    async def pause(self, request: PauseRequest) -> Done:
        """Hold everything."""
        seconds = request.seconds
        if seconds is not None and not 0 < seconds <= MAX_PAUSE.total_seconds():
            raise Misconfigured("pause-length", "A pause is between a second and 30 days long.", hint="As in: 30m")
        await self._gates.holds.pause(None if seconds is None else timedelta(seconds=seconds))
        return Done()

    async def resume(self) -> Done:
        """Go on."""
        await self._gates.holds.resume()
        await self._fleet.hasten_deletions()
        return Done()

    async def sources(self) -> Sources:
        """Every source and its state."""
        by_source: dict[str, int] = {}
        for row, _ in await self._spool.sessions():
            by_source[row.source] = by_source.get(row.source, 0) + 1
        found = tuple(
            SourceInfo(
                name=name,
                tracker=runner.source.tracker.name,
                path=str(runner.source.root),
                state=runner.state,
                files=runner.number_of_files,
                sessions=by_source.get(name, 0),
            )
            for name, runner in self._fleet.runners.items()
        )
        return Sources(sources=found, trackers=tuple(self._fleet.trackers))

    async def add_source(self, source: NewSource) -> Sources:
        """One more folder; it need not exist yet."""
        self._fleet.tracker(source.tracker)
        name = source.name or self._free_name(source.tracker)
        _check_name(name, self._fleet.runners, "source")
        folder = _checked_folder(source, self._parts.user_home)
        self._fleet.check_source(folder)
        settings = self._parts.settings.add("sources", name, {"tracker": source.tracker, "path": str(folder)})
        await self._fleet.add_source(name, settings.sources[name])
        self._fleet.listeners.state_changed()
        return await self.sources()

    def _free_name(self, tracker: str) -> str:
        names = [tracker, *(f"{tracker}-{number}" for number in range(2, 1000))]
        return next(name for name in names if name not in self._fleet.runners)

    async def remove_source(self, name: str) -> Sources:
        """Follow it no more; what was found stays."""
        if name not in self._fleet.runners:
            raise _unknown("source", name, "logferry sources list")
        self._parts.settings.remove("sources", name)
        await self._fleet.remove_source(name)
        self._fleet.listeners.state_changed()
        return await self.sources()

    async def destinations(self) -> Destinations:
        """Every destination, without secrets."""
        found = [await self._destination_info(courier.destination) for courier in self._fleet.couriers.values()]
        dialects = self._fleet.dialects
        return Destinations(destinations=tuple(found), dialects=tuple(dialects), takes=takers(dialects))

    async def _destination_info(self, destination: Destination) -> DestinationInfo:
        return DestinationInfo(
            name=destination.name,
            dialect=destination.dialect,
            url=destination.url,
            consent=self._gates.consents.given(destination),
            credential=(await self._gates.keys.access(destination)).value,
            pin=str(destination.pin or ""),
            account=destination.account,
            trackers=destination.trackers,
            upload_hosts=destination.upload_hosts,
            token_url=destination.token_url,
            own_key=await self._keys.has_own(destination),
            lost_with_key=await self._keys.lost_with(destination),
        )

    async def add_destination(self, destination: NewDestination) -> Destinations:
        """One more place to send to; nothing goes there before consent."""
        self._fleet.dialect(destination.dialect)
        _check_name(destination.name, self._fleet.couriers, "destination")
        if reason := reason_against_destination(destination.dialect, destination.url):
            # The address of a webhook may be its key: then it is not repeated.
            shown = "This" if destination.dialect.startswith("webhook") else f'"{destination.url}"'
            said = f"{shown} cannot be a destination: {reason}."
            raise Misconfigured("url-refused", said, hint="Give the collector's address, as https://example.org")
        self._fleet.check_place(destination.url)
        await self._accounts.check(destination.dialect, destination.account)
        check_trackers(self._fleet, destination.trackers)
        check_hosts(destination)
        values: dict[str, Value] = {"dialect": destination.dialect, "url": destination.url}
        if destination.account:
            values["account"] = destination.account
        optional = ("trackers", "upload_hosts", "token_url")
        values |= {name: told for name in optional if (told := getattr(destination, name))}
        if destination.pin:
            values["pin"] = pin_setting(destination.pin, destination.url)
        settings = self._parts.settings.add("destinations", destination.name, values)
        await self._fleet.add_destination(destination.name, settings.destinations[destination.name])
        self._fleet.listeners.state_changed()
        return await self.destinations()

    async def pin_destination(self, name: str, pin: NewPin) -> Destinations:
        """Another key counts for it; its consent is void, for that was about the old one."""
        self._courier_of(name)
        await self._pinning.pin(name, pin)
        return await self.destinations()

    async def change_account(self, name: str, account: NewAccount) -> Destinations:
        """Its owner is called otherwise there; his consent is void, for that was about who he was."""
        await self._accounts.change(self._courier_of(name).name, account)
        return await self.destinations()

    async def change_trackers(self, name: str, trackers: NewTrackers) -> Destinations:
        """Whose sessions go there; consent was given for all of them, so it stays."""
        await self._filters.change(self._courier_of(name).name, trackers)
        return await self.destinations()

    async def test_destination(self, name: str) -> DestinationTest:
        """Whether it can be sent to now, and takes the key."""
        return await self._trying.test(self._courier_of(name).name)

    async def discover(self, request: DiscoverRequest) -> Candidates:
        """Look for collectors on the local network."""
        return await self._pinning.discover(request)

    async def fingerprint(self, request: FingerprintRequest) -> Fingerprint:
        """The key that is shown at an address."""
        return await self._pinning.fingerprint(request)

    async def remove_destination(self, name: str) -> Destinations:
        """Forget it, its consent and its secret."""
        self._courier_of(name)
        self._parts.settings.remove("destinations", name)
        await self._fleet.remove_destination(name)
        await self._gates.load()
        self._fleet.listeners.state_changed()
        # Last: a keyring may refuse, and the destination is gone all the same.
        await self._keys.forget(name)
        return await self.destinations()

    async def change_privacy(self, destination: str, change: PrivacyChange) -> Consent:
        """Other terms: they have to be agreed to before anything more is sent."""
        await self._privacy.change(self._courier_of(destination).name, change)
        return await self.consent(destination)

    async def consent(self, destination: str) -> Consent:
        """The policy text and whether it was agreed to."""
        wanted = self._courier_of(destination)
        agreed = self._gates.consents.given(wanted)
        grant = self._gates.consents.of(destination)
        totals = await self._spool.totals()
        pending = totals.by_state.get((destination, State.PENDING), 0)
        waiting = pending - sum(totals.barred.get((destination, State.PENDING, said), 0) for said in LEFT_OUT)
        return Consent(
            destination=destination,
            granted=agreed,
            policy=wanted.policy,
            policy_digest=policy_digest(wanted.policy),
            granted_at=grant.granted_at if agreed and grant else None,
            waiting=waiting,
            terms=wanted.terms,
            agreed_terms=grant.terms if grant else (),
            identities=await self._identities.of(destination),
            key_note=await self._key_note(wanted),
        )

    async def _key_note(self, destination: Destination) -> str:
        if not await self._gates.keys.laid_for_another(destination):
            return ""
        origin = await self._parts.credentials.origin(destination.name)
        return f"The key from {origin} served another address. If you agree, it is sent to {destination.url}."

    async def grant(self, destination: str, grant: ConsentGrant) -> Consent:
        """Record the owner's agreement to exactly the text they saw."""
        wanted = self._courier_of(destination)
        if grant.policy_digest != policy_digest(wanted.policy):
            said = f"The policy of {destination} is not the one that was shown."
            raise Refused("policy-changed", said, hint=f"Read it again: logferry consent show {destination}")
        # First: with the agreement, sessions are on their way.
        await self._identities.allow(destination, grant.identities)
        await self._gates.rededicated(wanted)
        await self._gates.consents.agreed(
            Grant(
                destination=destination,
                policy_digest=grant.policy_digest,
                policy_version=POLICY_VERSION,
                granted_at=self._parts.clock.now(),
                terms=wanted.terms,
            )
        )
        return await self.consent(destination)

    async def revoke(self, destination: str) -> Consent:
        """Nothing more is sent."""
        self._courier_of(destination)
        await self._gates.consents.withdrawn(destination)
        return await self.consent(destination)

    async def identities(self) -> Identities:
        """Who played, and what was decided about them."""
        return await self._identities.identities()

    async def decide_identity(self, decision: IdentityDecision) -> Identities:
        """Whose sessions may go where."""
        return await self._identities.decide(decision)

    async def login(self, destination: str, login: Login) -> Done:
        """Keep a secret, or make one."""
        return await self._keys.login(self._courier_of(destination).name, login)

    async def logout(self, destination: str) -> Done:
        """Forget the secret."""
        return await self._keys.logout(self._courier_of(destination).name)

    async def doctor(self) -> Checks:
        """Look at everything that can be wrong."""
        found = [
            Check(name=one.name, level=one.level, message=one.message, hint=one.hint)
            async for one in self._parts.checks()
        ]
        return Checks(checks=tuple(found))

    def events(self, cursor: str | None) -> AsyncIterator[StreamEvent]:
        """Everything after `cursor`, then everything new."""
        return self._parts.log.follow(cursor)

    async def stop(self) -> Stopped:
        """End the daemon, whatever waits; and say what does."""
        try:
            return await self._leaving.left()
        finally:
            self._parts.stop.set()

    def _courier_of(self, name: str) -> Destination:
        if name not in self._fleet.couriers:
            raise _unknown("destination", name, "logferry destinations list")
        return self._fleet.couriers[name].destination


def _unknown(kind: str, name: str, command: str) -> Misconfigured:
    return Misconfigured(f"{kind}-unknown", f'There is no {kind} "{name}".', hint=f"See: {command}")


def _check_name(name: str, taken: Mapping[str, object], kind: str) -> None:
    if reason := reason_against_name(name):
        raise Misconfigured("name-unusable", f'"{name}" cannot be the name of a {kind}.', hint=f"Please {reason}.")
    if name in taken:
        raise Refused("name-taken", f'There is a {kind} "{name}" already.', hint="Choose another name.")


def _checked_folder(source: NewSource, home: Path) -> Path:
    try:
        folder = SourceSettings(tracker=source.tracker, path=source.path).folder
        _check_folder(folder, home)
    except (OSError, ValueError, RuntimeError) as error:
        raise Misconfigured("folder-refused", f"{source.path!r} cannot be a source: {error}.") from error
    return folder


def _check_folder(folder: Path, home: Path) -> None:
    check_folder(folder, home)
    whole = folder.resolve()
    if whole != folder:
        said = f"{folder} is reached through a link."
        raise Misconfigured("folder-refused", said, hint=f"Name the folder itself: {whole}")
