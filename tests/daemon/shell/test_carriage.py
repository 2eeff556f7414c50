"""When a request with several letters leaves: full ones at once, the last one when nobody else comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from logferry_daemon.carriage import LOAD, STOPPED, Carriage
from logferry_daemon.core.exchange import Alone, Letter, Outcome, Parked

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
    carriage = Carriage(5, 2, road.send)
    first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    assert road.trips == [["a", "b"]]
    rest = [asyncio.create_task(carriage.board(letter(name))) for name in "cd"]
    road.open.set()
    assert await asyncio.gather(*first, *rest) == [ARRIVED] * 4
    assert road.trips == [["a", "b"], ["c", "d"]]


async def test_one_is_full_by_its_bytes_as_well() -> None:
    road = Road()
    carriage = Carriage(9, 9, road.send)
    tasks = [asyncio.create_task(carriage.board(letter(name, LOAD // 2))) for name in "abc"]
    await turns()
    assert road.trips == [["a", "b"]]
    await carriage.stop()
    assert await asyncio.gather(*tasks) == [STOPPED] * 3


async def test_what_has_room_waits_until_nobody_else_comes() -> None:
    road = Road()
    road.open.set()
    carriage = Carriage(3, 9, road.send)
    tasks = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    assert road.trips == []
    carriage.stays()
    assert await asyncio.gather(*tasks) == [ARRIVED] * 2
    assert road.trips == [["a", "b"]]


async def test_after_a_stop_the_others_travel_and_the_stopped_ones_do_not_come_along() -> None:
    road = Road()
    carriage = Carriage(4, 2, road.send)
    first = [asyncio.create_task(carriage.board(letter(name))) for name in "ab"]
    await turns()
    first[0].cancel()
    await turns()
    assert first[1].result() == STOPPED
    road.open.set()
    rest = [asyncio.create_task(carriage.board(letter(name))) for name in "cd"]
    assert await asyncio.gather(*rest) == [ARRIVED] * 2
    assert road.trips == [["a", "b"], ["c", "d"]]
