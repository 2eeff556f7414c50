"""When things go, if their owner says so: one session now, all of them, what had failed; or nothing for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.control.attention import closed
from logferry_daemon.control.identities import IdentityDesk, sentences
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, Spool
from logferry_ipc.messages import Changed, PauseRequest, RetryRequest, UploadAll
from logferry_model.errors import Misconfigured

MAX_PAUSE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class HurryDesk:
    """Lets go of what waits, and says what it still waits for."""

    fleet: Fleet
    spool: Spool
    clock: Clock
    identities: IdentityDesk

    async def one(self, session: str) -> Changed:
        """This session."""
        await self._release(session, None)
        return await self._hurried(await self.spool.hurry(session, self.clock.now()))

    async def everything(self, request: UploadAll) -> Changed:
        """Everything, after another look at every source."""
        since = request.since
        if since is not None and since.tzinfo is None:
            raise Misconfigured("since-unusable", "The time has no zone.", hint="As in: 2026-01-01T00:00:00Z")
        await self.fleet.rescan()
        await self._release(None, since)
        return await self._hurried(await self.spool.hurry(None, self.clock.now()))

    async def retry(self, request: RetryRequest) -> Changed:
        """Failed deliveries, once more; destinations that were given up are tried, too."""
        changed = await self.spool.retry(request.ids, self.clock.now())
        self.fleet.gates.forgive_all()
        await self.fleet.hasten_deletions()
        return await self._hurried(changed)

    async def pause(self, request: PauseRequest) -> None:
        """Hold everything."""
        seconds = request.seconds
        if seconds is not None and not 0 < seconds <= MAX_PAUSE.total_seconds():
            raise Misconfigured("pause-length", "A pause is between a second and 30 days long.", hint="As in: 30m")
        await self.fleet.gates.holds.pause(None if seconds is None else timedelta(seconds=seconds))

    async def resume(self) -> None:
        """Go on; what refused everything until a person acts is tried, too."""
        self.fleet.gates.forgive_held()
        await self.fleet.gates.holds.resume()
        await self.fleet.hasten_deletions()

    async def _release(self, session: str | None, since: datetime | None) -> None:
        """What was there before is asked for."""
        if await self.spool.release(session, since):
            self.fleet.listeners.state_changed()

    async def _hurried(self, changed: int) -> Changed:
        gates = await self.fleet.all_gates()
        self.fleet.wake_couriers()
        questions = await self.identities.questions(await self.spool.totals())
        return Changed(changed=changed, note=" ".join((*closed(gates), *sentences(questions))))
