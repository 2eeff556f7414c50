"""Answers the local API: each question is one call to the desk that answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from logferry_daemon.control.accounts import AccountDesk
from logferry_daemon.control.consents import ConsentDesk
from logferry_daemon.control.deleting import DeletionDesk
from logferry_daemon.control.destinations import DestinationDesk
from logferry_daemon.control.endings import Endings
from logferry_daemon.control.exposition import exposition
from logferry_daemon.control.filters import FilterDesk
from logferry_daemon.control.glance import Glance
from logferry_daemon.control.hurrying import HurryDesk
from logferry_daemon.control.identities import IdentityDesk
from logferry_daemon.control.keys import KeyDesk
from logferry_daemon.control.leaving import Leaving
from logferry_daemon.control.ledger import LedgerDesk
from logferry_daemon.control.parts import Parts
from logferry_daemon.control.pinning import PinDesk
from logferry_daemon.control.privacy import PrivacyDesk
from logferry_daemon.control.recutting import RecutDesk
from logferry_daemon.control.sessions import SessionDesk
from logferry_daemon.control.sources import SourceDesk
from logferry_daemon.control.trying import TrialDesk
from logferry_daemon.control.verifying import VerifyDesk
from logferry_daemon.key_trial import KeyTrial
from logferry_ipc import messages as m


class DaemonControl:
    """Implements `logferry_ipc.control.Control`."""

    def __init__(self, parts: Parts) -> None:
        fleet, spool, clock, gates = parts.fleet, parts.spool, parts.clock, parts.fleet.all_gates
        self._parts = parts
        self._keys = KeyDesk(fleet, parts.credentials, parts.key_given)
        self._identities = IdentityDesk(fleet, spool, spool, clock)
        self._glance = Glance(parts, self._identities, self._keys)
        self._ledger = LedgerDesk(gates, spool, clock)
        self._verifying = VerifyDesk(fleet, spool)
        self._deletions = DeletionDesk(fleet, spool, parts.live, clock, parts.scrub)
        self._sessions = SessionDesk(gates, spool, parts.live, self._deletions)
        self._endings = Endings(fleet, spool, clock)
        self._recutting = RecutDesk(fleet, spool, clock)
        self._hurrying = HurryDesk(fleet, spool, clock, self._identities)
        self._sources = SourceDesk(fleet, spool, parts.settings, parts.user_home)
        self._accounts = AccountDesk(fleet, parts.settings, parts.credentials)
        self._destinations = DestinationDesk(fleet, parts.settings, self._keys, self._accounts)
        self._pinning = PinDesk(fleet, parts.settings, parts.discovery, parts.fingerprints)
        self._filters = FilterDesk(fleet, parts.settings, spool)
        self._trying = TrialDesk(fleet, KeyTrial(fleet))
        self._privacy = PrivacyDesk(fleet, spool, parts.settings)
        self._consents = ConsentDesk(fleet, spool, clock, parts.credentials, self._identities)
        self._leaving = Leaving(gates, spool)

    async def status(self) -> m.Status:
        """The daemon at a glance."""
        return await self._glance.status()

    async def metrics(self) -> m.Exposition:
        """Counts and times, as Prometheus reads them."""
        return m.Exposition(text=exposition(await self.status()))

    async def ledger(self, since: str, until: str) -> m.Ledger:
        """What became of all that was found."""
        return await self._ledger.ledger(since, until)

    async def receipts(self, session: str) -> m.Receipts:
        """What arrived."""
        return await self._ledger.receipts(session)

    async def verify(self, request: m.VerifyRequest) -> m.Verification:
        """Ask destinations what they still have."""
        return await self._verifying.verify(request)

    async def sessions(self) -> m.SessionList:
        """Every session, newest first."""
        return await self._sessions.all()

    async def papers(self, after: str) -> m.PaperChanges:
        """What became of trackers' papers after one change."""
        return await self._sessions.papers(after)

    async def running(self) -> m.RunningSessions:
        """Every session that still runs, the latest begun first."""
        return self._sessions.running()

    async def running_session(self, session: str) -> m.RunningSession:
        """One session that still runs, by id or by an unambiguous beginning of it."""
        return self._sessions.running_one(session)

    async def end(self, session: str) -> m.Ended:
        """A running session ends here, as its owner wants it."""
        return await self._endings.demand(self._sessions.running_one(session).id)

    async def app_closed(self, app: str) -> m.Ended:
        """A program was closed: its sessions end."""
        return await self._endings.app_closed(app)

    async def session(self, session: str) -> m.SessionDetail:
        """One session, by id or by an unambiguous beginning of it."""
        return await self._sessions.one(session)

    async def upload(self, session: str) -> m.Changed:
        """One session, now."""
        return await self._hurrying.one((await self._sessions.one(session)).session.id)

    async def upload_all(self, request: m.UploadAll = m.EVERYTHING) -> m.Changed:
        """Everything, after another look at every source."""
        return await self._hurrying.everything(request)

    async def recut(self, session: str, request: m.RecutRequest) -> m.Recut:
        """Split a session or join others to it."""
        return await self._recutting.recut(session, request)

    async def preview(self, session: str, to: str) -> m.Preview:
        """Exactly what a destination is sent of a session."""
        return await self._privacy.preview(session, self._destinations.called(to).name)

    async def delete(self, session: str, request: m.DeleteRequest) -> m.Deleted:
        """Forget a session for good."""
        return await self._deletions.delete(session, request)

    async def retry(self, request: m.RetryRequest) -> m.Changed:
        """Failed deliveries, once more; destinations that were given up are tried, too."""
        return await self._hurrying.retry(request)

    async def pause(self, request: m.PauseRequest) -> m.Done:
        """Hold everything."""
        await self._hurrying.pause(request)
        return m.Done()

    async def resume(self) -> m.Done:
        """Go on."""
        await self._hurrying.resume()
        return m.Done()

    async def sources(self) -> m.Sources:
        """Every source and its state."""
        return await self._sources.all()

    async def add_source(self, source: m.NewSource) -> m.Sources:
        """One more folder; it need not exist yet."""
        await self._sources.add(source)
        return await self._sources.all()

    async def remove_source(self, name: str) -> m.Sources:
        """Follow it no more; what was found stays."""
        await self._sources.remove(name)
        return await self._sources.all()

    async def destinations(self) -> m.Destinations:
        """Every destination, without secrets."""
        return await self._destinations.all()

    async def add_destination(self, destination: m.NewDestination) -> m.Destinations:
        """One more place to send to; nothing goes there before consent."""
        await self._destinations.add(destination)
        return await self._destinations.all()

    async def pin_destination(self, name: str, pin: m.NewPin) -> m.Destinations:
        """Another key counts for it; its consent is void, for that was about the old one."""
        self._destinations.called(name)
        await self._pinning.pin(name, pin)
        return await self.destinations()

    async def change_account(self, name: str, account: m.NewAccount) -> m.Destinations:
        """Its owner is called otherwise there; his consent is void, for that was about who he was."""
        await self._accounts.change(self._destinations.called(name).name, account)
        return await self.destinations()

    async def change_trackers(self, name: str, trackers: m.NewTrackers) -> m.Destinations:
        """Whose sessions go there; consent was given for all of them, so it stays."""
        await self._filters.change(self._destinations.called(name).name, trackers)
        return await self.destinations()

    async def test_destination(self, name: str) -> m.DestinationTest:
        """Whether it can be sent to now, and takes the key."""
        return await self._trying.test(self._destinations.called(name).name)

    async def discover(self, request: m.DiscoverRequest) -> m.Candidates:
        """Look for collectors on the local network."""
        return await self._pinning.discover(request)

    async def fingerprint(self, request: m.FingerprintRequest) -> m.Fingerprint:
        """The key that is shown at an address."""
        return await self._pinning.fingerprint(request)

    async def remove_destination(self, name: str, wanted: m.Forgetting = m.FORGET) -> m.Destinations:
        """Forget it, its consent and its secret."""
        await self._destinations.remove(name, wanted)
        return await self._destinations.all()

    async def change_privacy(self, destination: str, change: m.PrivacyChange) -> m.Consent:
        """Other terms: they have to be agreed to before anything more is sent."""
        await self._privacy.change(self._destinations.called(destination).name, change)
        return await self.consent(destination)

    async def consent(self, destination: str) -> m.Consent:
        """The policy text and whether it was agreed to."""
        return await self._consents.show(self._destinations.called(destination))

    async def grant(self, destination: str, grant: m.ConsentGrant) -> m.Consent:
        """Record the owner's agreement to exactly the text they saw."""
        await self._consents.grant(self._destinations.called(destination), grant)
        return await self.consent(destination)

    async def revoke(self, destination: str) -> m.Consent:
        """Nothing more is sent."""
        await self._consents.revoke(self._destinations.called(destination))
        return await self.consent(destination)

    async def identities(self) -> m.Identities:
        """Who played, and what was decided about them."""
        return await self._identities.identities()

    async def decide_identity(self, decision: m.IdentityDecision) -> m.Identities:
        """Whose sessions may go where."""
        return await self._identities.decide(decision)

    async def login(self, destination: str, login: m.Login) -> m.Done:
        """Keep a secret, or make one."""
        return await self._keys.login(self._destinations.called(destination).name, login)

    async def logout(self, destination: str, wanted: m.Forgetting = m.FORGET) -> m.Done:
        """Forget the secret."""
        return await self._keys.logout(self._destinations.called(destination).name, wanted)

    async def doctor(self) -> m.Checks:
        """Look at everything that can be wrong."""
        found = [
            m.Check(name=one.name, level=one.level, message=one.message, hint=one.hint)
            async for one in self._parts.checks()
        ]
        return m.Checks(checks=tuple(found))

    def events(self, cursor: str | None) -> AsyncIterator[m.StreamEvent]:
        """Everything after `cursor`, then everything new."""
        return self._parts.log.follow(cursor)

    async def stop(self) -> m.Stopped:
        """End the daemon, whatever waits; and say what does."""
        try:
            return await self._leaving.left()
        finally:
            self._parts.stop.set()
