"""What happens to files between a look at them and the end of their reading, and what must not be mixed or left out."""

from __future__ import annotations

import json
import sys

import pytest

from logferry_daemon.trackers.encounter_tracker import EncounterTracker
from logferry_model.errors import Unreachable
from logferry_model.session import EndRule
from tests.daemon.recipes.fights import FIGHT, FIGHT_OUT, MICE, at, hit
from tests.daemon.shell.stage import (
    ELITE,
    JOURNAL,
    MINUTE,
    NEXT_JOURNAL,
    SECOND,
    Stage,
    begin,
    hunt,
    jump,
    line,
    shutdown,
)
from tests.factories_encounters import encounter

LOG, EXPORT = "mice-1.txt", "encounters-1.json"


@pytest.mark.parametrize("rotated", ["renamed", "copied and written afresh in place"])
async def test_a_log_that_is_rotated_while_it_is_read_is_not_mixed_with_the_next_one(rotated: str) -> None:
    stage = Stage(ELITE)
    now = stage.clock.now()
    stage.files.write(JOURNAL, begin(now) + b"".join(jump(now + n * SECOND, n) for n in range(1, 4)))
    await stage.run(5 * SECOND)
    stage.files.append(JOURNAL, b"".join(jump(now + n * SECOND, n) for n in range(4, 14)))
    away = stage.files.rename if rotated == "renamed" else stage.files.copy

    def rotate() -> None:
        away(JOURNAL, NEXT_JOURNAL)
        fresh = now + MINUTE
        lines = b"".join(line("Scan", fresh + n * SECOND) for n in range(1, 40))  # shorter, so more of them
        stage.files.write(JOURNAL, begin(fresh) + lines + shutdown(fresh + MINUTE))

    stage.files.in_the_middle_of_a_read = rotate
    await stage.run(90 * MINUTE)
    assert [(one.events, one.end_rule) for one in await stage.kept()] == [
        (14, EndRule.NEXT_START),
        (41, EndRule.EXPLICIT),
    ]


async def test_a_log_that_is_deleted_while_it_is_read_is_kept_as_it_was_read_before() -> None:
    stage = Stage(MICE)
    stage.files.write(LOG, at(0, FIGHT) + at(1, hit("Pip", 1)))
    await stage.run(5 * SECOND)
    stage.files.append(LOG, at(2, hit("Pip", 1)))
    stage.files.in_the_middle_of_a_read = lambda: stage.files.delete(LOG)
    await stage.run(5 * MINUTE)
    assert [one.events for one in await stage.kept()] == [2]


async def test_what_could_not_be_kept_is_not_lost_when_its_log_goes_away() -> None:
    stage = Stage(MICE)
    stage.spool.broken = Unreachable("spool-full", "The disk is full.")
    fights = (at(60 * n, FIGHT) + at(60 * n + 1, FIGHT_OUT) for n in range(3))
    stage.files.write(LOG, b"".join(fights))
    await stage.run(10 * SECOND)
    stage.files.delete(LOG)
    await stage.run(10 * SECOND)
    stage.spool.broken = None
    await stage.run(5 * MINUTE)
    assert len(await stage.kept()) == 3


async def test_a_reader_remembers_nothing_that_the_spool_has() -> None:
    """Else a log of gigabytes would fill the memory with sessions that are long safe."""
    stage = Stage(MICE)
    stage.files.write(LOG, b"".join(at(60 * n, FIGHT) + at(60 * n + 1, FIGHT_OUT) for n in range(20)) + at(2000, FIGHT))
    await stage.run(10 * SECOND)
    (state,) = stage.runner._folder.files.values()
    assert state.reader is not None
    assert [found.id for found in state.reader.reading(settled=False).found] == [
        found.id for found in stage.runner.running()
    ]


async def calls_of_a_look(logs: int) -> int:
    """At logs whose sessions nothing has ended yet."""
    stage = Stage(MICE)
    for number in range(logs):
        stage.files.write(f"mice-{number:04}.txt", at(number * 60, FIGHT))
    await stage.run(3 * SECOND)
    stage.hint()
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        await stage.runner.look()
    finally:
        sys.setprofile(None)
    return calls


async def test_a_look_at_many_unfinished_logs_costs_each_of_them_the_same() -> None:
    assert await calls_of_a_look(160) < 6 * await calls_of_a_look(40)


def written(*fights: tuple[int, str], rounds: int = 3) -> bytes:
    made = [encounter(seed, status=status) for seed, status in fights]
    for one in made:
        one["combatState"] = one.get("combatState", {}) | {"currentRound": rounds}
    return json.dumps({"encounters": made, "parties": [], "creatures": []}).encode()


async def test_every_open_encounter_of_a_document_runs() -> None:
    stage = Stage(EncounterTracker())
    stage.files.write(EXPORT, written((1, "completed"), (2, "active"), (3, "active")))
    await stage.run(MINUTE)
    assert (len(stage.runner.running()), len(await stage.kept())) == (2, 1)


async def test_a_finished_encounter_is_corrected_while_another_one_is_played() -> None:
    stage = Stage(EncounterTracker())
    stage.files.write(EXPORT, written((1, "completed"), (2, "active")))
    await stage.run(MINUTE)
    stage.files.write(EXPORT, written((1, "completed"), (2, "active"), rounds=8))
    stage.hint()
    await stage.run(MINUTE)
    (kept,) = await stage.kept()
    assert kept.revision == 2


async def test_a_hunt_that_only_was_renamed_by_its_player_is_the_same() -> None:
    stage = Stage()
    stage.files.write("session-1.json", hunt(name="one"))
    await stage.run(MINUTE)
    stage.files.write("session-1.json", hunt(name="another"))
    stage.hint()
    await stage.run(MINUTE)
    assert [one.revision for one in await stage.kept()] == [1]
