"""Those who look at sessions besides those who keep them."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.compose.base import Base, privacy_of
from logferry_daemon.compose.ties import Ties
from logferry_daemon.control.live import Live
from logferry_daemon.scrubbing import Scrubber
from logferry_daemon.vigil import Guarded, Vigil


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """All of them."""

    vigil: Vigil
    live: Live
    scrubber: Scrubber


def watch_over(base: Base, ties: Ties) -> Watch:
    """The watch; it reads with the vigil's keys, and the vigil stops what the fleet sends."""
    guarded = Guarded(spool=base.spool, destinations=ties.destinations, hold=ties.hold, told=base.news.state_changed)
    vigil = Vigil(base.clock, base.chance, base.credentials, guarded)
    live = Live(base.clock, base.news.session_runs, lambda listing: privacy_of(base, listing, secrets=vigil.in_sight))
    return Watch(vigil=vigil, live=live, scrubber=Scrubber(base.spool, base.clock))
