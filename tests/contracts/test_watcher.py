from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from logferry_daemon.adapters import watch_portable
from logferry_daemon.adapters.watch_fs import FolderWatcher
from logferry_daemon.ports import Watcher
from tests.conftest import needs, only_on
from tests.fakes import ScriptedWatcher

LONG = 60
"""Seconds that nothing here should take."""
READY = 0.3
"""Seconds without a hint, after which all was told."""


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

    def forget(self) -> None:
        """What came so far does not count: a watcher may say that it begins."""
        self.hints = 0
        self._hinted.clear()

    async def end(self) -> None:
        """Wait until there will be no more."""
        async with asyncio.timeout(LONG):
            await asyncio.shield(self.task)


@asynccontextmanager
async def watching(watcher: Watcher, root: Path) -> AsyncIterator[Watching]:
    watch = Watching(watcher, root)
    try:
        if root.is_dir() and not isinstance(watcher, ScriptedWatcher):
            await until_it_watches(watch, root)
        await until_quiet(watch)
        watch.forget()
        yield watch
    finally:
        watch.task.cancel()
        await asyncio.gather(watch.task, return_exceptions=True)


async def until_it_watches(watch: Watching, root: Path) -> None:
    """On a machine with much to do it may take its time to begin, and what happens before that is not told."""
    await watch.hint()  # that it begins
    probe = root / "probe"
    async with asyncio.timeout(LONG):
        while not watch.hints > 1:
            probe.touch()
            await asyncio.sleep(0.02)
            probe.unlink()
            await asyncio.sleep(0.02)


async def until_quiet(watch: Watching) -> None:
    """Nothing is left to be told."""
    before = -1
    async with asyncio.timeout(LONG):
        while watch.hints != before:
            before = watch.hints
            await asyncio.sleep(READY)


class PortableWatcher:
    """What other systems use, which runs here as well."""

    async def hints(self, root: Path) -> AsyncIterator[None]:
        async with aclosing(watch_portable.changes(root)) as bursts:
            async for _ in bursts:
                yield


class Place:
    """A folder and somebody who changes it, with or without a disk."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root = root / "logs"
        self.root.mkdir()
        self._scripted = ScriptedWatcher()
        self._real = kind != "scripted"
        real: Watcher = FolderWatcher() if kind == "system" else PortableWatcher()
        self.watcher = real if self._real else self._scripted

    def change(self, act: Callable[[Path], object]) -> None:
        act(self.root)
        if not self._real:
            self._scripted.hint()

    def vanish(self) -> None:
        shutil.rmtree(self.root)
        if not self._real:
            self._scripted.end()


@pytest.fixture(params=["system", "portable", "scripted"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.param)


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


@only_on("linux")
async def test_a_folder_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    async with watching(FolderWatcher(), tmp_path / "not" / "yet" / "there") as watch:
        (tmp_path / "not").mkdir()
        await asyncio.sleep(READY)
        assert watch.hints == 0
        (tmp_path / "not" / "yet" / "there").mkdir(parents=True)
        await watch.hint()
        append(tmp_path / "not" / "yet" / "there")
        await watch.hint()


@only_on("linux")
async def test_what_happens_in_brand_new_folders_brings_hints_until_it_is_over(tmp_path: Path) -> None:
    async with watching(FolderWatcher(), tmp_path) as watch:
        for number in range(50):
            deep = tmp_path / f"{number}" / "a" / "b"
            deep.mkdir(parents=True)
            append(deep)
        await watch.hint()
        await asyncio.sleep(READY)
        watch.forget()
        for number in (0, 49):
            append(tmp_path / f"{number}" / "a" / "b")
            await watch.hint()


@only_on("linux")
async def test_a_hint_comes_within_a_sixth_of_a_second(tmp_path: Path) -> None:
    """Once is enough: a machine with much to do may be late, and one that is never in time has another reason."""
    took = [1.0]
    async with watching(FolderWatcher(), tmp_path) as watch, asyncio.timeout(100):
        while min(took) > 0.15 and len(took) < 100:
            began = time.monotonic()
            append(tmp_path)
            await watch.hint()
            took.append(time.monotonic() - began)
            await asyncio.sleep(READY)
            watch.forget()
    assert min(took) <= 0.15


@only_on("linux")
async def test_a_folder_above_that_is_moved_away_ends_the_watch(tmp_path: Path) -> None:
    root = tmp_path / "above" / "logs"
    root.mkdir(parents=True)
    async with watching(FolderWatcher(), root) as watch:
        (tmp_path / "above").rename(tmp_path / "elsewhere")
        append(tmp_path / "elsewhere" / "logs")
        await watch.end()


@only_on("linux")
async def test_a_folder_too_deep_for_a_path_ends_no_watch(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    for letter in "abcdefghijklmnopqrst":  # 20 * 250 bytes: more than the system takes in one name
        os.mkdir(letter * 250, dir_fd=handle)
        above, handle = handle, os.open(letter * 250, os.O_RDONLY, dir_fd=handle)
        os.close(above)
    os.close(handle)
    root = tmp_path.joinpath(*(letter * 250 for letter in "abcdefghijkl"))
    try:
        async with watching(FolderWatcher(), root) as watch:
            append(root)
            await watch.hint()
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / ("a" * 250))], check=True)  # by steps, which pytest does not take


LIMITED = """
import asyncio, pathlib, sys
from logferry_daemon.adapters import watch_portable
from logferry_daemon.adapters.watch_fs import FolderWatcher
from logferry_model.errors import Unreachable

async def main(root):
    try:
        async for _ in FolderWatcher().hints(root):
            print("watching")
            return
    except Unreachable as error:
        print(error.code, error.hint)

pathlib.Path(f"/proc/sys/user/max_inotify_{sys.argv[2]}").write_text(sys.argv[3])
asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@only_on("linux")
@needs("unshare")
@pytest.mark.parametrize(
    ("what", "limit", "said"),
    [("watches", "9", "watch-limit"), ("instances", "0", "watch-limit"), ("watches", "99", "watching")],
)
def test_too_few_watches_are_told_with_the_way_to_raise_them(tmp_path: Path, what: str, limit: str, said: str) -> None:
    for number in range(10):
        (tmp_path / str(number)).mkdir()
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", LIMITED, str(tmp_path), what, limit]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert child.stdout.split()[0] == said
    assert (f"fs.inotify.max_user_{what}" in child.stdout) == (said == "watch-limit")


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
