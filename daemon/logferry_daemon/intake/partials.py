"""Sends long sessions of one source as far as they have come, and sees to it that each gets a whole one in the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.partials import USUAL_RHYTHM, Before, Rhythm, is_due
from logferry_daemon.core.reading import Found
from logferry_daemon.intake.file_state import mark
from logferry_daemon.ports import Admitted, FileRow, Intake
from logferry_model.session import SessionId

log = logging.getLogger(__name__)


def _nowhere() -> Sequence[str]:
    return ()


def _unheard() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTerms:
    """How often, and to whom."""

    rhythm: Rhythm = USUAL_RHYTHM
    destinations: Callable[[], Sequence[str]] = _nowhere
    """Those that take a session while it runs."""
    admitted: Callable[[], None] = _unheard
    """There is something to send."""


NO_PARTIALS = PartialTerms()


async def complete_left(
    intake: Intake, followed: Collection[str], running: Collection[str], destinations: Sequence[str], now: datetime
) -> list[Admitted]:
    """Of those whose source nobody follows any more, what the spool has is the whole: nothing will tell their end.

    `running` are the sessions that some other source holds.
    """
    left = [one for one in await intake.sources_of_partials() if one not in followed]
    lost = [session for source in left for session in await intake.partials(source) if session not in running]
    if lost:
        log.info("sessions of no source completed", extra={"action": "partial", "count": len(lost)})
    made = [await intake.complete(session, destinations, now) for session in lost]
    return [one for one in made if one is not None]


class Partials:
    """Of one source."""

    def __init__(self, source: str, intake: Intake, terms: PartialTerms, patience: timedelta) -> None:
        self._source = source
        self._intake = intake
        self._terms = terms
        self._patience = patience
        self._before: dict[str, Before] = {}
        """Session -> the last partial version of it in the spool."""
        self._missed: dict[str, datetime] = {}
        """Session -> since when no file holds it."""

    async def load(self) -> None:
        """What an earlier daemon left."""
        found = await self._intake.partials(self._source)
        self._before = {str(session): Before(at) for session, at in found.items()}

    @property
    def any(self) -> bool:
        """Whether there is a session of which the spool has no whole version yet."""
        return bool(self._before)

    def due(self, running: Iterable[Found], now: datetime) -> Sequence[Found]:
        """Those of these sessions that are to be sent as they are now."""
        if not self._terms.destinations():
            return ()
        rhythm, before = self._terms.rhythm, self._before
        return [found for found in running if is_due(found, mark(found), before.get(found.id), now, rhythm)]

    async def admit(self, row: FileRow, found: Sequence[Found], prepared: Sequence[NewSession], now: datetime) -> None:
        """Into the spool, with a delivery to each destination that takes them."""
        admitted = await self._intake.admit(row, prepared, self._terms.destinations(), now)
        # Also those that the spool knew like this, or that could not be prepared: not before there is more of them.
        self._before |= {str(one.id): Before(now, mark(one)) for one in found}
        if any(one.new for one in admitted):
            log.info("session sent while it runs", extra={"action": "partial", "source": self._source})
            self._terms.admitted()

    def over(self, session: SessionId) -> None:
        """The spool has the whole of it."""
        self._before.pop(session, None)
        self._missed.pop(session, None)

    async def complete_lost(self, held: Collection[str], destinations: Sequence[str], now: datetime) -> list[Admitted]:
        """Of those that no file holds any more, what the spool has is the whole.

        `held` are the sessions of all files, each of which was read. Most only moved, so each gets some time first.
        """
        lost = [session for session in self._before if session not in held]
        # Not after now: where the clock was set back they wait from then on.
        self._missed = {session: min(self._missed.get(session, now), now) for session in lost}
        made = []
        for session in [one for one in lost if now - self._missed[one] >= self._patience]:
            if (one := await self._intake.complete(SessionId(session), destinations, now)) is not None:
                made.append(one)
            self.over(SessionId(session))
        return made
