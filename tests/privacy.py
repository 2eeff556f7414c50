"""Privacy for tests: a fixed key, nothing of this computer, and every field listed unless a test says which."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec

from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.addressing import Terms, Tokens, address
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import STANDARD, Group, Listing
from logferry_daemon.core.preparing import prepare as prepare_for
from logferry_daemon.core.reading import AnyTracker, Found
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.ports import Clock, Credentials, Workshop
from logferry_daemon.scribe import Scribe
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.session import End, Session
from tests.fake_spool import MemorySpool

SLOTS = Slots(b"a key of the tests")
DETECTORS = Detectors()
TOKENS = Tokens(b"another key of the tests")


class Everything(frozenset[str]):
    """Holds whatever is asked for."""

    def __contains__(self, _: object) -> bool:
        return True


ALL_LISTED = Listing(fields=Everything())


def privacy(listing: Listing = ALL_LISTED, *, keeps: frozenset[Group] = frozenset()) -> Privacy:
    """For sessions of a tracker that lists this."""
    return Privacy(slots=SLOTS, detectors=DETECTORS, listing=listing, keeps=keeps)


def prepare(found: Found, end: End, *, only_grows: bool, listing: Listing | None = None) -> NewSession:
    """What would be sent on the usual terms, of a tracker that comes with Logferry or of another one."""
    tracker = found.raw().session.tracker
    listed = listing or listing_of(tracker) or ALL_LISTED
    new = prepare_for(found, end, only_grows=only_grows, privacy=privacy(listed))
    terms = Terms(policy=STANDARD, listing=listed, tokens=TOKENS, kept={})
    document = address(new.document, tracker, terms).document
    return replace(new, document=document, session=msgspec.json.decode(document, type=Session))


@cache
def listing_of(name: str) -> Listing | None:
    """As the daemon looks it up, which reads its recipes once."""
    trackers: dict[str, AnyTracker] = dict(all_trackers())
    return trackers[name].listing if name in trackers else None


def scribe(credentials: Credentials, spool: MemorySpool, clock: Clock, workshop: Workshop | None = None) -> Scribe:
    """One that writes as the daemon's."""
    return Scribe(credentials, spool, clock, listing_of, workshop or ThreadWorkshop(DETECTORS))
