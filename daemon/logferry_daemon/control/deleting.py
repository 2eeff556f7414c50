"""Deletes sessions for their owner, and tells what of them is left elsewhere.

The order is the promise: first the spool forgets, so nothing can be claimed any more; then what is under way is broken
off; then the files are scrubbed. The answer waits for that as long as a person does, and says so where it is not done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from logferry_daemon.control.live import Live
from logferry_daemon.control.views import place_name
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.salvage import REBUILT_NOTE, Rebuilt, decode_rebuilt
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, CopyRow, DeletedRow, RemnantRow, Removed, Spool, UnknownSession
from logferry_ipc import messages as m


@dataclass(frozen=True, slots=True)
class _Meant:
    """The session that a person means."""

    id: str
    tracker: str
    runs: bool


AGAIN = "It is asked for again and again, also after a restart."
_NOT_YET = "Its bytes are being overwritten in the spool; logferry status says so until that is done."


class DeletionDesk:
    """Takes orders, and answers when nothing of the session can leave any more."""

    def __init__(
        self, fleet: Fleet, spool: Spool, live: Live, clock: Clock, scrub: Callable[[], Awaitable[bool]]
    ) -> None:
        self._scrub = scrub
        self._fleet = fleet
        self._spool = spool
        self._live = live
        self._clock = clock

    async def delete(self, session: str, request: m.DeleteRequest) -> m.Deleted:
        """A session by id or by an unambiguous beginning of it: one that is over, runs, or was deleted before."""
        meant = await self._find(session)
        ask = self._fleet.destinations() if request.remote else ()
        rebuilt = decode_rebuilt(await self._spool.note(REBUILT_NOTE))
        removed = await self._spool.delete(meant.id, meant.tracker, self._clock.now(), ask=ask)
        await self._fleet.drop(removed.stopped)
        for one in removed.sessions:
            self._fleet.listeners.session_deleted(one, meant.tracker)
        self._fleet.listeners.state_changed()
        self._fleet.wake_couriers()
        # Last: a full disk may refuse, and the session is deleted all the same; that it is wanted is noted.
        scrubbed = await self._scrub()
        return m.Deleted(
            sessions=removed.sessions,
            copies=(*map(copy_message, removed.copies), *map(remnant_message, removed.remnants)),
            running=meant.runs,
            note=" ".join((*self._notes(meant, removed), *_of_aside(rebuilt), *([] if scrubbed else [_NOT_YET]))),
        )

    async def deleted(self) -> tuple[m.DeletedSession, ...]:
        """Every deleted session, newest first."""
        now = self._clock.now()
        return tuple(deleted_message(row, now) for row in await self._spool.deleted())

    async def _find(self, beginning: str) -> _Meant:
        running = {one.id: one.tracker for one in self._live.sessions if beginning and one.id.startswith(beginning)}
        found = await self._spool.session(beginning)
        if found is not None:
            return _Meant(found[0].id, found[0].tracker, found[0].id in running)
        gone = [one for one in await self._spool.deleted() if beginning and one.session.startswith(beginning)]
        known = {str(one.session): one.tracker for one in gone} | running
        if len(known) != 1:
            raise UnknownSession(beginning)
        ((session, tracker),) = known.items()
        return _Meant(session, tracker, session in running)

    def _notes(self, meant: _Meant, removed: Removed) -> Iterator[str]:
        if meant.runs:
            yield "It still runs; when it is over, it is not kept and not sent."
        if len(removed.sessions) > 1:
            others = ", ".join(one for one in removed.sessions if one != meant.id)
            yield f"With it went what had become part of it or of the same log session: {others}."
        there = set(self._fleet.destinations())
        copies = [one for one in removed.copies if one.report_id]
        kept = sorted({one.destination for one in copies if one.state is CopyState.KEPT} & there)
        if kept:
            yield f"A copy stays at {', '.join(kept)}: logferry sessions delete {meant.id} --remote"
        for one in copies:
            if one.state is CopyState.KEPT and one.destination not in there:
                yield f"{place_name(one.destination)} cannot be asked: delete {one.report_url} there by hand."
        asked = {one.destination for one in removed.remnants if one.state is CopyState.PENDING} & there
        if asked:
            begun = ", ".join(sorted(asked))
            yield f"An upload was begun at {begun}: what arrived of it is taken back, unless it is whole."
        for session in removed.outdated:
            yield (
                f"What was uploaded of {session} before it was split still has this in it:"
                f" logferry sessions delete {session} --remote"
            )


def _of_aside(rebuilt: Rebuilt | None) -> Iterator[str]:
    if rebuilt and rebuilt.aside:
        yield f"The damaged queue file {rebuilt.aside} goes with it, as it may be in there."


def copy_message(row: CopyRow) -> m.Copy:
    """What a destination has, in the words of the local API."""
    return m.Copy(
        destination=place_name(row.destination),
        state=row.state.value,
        certain=bool(row.report_id),
        report_url=row.report_url,
        attempts=row.attempts,
        last_error=row.last_error,
        last_attempt=row.last_attempt,
        next_attempt=row.next_attempt,
    )


def remnant_message(row: RemnantRow) -> m.Copy:
    """What it has of an upload that was begun."""
    return m.Copy(
        destination=place_name(row.destination),
        state=row.state.value,
        certain=False,
        pieces=True,
        until=row.expires_at,
        attempts=row.attempts,
        last_error=row.last_error,
        last_attempt=row.last_attempt,
        next_attempt=row.next_attempt,
    )


def deleted_message(row: DeletedRow, now: datetime) -> m.DeletedSession:
    """A deleted session, in the words of the local API; what expired over there is not told any more."""
    left = [one for one in row.remnants if not one.is_over(now)]
    return m.DeletedSession(
        id=row.session,
        tracker=row.tracker,
        deleted_at=row.deleted_at,
        copies=(*map(copy_message, row.copies), *map(remnant_message, left)),
    )


def attention(rows: Sequence[DeletedRow], *, unscrubbed: bool = False) -> Iterator[m.Attention]:
    """What was asked for and is not done."""
    if unscrubbed:
        yield m.Attention(
            code="deletion-unscrubbed",
            message="Bytes of what was deleted are in the spool's files still, where nothing reads them.",
            hint="They are overwritten in the background. If this stays, the disk may be full: logferry doctor",
        )
    for row in rows:
        for copy in row.copies:
            about = f"session {row.session} at {place_name(copy.destination)}"
            if copy.state is CopyState.FAILED:
                order = f"logferry sessions delete {row.session}"
                mend = f"Mend it, then: {order} --remote"
                done = f"delete {copy.report_url} there by hand" if copy.report_url else "let it be"
                hint = f"{mend}; or {done}, then: {order}"
                yield m.Attention(
                    code="deletion-failed",
                    message=f"The copy of {about} was not deleted: {copy.last_error}.",
                    hint=hint,
                )
            elif copy.state is CopyState.PENDING:
                why = f": {copy.last_error}" if copy.last_error else ""
                yield m.Attention(
                    code="deletion-waiting",
                    message=f"The copy of {about} is not deleted yet{why}.",
                    hint=AGAIN,
                )
        # What is not taken back expires over there, and there is nothing to be done about it.
        for left in (one for one in row.remnants if one.state is CopyState.PENDING and one.last_error):
            about = f"session {row.session} at {place_name(left.destination)}"
            yield m.Attention(
                code="deletion-waiting",
                message=f"What arrived of an upload of {about} is not taken back yet: {left.last_error}.",
                hint=AGAIN,
            )
