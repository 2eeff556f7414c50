"""When a session in a log counts as over: by what the log says, by what follows, by silence."""

from __future__ import annotations

from logferry_model.session import EndRule
from tests.daemon.intake.playing import go_on, play
from tests.daemon.shell.stage import JOURNAL, MINUTE, NEXT_JOURNAL, PACE, SECOND, Stage, jump, line, shutdown


async def test_a_session_that_ended_is_kept_although_its_file_keeps_growing(elite: Stage) -> None:
    play(elite, end=True)
    elite.clock.move(SECOND)  # a game of the same moment would be the same one
    play(elite)
    for number in range(20):
        await elite.run(0.5 * SECOND)
        go_on(elite, number=number)
    (kept,) = await elite.kept()
    assert (kept.end_rule, kept.events) == (EndRule.EXPLICIT, 5)


async def test_the_end_in_the_log_counts_once_it_has_settled(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(PACE.settle + 0.1 * SECOND)
    assert [one.end_rule for one in await elite.kept()] == [EndRule.EXPLICIT]


async def test_what_follows_the_end_at_once_belongs_to_the_same_revision(elite: Stage) -> None:
    for _ in range(3):
        play(elite, jumps=1, end=True) if JOURNAL not in elite.files.paths else go_on(elite)
        await elite.run(0.7 * SECOND)
        assert await elite.kept() == []
    elite.files.append(JOURNAL, shutdown(elite.clock.now()))
    await elite.run(MINUTE)
    assert [one.revision for one in await elite.kept()] == [1]


async def test_every_session_that_ended_between_two_looks_is_kept(elite: Stage) -> None:
    for _ in range(3):
        play(elite, end=True)
        await elite.run(0.5 * SECOND)
        elite.clock.move(10 * SECOND)
        play(elite, end=True)
        elite.clock.move(10 * SECOND)
        play(elite, end=True)
        await elite.run(2 * PACE.rescan)
    assert [(one.events, one.revision) for one in await elite.kept()] == [(5, 1)] * 9


async def test_late_lines_make_a_second_revision(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    go_on(elite)
    elite.files.append(JOURNAL, shutdown(elite.clock.now()))
    await elite.run(2 * MINUTE)
    assert [(one.revision, one.events) for one in await elite.kept()] == [(2, 7)]


async def test_housekeeping_after_the_end_is_no_second_revision(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    elite.files.append(JOURNAL, line("Music", elite.clock.now(), MusicTrack="MainMenu"))
    await elite.run(2 * MINUTE)
    assert [one.revision for one in await elite.kept()] == [1]


async def test_a_later_file_ends_a_session_only_after_ten_quiet_seconds(elite: Stage) -> None:
    born = elite.clock.now()
    play(elite)
    await elite.run(MINUTE)
    play(elite, NEXT_JOURNAL)
    elite.hint()
    for number in range(10):
        elite.files.append(JOURNAL, jump(born, number))  # still being copied into the folder
        await elite.run(5 * SECOND)
        assert await elite.kept() == []
    await elite.run(8 * SECOND)
    assert [one.end_rule for one in await elite.kept()] == [EndRule.NEXT_START]


async def test_quiet_is_what_was_seen_where_the_files_time_stands_still(elite: Stage) -> None:
    """Windows does not move the time of a file that is held open."""
    born = elite.clock.now()
    play(elite)
    await elite.run(MINUTE)
    play(elite, NEXT_JOURNAL)
    elite.hint()
    for number in range(10):
        elite.files.append(JOURNAL, jump(born, number), mtime=born)
        await elite.run(5 * SECOND)
        assert await elite.kept() == []
    await elite.run(10 * SECOND)
    assert [one.events for one in await elite.kept()] == [14]


async def test_silence_ends_a_session(elite: Stage) -> None:
    play(elite)
    await elite.run(29 * MINUTE)
    assert await elite.kept() == []
    await elite.run(2 * MINUTE)
    assert [one.end_rule for one in await elite.kept()] == [EndRule.SILENCE]


async def test_a_session_that_goes_on_after_its_silence_is_a_second_revision(elite: Stage) -> None:
    play(elite)
    await elite.run(31 * MINUTE)
    go_on(elite)
    await elite.run(32 * MINUTE)
    assert [(one.revision, one.events) for one in await elite.kept()] == [(2, 5)]


async def test_a_restart_in_the_middle_of_a_session_loses_none_of_it(elite: Stage) -> None:
    play(elite)
    await elite.run(MINUTE)
    elite.restart()
    go_on(elite)
    await elite.run(MINUTE)
    elite.restart()
    elite.files.append(JOURNAL, shutdown(elite.clock.now()))
    await elite.run(MINUTE)
    assert [(one.revision, one.events) for one in await elite.kept()] == [(1, 6)]


async def test_a_last_line_that_stays_cut_off_is_told_also_after_an_end(elite: Stage) -> None:
    play(elite, end=True)
    elite.files.append(JOURNAL, b'{"timestamp":"2026-')
    await elite.run(10 * SECOND)
    assert len(await elite.kept()) == 1
    assert await elite.troubles() == {}
    await elite.run(MINUTE)
    assert await elite.troubles() == {JOURNAL: "cut-off"}
    assert [one.revision for one in await elite.kept()] == [1]
