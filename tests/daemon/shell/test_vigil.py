"""No key gets into the spool, and none stays there that is given later; a keyring that is locked stops no reading."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.core.gate import Access
from logferry_daemon.ports import Spool
from logferry_daemon.vigil import EVERY, NOTE, Guarded, Vigil, _slow
from tests.contracts.spooling import FACTS, HOME
from tests.daemon.shell.stage import ELITE, JOURNAL, MINUTE, Stage, begin, jump, line, shutdown
from tests.fakes import FixedChance, MemoryCredentials
from tests.packed import found_packed

KEY = "s3cret lantern"
FIELD = "events.1.fields.StarSystem"


class Watch:
    """A vigil over a stage's source and a spool on the disk."""

    def __init__(self, spool: Spool, *names: str, **keys: str) -> None:
        self.stage = Stage(ELITE)
        self.spool = spool
        self.credentials = MemoryCredentials(**keys)
        self.held: list[str] = []
        self.told = 0
        self.broken = False
        self.names = names or (HOME,)
        self.open_again()

    def open_again(self) -> None:
        """Another daemon over the same spool and keyring."""
        guarded = Guarded(spool=self.spool, destinations=lambda: self.names, hold=self._hold, told=self._tell)
        self.vigil = Vigil(self.stage.clock, FixedChance(), self.credentials, guarded)
        self.stage.destinations = self.names
        self.stage.follow(replace(self.stage.world, intake=self.spool, keys=self.vigil))

    async def _hold(self, deliveries: Collection[str]) -> None:
        if self.broken:
            raise ConnectionError
        self.held += deliveries

    def _tell(self) -> None:
        self.told += 1

    async def read(self, text: str = KEY, name: str = JOURNAL) -> None:
        """A log of a game in which somebody put this in a field that is kept."""
        start = self.stage.clock.now()
        lines = [begin(start), line("FSDJump", start, StarSystem=f"by {text}!", JumpDist=1.0), jump(start)]
        self.stage.files.write(name, b"".join([*lines, shutdown(start)]))
        await self.stage.run(MINUTE)

    async def leaks(self) -> list[tuple[str, ...]]:
        """Of all sessions, whatever their destination."""
        looked = [await self.spool.look_at(summary.id, HOME) for summary, _ in await self.spool.sessions()]
        return [one.leaks for one in looked if one]


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    async with open_spool(tmp_path / "spool.db", FixedChance(), FACTS) as opened:
        yield opened


def readable(folder: Path) -> bytes:
    """Every file of the spool, and what can be unpacked out of it."""
    found = b""
    for file in folder.glob("spool.db*"):
        data = file.read_bytes()
        found += b"".join((data, *found_packed(data)))
    return found


async def test_a_log_line_that_holds_a_stored_key_never_gets_into_the_spool(tmp_path: Path, spool: SqliteSpool) -> None:
    watch = Watch(spool, home=KEY)
    await watch.read()
    assert await watch.leaks() == [(FIELD,)]
    assert KEY.encode() not in readable(tmp_path)


async def test_what_holds_no_key_is_kept_as_it_is(tmp_path: Path, spool: SqliteSpool) -> None:
    watch = Watch(spool, home="s3cret of another kind")
    await watch.read()
    assert await watch.leaks() == [()]
    assert KEY.encode() in readable(tmp_path)


@pytest.mark.parametrize("name", ["away", HOME])
async def test_the_keys_of_all_destinations_count(spool: SqliteSpool, name: str) -> None:
    watch = Watch(spool, HOME, "away", **{name: KEY})
    await watch.read()
    assert await watch.leaks() == [(FIELD,)]


async def test_a_key_that_is_given_later_is_taken_out_of_every_file(tmp_path: Path, spool: SqliteSpool) -> None:
    watch = Watch(spool)
    await watch.read()
    await watch.vigil.look_for_new()
    assert KEY.encode() in readable(tmp_path)
    await watch.credentials.keep(HOME, KEY, insecure=False)
    await watch.vigil.look_for_new()
    assert KEY.encode() not in readable(tmp_path)
    assert await watch.leaks() == [(FIELD,)]
    assert (len(watch.held), watch.told) == (1, 1)


async def test_the_spool_is_searched_once_for_each_key_also_over_a_restart(spool: SqliteSpool) -> None:
    watch = Watch(spool, home=KEY)
    await watch.vigil.look_for_new()
    note = await spool.note(NOTE)
    assert note
    assert KEY not in note
    for _ in range(2):
        await watch.vigil.look_for_new()
        watch.open_again()
    assert await spool.note(NOTE) == note
    await watch.credentials.keep(HOME, "s3cret, another", insecure=False)
    await watch.vigil.look_for_new()
    assert await spool.note(NOTE) != note


