"""Large logs and databases: read some at a time, what is over handed to the spool in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logferry_daemon.core.identity import to_ms
from logferry_daemon.intake.catching_up import BUDGET
from logferry_daemon.intake.rounds import HELD
from tests.daemon.recipes.fights import FIGHT, FIGHT_OUT, MICE, START, at, hit
from tests.daemon.shell.stage import ELITE, MINUTE, Stage, begin, hunt, line

HOUR = timedelta(hours=1)
OLD = datetime(2026, 3, 2, 10, tzinfo=UTC)
LOG = "mice-1.txt"
NOISE = at(3, "NOISE x") * (BUDGET // len(at(3, "NOISE x")) + 1)
"""More than is read in one look."""


@pytest.fixture
def mice() -> Stage:
    return Stage(MICE)


def fight(second: int, *, end: bool = True) -> bytes:
    lines = [at(second, FIGHT), at(second + 1, hit("Pip", second + 1))]
    return b"".join([*lines, at(second + 2, FIGHT_OUT)] if end else lines)


async def test_what_is_over_is_kept_before_the_rest_is_read(mice: Stage) -> None:
    mice.files.write(LOG, fight(0) + fight(60) + NOISE + fight(120))
    await mice.runner.look()
    assert len(await mice.kept()) == 1  # the last one of the part that was read may go on in the next
    await mice.run(MINUTE)
    assert [to_ms(one.started_at) for one in await mice.kept()] == [to_ms(START) + 60_000 * n for n in range(3)]


async def test_many_large_documents_are_handed_over_before_all_are_read() -> None:
    stage = Stage()
    kept: list[tuple[str, int]] = []
    for number in range(1, 5):
        stage.files.write(f"session-{number}.json", hunt(number, note="x" * (HELD // 3)), mtime=OLD)
    stage.files.before_read = lambda path: kept.append((path, len(stage.news)))
    await stage.runner.look()
    assert dict(kept) == {f"session-{number}.json": number - 1 for number in range(1, 5)}


async def test_of_many_large_logs_a_later_one_still_ends_the_one_before() -> None:
    stage = Stage(ELITE)
    kept: list[int] = []
    for number in range(8):
        at_once = OLD + number * MINUTE
        data = begin(at_once) + line("Music", at_once, note="x" * (HELD // 3))
        stage.files.write(f"Journal.{number}.log", data, mtime=OLD + HOUR)
    stage.files.before_read = lambda _: kept.append(len(stage.news))
    stage.clock.set(OLD + 1000 * HOUR)
    await stage.runner.look()
    assert max(kept) > 1, "some are handed over before all are read"
    rules = [row.end_rule for row in await stage.kept()]
    assert rules == ["next-start"] * 7 + ["silence"]


async def test_a_large_log_is_read_on_without_waiting(mice: Stage) -> None:
    mice.files.write(LOG, fight(0) + NOISE + fight(60))
    assert not await mice.runner.look()


async def test_a_daemon_that_ended_in_the_middle_of_a_large_log_goes_on_there(mice: Stage) -> None:
    mice.files.write(LOG, fight(0) + fight(60) + NOISE + fight(120))
    await mice.runner.look()
    mice.restart()
    await mice.run(MINUTE)
    assert [one.events for one in await mice.kept()] == [3, 3, 3]
    assert len(mice.news) == 3


async def test_a_log_that_shrinks_while_it_is_read_is_read_again(mice: Stage) -> None:
    mice.files.write(LOG, fight(0) + NOISE + fight(60))
    await mice.runner.look()
    mice.files.write(LOG, fight(0) + fight(60))
    await mice.run(MINUTE)
    assert len(await mice.kept()) == 2


async def test_the_running_session_is_there_to_be_looked_at_while_it_grows(mice: Stage) -> None:
    mice.files.write(LOG, fight(0) + fight(60, end=False))
    await mice.run(0.1 * MINUTE)
    (running,) = mice.runner.running()
    assert (running.events, running.statistics().measures[0].value) == (2, 61.0)
    mice.files.append(LOG, at(70, hit("Pip", 9)))
    await mice.run(0.1 * MINUTE)
    (running,) = mice.runner.running()
    assert running.statistics().measures[0].value == 70.0


async def test_a_session_that_is_over_does_not_run(mice: Stage) -> None:
    mice.files.write(LOG, fight(0))
    await mice.run(MINUTE)
    assert not mice.runner.running()
