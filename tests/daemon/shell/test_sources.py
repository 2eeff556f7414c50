"""A source from its folder to the spool: what is found, when it counts as over, and what is said of the rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from logferry_daemon.core.reading import Document, Reading
from logferry_daemon.intake.catching_up import BLOCK
from logferry_daemon.ports import CLOSED
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.errors import Damaged, Unreachable
from logferry_model.session import EndRule
from tests.daemon.shell.stage import (
    ARTEMIS,
    DOCUMENT,
    ELITE,
    GAME,
    JOURNAL,
    MINUTE,
    NEXT_JOURNAL,
    PACE,
    SECOND,
    Stage,
    begin,
    hunt,
    jump,
    line,
    running,
    settle,
    shutdown,
)

OLD = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def elite() -> Stage:
    return Stage(ELITE)


def play(stage: Stage, path: str = JOURNAL, *, jumps: int = 3, end: bool = False) -> None:
    """A journal of a session that began now."""
    now = stage.clock.now()
    stage.files.append(path, begin(now) + b"".join(jump(now, number) for number in range(jumps)))
    if end:
        stage.files.append(path, shutdown(now))


def go_on(stage: Stage, path: str = JOURNAL, number: int = 0) -> None:
    stage.files.append(path, jump(stage.clock.now(), number))


# Documents


async def test_a_finished_document_is_kept_once_after_it_has_settled(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(PACE.settle - 0.1 * SECOND)
    assert await stage.kept() == []
    await stage.run(10 * MINUTE)
    (kept,) = await stage.kept()
    assert (kept.end_rule, kept.revision, kept.events) == (EndRule.EXPLICIT, 1, 5)
    assert len(stage.news) == 1
    assert stage.runner.state == "watching"
    assert stage.runner.number_of_files == 1


async def test_a_known_file_is_not_read_again(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(10 * SECOND)
    reads = stage.files.reads
    await stage.run(10 * MINUTE)
    assert stage.files.reads == reads


async def test_a_restart_reads_nothing_that_is_known(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    reads = stage.files.reads
    stage.restart()
    await stage.run(MINUTE)
    assert stage.files.reads == reads
    assert len(stage.news) == 1


async def test_a_folder_of_old_files_is_kept_at_the_first_look(stage: Stage) -> None:
    for seed in range(1, 21):
        stage.files.write(f"session-{seed}.json", hunt(seed), mtime=OLD)
    await stage.runner.look()
    assert len(await stage.kept()) == 20


async def test_a_running_document_is_kept_when_it_ends(stage: Stage) -> None:
    for events in range(1, 6):
        stage.files.write(DOCUMENT, hunt(events=events, running=True))
        await stage.run(MINUTE)
    assert await stage.kept() == []
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert [one.revision for one in await stage.kept()] == [1]


async def test_a_document_that_is_written_piece_by_piece_is_kept_whole(stage: Stage) -> None:
    whole = hunt()
    for size in range(0, len(whole), 200):
        stage.files.write(DOCUMENT, whole[:size])
        await stage.run(2 * SECOND)
        assert await stage.troubles() == {}
    stage.files.write(DOCUMENT, whole)
    await stage.run(MINUTE)
    assert [(one.revision, one.events) for one in await stage.kept()] == [(1, 5)]
    assert await stage.troubles() == {}


@pytest.mark.parametrize("year", [-9000, 11_000])
async def test_a_document_of_another_age_is_kept_as_any_other(stage: Stage, year: int) -> None:
    stage.files.write(DOCUMENT, hunt())
    stage.files.date(DOCUMENT, (year - 1970) * 31_556_952 * 10**9)
    await stage.run(MINUTE)
    assert len(await stage.kept()) == 1


@pytest.mark.parametrize("year", [-9000, 11_000])
async def test_a_log_of_another_age_is_read_as_any_other(elite: Stage, year: int) -> None:
    play(elite, end=True)
    elite.files.date(JOURNAL, (year - 1970) * 31_556_952 * 10**9)
    await elite.run(MINUTE)
    assert len(await elite.kept()) == 1


async def test_half_a_document_is_waited_for_and_then_told(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt()[:-40])
    await stage.run(PACE.patience - SECOND)
    assert await stage.troubles() == {}
    await stage.run(3 * SECOND)
    assert await stage.troubles() == {DOCUMENT: "not-json"}
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 1


BAD = {
    "half": (hunt()[:-40], "not-json"),
    "nothing": (b"", "empty"),
    "zeros": (b"\0" * 4096, "empty"),
    "text": (b"hello", "not-json"),
    "list": (b"[]", "not-a-session"),
    "twice": (hunt().replace(b'"id"', b'"tags"', 1), "duplicate-key"),
    "nan": (hunt(2, manualArmorCost=float("nan")), "repaired"),
    "deep": (b"[" * 100_000, "too-deep"),
    "large": (b"x" * (ARTEMIS.max_bytes + 1), "too-large"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_document_is_one_trouble_and_the_others_go_on(stage: Stage, kind: str) -> None:
    data, code = BAD[kind]
    stage.files.write("session-0.json", data)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {"session-0.json": code}
    assert len(await stage.kept()) == (2 if code == "repaired" else 1)
    reads = stage.files.reads
    await stage.run(10 * MINUTE)
    assert stage.files.reads == reads


@pytest.mark.parametrize("code", ["symlink", "not-a-file"])
async def test_what_is_no_file_is_one_trouble_and_the_others_go_on(stage: Stage, code: str) -> None:
    stage.files.spoil("session-0.json", code)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {"session-0.json": code}
    assert len(await stage.kept()) == 1


async def test_permission_that_comes_back_is_noticed_without_any_other_sign(stage: Stage) -> None:
    stage.files.write("session-0.json", hunt(2))
    stage.files.deny("session-0.json")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert await stage.troubles() == {"session-0.json": "no-permission"}
    assert len(await stage.kept()) == 1
    stage.files.permit("session-0.json")
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2


async def test_permission_that_comes_back_to_a_known_file_takes_its_trouble_away(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    stage.files.deny(DOCUMENT)
    stage.files.touch(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {DOCUMENT: "no-permission"}
    stage.files.permit(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(stage.news) == 1


async def test_a_file_that_cannot_be_read_for_long_is_told_and_tried_on(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    stage.files.fail(DOCUMENT, Unreachable("file-unreadable", "input/output error"))
    await stage.run(PACE.patience - SECOND)
    assert await stage.troubles() == {}
    await stage.run(MINUTE)
    assert await stage.troubles() == {DOCUMENT: "file-unreadable"}
    stage.files.permit(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 1


async def test_a_document_that_is_rewritten_while_it_is_read_is_read_again(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt(events=4))

    def rewrite(path: str) -> None:
        if stage.files.reads == 0:
            stage.files.write(path, hunt(events=5))

    stage.files.before_read = rewrite
    await stage.run(MINUTE)
    assert [(one.events, one.revision) for one in await stage.kept()] == [(5, 1)]


async def test_a_large_document_is_never_put_together_from_two_states(stage: Stage) -> None:
    before = hunt(events=9_000, endedAt="2026-03-02T10:00:00.000Z")
    after = before.replace(b"T10:00:00.000Z", b"T11:00:00.000Z")
    assert len(before) == len(after) > BLOCK
    stage.files.write(DOCUMENT, before)

    def rewrite(path: str) -> None:
        if stage.files.reads == 1:
            stage.files.write(path, after)

    stage.files.before_read = rewrite
    await stage.run(MINUTE)
    ((kept, document),) = [(one, await stage.document()) for one in await stage.kept()]
    assert kept.revision == 1
    assert document.ended_at == datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


async def test_an_old_state_of_a_document_that_comes_and_goes_changes_nothing(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt(events=9))
    await stage.run(MINUTE)
    stage.files.replace(DOCUMENT, hunt(events=4, running=True))
    await stage.run(2 * PACE.rescan)
    stage.files.delete(DOCUMENT)
    await stage.run(5 * MINUTE)
    assert [(one.events, one.revision) for one in await stage.kept()] == [(9, 1)]


async def test_a_document_that_is_edited_later_is_a_revision(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt(events=5))
    await stage.run(MINUTE)
    stage.files.replace(DOCUMENT, hunt(events=3), mtime=OLD)
    await stage.run(2 * PACE.rescan)
    assert [(one.events, one.revision) for one in await stage.kept()] == [(3, 2)]


async def test_a_document_that_is_only_touched_is_no_revision(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(2 * PACE.rescan)
    assert len(stage.news) == 1


class Faulty(Artemis):
    """A tracker with a mistake in it."""

    def read(self, document: Document) -> Reading:
        if b"poison" in document.data:
            raise ZeroDivisionError
        return super().read(document)


async def test_a_reader_that_raises_is_the_trouble_of_its_file_and_the_others_go_on() -> None:
    stage = Stage(Faulty())
    stage.files.write("session-0.json", b"poison")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert await stage.troubles() == {"session-0.json": "reader-failed"}
    assert len(await stage.kept()) == 1


# Journals: the end of a session


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


async def test_what_is_in_a_folder_that_cannot_be_entered_is_not_gone(elite: Stage) -> None:
    path = f"deep/{JOURNAL}"
    play(elite, path)
    await elite.run(5 * SECOND)
    elite.files.shut = "deep"
    elite.hint()
    scans = elite.files.scans
    await elite.run(5 * MINUTE)
    assert elite.files.scans - scans < 20
    assert await elite.troubles() == {"deep": CLOSED}
    assert [found.events for found in elite.runner.running()] == [4]
    elite.files.shut = None
    go_on(elite, path)
    await elite.run(2 * MINUTE)
    assert await elite.troubles() == {}
    assert [found.events for found in elite.runner.running()] == [5]
    assert await elite.kept() == []


async def test_what_is_known_of_a_closed_folder_is_still_known_after_a_restart(stage: Stage) -> None:
    stage.files.write("deep/session-1.json", hunt())
    await stage.run(MINUTE)
    stage.restart()
    stage.files.shut = "deep"
    await stage.run(MINUTE)
    stage.files.shut = None
    reads = stage.files.reads
    await stage.run(2 * MINUTE)
    assert stage.files.reads == reads


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


# Journals: what becomes of the file


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


# The folder


async def test_a_folder_that_comes_late_is_read_then(stage: Stage) -> None:
    stage.files.present = False
    await stage.run(MINUTE)
    assert "cannot be read" in stage.runner.state
    stage.files.present = True
    stage.files.write(DOCUMENT, hunt())
    await stage.run(10 * SECOND)
    assert stage.runner.state == "watching"
    assert len(await stage.kept()) == 1


async def test_a_folder_that_goes_and_comes_back_doubles_nothing(elite: Stage) -> None:
    play(elite, end=True)
    await elite.run(MINUTE)
    play(elite, NEXT_JOURNAL)
    await elite.run(MINUTE)
    elite.files.present = False
    await elite.run(5 * MINUTE)
    elite.files.present = True
    go_on(elite, NEXT_JOURNAL)
    elite.files.append(NEXT_JOURNAL, shutdown(elite.clock.now()))
    await elite.run(MINUTE)
    assert sorted((one.events, one.revision) for one in await elite.kept()) == [(5, 1), (6, 1)]


async def test_a_folder_that_is_emptied_and_filled_again_doubles_nothing(stage: Stage) -> None:
    """An unmounted disk looks so."""
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    stage.files.delete(DOCUMENT)
    await stage.run(5 * MINUTE)
    stage.files.write(DOCUMENT, hunt(), mtime=OLD)
    await stage.run(2 * MINUTE)
    assert [one.revision for one in await stage.kept()] == [1]


async def test_a_watcher_that_never_hints_costs_at_most_a_rescan(stage: Stage) -> None:
    await stage.run(SECOND)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(PACE.rescan + 5 * SECOND)
    assert len(await stage.kept()) == 1


@pytest.mark.parametrize("jump_by", [timedelta(days=3), timedelta(days=-3)])
async def test_a_clock_that_is_set_delays_no_scan(stage: Stage, jump_by: timedelta) -> None:
    stage.files.write("session-0.json", hunt(2))
    await stage.runner.look()
    stage.clock.set(stage.clock.now() + jump_by)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(PACE.rescan + 5 * SECOND)
    assert len(await stage.kept()) == 2


async def test_a_spool_that_cannot_be_written_delays_and_loses_nothing(stage: Stage) -> None:
    stage.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert stage.runner.state == "The disk is full."
    stage.spool.broken = None
    await stage.run(30 * SECOND)
    assert stage.runner.state == "watching"
    assert len(await stage.kept()) == 1


async def test_a_damaged_spool_is_said_to_be_damaged(stage: Stage) -> None:
    stage.spool.broken = Damaged("spool-damaged", "The spool is damaged.")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert stage.runner.state == "The spool is damaged."


# Running


async def test_a_hint_makes_the_next_look_come_at_once(stage: Stage) -> None:
    async with running(stage):
        stage.files.write(DOCUMENT, hunt())
        stage.watcher.hint()
        await stage.clock.idle()
        await settle(stage)
        await stage.clock.advance(2 * SECOND)
        await settle(stage)
        assert len(await stage.kept()) == 1


async def test_a_hint_during_a_scan_asks_for_one_more(stage: Stage) -> None:
    def late() -> None:
        if not stage.files.paths:
            stage.files.write(DOCUMENT, hunt(), mtime=OLD)
            stage.hint()

    stage.files.after_scan = late
    await stage.runner.look()
    assert await stage.kept() == []
    await stage.runner.look()
    assert len(await stage.kept()) == 1


async def test_a_watcher_that_ends_is_started_again(stage: Stage) -> None:
    async with running(stage):
        stage.watcher.end()
        await stage.clock.idle(2)
        await stage.clock.advance(6 * SECOND)
        await settle(stage)
        assert stage.watcher.watches == 2


async def test_a_rescan_returns_when_all_was_looked_at(stage: Stage) -> None:
    async with running(stage):
        stage.files.write(DOCUMENT, hunt(), mtime=OLD)
        async with asyncio.timeout(60):
            await stage.runner.rescan()
        assert len(await stage.kept()) == 1


async def test_a_rescan_of_a_missing_folder_returns(stage: Stage) -> None:
    async with running(stage):
        stage.files.present = False
        async with asyncio.timeout(60):
            await stage.runner.rescan()
        assert "cannot be read" in stage.runner.state


async def test_a_rescan_of_a_source_that_is_removed_returns(stage: Stage) -> None:
    async with running(stage) as task:
        waiting = asyncio.ensure_future(stage.runner.rescan())
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(60):
            await waiting


# Whom a file names


@pytest.mark.parametrize("first", [True, False])
async def test_a_player_of_one_session_is_nothing_in_another_one_of_the_same_file(first: bool) -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    met, seen = [begin(start), who, shutdown(start)], [begin(start + MINUTE), *_seen(start + MINUTE)]
    await _written(stage, b"".join([*met, *seen] if first else [*seen, *met]))
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert all(b"Quellmont" not in document for document in kept)
    assert sum(b"Sol" in document for document in kept) == 1


async def test_also_when_the_session_that_names_him_was_over_long_before() -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    met = b"".join([begin(start), who, shutdown(start)])
    await _written(stage, met)
    later = stage.clock.now()
    await _written(stage, b"".join([met, begin(later), *_seen(later)]))
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert all(b"Quellmont" not in document for document in kept)


async def test_who_is_named_in_another_file_is_no_reason_to_leave_anything_out() -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    await _written(stage, b"".join([begin(start), who, shutdown(start)]))
    stage.files.write(NEXT_JOURNAL, b"".join([begin(start + MINUTE), *_seen(start + MINUTE)]))
    await stage.run(2 * MINUTE)
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert sum(b"Quellmont" in document for document in kept) == 1


def _seen(at: datetime) -> list[bytes]:
    """A place that is called like her, one that is not, and the end."""
    places = ("Rest of Oriana Quellmont", "Sol")
    return [*(line("FSDJump", at, StarSystem=name, JumpDist=1.0) for name in places), shutdown(at)]


async def _written(stage: Stage, log: bytes) -> None:
    stage.files.write(JOURNAL, log)
    await stage.run(2 * MINUTE)
