"""Items that a live destination never takes, at the head of its queue: the others go all the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from logferry_daemon.core.blame import ALONE
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.giving_up import PARKS_AFTER
from logferry_daemon.core.retries import EVERY
from logferry_daemon.road import AT_ONCE
from logferry_model.envelope import ReceiptStatus
from logferry_model.errors import Unreachable
from tests.counting_loop import run
from tests.daemon.shell.office import Office, answer, name_of, problem, stored
from tests.fakes import Answer, FixedChance, Sent

HOUR = timedelta(hours=1)
POISON = tuple(f"bad{number:02}" for number in range(2 * AT_ONCE))
GOOD = tuple(f"good{number:02}" for number in range(40))


class Dice(FixedChance):
    """Jitter as it comes, the same in every run."""

    def __init__(self) -> None:
        super().__init__()
        self._dice = random.Random(7)

    def jitter(self) -> float:
        return self._dice.random()


async def office(script: Answer, *names: str) -> Office:
    desk = Office(script)
    desk.chance = Dice()
    desk.open_again()
    await desk.find(*names)
    await desk.agree()
    return desk


def trouble_with_its_own(sent: Sent) -> Response:
    return problem(500) if name_of(sent) in POISON else stored(sent)


def other_bytes_of_its_own(sent: Sent) -> Response:
    return stored(sent, received_digest="00" * 32) if name_of(sent) in POISON else stored(sent)


SCRIPTS: dict[str, Answer] = {"500": trouble_with_its_own, "another body": other_bytes_of_its_own}


@pytest.mark.parametrize("said", SCRIPTS)
async def test_what_is_never_taken_does_not_stand_in_the_way_of_what_is(said: str) -> None:
    desk = await office(SCRIPTS[said], *POISON, *GOOD)
    await desk.work(HOUR)
    states = await desk.states()
    assert {name for name, state in states.items() if state == "uploaded"} == set(GOOD)
    assert {states[name] for name in POISON} == {"pending"}


def nothing_of_its_own(sent: Sent) -> Response:
    return answer(200, b"{}") if name_of(sent) in POISON else stored(sent)


def accepted_for_ever(sent: Sent) -> Response:
    return stored(sent, status=ReceiptStatus.ACCEPTED) if name_of(sent) in POISON else stored(sent)


FOR_EVER: dict[str, Answer] = {"no receipt": nothing_of_its_own, "only accepted": accepted_for_ever}


@pytest.mark.parametrize("said", FOR_EVER)
async def test_what_is_never_proven_is_parked_after_a_day_and_some_tries(said: str) -> None:
    desk = await office(FOR_EVER[said], POISON[0], GOOD[0])
    await desk.work(23 * HOUR)
    assert (await desk.states())[POISON[0]] == "pending"
    await desk.work(2 * HOUR)
    row = (await desk.rows())[POISON[0]]
    assert (row.state.value, row.attempts >= PARKS_AFTER) == ("failed", True)
    assert row.attempts < 300


async def test_a_destination_that_is_not_there_is_not_asked_more_often_for_it() -> None:
    desk = await office(Unreachable("refused", "no connection"), *POISON, *GOOD)
    await desk.work(HOUR)
    assert len(desk.sender.sent) <= 40


async def test_after_an_outage_each_goes_once() -> None:
    desk = await office(problem(503), *GOOD)
    await desk.work(HOUR)
    before = len(desk.sender.sent)
    assert before <= 40
    desk.sender.script = [stored]
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert len(desk.sender.sent) == before + len(GOOD)


# Others that come one by one, while those that are never taken are tried again and again


class Stream:
    """Good ones turn up after so many seconds each, where some that are never taken wait already."""

    def __init__(self, poison: int, gaps: Sequence[int], *, head_start: timedelta) -> None:
        self._poison, self._gaps, self._head_start = poison, gaps, head_start
        self._came: dict[str, datetime] = {}
        self.waited: list[timedelta] = []
        self.tries = 0
        """Of those that are never taken."""
        self._desk: Office

    def _say(self, sent: Sent) -> Response:
        name = name_of(sent)
        if name in POISON:
            self.tries += 1
            return problem(500)
        self.waited.append(self._desk.clock.now() - self._came[name])
        return stored(sent)

    async def run(self) -> None:
        self._desk = await office(self._say, *POISON[: self._poison])
        async with self._desk.running():
            await self._desk.clock.advance(self._head_start)
            for number, gap in enumerate(self._gaps):
                await self._desk.clock.advance(timedelta(seconds=gap))
                name = f"good{number}"
                self._came[name] = self._desk.clock.now()
                await self._desk.find(name)
                await self._desk.clock.idle()
            await self._desk.clock.advance(HOUR)
        assert len(self.waited) == len(self._gaps)


def streamed(poison: int, gaps: Sequence[int], head_start: int) -> Stream:
    stream = Stream(poison, gaps, head_start=timedelta(seconds=head_start))
    run(stream.run())
    return stream


GAPS = st.lists(st.integers(0, 3_000), min_size=1, max_size=6)
HEAD_STARTS = st.integers(0, 7_200)
few = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
"""Hours pass in each: nothing is made smaller that fails."""


@few
@given(GAPS, HEAD_STARTS)
def test_one_that_is_never_taken_holds_up_the_first_other_for_half_a_minute_and_then_none(
    gaps: list[int], head_start: int
) -> None:
    first, *others = streamed(1, gaps, head_start).waited
    assert first <= ALONE
    assert set(others) <= {timedelta()}


@few
@given(GAPS, HEAD_STARTS)
def test_two_hold_up_the_first_other_for_a_minute_and_then_none_for_longer_than_the_budget_of_failures(
    gaps: list[int], head_start: int
) -> None:
    first, *others = streamed(2, gaps, head_start).waited
    assert first <= 2 * ALONE + EVERY
    assert max(others, default=timedelta()) <= EVERY


def test_what_is_never_taken_is_tried_no_more_often_than_it_would_be_by_itself() -> None:
    alone, among = streamed(1, [30_000], 0), streamed(1, [1_000] * 30, 0)
    assert among.tries <= 1.25 * alone.tries
