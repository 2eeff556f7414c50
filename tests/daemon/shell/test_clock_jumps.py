"""The clock is set while a destination does not take what it is sent. R-D31: neither a storm nor a stall."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.clock_watch import EVERY, ClockWatch
from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.giving_up import PARKS_AFTER
from logferry_daemon.core.waiting import CORRECTION
from logferry_model.errors import Unreachable
from tests.counting_loop import run
from tests.daemon.shell.office import SECOND, Office, answer, stored
from tests.fakes import Answer, Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FLOOR = 10 * MINUTE
ALL = 2
"""The courier and who watches the clock."""
OUTAGE = Unreachable("refused", "no connection: connection refused")
BUSY = answer(503, retry_after="600")
LIMITED = answer(429, retry_after="600")
IN_FLIGHT = answer(409, retry_after="600")
LOCKED = answer(423, retry_after="600")

jumps = st.one_of(
    st.timedeltas(min_value=-2 * MINUTE, max_value=2 * MINUTE),
    st.sampled_from([one * HOUR for one in (-100_000, -72, -12, -1, 1, 12, 72, 100_000)]),
)
Steps = Sequence[tuple[timedelta, timedelta]]
steps = st.lists(st.tuples(st.timedeltas(min_value=timedelta(), max_value=20 * MINUTE), jumps), max_size=4)
"""So long nothing happens, and then the clock is set by so much."""


class Asked:
    """A destination that always answers alike, until it is well, and when it was asked by the time that passed."""

    def __init__(self, said: Answer) -> None:
        self.desk = Office()
        self.said = said
        self.times: list[datetime] = []
        self.set_at: list[datetime] = []
        """When the clock was set, by the time that passed."""
        self.desk.sender.script = [self._answer]

    def _answer(self, sent: Sent) -> Response:
        self.times.append(self.desk.clock.steady())
        if isinstance(self.said, Exception):
            raise self.said
        assert isinstance(self.said, Response)
        return self.said

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        watch = ClockWatch(self.desk.clock, self.desk.spool, self.desk.courier.wake)
        async with self.desk.running():
            watching = asyncio.ensure_future(watch.run())
            await self.desk.clock.idle(ALL)
            try:
                yield
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    async def work(self, duration: timedelta) -> None:
        async with self.running():
            await self.desk.clock.advance(duration, ALL)

    def heal(self) -> None:
        self.desk.sender.script = [stored]

    def jump(self, by: timedelta) -> None:
        self.set_at.append(self.desk.clock.steady())
        self.desk.clock.set(self.desk.clock.now() + by)

    def longest_wait(self) -> timedelta:
        """For a request, since the one before it or since the clock was set."""
        pairs = pairwise(self.times)
        return max(later - max([sooner, *(at for at in self.set_at if at <= later)]) for sooner, later in pairs)

    async def state(self) -> str:
        return (await self.desk.states())["aa"]

    async def live(self, through: Steps, *, jumping: bool = True) -> None:
        for passed, by in through:
            await self.desk.clock.advance(passed, ALL)
            if jumping:
                self.jump(by)


async def asked(said: Answer) -> Asked:
    made = Asked(said)
    await made.desk.find("aa")
    await made.desk.agree()
    return made


@pytest.mark.parametrize("said", [BUSY, LIMITED], ids=["503", "429"])
@pytest.mark.parametrize("back", [MINUTE / 2, 5 * MINUTE, 12 * HOUR, 72 * HOUR])
@pytest.mark.parametrize("restarted", [False, True], ids=["one daemon", "restarted"])
async def test_what_a_destination_asked_for_holds_as_long_when_the_clock_is_set_back(
    said: Response, back: timedelta, *, restarted: bool
) -> None:
    there = await asked(said)
    await there.work(SECOND)
    there.jump(-back)
    if restarted:
        there.desk.open_again()
    there.heal()
    await there.work(FLOOR + CORRECTION + EVERY)
    assert await there.state() == "uploaded"


@pytest.mark.parametrize("status", [503, 429, 423, 409])
@pytest.mark.parametrize("length", [HOUR, 24 * HOUR], ids=str)
@pytest.mark.parametrize(
    ("by", "restarted"),
    [(2 * HOUR, False), *((by, again) for by in (-SECOND, -2 * MINUTE) for again in (False, True))],
)
async def test_nothing_is_sent_before_what_was_asked_for_is_over(
    status: int, length: timedelta, by: timedelta, *, restarted: bool
) -> None:
    """R-D23. How far a clock was set forward while no daemon ran, nothing on this computer can tell."""
    there = await asked(answer(status, retry_after=str(length // SECOND)))
    await there.work(5 * SECOND)
    there.jump(by)
    if restarted:
        there.desk.open_again()
    await there.work(length - 6 * SECOND)
    assert len(there.times) == 1
    there.heal()
    await there.work(6 * SECOND + CORRECTION + EVERY)
    assert await there.state() == "uploaded"


@pytest.mark.parametrize("restarted", [False, True], ids=["one daemon", "restarted"])
async def test_a_clock_that_was_three_days_ahead_for_a_while_holds_nothing_afterwards(*, restarted: bool) -> None:
    """F24, and over a restart each time."""
    there = await asked(OUTAGE)
    for by in (72 * HOUR, -72 * HOUR):
        await there.work(HOUR)
        there.jump(by)
        if restarted:
            there.desk.open_again()
    there.heal()
    await there.work(CAP + CORRECTION + EVERY)
    assert await there.state() == "uploaded"


async def test_one_try_while_the_clock_says_1970_makes_nothing_old() -> None:
    """Trouble over there is for a day nobody's fault but theirs."""
    there = await asked(answer(500))
    await there.work(MINUTE)
    tried = len(there.times)
    there.jump(-500_000 * HOUR)
    await there.work(HOUR)
    assert len(there.times) > tried
    there.jump(500_000 * HOUR)
    await there.work(20 * HOUR)
    assert len(there.times) > PARKS_AFTER
    assert await there.state() == "pending"
    await there.work(5 * HOUR)
    assert await there.state() == "failed"


async def test_what_was_filed_by_a_clock_that_was_ahead_is_given_up_all_the_same() -> None:
    there = await asked(answer(500))
    there.jump(-100_000 * HOUR)
    await there.work(20 * HOUR)
    assert await there.state() == "pending"
    await there.work(40 * HOUR)
    assert await there.state() == "failed"


@settings(max_examples=40, deadline=None)
@given(through=steps, said=st.sampled_from([BUSY, LIMITED, IN_FLIGHT, LOCKED]))
def test_between_two_requests_is_what_was_asked_for_whatever_the_clock_is_set_to(
    through: Steps, said: Response
) -> None:
    async def story() -> None:
        there = await asked(said)
        async with there.running():
            await there.live(through)
            await there.desk.clock.advance(2 * (FLOOR + CORRECTION + EVERY), ALL)
        assert len(there.times) > 1
        assert min(later - sooner for sooner, later in pairwise(there.times)) >= FLOOR
        assert there.longest_wait() <= FLOOR + CORRECTION + EVERY

    run(story())


@settings(max_examples=20, deadline=None)
@given(through=steps)
def test_a_clock_that_is_set_costs_one_request_at_most_and_no_longer_wait_than_any(through: Steps) -> None:
    async def story() -> None:
        there, still = await asked(OUTAGE), await asked(OUTAGE)
        for one in (there, still):
            async with one.running():
                await one.live(through, jumping=one is there)
                await one.desk.clock.advance(2 * CAP, ALL)
        assert len(there.times) <= len(still.times) + len(through)
        assert there.longest_wait() <= CAP + CORRECTION + EVERY

    run(story())
