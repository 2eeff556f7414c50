"""A source that is a database: rows come in batches, the last one may still change, another file may take its place."""

from __future__ import annotations

import pytest

from logferry_daemon.trackers.resonance import Resonance
from logferry_model.errors import Damaged, Unreachable
from logferry_model.session import EndRule
from tests.daemon.shell.stage import MINUTE, SECOND, Stage
from tests.factories import START
from tests.factories_resonance import Book

FILE = "resonance-logs.db"
LOG = f"{FILE}-wal"
BATCH = Resonance().question(0).limit


class Meter:
    """The program that writes the database, and the stage that it writes it on."""

    def __init__(self) -> None:
        self.stage = Stage(Resonance())
        self.book = Book()
        self._fights = self._writes = 0

    def fight(self, *, ended: bool = True) -> None:
        """One more, five minutes after the one before."""
        self._fights += 1
        self.book.encounter(start=START + self._fights * 5 * MINUTE, ended=ended)

    def write(self) -> None:
        """What is in the book is in the database now; its log shows that something changed."""
        self._writes += 1
        if FILE not in self.stage.files.paths:
            self.stage.files.write(FILE, b"SQLite format 3\0")
        self.stage.files.write(LOG, b"x" * self._writes)
        self.stage.databases.tables[FILE] = self.book.tables
        self.stage.hint()

    async def kept(self) -> int:
        return len(await self.stage.kept())


@pytest.fixture
def meter() -> Meter:
    return Meter()


async def test_a_fight_that_is_over_is_kept(meter: Meter) -> None:
    meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    (kept,) = await meter.stage.kept()
    assert kept.end_rule == EndRule.EXPLICIT


async def test_more_fights_than_one_answer_holds_are_all_kept_once(meter: Meter) -> None:
    for _ in range(2 * BATCH + 7):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    assert await meter.kept() == len(meter.stage.news) == 2 * BATCH + 7


async def test_only_the_newest_fight_is_asked_for_again(meter: Meter) -> None:
    for _ in range(5):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    before = len(meter.stage.databases.asked)
    meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    assert (meter.stage.databases.asked[before][1].since, await meter.kept()) == (5, 6)


async def test_a_fight_is_kept_when_its_row_is_complete_and_not_before(meter: Meter) -> None:
    meter.fight()
    meter.fight(ended=False)
    meter.write()
    await meter.stage.run(5 * MINUTE)
    assert (await meter.kept(), len(meter.stage.runner.running())) == (1, 1)


async def test_a_daemon_that_starts_again_keeps_nothing_twice(meter: Meter) -> None:
    for _ in range(BATCH + 3):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    meter.stage.restart()
    await meter.stage.run(MINUTE)
    assert len(meter.stage.news) == BATCH + 3


async def test_another_database_in_its_place_is_read_from_its_start(meter: Meter) -> None:
    for _ in range(6):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    meter.book = Book(seed=99)
    meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    assert await meter.kept() == 7


async def test_another_database_that_is_as_large_is_read_from_its_start_too(meter: Meter) -> None:
    for _ in range(6):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    meter.book = Book(seed=99)
    for _ in range(9):
        meter.fight()
    meter.write()
    await meter.stage.run(MINUTE)
    assert await meter.kept() == 15


async def test_a_database_that_is_busy_is_asked_again(meter: Meter) -> None:
    meter.fight()
    meter.write()
    meter.stage.databases.errors[FILE] = Unreachable("database-busy", "it is locked.")
    await meter.stage.run(10 * SECOND)
    del meter.stage.databases.errors[FILE]
    await meter.stage.run(MINUTE)
    assert (await meter.kept(), await meter.stage.troubles()) == (1, {})


async def test_a_damaged_database_is_told_about_until_it_is_mended(meter: Meter) -> None:
    meter.fight()
    meter.write()
    meter.stage.databases.errors[FILE] = Damaged("database-damaged", "it is damaged.")
    await meter.stage.run(MINUTE)
    assert await meter.stage.troubles() == {FILE: "database-damaged"}
    del meter.stage.databases.errors[FILE]
    meter.write()
    await meter.stage.run(2 * MINUTE)
    assert (await meter.kept(), await meter.stage.troubles()) == (1, {})
