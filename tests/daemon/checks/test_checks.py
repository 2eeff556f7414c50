"""What the doctor says about games that write nothing, about recipes, and about folders that nobody follows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.checks.game_logging import PATIENCE
from logferry_daemon.core.identity import EPOCH
from logferry_daemon.core.reading import Trouble
from logferry_daemon.ports import Program
from logferry_ipc.messages import Check, NewSource
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import GAME, JOURNAL, begin
from tests.fakes import FakeProcesses

MINUTE = timedelta(minutes=1)
NAME = "logging of flights"


class Started(FakeProcesses):
    """Programs that tell when they were started."""

    def __init__(self) -> None:
        super().__init__()
        self.began: dict[str, float] = {}

    async def find(self, names: Collection[str]) -> Sequence[Program]:
        return [replace(found, began=self.began[found.name]) for found in await super().find(names)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One that follows a game which was started ten minutes ago."""
    made = House(tmp_path)
    made.processes = Started()
    async with made.open():
        await made.control.add_source(NewSource(tracker="elite-dangerous", path=str(made.logs), name="flights"))
        await made.quiet()
        play(made)
        yield made


def play(house: House, *, since: timedelta = 10 * MINUTE) -> None:
    """The game runs."""
    assert isinstance(house.processes, Started)
    house.processes.began[GAME] = (house.clock.now() - since - EPOCH).total_seconds()
    house.processes.start(GAME)


async def told(house: House, name: str) -> list[Check]:
    return [one for one in (await house.control.doctor()).checks if one.name == name]


async def test_a_game_that_runs_and_writes_nothing_is_told_with_the_games_own_hint(house: House) -> None:
    (one,) = await told(house, NAME)
    assert one.level == "advice"
    assert "in-game logging seems to be off" in one.message
    assert "journal" in one.hint


async def test_a_log_from_before_the_game_was_started_does_not_count(house: House) -> None:
    house.files.write(JOURNAL, begin(house.clock.now()), mtime=house.clock.now() - 11 * MINUTE)
    assert await told(house, NAME)


async def test_a_game_that_writes_is_in_order(house: House) -> None:
    house.files.write(JOURNAL, begin(house.clock.now()), mtime=house.clock.now() - 9 * MINUTE)
    assert await told(house, NAME) == []


async def test_a_game_that_was_just_started_is_given_time(house: House) -> None:
    play(house, since=PATIENCE)
    assert await told(house, NAME) == []


async def test_a_game_that_does_not_run_writes_nothing_rightly(house: House) -> None:
    house.processes.stop(GAME)
    assert await told(house, NAME) == []


async def test_a_folder_that_is_away_is_another_matter(house: House) -> None:
    house.files.present = False
    assert await told(house, NAME) == []


async def test_an_empty_folder_comes_with_the_games_own_hint(house: House) -> None:
    (one,) = await told(house, "source flights")
    assert (one.level, "journal" in one.hint) == ("advice", True)


async def test_a_broken_recipe_is_a_problem_and_wants_attention(house: House, tmp_path: Path) -> None:
    said = 'The recipe tavern.toml: unknown key "paterns" in [files]; did you mean "patterns"?'
    other = House(tmp_path / "other")
    other.recipe_troubles = (Trouble(code="recipe-unreadable", message=said),)
    async with other.open():
        (one,) = await told(other, "recipes")
        assert (one.level, one.message) == ("problem", said)
        assert "recipe test" in one.hint
        (wanted,) = (await other.control.status()).attention
        assert (wanted.code, wanted.message) == ("recipe-unreadable", said)
    assert await told(house, "recipes") == []


async def test_a_usual_folder_that_nobody_follows_is_told_with_the_command_for_it(house: House) -> None:
    folder = house.user_home / "hunts"
    house.usual["artemis"] = (folder,)
    (one,) = await told(house, "Artemis Tracker")
    assert one.level == "advice"
    assert one.hint == f'Follow it with: logferry sources add artemis --path "{folder}"'


async def test_one_that_is_followed_is_not_told(house: House) -> None:
    house.usual["elite-dangerous"] = (house.logs, house.logs / "inside")
    assert await told(house, "Elite Dangerous") == []
    house.usual["elite-dangerous"] = (house.logs.parent,)
    assert await told(house, "Elite Dangerous")
