"""Uploads that wait while a game is played: by a clock that is moved, programs and a focus that a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from logferry_daemon.core.playing import When
from logferry_daemon.playing import EVERY, SEARCH, SEARCH_MORE, Playing
from logferry_daemon.ports import Program
from logferry_model.errors import Unreachable
from tests.daemon.shell.office import DESTINATION, SECOND, Office, stored
from tests.fakes import FakeForeground, FakeProcesses

GAME, OTHER = "Tavern64.exe", "Chess.exe"
HOUR = timedelta(hours=1)
BOTH = 2
"""Sleep when all is done: the courier, and who looks for games."""
UNKNOWN = Unreachable("focus-unknown", "a Wayland desktop does not tell which window has the focus")


class Room:
    """A player's computer beside an office."""

    def __init__(self, when: When) -> None:
        self.desk = Office(stored)
        self.processes, self.foreground = FakeProcesses(), FakeForeground()
        self.games: Collection[str] = frozenset({GAME})
        self.when = when

    def focus(self, name: str) -> None:
        (program,) = self.processes.named(name)
        self.foreground.focus = program.pid

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Office]:
        """The courier and the watch run."""
        await self.desk.agree()
        machine = (self.processes, self.foreground)
        watch = Playing(self.when, self.desk.clock, machine, lambda: self.games, self.desk.gates.holds.played)
        async with self.desk.running():
            watching = asyncio.ensure_future(watch.run())
            await self.desk.clock.idle(1 if self.when is When.OFF else BOTH)
            try:
                yield self.desk
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)


async def held(desk: Office) -> tuple[bool, str]:
    gate = await desk.gates.gate(DESTINATION)
    return gate.held, gate.reason


async def test_uploads_wait_while_the_game_runs_and_go_on_when_it_ends() -> None:
    room = Room(When.RUNNING)
    room.processes.start(GAME)
    async with room.open() as desk:
        await desk.find("aa")
        await desk.clock.advance(HOUR, BOTH)
        assert await held(desk) == (True, "playing")
        assert desk.sender.sent == []
        room.processes.stop(GAME)
        await desk.clock.advance(EVERY, BOTH)
        assert await desk.states() == {"aa": "uploaded"}


async def test_a_game_that_starts_breaks_off_what_is_under_way_and_it_is_sent_again_the_same() -> None:
    room = Room(When.RUNNING)
    async with asyncio.timeout(60), room.open() as desk:
        desk.sender.free.clear()
        await desk.find("aa")
        while not desk.sender.sent:
            await asyncio.sleep(0)
        room.processes.start(GAME)
        await desk.clock.advance(SEARCH)
        assert (desk.sender.broken_off, await desk.states()) == (1, {"aa": "pending"})
        desk.sender.free.set()
        room.processes.stop(GAME)
        await desk.clock.advance(EVERY, BOTH)
        assert await desk.states() == {"aa": "uploaded"}
    assert len({sent.request.body for sent in desk.sender.sent}) == 1


async def test_a_game_in_the_background_holds_nothing_where_the_focus_counts() -> None:
    room = Room(When.FOREGROUND)
    for name in (GAME, OTHER):
        room.processes.start(name)
    room.focus(OTHER)
    async with room.open() as desk:
        await desk.find("aa")
        await desk.clock.idle(BOTH)
        assert await desk.states() == {"aa": "uploaded"}
        room.focus(GAME)
        await desk.clock.advance(EVERY, BOTH)
        await desk.find("bb")
        await desk.clock.advance(HOUR, BOTH)
        assert (await desk.states())["bb"] == "pending"
        room.focus(OTHER)
        await desk.clock.advance(EVERY, BOTH)
        assert (await desk.states())["bb"] == "uploaded"


async def test_where_nobody_tells_the_focus_a_running_game_counts_and_it_is_said() -> None:
    room = Room(When.FOREGROUND)
    room.processes.start(GAME)
    room.foreground.focus = UNKNOWN
    async with room.open() as desk:
        gate = await desk.gates.gate(DESTINATION)
        assert (gate.held, gate.reason) == (True, "playing")
        assert gate.hint.startswith("A Wayland desktop does not tell which window has the focus, so a game that runs")


async def test_a_deletion_does_not_wait_for_a_game() -> None:
    room = Room(When.RUNNING)
    room.processes.start(GAME)
    async with room.open() as desk:
        assert (await desk.gates.way_to_delete(DESTINATION)).open


async def test_off_looks_at_nothing() -> None:
    room = Room(When.OFF)
    room.processes.start(GAME)
    async with room.open() as desk:
        await desk.find("aa")
        await desk.clock.advance(HOUR)
        assert (await desk.states(), room.processes.looks) == ({"aa": "uploaded"}, 0)


async def test_every_process_is_looked_at_seldom() -> None:
    room = Room(When.RUNNING)
    async with room.open() as desk:
        await desk.clock.advance(10 * SEARCH, BOTH)
        assert room.processes.looks == 11
        room.processes.start(GAME)
        await desk.clock.advance(SEARCH, BOTH)
        before = room.processes.looks
        await desk.clock.advance(10 * SEARCH_MORE, BOTH)
        assert room.processes.looks - before == 10


async def test_a_game_that_is_followed_from_now_on_is_looked_for_at_once() -> None:
    room = Room(When.RUNNING)
    room.games = frozenset()
    room.processes.start(GAME)
    async with room.open() as desk:
        assert (await held(desk))[1] == ""
        room.games = frozenset({GAME})
        await desk.clock.advance(EVERY, BOTH)
        assert (await held(desk))[1] == "playing"


class Broken(FakeProcesses):
    async def find(self, names: Collection[str]) -> Sequence[Program]:
        raise RuntimeError


@pytest.mark.parametrize("when", [When.RUNNING, When.FOREGROUND])
async def test_a_look_that_goes_wrong_holds_no_upload_and_is_made_again(when: When) -> None:
    room = Room(when)
    room.processes = Broken()
    async with room.open() as desk:
        await desk.find("aa")
        await desk.clock.advance(5 * SECOND, BOTH)
        assert await desk.states() == {"aa": "uploaded"}
