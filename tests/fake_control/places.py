"""Folders and destinations, and the keys of these."""

from __future__ import annotations

from msgspec.structs import replace

from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured, Refused, Unreachable
from tests.fake_control.books import TRACKERS, Books

DIALECTS = ("logferry", "artemis-rest")
TAKES = {"putt": ("putt",)}


class Places(Books):
    """Adds, changes and removes them."""

    async def sources(self) -> m.Sources:
        self.calls.append("sources")
        return m.Sources(sources=tuple(self.watched.values()), trackers=TRACKERS)

    async def add_source(self, source: m.NewSource) -> m.Sources:
        self.calls.append("add_source")
        if source.tracker not in TRACKERS:
            raise Misconfigured("tracker-unknown", f"There is no tracker {source.tracker}.", hint="See recipe list.")
        name = source.name or source.tracker
        self.watched[name] = m.SourceInfo(name=name, tracker=source.tracker, path=source.path, state="watching")
        self._changed()
        return await self.sources()

    async def remove_source(self, name: str) -> m.Sources:
        self.calls.append("remove_source")
        if self.watched.pop(name, None) is None:
            raise Misconfigured("source-unknown", f"There is no source {name}.")
        self._changed()
        return await self.sources()

    async def destinations(self) -> m.Destinations:
        self.calls.append("destinations")
        return m.Destinations(destinations=tuple(map(self._place, self.places)), dialects=DIALECTS, takes=TAKES)

    async def add_destination(self, destination: m.NewDestination) -> m.Destinations:
        self.calls.append("add_destination")
        if destination.name in self.places:
            raise Refused("destination-exists", f"There is a destination {destination.name} already.")
        self.places[destination.name] = m.DestinationInfo(
            name=destination.name,
            dialect=destination.dialect,
            url=destination.url,
            pin=destination.pin,
            account=destination.account,
            trackers=destination.trackers,
            upload_hosts=destination.upload_hosts,
            token_url=destination.token_url,
        )
        self._changed()
        return await self.destinations()

    async def remove_destination(self, name: str, wanted: m.Forgetting = m.FORGET) -> m.Destinations:
        self.calls.append("remove_destination")
        self._check_loss(name, wanted)
        for kept in (self.places, self.granted_at, self.secrets):
            kept.pop(name, None)
        self._changed()
        return await self.destinations()

    async def pin_destination(self, name: str, pin: m.NewPin) -> m.Destinations:
        self.calls.append("pin_destination")
        self.places[name] = replace(self._place(name), pin=pin.pin)
        self.granted_at.pop(name, None)
        self._changed()
        return await self.destinations()

    async def change_account(self, name: str, account: m.NewAccount) -> m.Destinations:
        self.calls.append("change_account")
        self.places[name] = replace(self._place(name), account=account.account)
        self.granted_at.pop(name, None)
        self._changed()
        return await self.destinations()

    async def change_trackers(self, name: str, trackers: m.NewTrackers) -> m.Destinations:
        self.calls.append("change_trackers")
        self.places[name] = replace(self._place(name), trackers=trackers.trackers)
        self._changed()
        return await self.destinations()

    async def test_destination(self, name: str) -> m.DestinationTest:
        self.calls.append("test_destination")
        status = self._destination_status(name)
        told = self.tests.get(name, m.DestinationTest(name=name, state=status.state, key_reason="nobody answered"))
        return replace(told, state=status.state)

    async def discover(self, request: m.DiscoverRequest) -> m.Candidates:
        self.calls.append("discover")
        self.searched = request.seconds
        return m.Candidates(candidates=self.neighbours)

    async def fingerprint(self, request: m.FingerprintRequest) -> m.Fingerprint:
        self.calls.append("fingerprint")
        if request.url not in self.keys:
            raise Unreachable("refused", f"{request.url} cannot be reached.", hint="Is it running?")
        return m.Fingerprint(url=request.url, fingerprint=self.keys[request.url])

    async def login(self, destination: str, login: m.Login) -> m.Done:
        self.calls.append("login")
        self._place(destination)
        self.logins.append((login.anonymous, login.join))
        self.secrets[destination] = login.secret or "made up"
        return m.Done(note=self.login_note)

    async def logout(self, destination: str, wanted: m.Forgetting = m.FORGET) -> m.Done:
        self.calls.append("logout")
        self._check_loss(destination, wanted)
        self.secrets.pop(destination, None)
        return m.Done(note=self.logout_note)

    def _check_loss(self, destination: str, wanted: m.Forgetting) -> None:
        lost = self._place(destination).lost_with_key
        if lost and wanted.confirm != m.OWN_KEY_ONLY:
            raise Refused(m.OWN_KEY_ONLY, lost, hint="Say that its owner agrees.")
