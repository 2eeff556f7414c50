"""Whatever a program does to its logs, and whenever: no session that was seen is lost, and none is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.daemon.shell.stage import ARTEMIS, ELITE, MINUTE, SECOND, Stage, begin, hunt, jump, shutdown

SCHEDULES = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
LOG = "Journal.0.log"
waits = st.sampled_from([0.2, 1.2, 3, 12, 40, 70]).map(lambda number: number * SECOND)
deeds = st.sampled_from(
    [
        "append",
        "whole session",
        "new session",
        "end",
        "half",
        "rename",
        "rotate",
        "truncate",
        "replace",
        "touch",
        "restart",
    ]
)


class Game:
    """Writes a log, and does to it whatever games and their owners do."""

    def __init__(self) -> None:
        self.stage = Stage(ELITE)
        self.expected: dict[datetime, list[int]] = {}
        """Start of a session -> numbers of its jumps."""
        self._path = LOG
        self._number = 0
        self._rest = b""
        self._current: datetime | None = None

    async def do(self, deed: str, wait: timedelta) -> None:
        self.stage.clock.move(SECOND)  # no two sessions begin in the same second
        getattr(self, deed.replace(" ", "_"))()
        self.stage.hint()
        await self.stage.run(wait)

    async def finish(self) -> None:
        """The game is over and everybody has had the time they need."""
        self.end()
        self.stage.hint()
        await self.stage.run(40 * MINUTE)

    def write(self, data: bytes) -> None:
        self.stage.files.append(self._path, self._rest + data)
        self._rest = b""

    def new_session(self) -> None:
        now = self.stage.clock.now().replace(microsecond=0)
        self._current = now
        self.expected[now] = []
        self.write(begin(now))

    def append(self) -> None:
        if self._current is None:
            self.new_session()
        assert self._current is not None
        self._number += 1
        self.expected[self._current].append(self._number)
        self.write(jump(self.stage.clock.now(), self._number))

    def half(self) -> None:
        """A line in two writes; whatever comes next brings the rest."""
        if self._current is None or self._rest:
            return
        self._number += 1
        self.expected[self._current].append(self._number)
        whole = jump(self.stage.clock.now(), self._number)
        self.stage.files.append(self._path, whole[:30])
        self._rest = whole[30:]

    def end(self) -> None:
        if self._current is not None:
            self.write(shutdown(self.stage.clock.now()))
            self._current = None

    def whole_session(self) -> None:
        """Over before anybody looked."""
        self.end()
        self.new_session()
        self.append()
        self.end()

    def rename(self) -> None:
        if self._path in self.stage.files.paths:
            self._number += 1
            to = f"Journal.{self._number}.log"
            self.stage.files.rename(self._path, to)
            self._path = to

    def rotate(self) -> None:
        """The old log goes to where nobody looks, whole; a new one takes its name."""
        self._complete()
        if self._path in self.stage.files.paths:
            self.stage.files.rename(self._path, f"old-{self._number}.txt")
        self._current = None
        self.new_session()

    def truncate(self) -> None:
        self._complete()
        if self._path in self.stage.files.paths:
            self.stage.files.truncate(self._path)
        self._current = None

    def replace(self) -> None:
        """A backup program puts the same bytes back as another file."""
        if self._path in self.stage.files.paths:
            self.stage.files.replace(self._path, self.stage.files.content(self._path))

    def touch(self) -> None:
        if self._path in self.stage.files.paths:
            self.stage.files.touch(self._path)

    def restart(self) -> None:
        self.stage.restart()

    def _complete(self) -> None:
        if self._rest:
            self.write(b"")


SEES = {"rotate", "truncate", "restart"}


async def played(schedule: Sequence[tuple[str, timedelta]]) -> Game:
    game = Game()
    for deed, wait in schedule:
        if deed in SEES:
            # Nobody can know what was written and thrown away between two looks.
            game._complete()
            game.stage.hint()
            await game.stage.run(2 * SECOND)
        await game.do(deed, wait)
    await game.finish()
    return game


def jumps_in(session_events: Sequence[object]) -> list[int]:
    return [int(event.amount) for event in session_events if event.type == "FSDJump"]  # type: ignore[attr-defined]  # events


@SCHEDULES
@given(st.lists(st.tuples(deeds.filter(lambda deed: deed != "restart"), waits), max_size=12))
def test_a_log_may_be_appended_rotated_renamed_and_truncated_at_any_time(
    schedule: Sequence[tuple[str, timedelta]],
) -> None:
    asyncio.run(nothing_is_lost_and_nothing_is_there_twice(schedule))


@settings(SCHEDULES, max_examples=100)
@given(st.lists(st.tuples(deeds.filter(lambda deed: deed not in {"rotate", "truncate"}), waits), max_size=12))
def test_a_restart_may_come_at_any_time(schedule: Sequence[tuple[str, timedelta]]) -> None:
    asyncio.run(nothing_is_lost_and_nothing_is_there_twice(schedule))


async def nothing_is_lost_and_nothing_is_there_twice(schedule: Sequence[tuple[str, timedelta]]) -> None:
    game = await played(schedule)
    kept = {}
    for summary in await game.stage.kept():
        found = await game.stage.spool.session(summary.id)
        assert found is not None
        assert found[0].started_at not in kept
        kept[found[0].started_at] = jumps_in(found[2].events)
    assert kept == game.expected


@settings(SCHEDULES, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(["write", "end", "half", "rename", "touch", "restart", "mtime"]), waits), max_size=10
    )
)
def test_a_document_may_be_rewritten_renamed_and_cut_at_any_time(schedule: Sequence[tuple[str, timedelta]]) -> None:
    asyncio.run(the_last_whole_document_is_kept_once(schedule))


async def the_last_whole_document_is_kept_once(schedule: Sequence[tuple[str, timedelta]]) -> None:
    stage, path, events = Stage(ARTEMIS), "session-1.json", 1
    stage.files.write(path, hunt(events=1, running=True))
    for deed, wait in schedule:
        stage.clock.move(SECOND)
        events += 1
        if deed == "write":
            stage.files.write(path, hunt(events=events, running=True))
        elif deed == "end":
            stage.files.replace(path, hunt(events=events))
        elif deed == "half":
            stage.files.write(path, hunt(events=events)[:-50])
        elif deed == "rename":
            fresh = f"session-{events}.json"
            stage.files.rename(path, fresh)
            path = fresh
        elif deed == "touch":
            stage.files.touch(path)
        elif deed == "mtime":
            stage.files.write(path, hunt(events=events), mtime=stage.clock.now() - timedelta(days=900))
        else:
            stage.restart()
        stage.hint()
        await stage.run(wait)
    stage.files.write(path, hunt(events=40))
    stage.hint()
    await stage.run(5 * MINUTE)
    (kept,) = await stage.kept()
    assert kept.events == 40
    assert [row.path for row in await stage.spool.files("game")] == [path]
    assert await stage.troubles() == {}
