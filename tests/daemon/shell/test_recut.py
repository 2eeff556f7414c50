"""A recut outlives whatever happens to the files: a rescan, a late flush, a restart, a copy that comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.identity import from_ms
from logferry_daemon.core.recut import Merge, Split
from logferry_ipc.messages import EventKind, RecutRequest
from logferry_model.errors import LogferryError
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import DOCUMENT, ELITE, JOURNAL, MINUTE, SECOND, Stage, begin, hunt, jump, shutdown
from tests.factories import encode_document

HOUR = timedelta(hours=1)


@pytest.fixture
def stage() -> Stage:
    made = Stage(ELITE)
    made.spool.recount = ELITE.recount
    return made


async def flown(stage: Stage, *, jumps: int = 6) -> datetime:
    """A flight is over and in the spool: when it began. A jump a minute."""
    start = stage.clock.now()
    data = begin(start) + b"".join(jump(start + number * MINUTE, number) for number in range(1, jumps + 1))
    stage.clock.move(jumps * MINUTE)
    stage.files.append(JOURNAL, data)
    stage.files.append(JOURNAL, shutdown(stage.clock.now()))
    await stage.run(MINUTE)
    return start


async def events(stage: Stage) -> list[int]:
    """Of the sessions that are not part of another one, oldest first."""
    return [one.events for one in await stage.kept() if not one.merged_into]


async def split(stage: Stage, at: datetime) -> None:
    (whole,) = await stage.kept()
    await stage.spool.recut(Split(whole.id, (at,)), ["home"], stage.clock.now(), only_look=False)


async def test_a_rescan_neither_undoes_nor_doubles_a_recut(stage: Stage) -> None:
    start = await flown(stage)
    whole = sum(await events(stage))
    await split(stage, start + 3 * MINUTE)
    before = await events(stage)
    assert (len(before), sum(before)) == (2, whole)
    await stage.runner.look()
    stage.files.touch(JOURNAL)
    await stage.run(2 * HOUR)
    assert await events(stage) == before
    assert [one.revision for one in await stage.kept()] == [2, 1]


async def test_a_restart_that_reads_everything_again_keeps_the_recut(stage: Stage) -> None:
    start = await flown(stage)
    await split(stage, start + 3 * MINUTE)
    before = await events(stage)
    await stage.spool.forget_file("game", JOURNAL, stage.clock.now())
    stage.restart()
    await stage.run(HOUR)
    assert await events(stage) == before
    assert [one.revision for one in await stage.kept()] == [2, 1]


async def test_a_copy_under_another_name_keeps_the_recut(stage: Stage) -> None:
    start = await flown(stage)
    await split(stage, start + 3 * MINUTE)
    before = await events(stage)
    stage.files.write("Journal.copy.01.log", stage.files.content(JOURNAL))
    await stage.run(HOUR)
    assert await events(stage) == before


async def test_a_late_flush_goes_to_the_last_part_alone() -> None:
    stage = Stage()
    stage.spool.recount = stage.tracker.recount
    stage.files.write(DOCUMENT, hunt(events=20))
    await stage.run(HOUR)
    document = await stage.document()
    middle = from_ms(document.events[10].at)
    await split(stage, middle)
    first, _ = [one.id for one in await stage.kept()]
    before = await stage.spool.session(first)
    assert document.ended_at is not None
    late = {"timestamp": int(document.ended_at.timestamp() * 1000), "type": "loot", "itemName": "Hide", "value": 1.5}
    told = json.loads(hunt(events=20))
    stage.files.write(DOCUMENT, encode_document(told | {"events": [*told["events"], late]}))
    stage.restart()
    await stage.run(HOUR)
    assert await stage.spool.session(first) == before
    kept = await stage.kept()
    assert [one.revision for one in kept] == [2, 2]
    assert sum(one.events for one in kept) == 21


async def test_joined_flights_stay_joined(stage: Stage) -> None:
    await flown(stage)
    stage.clock.move(HOUR)
    await flown(stage)
    one, other = await stage.kept()
    whole = one.events + other.events
    await stage.spool.recut(Merge((one.id, other.id)), ["home"], stage.clock.now(), only_look=False)
    await stage.spool.forget_file("game", JOURNAL, stage.clock.now())
    stage.restart()
    await stage.run(HOUR)
    assert await events(stage) == [whole]


# Over the local API


async def test_a_recut_over_the_local_api_is_shown_sent_and_told_of(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.open() as control:
        await house.set_up()
        await house.hunt(1)
        (whole,) = (await control.sessions()).sessions
        assert whole.ended_at is not None
        found = await house.spool.session(whole.id)
        assert found is not None
        middle = from_ms(found[2].events[2].at)
        stream = control.events(house.log.cursor)
        looked = await control.recut(whole.id[:8], RecutRequest(at=(middle,), dry_run=True))
        assert (looked.dry_run, len((await control.sessions()).sessions)) == (True, 1)
        done = await control.recut(whole.id[:8], RecutRequest(at=(middle,)))
        assert (done.before, done.after) == (looked.before, looked.after)
        await house.quiet()
        assert len(house.sender.sent) == 3
        told = [await anext(stream) for _ in done.after]
        assert [(one.kind, one.session) for one in told] == [(EventKind.SESSION_FOUND, one.id) for one in done.after]

        back = await control.recut(done.after[0].id, RecutRequest(merge=(done.after[1].id,)))
        assert [one.events for one in back.after] == [whole.events]
        joined = [one.merged_into for one in (await control.sessions()).sessions]
        assert sorted(joined, key=str) == sorted([None, whole.id], key=str)
        counts = (await control.status()).counts
        assert counts.found == sum((counts.pending, counts.uploading, counts.uploaded, counts.held, counts.excluded))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (RecutRequest(), "recut-what"),
        (RecutRequest(at=(datetime(2026, 3, 2, 9, 30, tzinfo=UTC),), merge=("zz",)), "recut-what"),
        (RecutRequest(at=(datetime(2026, 3, 2, 9, 30),)), "recut-zone"),  # noqa: DTZ001 -- what is tested
        (RecutRequest(merge=("zz",)), "session-unknown"),
        (RecutRequest(at=(datetime(1999, 3, 2, 9, 30, tzinfo=UTC),)), "recut-outside"),
    ],
    ids=["nothing", "both", "no zone", "nobody", "another century"],
)
async def test_a_recut_that_makes_no_sense_is_refused(tmp_path: Path, request_: RecutRequest, code: str) -> None:
    house = House(tmp_path)
    async with house.open() as control:
        await house.add_source()
        await house.hunt(1)
        (whole,) = (await control.sessions()).sessions
        with pytest.raises(LogferryError) as caught:
            await control.recut(whole.id, request_)
        assert caught.value.code == code
        with pytest.raises(LogferryError) as caught:
            await control.recut("nobody", RecutRequest(at=(whole.started_at + SECOND,)))
        assert caught.value.code == "session-unknown"
