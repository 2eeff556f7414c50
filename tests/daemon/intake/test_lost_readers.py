"""A file that costs its readers is set aside after three of its own, says so, and holds up no other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from logferry_daemon.core.losses import TRIES, file_lost
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order
from logferry_daemon.core.reading import Document, DocumentTracker, Reading
from logferry_daemon.intake.in_threads import InThreads
from logferry_model.session import SessionId
from tests.daemon.shell.stage import DOCUMENT, ELITE, JOURNAL, MINUTE, SECOND, Stage, begin, hunt, jump, shutdown

OTHER = "session-2.json"
LOST = "worker-lost"


class MortalRoom:
    """Loses its process over what is read or prepared of some files, so many times each."""

    def __init__(
        self, reading: Collection[str] = (), preparing: Collection[SessionId] = (), times: int = 1_000
    ) -> None:
        self.asked: list[str] = []
        self._here = InThreads()
        self._left = dict.fromkeys((*reading, *preparing), times)

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        self._dies(document.about.path)
        return await self._here.read(tracker, document)

    async def prepare(self, order: Order) -> NewSession:
        self._dies(order.found.id)
        return await self._here.prepare(order)

    def _dies(self, what: str) -> None:
        self.asked.append(what)
        if self._left.get(what, 0) > 0:
            self._left[what] -= 1
            raise file_lost("it was ended by signal 9")


def session_in(data: bytes, stage: Stage) -> SessionId:
    assert isinstance(stage.tracker, DocumentTracker)
    return stage.tracker.read(Document(data=data)).found[0].id


def staged(*, reading: bool, times: int = 1_000) -> tuple[Stage, MortalRoom, str]:
    """Two files, of which the first costs processes; and what it is asked for by."""
    stage = Stage()
    stage.files.write(DOCUMENT, hunt(1))
    stage.files.write(OTHER, hunt(2))
    bad = session_in(hunt(1), stage)
    room = MortalRoom((DOCUMENT,), times=times) if reading else MortalRoom(preparing=(bad,), times=times)
    stage.follow(replace(stage.world, room=room))
    return stage, room, DOCUMENT if reading else bad


both = pytest.mark.parametrize("reading", [True, False], ids=["reading", "preparing"])


@both
async def test_it_is_set_aside_after_three_and_the_other_is_kept_before_that(reading: bool) -> None:
    stage, room, bad = staged(reading=reading)
    await stage.run(timedelta(seconds=1))
    assert room.asked.count(bad) == 1
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 1
    await stage.run(10 * MINUTE)
    assert room.asked.count(bad) == TRIES
    assert await stage.troubles() == {DOCUMENT: LOST}
    assert len(await stage.kept()) == 1


@both
async def test_it_says_what_happened_how_often_and_what_to_do(reading: bool) -> None:
    stage, _, _ = staged(reading=reading)
    await stage.run(MINUTE)
    ((_, _, trouble),) = await stage.spool.troubles()
    for said in ("the process that reads files was lost over it", "signal 9", "3 times", "restart", "memory"):
        assert said in trouble.message


@both
async def test_lost_twice_it_is_kept_and_nobody_is_told(reading: bool) -> None:
    stage, room, bad = staged(reading=reading, times=TRIES - 1)
    await stage.run(MINUTE)
    assert room.asked.count(bad) == TRIES
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2


@both
async def test_a_restart_tries_it_again(reading: bool) -> None:
    stage, _, _ = staged(reading=reading)
    await stage.run(MINUTE)
    stage.restart()
    await stage.run(MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2


async def test_written_anew_it_is_read_again() -> None:
    stage, room, _ = staged(reading=True, times=TRIES)
    await stage.run(MINUTE)
    assert await stage.troubles() == {DOCUMENT: LOST}
    stage.files.write(DOCUMENT, hunt(1, events=6))
    await stage.run(2 * MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2
    assert room.asked.count(DOCUMENT) == TRIES + 1


async def test_a_session_without_a_file_is_tried_again_and_made_here_after_three() -> None:
    stage = Stage()
    stage.files.write(DOCUMENT, hunt(1, running=True))
    bad = session_in(hunt(1, running=True), stage)
    room = MortalRoom(preparing=(bad,))
    stage.follow(replace(stage.world, room=room))
    await stage.run(MINUTE)
    stage.files.delete(DOCUMENT)
    await stage.run(10 * MINUTE)
    assert room.asked.count(bad) == TRIES
    assert [one.id for one in await stage.kept()] == [bad]


def played(at: datetime, jumps: int) -> bytes:
    """A session of a journal."""
    return begin(at) + b"".join(jump(at + n * SECOND, n) for n in range(1, jumps + 1)) + shutdown(at + MINUTE)


@pytest.mark.parametrize("runs", [False, True], ids=["over", "another-one-runs"])
async def test_a_log_is_not_read_beyond_what_was_set_aside_so_a_restart_finds_it_again(runs: bool) -> None:
    stage = Stage(ELITE)
    now = stage.clock.now()
    last = begin(now + 4 * MINUTE) + jump(now + 5 * MINUTE, 1) if runs else b""
    stage.files.write(JOURNAL, played(now, 5) + played(now + 2 * MINUTE, 3) + last)
    stage.follow(replace(stage.world, room=MortalOnce()))
    await stage.run(3 * MINUTE)
    assert await stage.troubles() == {JOURNAL: LOST}
    assert len(await stage.kept()) == 1
    stage.restart()
    await stage.run(3 * MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2


async def test_a_log_that_goes_on_is_tried_again_and_counts_what_it_has_once() -> None:
    stage = Stage(ELITE)
    now = stage.clock.now()
    stage.files.write(JOURNAL, played(now, 5) + played(now + 2 * MINUTE, 3))
    stage.follow(replace(stage.world, room=MortalOnce()))
    await stage.run(10 * MINUTE)
    stage.files.append(JOURNAL, played(stage.clock.now(), 2))
    await stage.run(10 * MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 3


class MortalOnce(MortalRoom):
    """Loses three over the first session that it is asked for."""

    def _dies(self, what: str) -> None:
        if not self.asked:
            self._left[what] = TRIES
        super()._dies(what)