async def test_a_search_that_failed_is_made_again(spool: SqliteSpool) -> None:
    watch = Watch(spool)
    await watch.read()
    await watch.credentials.keep(HOME, KEY, insecure=False)
    watch.broken = True
    with pytest.raises(ConnectionError):
        await watch.vigil.look_for_new()
    assert not await spool.note(NOTE)


@pytest.mark.parametrize("state", [Access.LOCKED, Access.STUCK, Access.DENIED, Access.ABSENT])
async def test_a_keyring_that_gives_no_key_stops_no_reading_and_all_is_searched_once_it_does(
    tmp_path: Path, spool: SqliteSpool, state: Access
) -> None:
    watch = Watch(spool, home=KEY)
    await watch.vigil.look_for_new()
    watch.stage.clock.move(EVERY + EVERY)
    watch.credentials.state = state
    await watch.read()
    assert await spool.sessions()
    assert KEY.encode() in readable(tmp_path)
    assert watch.vigil.out_of_sight == ({} if state is Access.ABSENT else {HOME: state})
    # Nobody looked in between: that the key was out of sight is remembered by whoever read.
    watch.credentials.state = None
    watch.open_again()
    await watch.vigil.look_for_new()
    assert KEY.encode() not in readable(tmp_path)
    assert watch.vigil.out_of_sight == {}


async def test_of_a_keyring_that_does_not_answer_one_wait_is_enough(spool: SqliteSpool) -> None:
    watch = Watch(spool, *(f"home{number}" for number in range(9)))
    watch.credentials.state = Access.STUCK
    await watch.read()
    assert watch.credentials.asked <= 3


async def test_a_search_waits_for_whoever_reads_without_the_new_key(spool: SqliteSpool) -> None:
    watch = Watch(spool)
    async with watch.vigil.reading() as before:
        assert not before.stand_in(KEY)
        await watch.credentials.keep(HOME, KEY, insecure=False)
        search = asyncio.ensure_future(watch.vigil.look_for_new())
        while not watch.vigil.in_sight.stand_in(KEY):
            await asyncio.sleep(0)
        async with watch.vigil.reading() as since:
            assert since.stand_in(KEY)
        for _ in range(3):
            # As long as it takes to make the mark of a key: whoever does not wait would be done by then.
            await asyncio.to_thread(_slow, "salt", KEY)
            assert not await spool.note(NOTE)
    await search
    assert await spool.note(NOTE)


async def test_keys_are_let_go_when_nobody_reads(spool: SqliteSpool) -> None:
    watch = Watch(spool, home=KEY)
    await watch.vigil.look_for_new()
    async with watch.vigil.reading():
        await watch.vigil.look_for_new()
        assert watch.vigil.in_sight.stand_in(KEY)
    await watch.vigil.look_for_new()
    assert not watch.vigil.in_sight.stand_in(KEY)


async def test_a_backlog_of_files_asks_the_keyring_once_and_not_for_each(spool: SqliteSpool) -> None:
    watch = Watch(spool, home=KEY)
    for _ in range(5):
        async with watch.vigil.reading():
            pass
    assert watch.credentials.asked == 1


async def test_it_looks_by_itself_and_at_once_when_a_key_is_given(spool: SqliteSpool) -> None:
    watch = Watch(spool)
    await watch.read()
    running = asyncio.ensure_future(watch.vigil.run())
    await watch.stage.clock.idle()
    await watch.credentials.keep(HOME, KEY, insecure=False)
    watch.vigil.key_given()
    while not watch.told:
        await asyncio.sleep(0.01)
    await watch.credentials.keep(HOME, "s3cret, another", insecure=False)
    before = await spool.note(NOTE)
    while await spool.note(NOTE) == before:
        await watch.stage.clock.idle()
        watch.stage.clock.move(EVERY + timedelta(seconds=1))
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_no_log_line_and_no_look_at_it_shows_a_key(spool: SqliteSpool, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(spool)
    await watch.read()
    await watch.credentials.keep(HOME, KEY, insecure=False)
    with caplog.at_level(logging.DEBUG):
        async with watch.vigil.reading() as secrets:
            assert KEY not in f"{secrets!r} {watch.vigil._held!r}"
        await watch.vigil.look_for_new()
    assert KEY not in caplog.text
    assert "key was in what is kept" in caplog.text
