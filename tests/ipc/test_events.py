"""The event log: nothing is skipped in silence, nothing is told twice, nobody waits for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_ipc.events import EventLog, StreamsFull
from logferry_ipc.messages import EventKind, StreamEvent

START = datetime(2026, 3, 1, tzinfo=UTC)


def log_of(count: int, *, capacity: int = 100, max_streams: int = 32) -> EventLog:
    log = EventLog("boot1", started=START, capacity=capacity, max_streams=max_streams)
    for number in range(1, count + 1):
        publish(log, number)
    return log


def publish(log: EventLog, number: int) -> None:
    log.publish(EventKind.SESSION_FOUND, at=START + timedelta(seconds=number), session=str(number))


async def waiting(events: AsyncIterator[StreamEvent]) -> list[StreamEvent]:
    """What a reader gets without waiting for anything new."""
    got = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                got.append(await anext(events))
        except (TimeoutError, StopAsyncIteration):
            return got


def test_sequences_increase_by_one() -> None:
    log = log_of(0)
    cursors = [log.publish(EventKind.STATE_CHANGED, at=START).cursor for _ in range(3)]
    assert cursors == ["boot1.1", "boot1.2", "boot1.3"]


async def test_without_a_cursor_only_what_comes_after_the_call_is_told() -> None:
    log = log_of(3)
    events = log.follow(None)
    publish(log, 4)
    assert [event.session for event in await waiting(events)] == ["4"]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(0, 20))
def test_a_resumed_reader_gets_exactly_the_missed_events_or_a_reset(
    published: int, place: int, capacity: int, later: int
) -> None:
    async def run() -> list[StreamEvent]:
        log = log_of(published, capacity=capacity)
        events = log.follow(f"boot1.{place}")
        for number in range(published + 1, published + later + 1):
            publish(log, number)
        return await waiting(events)

    got = asyncio.run(run())
    newest = published + later
    known = published - min(capacity, published) <= place <= published
    kept = newest - min(capacity, newest) <= place
    if known and kept:
        assert [event.cursor for event in got] == [f"boot1.{n}" for n in range(place + 1, newest + 1)]
    else:
        assert got[0].kind is EventKind.RESET
        assert got[0].cursor == f"boot1.{newest}"
        assert len(got) == 1


@pytest.mark.parametrize(
    "cursor",
    [
        "boot0.2",
        "boot1.4",
        "boot1.0",
        "boot1.",
        "boot1",
        "",
        ".",
        "boot1.-1",
        "boot1.x",
        "boot1.٣",
        "boot1." + "9" * 5000,
    ],
    ids=[
        "other boot",
        "future",
        "evicted",
        "no number",
        "no dot",
        "empty",
        "dot",
        "negative",
        "word",
        "digits",
        "huge",
    ],
)
async def test_a_cursor_that_cannot_be_continued_yields_a_reset_at_once(cursor: str) -> None:
    events = log_of(3, capacity=2).follow(cursor)
    assert [event.kind for event in await waiting(events)] == [EventKind.RESET]


async def test_after_a_reset_the_stream_goes_on() -> None:
    log = log_of(3)
    events = log.follow("unknown.1")
    assert (await anext(events)).kind is EventKind.RESET
    publish(log, 4)
    assert (await anext(events)).session == "4"


async def test_a_slow_reader_is_reset_and_delays_nobody() -> None:
    log = log_of(0, capacity=5)
    slow, quick = log.follow(None), log.follow(None)
    seen = []
    for number in range(1, 21):
        publish(log, number)
        seen.append((await anext(quick)).session)
    assert seen == [str(number) for number in range(1, 21)]
    assert [event.kind for event in await waiting(slow)] == [EventKind.RESET]


async def test_only_so_many_may_follow_and_a_place_becomes_free_again() -> None:
    log = log_of(1, max_streams=2)
    readers = [log.follow("boot1.0") for _ in range(2)]
    for reader in readers:
        await anext(reader)
    with pytest.raises(StreamsFull) as caught:
        log.follow(None)
    assert caught.value.http_status == 429
    assert isinstance(readers[0], AsyncGenerator)
    await readers[0].aclose()
    await anext(log.follow("boot1.0"))


async def test_close_says_good_bye_and_ends_every_stream() -> None:
    log = log_of(1)
    told = asyncio.gather(*(_all(log.follow(None)) for _ in range(10)))
    await asyncio.sleep(0)
    log.close(at=START)
    log.close(at=START)
    async with asyncio.timeout(60):
        assert [[event.kind for event in events] for events in await told] == [[EventKind.GOING_AWAY]] * 10
    publish(log, 9)
    assert [event async for event in log.follow(None)] == []
    assert [event.kind for event in await _all(log.follow("boot1.1"))] == [EventKind.GOING_AWAY]


async def _all(events: AsyncIterator[StreamEvent]) -> list[StreamEvent]:
    return [event async for event in events]
