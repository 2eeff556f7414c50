"""Owns the tasks of what can be added and removed while the daemon runs: sources and couriers, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Crew:
    """Named tasks in one task group: none is loose, and each can be let go alone."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def hire(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Run `work` under this name."""
        self._tasks[name] = self._group.create_task(work, name=name)

    async def dismiss(self, name: str) -> None:
        """End it and wait until it has ended."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def dismiss_all(self) -> None:
        """End all; the task group waits for them."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
