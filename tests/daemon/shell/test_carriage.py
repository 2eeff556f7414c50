"""When a request with several letters leaves: full ones at once, the last one when nobody else comes soon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from logferry_daemon.carriage import LOAD, STOPPED, Carriage
from logferry_daemon.core.exchange import Alone, Letter, Outcome, Parked

LONG = timedelta(hours=1)
BRIEF = timedelta(milliseconds=10)
ARRIVED = Parked(reason="arrived")
"""Any outcome: a carriage does not look at it."""


def letter(name: str, size: int = 1) -> Letter:
    return Letter(body=b"x" * size, headers={}, payload_digest=name)


class Road:
    """Notes who travels together; nobody arrives before `open`."""

    def __init__(self) -> None:
        self.trips: list[list[str]] = []
        self.open = asyncio.Event()

    async def send(self, letters: Sequence[Letter]) -> Sequence[Outcome | Alone]:
        self.trips.append([one.payload_digest for one in letters])
        await self.open.wait()
        return [ARRIVED] * len(letters)


async def turns() -> None:
    """Whoever can go on has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_full_request_is_under_way_while_the_next_letters_are_made() -> None:
    road = Road()
    carriage = Carriage(5, 2, road.send, LONG)
    first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    assert road.trips == [["a", "b"]]
    rest = [asyncio.create_task(carriage.board(letter(name))) for name in "cd"]
    road.open.set()
    assert await asyncio.gather(*first, *rest) == [ARRIVED] * 4
    assert road.trips == [["a", "b"], ["c", "d"]]


async def test_one_is_full_by_its_bytes_as_well() -> None:
    road = Road()
    carriage = Carriage(9, 9, road.send, LONG)
    tasks = [asyncio.create_task(carriage.board(letter(name, LOAD // 2))) for name in "abc"]
    await turns()
    assert road.trips == [["a", "b"]]
    await carriage.stop()
    assert await asyncio.gather(*tasks) == [STOPPED] * 3


async def test_what_has_room_waits_until_nobody_else_comes() -> None:
    road = Road()
    road.open.set()
    carriage = Carriage(3, 9, road.send, LONG)
    tasks = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    assert road.trips == []
    carriage.stays()
    assert await asyncio.gather(*tasks) == [ARRIVED] * 2
    assert road.trips == [["a", "b"]]


async def test_after_a_stop_the_others_travel_and_the_stopped_ones_do_not_come_along() -> None:
    road = Road()
    carriage = Carriage(4, 2, road.send, LONG)
    first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    first[0].cancel()
    await turns()
    assert first[1].result() == STOPPED
    road.open.set()
    rest = [asyncio.create_task(carriage.board(letter(name))) for name in "cd"]
    assert await asyncio.gather(*rest) == [ARRIVED] * 2
    assert road.trips == [["a", "b"], ["c", "d"]]


async def test_one_that_is_long_in_the_making_holds_up_no_other() -> None:
    road = Road()
    road.open.set()
    carriage = Carriage(4, 9, road.send, BRIEF)
    async with asyncio.timeout(30):
        first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
        assert await asyncio.gather(*first) == [ARRIVED] * 2
        rest = [asyncio.create_task(carriage.board(letter(name))) for name in "cd"]
        assert await asyncio.gather(*rest) == [ARRIVED] * 2
    assert road.trips == [["a", "b"], ["c", "d"]]


async def test_who_boards_while_others_travel_is_not_held_up_either() -> None:
    road = Road()
    carriage = Carriage(6, 2, road.send, BRIEF)
    async with asyncio.timeout(30):
        first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
        await turns()
        late = asyncio.create_task(carriage.board(letter("c")))
        await turns()
        road.open.set()
        assert await asyncio.gather(*first) == [ARRIVED] * 2
        assert await late == Alone()  # nobody came along, so it goes by itself


async def test_after_a_stop_nobody_waits_for_company() -> None:
    before = asyncio.all_tasks()
    carriage = Carriage(4, 9, Road().send, LONG)
    tasks = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    await carriage.stop()
    assert await asyncio.gather(*tasks) == [STOPPED] * 2
    await turns()
    assert asyncio.all_tasks() == before
