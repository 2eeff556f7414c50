"""A body is read to its cap and at a pace; a trickle and an abyss both end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from logferry_collector.body import read_body
from logferry_collector.limits import Limits
from logferry_model.errors import LogferryError


class Dribble:
    """A body that comes in pieces, each after a pause, and may break off."""

    def __init__(self, pieces: Iterable[bytes], *, pause: float = 0.0, broken: bool = False) -> None:
        self._pieces = iter(pieces)
        self._pause = pause
        self._broken = broken

    async def readany(self) -> bytes:
        await asyncio.sleep(self._pause)
        piece = next(self._pieces, b"")
        if not piece and self._broken:
            raise ConnectionResetError
        return piece


async def code(chunks: Dribble, limits: Limits) -> str:
    with pytest.raises(LogferryError) as error:
        await read_body(chunks, limits)
    return error.value.code


async def test_pieces_are_put_together() -> None:
    assert await read_body(Dribble([b"one ", b"two"]), Limits()) == b"one two"


async def test_the_size_is_exact() -> None:
    limits = Limits(wire_bytes=10)
    assert await read_body(Dribble([bytes(5), bytes(5)]), limits) == bytes(10)
    assert await code(Dribble([bytes(5), bytes(6)]), limits) == "body-too-large"


async def test_an_endless_body_ends_at_the_cap() -> None:
    assert await code(Dribble(iter(lambda: bytes(1_000), None)), Limits(wire_bytes=5_000)) == "body-too-large"


async def test_a_silent_body_ends_with_the_grace() -> None:
    assert await code(Dribble([], pause=60), Limits(body_grace_seconds=0.05)) == "body-too-slow"


async def test_a_trickle_does_not_buy_time_for_ever() -> None:
    limits = Limits(body_grace_seconds=0.05, body_bytes_per_second=1_000_000)
    assert await code(Dribble(iter(lambda: b".", None), pause=0.01), limits) == "body-too-slow"


async def test_a_slow_but_steady_body_may_outlast_the_grace() -> None:
    limits = Limits(body_grace_seconds=0.05, body_bytes_per_second=10)
    assert len(await read_body(Dribble([bytes(10)] * 10, pause=0.02), limits)) == 100


async def test_a_body_that_breaks_off_may_be_sent_again() -> None:
    assert await code(Dribble([b"half"], broken=True), Limits()) == "body-incomplete"
