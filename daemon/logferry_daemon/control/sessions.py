"""Sessions as people look at them: those that were found, those that still run, and papers that changed."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.control import views
from logferry_daemon.control.deleting import DeletionDesk
from logferry_daemon.control.ledger import AllGates
from logferry_daemon.control.live import Live
from logferry_daemon.control.naming import unknown
from logferry_daemon.ports import Spool
from logferry_ipc.messages import PaperChanges, RunningSession, RunningSessions, SessionDetail, SessionList
from logferry_model.errors import Misconfigured

MAX_DIGITS = 18
"""Of a number that SQLite can hold."""


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """Shows them; changes nothing."""

    gates: AllGates
    spool: Spool
    live: Live
    deletions: DeletionDesk

    async def all(self) -> SessionList:
        """Every session, newest first."""
        gates = await self.gates()
        found = await self.spool.sessions()
        return SessionList(
            sessions=tuple(views.session(row, deliveries, gates) for row, deliveries in found),
            running=self.live.summaries,
            deleted=await self.deletions.deleted(),
        )

    async def one(self, session: str) -> SessionDetail:
        """One of them, by id or by an unambiguous beginning of it."""
        found = await self.spool.session(session)
        if found is None:
            raise unknown("session", session, "logferry sessions list")
        row, deliveries, document = found
        gates = await self.gates()
        tries = await self.spool.attempts(row.id)
        return SessionDetail(
            session=views.session(row, deliveries, gates, tries), statistics=document.statistics, facts=document.facts
        )

    def running(self) -> RunningSessions:
        """Every one that still runs, the latest begun first."""
        return RunningSessions(sessions=tuple(self.live.sessions))

    def running_one(self, name: str) -> RunningSession:
        """One of those, by id or by an unambiguous beginning of it."""
        fitting = [one for one in self.live.sessions if name and one.id.startswith(name)]
        if len(fitting) != 1:
            hint = "See: logferry sessions list"
            raise Misconfigured("session-unknown", f'There is no running session "{name}".', hint=hint)
        return fitting[0]

    async def papers(self, after: str) -> PaperChanges:
        """What became of trackers' papers after one change."""
        if not (after.isascii() and after.isdigit() and len(after) < MAX_DIGITS):
            raise Misconfigured("number-unreadable", f'"{after[:40]}" is no number.', hint="Ask from 0 on.")
        return PaperChanges(changes=tuple(map(views.paper_change, await self.spool.paper_changes(int(after)))))
