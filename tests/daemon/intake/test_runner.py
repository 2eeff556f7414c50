"""A source's own loop: hints, watchers that end, and those who wait for a look at everything."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tests.daemon.shell.stage import DOCUMENT, SECOND, Stage, hunt, running, settle

OLD = datetime(2024, 1, 1, tzinfo=UTC)


async def test_a_hint_makes_the_next_look_come_at_once(stage: Stage) -> None:
    async with running(stage):
        stage.files.write(DOCUMENT, hunt())
        stage.watcher.hint()
        await stage.clock.idle()
        await settle(stage)
        await stage.clock.advance(2 * SECOND)
        await settle(stage)
        assert len(await stage.kept()) == 1


async def test_a_hint_during_a_scan_asks_for_one_more(stage: Stage) -> None:
    def late() -> None:
        if not stage.files.paths:
            stage.files.write(DOCUMENT, hunt(), mtime=OLD)
            stage.hint()

    stage.files.after_scan = late
    await stage.runner.look()
    assert await stage.kept() == []
    await stage.runner.look()
    assert len(await stage.kept()) == 1


async def test_a_watcher_that_ends_is_started_again(stage: Stage) -> None:
    async with running(stage):
        stage.watcher.end()
        await stage.clock.idle(2)
        await stage.clock.advance(6 * SECOND)
        await settle(stage)
        assert stage.watcher.watches == 2


async def test_a_rescan_returns_when_all_was_looked_at(stage: Stage) -> None:
    async with running(stage):
        stage.files.write(DOCUMENT, hunt(), mtime=OLD)
        async with asyncio.timeout(60):
            await stage.runner.rescan()
        assert len(await stage.kept()) == 1


async def test_a_rescan_of_a_missing_folder_returns(stage: Stage) -> None:
    async with running(stage):
        stage.files.present = False
        async with asyncio.timeout(60):
            await stage.runner.rescan()
        assert "cannot be read" in stage.runner.state


async def test_a_rescan_of_a_source_that_is_removed_returns(stage: Stage) -> None:
    async with running(stage) as task:
        waiting = asyncio.ensure_future(stage.runner.rescan())
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(60):
            await waiting
