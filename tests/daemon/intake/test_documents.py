"""A document: kept once, whole, when it has settled; written anew it is a revision."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logferry_daemon.intake.catching_up import BLOCK
from logferry_model.session import EndRule
from tests.daemon.shell.stage import DOCUMENT, MINUTE, PACE, SECOND, Stage, hunt

OLD = datetime(2024, 1, 1, tzinfo=UTC)


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
