"""The folder comes late, goes and comes back; a part of it is closed; the clock is set; the spool cannot be written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logferry_daemon.ports import CLOSED
from logferry_model.errors import Damaged, Unreachable
from tests.daemon.intake.playing import go_on, play
from tests.daemon.shell.stage import DOCUMENT, JOURNAL, MINUTE, NEXT_JOURNAL, PACE, SECOND, Stage, hunt, shutdown

OLD = datetime(2024, 1, 1, tzinfo=UTC)


async def test_a_folder_that_comes_late_is_read_then(stage: Stage) -> None:
    stage.files.present = False
    await stage.run(MINUTE)
    assert "cannot be read" in stage.runner.state
    stage.files.present = True
    stage.files.write(DOCUMENT, hunt())
    await stage.run(10 * SECOND)
    assert stage.runner.state == "watching"
    assert len(await stage.kept()) == 1


async def test_a_folder_that_goes_and_comes_back_doubles_nothing(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    play(elite, NEXT_JOURNAL)
    await elite.run(MINUTE)
    elite.files.present = False
    await elite.run(5 * MINUTE)
    elite.files.present = True
    go_on(elite, NEXT_JOURNAL)
    elite.files.append(NEXT_JOURNAL, shutdown(elite.clock.now()))
    await elite.run(MINUTE)
    assert sorted((one.events, one.revision) for one in await elite.kept()) == [(5, 1), (6, 1)]


async def test_a_folder_that_is_emptied_and_filled_again_doubles_nothing(stage: Stage) -> None:
    """An unmounted disk looks so."""
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    stage.files.delete(DOCUMENT)
    await stage.run(5 * MINUTE)
    stage.files.write(DOCUMENT, hunt(), mtime=OLD)
    await stage.run(2 * MINUTE)
    assert [one.revision for one in await stage.kept()] == [1]


async def test_a_watcher_that_never_hints_costs_at_most_a_rescan(stage: Stage) -> None:
    await stage.run(SECOND)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(PACE.rescan + 5 * SECOND)
    assert len(await stage.kept()) == 1


@pytest.mark.parametrize("jump_by", [timedelta(days=3), timedelta(days=-3)])
async def test_a_clock_that_is_set_delays_no_scan(stage: Stage, jump_by: timedelta) -> None:
    stage.files.write("session-0.json", hunt(2))
    await stage.runner.look()
    stage.clock.set(stage.clock.now() + jump_by)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(PACE.rescan + 5 * SECOND)
    assert len(await stage.kept()) == 2


async def test_a_spool_that_cannot_be_written_delays_and_loses_nothing(stage: Stage) -> None:
    stage.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert stage.runner.state == "The disk is full."
    stage.spool.broken = None
    await stage.run(30 * SECOND)
    assert stage.runner.state == "watching"
    assert len(await stage.kept()) == 1


async def test_a_damaged_spool_is_said_to_be_damaged(stage: Stage) -> None:
    stage.spool.broken = Damaged("spool-damaged", "The spool is damaged.")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert stage.runner.state == "The spool is damaged."


async def test_what_is_in_a_folder_that_cannot_be_entered_is_not_gone(elite: Stage) -> None:
    path = f"deep/{JOURNAL}"
    play(elite, path)
    await elite.run(5 * SECOND)
    elite.files.shut = "deep"
    elite.hint()
    scans = elite.files.scans
    await elite.run(5 * MINUTE)
    assert elite.files.scans - scans < 20
    assert await elite.troubles() == {"deep": CLOSED}
    assert [found.events for found in elite.runner.running()] == [4]
    elite.files.shut = None
    go_on(elite, path)
    await elite.run(2 * MINUTE)
    assert await elite.troubles() == {}
    assert [found.events for found in elite.runner.running()] == [5]
    assert await elite.kept() == []


async def test_what_is_known_of_a_closed_folder_is_still_known_after_a_restart(stage: Stage) -> None:
    stage.files.write("deep/session-1.json", hunt())
    await stage.run(MINUTE)
    stage.restart()
    stage.files.shut = "deep"
    await stage.run(MINUTE)
    stage.files.shut = None
    reads = stage.files.reads
    await stage.run(2 * MINUTE)
    assert stage.files.reads == reads
