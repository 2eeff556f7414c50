"""When a session counts as over because its program is gone, or because somebody says that it was closed."""

from __future__ import annotations

from datetime import timedelta

from logferry_model.session import EndRule
from tests.daemon.intake.playing import play
from tests.daemon.shell.stage import GAME, JOURNAL, MINUTE, SECOND, Stage, begin, jump


async def test_a_game_that_was_seen_running_and_is_gone_ends_its_session(elite: Stage) -> None:
    elite.processes.start(GAME)
    play(elite)
    await elite.run(5 * MINUTE)
    assert await elite.kept() == []
    elite.processes.stop(GAME)
    await elite.run(10 * SECOND)
    (kept,) = await elite.kept()
    assert kept.end_rule == EndRule.PROCESS_GONE
    assert GAME in kept.end_evidence


async def test_a_game_that_was_never_seen_ends_nothing_by_being_away(elite: Stage) -> None:
    play(elite)
    await elite.run(5 * MINUTE)
    assert await elite.kept() == []


async def test_nobody_looks_at_programs_while_no_session_is_open(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(5 * MINUTE)
    assert elite.processes.looks == 0


async def test_a_word_of_yesterday_does_not_end_what_turns_up_today(elite: Stage) -> None:
    await elite.run(SECOND)
    elite.world.apps.close(GAME)
    elite.clock.move(timedelta(days=1))
    old = elite.clock.now() - timedelta(days=30)
    elite.files.write(JOURNAL, begin(old) + jump(old + SECOND), mtime=old)
    await elite.run(MINUTE)
    assert [row.end_rule for row in await elite.kept()] == [EndRule.SILENCE]


async def test_a_word_ends_what_was_open_however_long_nothing_happened_in_it(elite: Stage) -> None:
    play(elite)
    await elite.run(10 * MINUTE)
    elite.world.apps.close(GAME)
    await elite.run(10 * SECOND)
    assert [row.end_rule for row in await elite.kept()] == [EndRule.APP_CLOSED]


async def test_a_word_ends_what_is_noticed_a_moment_later(elite: Stage) -> None:
    await elite.run(SECOND)
    play(elite)
    elite.clock.move(SECOND)
    elite.world.apps.close(GAME)
    elite.hint()
    await elite.run(10 * SECOND)
    assert [row.end_rule for row in await elite.kept()] == [EndRule.APP_CLOSED]
