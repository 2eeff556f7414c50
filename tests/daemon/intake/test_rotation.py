"""What becomes of a log: cut off, replaced, renamed, copied, deleted; no session is lost by it, and none doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_model.errors import Unreachable
from logferry_model.session import EndRule
from tests.daemon.intake.playing import go_on, play
from tests.daemon.shell.stage import (
    DOCUMENT,
    JOURNAL,
    MINUTE,
    NEXT_JOURNAL,
    PACE,
    SECOND,
    Stage,
    begin,
    hunt,
    jump,
    shutdown,
)


@pytest.mark.parametrize("year", [-9000, 11_000])
async def test_a_log_of_another_age_is_read_as_any_other(elite: Stage, year: int) -> None:
    play(elite, end=True)
    elite.files.date(JOURNAL, (year - 1970) * 31_556_952 * 10**9)
    await elite.run(MINUTE)
    assert len(await elite.kept()) == 1


async def test_a_truncated_log_that_grows_anew_keeps_both_its_sessions(elite: Stage) -> None:
    play(elite, jumps=9)
    await elite.run(MINUTE)
    elite.files.truncate(JOURNAL)
    await elite.run(MINUTE)
    play(elite, jumps=2, end=True)
    await elite.run(2 * MINUTE)
    assert [(one.events, one.revision) for one in await elite.kept()] == [(10, 1), (4, 1)]


@pytest.mark.parametrize("wait", [SECOND, MINUTE])
async def test_a_log_that_is_cut_and_grows_past_the_old_place_unseen_is_read_from_its_start(
    elite: Stage, wait: timedelta
) -> None:
    """Also before the spool knows anything of it."""
    play(elite, jumps=2)
    await elite.run(wait)
    elite.files.truncate(JOURNAL)
    play(elite, jumps=30, end=True)
    await elite.run(2 * MINUTE)
    assert sorted(one.events for one in await elite.kept()) == [3, 32]


async def test_a_known_log_that_another_one_replaced_is_read_from_its_start(elite: Stage) -> None:
    play(elite, jumps=5, end=True)
    await elite.run(MINUTE)
    play(elite, jumps=1, end=True)
    await elite.run(2 * PACE.rescan)
    now = elite.clock.now()
    elite.files.replace(JOURNAL, begin(now) + jump(now) * 30 + shutdown(now))
    await elite.run(2 * MINUTE)
    assert sorted(one.events for one in await elite.kept()) == [3, 7, 32]


async def test_a_renamed_log_is_the_same_log(elite: Stage) -> None:
    play(elite)
    await elite.run(MINUTE)
    elite.files.rename(JOURNAL, NEXT_JOURNAL)
    await elite.run(2 * MINUTE)
    assert await elite.kept() == []
    go_on(elite, NEXT_JOURNAL)
    elite.files.append(NEXT_JOURNAL, shutdown(elite.clock.now()))
    await elite.run(2 * MINUTE)
    assert [(one.events, one.revision) for one in await elite.kept()] == [(6, 1)]
    assert [row.path for row in await elite.spool.files("game")] == [NEXT_JOURNAL]


@pytest.mark.parametrize("away", ["Journal.old.log", "backup.txt"])
async def test_a_rotated_log_loses_nothing_wherever_it_went(elite: Stage, away: str) -> None:
    play(elite)
    await elite.run(MINUTE)
    elite.files.rename(JOURNAL, away)
    play(elite, jumps=7, end=True)
    await elite.run(3 * MINUTE)
    assert sorted((one.events, one.revision) for one in await elite.kept()) == [(4, 1), (9, 1)]


async def test_a_copy_under_another_name_is_the_same_session(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    elite.files.copy(JOURNAL, "Journal.copy.log")
    elite.files.truncate("Journal.copy.log", len(elite.files.content(JOURNAL)) // 2)
    elite.files.copy(JOURNAL, "Journal.whole.log")
    await elite.run(35 * MINUTE)
    assert [(one.events, one.revision) for one in await elite.kept()] == [(5, 1)]


async def test_a_log_that_is_deleted_while_its_session_is_open_is_kept_after_some_patience(elite: Stage) -> None:
    play(elite)
    await elite.run(MINUTE)
    elite.files.delete(JOURNAL)
    await elite.run(PACE.patience - SECOND)
    assert await elite.kept() == []
    await elite.run(MINUTE)
    (kept,) = await elite.kept()
    assert (kept.events, kept.end_rule) == (4, EndRule.SILENCE)
    assert list(await elite.spool.files("game")) == []
    assert await elite.troubles() == {}


async def test_a_log_that_is_deleted_right_after_its_end_is_kept_with_that_end(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(0.2 * SECOND)
    elite.files.delete(JOURNAL)
    await elite.run(2 * MINUTE)
    assert [one.end_rule for one in await elite.kept()] == [EndRule.EXPLICIT]


async def test_a_full_spool_does_not_lose_what_a_deleted_log_held(elite: Stage) -> None:
    play(elite)
    await elite.run(MINUTE)
    elite.files.delete(JOURNAL)
    await elite.run(SECOND)
    elite.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
    await elite.run(5 * MINUTE)
    elite.spool.broken = None
    await elite.run(MINUTE)
    assert [one.events for one in await elite.kept()] == [4]


async def test_what_a_document_held_before_it_was_damaged_is_kept(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt(running=True))
    await stage.run(MINUTE)
    stage.files.write(DOCUMENT, b"\0" * 9000)
    await stage.run(2 * MINUTE)
    assert [one.events for one in await stage.kept()] == [5]
    assert await stage.troubles() == {DOCUMENT: "empty"}


async def test_a_file_that_gets_the_inode_of_a_deleted_one_is_another_file(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    inode = elite.files.delete(JOURNAL)
    now = elite.clock.now()
    elite.files.write(NEXT_JOURNAL, begin(now) + jump(now) + shutdown(now), inode=inode)
    await elite.run(2 * MINUTE)
    elite.files.write(JOURNAL, begin(now + MINUTE) + jump(now) * 30 + shutdown(now + MINUTE), inode=inode)
    await elite.run(2 * MINUTE)
    assert sorted(one.events for one in await elite.kept()) == [3, 5, 32]
