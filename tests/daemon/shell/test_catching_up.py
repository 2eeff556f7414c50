"""Large logs and databases: read some at a time, what is over handed to the spool in between."""

from __future__ import annotations

import pytest

from logferry_daemon.catching_up import BUDGET
from logferry_daemon.core.identity import to_ms
from tests.daemon.recipes.fights import FIGHT, FIGHT_OUT, MICE, START, at, hit
from tests.daemon.shell.stage import MINUTE, Stage

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
