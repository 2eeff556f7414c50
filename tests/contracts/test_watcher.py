from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from logferry_daemon.adapters.watch_fs import FolderWatcher
from logferry_daemon.ports import Watcher
from tests.conftest import only_on
from tests.fakes import ScriptedWatcher

LONG = 20
"""Seconds that nothing here should take."""
READY = 0.3
"""Seconds after which the real watcher has its watches."""


class Watching:
    """A task that counts the hints of one folder."""

    def __init__(self, watcher: Watcher, root: Path) -> None:
        self.hints = 0
        self._hinted = asyncio.Event()
        self.task = asyncio.ensure_future(self._watch(watcher, root))

    async def _watch(self, watcher: Watcher, root: Path) -> None:
        async for _ in watcher.hints(root):
            self.hints += 1
            self._hinted.set()

    async def hint(self) -> None:
        """Wait for the next one."""
        async with asyncio.timeout(LONG):
            await self._hinted.wait()
        self._hinted.clear()

    async def end(self) -> None:
        """Wait until there will be no more."""
        async with asyncio.timeout(LONG):
            await asyncio.shield(self.task)


@asynccontextmanager
async def watching(watcher: Watcher, root: Path) -> AsyncIterator[Watching]:
    watch = Watching(watcher, root)
    await asyncio.sleep(READY)
    try:
        yield watch
    finally:
        watch.task.cancel()
        await asyncio.gather(watch.task, return_exceptions=True)


class Place:
    """A folder and somebody who changes it, with or without a disk."""

    def __init__(self, root: Path, *, real: bool) -> None:
        self.root = root / "logs"
        self.root.mkdir()
        self._scripted = ScriptedWatcher()
        self._real = real
        self.watcher: Watcher = FolderWatcher() if real else self._scripted

    def change(self, act: Callable[[Path], object]) -> None:
        act(self.root)
        if not self._real:
            self._scripted.hint()

    def vanish(self) -> None:
        shutil.rmtree(self.root)
        if not self._real:
            self._scripted.end()


@pytest.fixture(params=["folder", "scripted"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, real=request.param == "folder")


def append(root: Path) -> None:
    with (root / "log").open("ab") as out:
        out.write(b"line\n")


async def test_a_new_file_brings_a_hint_and_more_of_it_another(place: Place) -> None:
    async with watching(place.watcher, place.root) as watch:
        place.change(append)
        await watch.hint()
        place.change(append)
        await watch.hint()


async def test_nothing_changed_brings_no_hint(place: Place) -> None:
    async with watching(place.watcher, place.root) as watch:
        await asyncio.sleep(READY)
        assert watch.hints == 0


async def test_it_ends_when_the_folder_goes_away_so_that_its_successor_can_be_watched(place: Place) -> None:
    async with watching(place.watcher, place.root) as watch:
        place.vanish()
        await watch.end()
    place.root.mkdir()
    async with watching(place.watcher, place.root) as watch:
        place.change(append)
        await watch.hint()


async def test_it_can_be_left_at_any_time(place: Place) -> None:
    async with watching(place.watcher, place.root) as watch:
        watch.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watch.task


async def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    watch = Watching(FolderWatcher(), tmp_path / "missing")
    await watch.end()
    assert watch.hints == 0


async def test_a_folder_that_another_one_replaced_is_watched_no_more(tmp_path: Path) -> None:
    root = tmp_path / "logs"
    root.mkdir()
    async with watching(FolderWatcher(), root) as watch:
        root.rename(tmp_path / "old")
        root.mkdir()
        await watch.end()


@only_on("linux")
async def test_a_name_that_is_no_text_ends_nothing_but_the_watch(tmp_path: Path) -> None:
    async with watching(FolderWatcher(), tmp_path) as watch:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json")).write_bytes(b"x")
        append(tmp_path)
        async with asyncio.timeout(LONG):
            while not watch.hints and not watch.task.done():
                await asyncio.sleep(0.05)
        if watch.task.done():
            watch.task.result()
