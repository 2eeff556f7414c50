"""Makes of a source's sessions what may be kept, and puts it into the spool with how far their file was read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from logferry_daemon.core.boundary import GONE, end_by
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.losses import WORKER_LOST, Losses
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order
from logferry_daemon.core.reading import Found, Paper, Trouble, only_grows
from logferry_daemon.core.settle import Sighting, Signature
from logferry_daemon.intake.boundaries import Boundaries
from logferry_daemon.intake.file_state import FileState, mark
from logferry_daemon.intake.in_threads import InThreads
from logferry_daemon.intake.mistakes import mistakes_as_damage
from logferry_daemon.intake.named import Named
from logferry_daemon.intake.orphans import Orphan, Orphans
from logferry_daemon.intake.partials import Partials
from logferry_daemon.intake.source import Source, World
from logferry_daemon.ports import Admitted, FileRow
from logferry_model.errors import Damaged
from logferry_model.session import End, EndRule

log = logging.getLogger(__name__)


class Keeper:
    """Of one source. Whoever waits for one of its sessions is told that the spool has it."""

    def __init__(
        self,
        source: Source,
        world: World,
        destinations: Callable[[], Sequence[str]],
        found: Callable[[Source, Sequence[Admitted]], None],
        waiting: tuple[Orphans, Partials, Boundaries],
    ) -> None:
        self._source = source
        self._world = world
        self._destinations = destinations
        self._found = found
        self._orphans, self._partials, self._boundaries = waiting
        self._named = Named()
        self._losses = Losses()
        """Of each session."""
        self._here = InThreads()
        """For what no file holds any more: nothing would ever find it again."""

    async def keep(self, state: FileState, row: FileRow, ended: Sequence[tuple[Found, End]]) -> None:
        """These sessions of a file are over, and it was read as far as `row` says."""
        async with self._world.keys.reading() as secrets:
            if (made := await self._prepare_all(ended, state, secrets)) is None:
                return
            prepared, troubles = made
            state.found_again({one.session.id for one in prepared})
            row = state.with_lost(replace(row, troubles=(*row.troubles, *troubles)))
            await self._admit(row, prepared, _without(secrets, state.reading.papers if state.reading else None))
        state.row, state.again = row, False
        state.admitted |= {mark(found) for found, _ in ended}
        if not row.running:
            state.rest()
        elif state.last is not None and state.reader is not None:
            state.reader.forget(state.last.offset)

    async def keep_so_far(self, state: FileState, running: Sequence[Found]) -> None:
        """The long ones of these sessions of a file, which still run."""
        now = self._world.clock.now()
        due = self._partials.due(running, now) if not state.behind else ()
        if not due:
            return
        row = state.row_of(self._source.name, running=True, troubles=state.row.troubles if state.row else ())
        async with self._world.keys.reading() as secrets:
            if (made := await self._prepare_all([(found, None) for found in due], state, secrets)) is None:
                return
            await self._partials.admit(row, due, made[0], now)
        state.row = row

    async def keep_trouble(self, state: FileState, trouble: Trouble) -> None:
        """A file that cannot be read is set aside, once."""
        state.rest()
        state.again = False
        row = state.row_aside(self._source.name, trouble)
        if row != state.row:
            await self._admit(row, [])
            state.row = row

    async def keep_orphan(self, orphan: Orphan, state: FileState | None) -> None:
        """A session that no file holds any more; `state` is that of a file in the place of its own."""
        async with self._world.keys.reading() as secrets:
            await self._keep_without_file(orphan, state, secrets)

    async def complete_lost(self, held: Collection[str]) -> None:
        """What was sent while it ran, and whose log is gone, is over; `held` are the sessions of all files."""
        now = self._world.clock.now()
        self._found(self._source, await self._partials.complete_lost(held, self._destinations(), now))

    async def _keep_without_file(self, orphan: Orphan, state: FileState | None, secrets: Secrets) -> None:
        end = orphan.found.end or end_by(EndRule.SILENCE, GONE)
        order = self._order(orphan.found, end, secrets)
        try:
            prepared = await self._prepare_last(order)
        except Damaged as error:
            log.warning("a session without a file is not kept", extra={"action": "orphan", "code": error.code})
            self._orphans.keep(orphan.found.id, orphan.found.weight)
            return
        if prepared is None:
            return
        if state is not None and state.row is not None:
            await self._admit(state.row, [prepared])
            return
        gone = FileState(path=orphan.path, sighting=Sighting(Signature(0, 0, 0, 0), orphan.since))
        await self._admit(gone.row_of(self._source.name, running=False, troubles=()), [prepared])
        await self._world.intake.forget_file(self._source.name, orphan.path, self._world.clock.now())

    async def _prepare_last(self, order: Order) -> NewSession | None:
        """Where it costs processes only, it is done here in the end; None while it is tried once more."""
        try:
            with mistakes_as_damage():
                return await self._world.room.prepare(order)
        except Damaged as error:
            if (trouble := self._losses.trouble(order.found.id, error)) is None:
                return None
            if trouble.code != WORKER_LOST:
                raise
        with mistakes_as_damage():
            return await self._here.prepare(order)

    async def _prepare_all(
        self, ended: Sequence[tuple[Found, End | None]], state: FileState, secrets: Secrets
    ) -> tuple[list[NewSession], list[Trouble]] | None:
        """Each by itself: one that cannot be kept is told about and takes no other with it.

        None where one cost the process that was to do it: the file's turn comes again.
        """
        prepared, troubles = [], []
        names = await asyncio.to_thread(self._named.all_in, state.path, state.found) if ended else frozenset()
        for found, end in ended:
            try:
                prepared.append(await self._prepare(found, end, secrets, names))
            except Damaged as error:
                if (trouble := self._losses.trouble(found.id, error)) is None:
                    return None
                if trouble.code == WORKER_LOST:
                    state.lost = (*state.lost, (found, trouble))
                else:
                    troubles.append(trouble)
        return prepared, troubles

    async def _prepare(
        self, found: Found, end: End | None, secrets: Secrets, beside: frozenset[str] = frozenset()
    ) -> NewSession:
        with mistakes_as_damage():
            return await self._world.room.prepare(self._order(found, end, secrets, beside))

    def _order(self, found: Found, end: End | None, secrets: Secrets, beside: frozenset[str] = frozenset()) -> Order:
        # Given up for silent, a shorter document corrects nothing: it is an older copy beside the one that went on.
        grows = only_grows(self._source.tracker) or (end is not None and end.rule is EndRule.SILENCE)
        tracker = self._source.tracker
        return Order(
            found=found,
            end=end,
            only_grows=grows,
            privacy=replace(self._world.privacy(tracker.listing), secrets=secrets),
            names_player=tracker.names_player,
            beside=beside,
        )

    async def _admit(self, row: FileRow, sessions: Sequence[NewSession], papers: Sequence[Paper] | None = None) -> None:
        world, destinations = self._world, self._destinations()
        admitted = await world.intake.admit(
            row, sessions, destinations, world.clock.now(), papers, summaries=world.summaries()
        )
        for one in sessions:
            self._losses.forget(one.session.id)
            self._orphans.keep(one.session.id, one.weight)
            self._boundaries.settled(one.session.id)
            self._partials.over(one.session.id)
        self._found(self._source, [one for one in admitted if one.new])


def _without(secrets: Secrets, papers: Sequence[Paper] | None) -> Sequence[Paper] | None:
    """The papers, but for those that have a key for a name."""
    return papers and [one for one in papers if not secrets.stand_in(f"{one.kind}\n{one.id}")]
