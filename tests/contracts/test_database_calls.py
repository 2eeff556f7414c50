"""Calls that are made together: whatever becomes of that, each has an answer, and so have those that come later."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from logferry_daemon.adapters.database_calls import Call, Calls


async def test_what_goes_wrong_between_them_is_told_to_all_and_the_next_are_served() -> None:
    wrong = [MemoryError()]

    def together(calls: Sequence[Call]) -> None:
        for call in calls:
            call.make()
        if calls and wrong:
            raise wrong.pop()

    with ThreadPoolExecutor(max_workers=1) as thread:
        calls = Calls(thread, together)
        async with asyncio.timeout(30):
            (said,) = await asyncio.gather(calls.call(lambda: 1), return_exceptions=True)
            assert isinstance(said, MemoryError)
            assert await calls.call(lambda: 2) == 2
