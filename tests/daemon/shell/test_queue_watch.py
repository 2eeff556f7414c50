from __future__ import annotations

import asyncio
from datetime import timedelta

from logferry_daemon.core.queue_bound import QUEUE_FULL
from logferry_daemon.queue_watch import QueueWatch
from logferry_model.errors import LogferryError, Unreachable
from tests.fakes import ManualClock

NO_SPACE = Unreachable("spool-unavailable", "The disk is full.")


class Disk:
    """Trouble stays until something is written, as in the spool."""

    def __init__(self) -> None:
        self.trouble: LogferryError | None = None
        self.full: LogferryError | None = None
        self.probes = 0
        self.measured = 0

    async def measure(self) -> None:
        self.measured += 1
        self.trouble = self.full

    async def probe(self) -> None:
        self.probes += 1
        if self.full:
            self.trouble = self.full
            raise self.full
        self.trouble = None


async def watched(disk: Disk, *acts: tuple[LogferryError | None, LogferryError | None]) -> list[int]:
    """How often somebody was told so far, after each (what is wrong, what a write says)."""
    clock, told, seen = ManualClock(), list[int](), list[int]()
    task = asyncio.ensure_future(QueueWatch(disk, clock, lambda: told.append(1)).run())
    await clock.idle(1)
    for trouble, full in acts:
        disk.trouble, disk.full = trouble, full
        await clock.advance(timedelta(seconds=5), 1)
        seen.append(len(told))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return seen


async def test_a_trouble_and_its_end_are_told_once_each() -> None:
    disk = Disk()
    assert await watched(disk, (NO_SPACE, NO_SPACE), (NO_SPACE, NO_SPACE), (NO_SPACE, None)) == [1, 1, 2]
    assert disk.trouble is None


async def test_nothing_is_written_while_all_is_well() -> None:
    disk = Disk()
    assert await watched(disk, (None, None), (None, None)) == [0, 0]
    assert disk.probes == 0


async def test_a_queue_without_room_is_told_and_not_written_to() -> None:
    disk = Disk()
    no_room = Unreachable(QUEUE_FULL, "The queue is full.")
    assert await watched(disk, (no_room, no_room), (no_room, no_room), (None, None)) == [1, 1, 2]
    assert disk.probes == 0


async def test_room_is_looked_for_although_nobody_has_anything_to_take_in() -> None:
    disk = Disk()
    no_room = Unreachable(QUEUE_FULL, "The queue is full.")
    assert await watched(disk, (no_room, no_room), (no_room, None), (None, None)) == [1, 2, 2]
    assert (disk.measured, disk.trouble) == (2, None)
