"""A long session goes on its way while it runs, and whatever happens to its log, the whole of it follows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from logferry_daemon.core.exchange import takes_partials
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_model.errors import Unreachable
from logferry_model.session import EndRule
from tests.daemon.shell.stage import (
    ARTEMIS,
    DOCUMENT,
    ELITE,
    JOURNAL,
    MINUTE,
    SECOND,
    Stage,
    begin,
    hunt,
    jump,
    shutdown,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def stage() -> Stage:
    made = Stage(ELITE)
    made.of_partials = made.destinations
    return made


class Flight:
    """A journal with a jump every minute."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.jumps = 0
        stage.files.write(JOURNAL, begin(stage.clock.now()))

    async def go_on(self, minutes: int) -> None:
        for _ in range(minutes):
            await self.stage.run(MINUTE)
            self.jumps += 1
            self.stage.files.append(JOURNAL, jump(self.stage.clock.now(), self.jumps))
        await self.stage.run(5 * SECOND)

    async def end(self) -> None:
        self.stage.files.append(JOURNAL, shutdown(self.stage.clock.now()))
        await self.stage.run(5 * SECOND)


async def versions(stage: Stage) -> list[tuple[int, datetime]]:
    """Every delivery: which revision, and when it came."""
    ((_, rows),) = await stage.spool.sessions()
    return [(one.revision, one.created_at) for one in rows]


async def test_a_short_session_is_sent_when_it_is_over(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(119)
    assert await stage.kept() == []
    await flight.end()
    assert [one.revision for one in await stage.kept()] == [1]


async def test_a_long_session_is_sent_every_ten_minutes_and_whole_in_the_end(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(150)
    ((summary, _),) = await stage.spool.sessions()
    assert (summary.end_rule, summary.ended_at) == ("", None)
    came = [at for _, at in await versions(stage)]
    assert len(came) == 4
    assert all(10 * MINUTE <= later - earlier <= 11 * MINUTE for earlier, later in pairwise(came))
    assert (await stage.document()).end is None
    await flight.end()
    (kept,) = await stage.kept()
    assert (kept.revision, kept.end_rule, kept.events) == (5, EndRule.EXPLICIT, 152)
    await flight.stage.run(30 * MINUTE)
    assert len(await versions(stage)) == 5


async def test_nothing_is_sent_when_nothing_happened_since(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(121)
    await stage.run(11 * MINUTE)
    assert len(await versions(stage)) == 2  # with the jump that came after the first
    await stage.run(15 * MINUTE)
    assert len(await versions(stage)) == 2
    await flight.go_on(1)
    assert len(await versions(stage)) == 3


async def test_a_session_that_runs_is_still_shown_as_running(stage: Stage) -> None:
    await Flight(stage).go_on(125)
    assert [one.events for one in stage.runner.running()] == [126]
    assert stage.news == []


async def test_the_next_daemon_keeps_the_distance_and_sends_no_state_twice(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(121)
    stage.restart()
    await stage.run(5 * MINUTE)
    assert len(await versions(stage)) == 1
    await flight.go_on(1)
    assert len(await versions(stage)) == 1
    await flight.go_on(5)
    assert len(await versions(stage)) == 2
    stage.restart()
    await flight.end()
    (kept,) = await stage.kept()
    assert (kept.revision, kept.end_rule) == (3, EndRule.EXPLICIT)


async def test_without_a_destination_that_takes_them_nothing_is_kept_before_the_end(stage: Stage) -> None:
    stage.of_partials = ()
    flight = Flight(stage)
    await flight.go_on(150)
    assert await stage.kept() == []
    await flight.end()
    assert [one.revision for one in await stage.kept()] == [1]


async def test_only_destinations_that_take_them_get_partial_ones(stage: Stage) -> None:
    stage.destinations = ("home", "guild")
    flight = Flight(stage)
    await flight.go_on(121)
    await flight.end()
    ((_, rows),) = await stage.spool.sessions()
    assert [(one.revision, one.destination) for one in rows] == [(1, "home"), (2, "guild"), (2, "home")]


async def test_what_was_sent_while_it_ran_is_whole_when_its_log_is_gone_at_the_next_start(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(125)
    stage.restart()
    stage.files.delete(JOURNAL)
    await stage.run(5 * MINUTE)
    (kept,) = await stage.kept()
    assert (kept.revision, kept.end_rule) == (2, EndRule.SILENCE)
    assert kept.events == 120
    assert kept.ended_at is not None


async def test_a_log_that_is_back_in_time_is_waited_for(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(121)
    stage.restart()
    data = stage.files.content(JOURNAL)
    stage.files.delete(JOURNAL)
    await stage.run(20 * SECOND)
    stage.files.write(JOURNAL, data)
    await stage.run(2 * MINUTE)
    await flight.end()
    (kept,) = await stage.kept()
    assert (kept.revision, kept.end_rule) == (2, EndRule.EXPLICIT)


async def test_a_folder_that_is_away_ends_nothing(stage: Stage) -> None:
    await Flight(stage).go_on(121)
    stage.restart()
    stage.files.present = False
    await stage.run(10 * MINUTE)
    assert [one.end_rule for one in await stage.kept()] == [""]


async def test_a_full_disk_only_delays_it(stage: Stage) -> None:
    flight = Flight(stage)
    await flight.go_on(119)
    stage.spool.broken = Unreachable("spool-full", "no room")
    await flight.go_on(3)
    stage.spool.broken = None
    await flight.go_on(1)
    assert len(await versions(stage)) == 1
    await flight.end()
    assert [one.revision for one in await stage.kept()] == [2]


def live(told: list[dict[str, object]]) -> bytes:
    """The hunt of `hunt()` while it runs."""
    document: dict[str, object] = json.loads(hunt(running=True))
    return json.dumps(document | {"events": told}).encode()


async def test_a_document_that_is_written_afresh_is_sent_while_it_runs(stage: Stage) -> None:
    stage = Stage(ARTEMIS)
    stage.of_partials = stage.destinations
    stage.clock.set(datetime.fromisoformat("2026-03-02T09:01:00+00:00"))
    for minutes in range(0, 140, 5):
        at = stage.clock.now()
        told = [{"timestamp": round(at.timestamp() * 1000), "raw": "", "type": "loot", "quantity": minutes}]
        stage.files.write(DOCUMENT, live(told))
        await stage.run(5 * MINUTE)
    assert [revision for revision, _ in await versions(stage)] == [1, 2]
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * SECOND)
    (kept,) = await stage.kept()
    assert (kept.revision, kept.end_rule) == (3, EndRule.EXPLICIT)


def test_the_dialects_that_can_replace_a_session_say_so() -> None:
    assert {name for name, dialect in all_dialects().items() if takes_partials(dialect)} == {"artemis", "logferry"}
