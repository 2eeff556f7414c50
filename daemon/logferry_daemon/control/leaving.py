"""Says what still waits when the daemon ends. It never holds up the end: nothing is lost by it, and somebody waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta

from logferry_daemon.control import views
from logferry_daemon.control.ledger import AllGates
from logferry_daemon.ports import Ledger
from logferry_ipc.messages import Counts, Stopped
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=1)
"""For the spool and the keyring, which may have work before them."""


class Leaving:
    """Counts what is left behind."""

    def __init__(self, gates: AllGates, ledger: Ledger, patience: timedelta = PATIENCE) -> None:
        self._gates = gates
        self._ledger = ledger
        self._patience = patience

    async def left(self) -> Stopped:
        """What waits now; without numbers where they cannot be had in time."""
        counts = await self._counts()
        if counts is None:
            return Stopped(note="What still waits could not be counted; it goes on at the next start.")
        return Stopped(waiting=waiting(counts), counts=counts, note=sentence(counts))

    async def log(self) -> str:
        """One line that says so; what waits, in words, empty where nothing does."""
        told = await self.left()
        fields = {"action": "stop", "waiting": told.waiting, "held": told.counts.held, "failed": told.counts.failed}
        log.info("daemon ends: %s", told.note or "nothing waits", extra=fields)
        return told.note

    async def _counts(self) -> Counts | None:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return views.counts(await self._ledger.totals(), await self._gates())
        except (LogferryError, TimeoutError):
            return None
        except Exception:  # whatever it is, it is no reason to go on
            log.exception("what waits was not counted", extra={"action": "stop"})
            return None


def waiting(counts: Counts) -> int:
    """Deliveries that would have gone by themselves."""
    return counts.pending + counts.uploading


def sentence(counts: Counts) -> str:
    """What is not sent, in words; empty when there is nothing."""
    return " ".join(_parts(counts))


def _parts(counts: Counts) -> Iterator[str]:
    if number := waiting(counts):
        yield f"{_uploads(number)} and {'goes' if number == 1 else 'go'} on at the next start."
    if counts.held:
        yield f"{counts.held:,} {'is' if counts.held == 1 else 'are'} held until you decide."
    if counts.failed:
        yield f"{counts.failed:,} failed: logferry retry --all"


def _uploads(number: int) -> str:
    return "1 upload waits" if number == 1 else f"{number:,} uploads wait"
