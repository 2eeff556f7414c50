"""A destination that cannot be reached: what is asked instead of letters sent, and what a network that returns does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.exchange import (
    Conversation,
    Dialect,
    ErasingConversation,
    Letter,
    Parcel,
    Report,
    Request,
    Response,
)
from logferry_daemon.core.retries import BURST, EVERY
from logferry_daemon.dialects.health import PATH
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.networking import follow_network
from logferry_daemon.road import AT_ONCE
from logferry_model.errors import LogferryError, Unreachable
from tests.acceptance.running import tell
from tests.daemon.shell.office import DESTINATION, SECOND, Office, answer, problem, stored
from tests.fakes import Answer, ManualClock, Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OUTAGE = Unreachable("refused", "no connection: connection refused")
UNTRUSTED = Unreachable("tls", "its certificate is not trusted")
PAGE = answer(200, b"<html>", content_type="text/html")
TEN = tuple(f"{number:02}" for number in range(10))


async def office(*script: Answer, names: Sequence[str] = ("aa",), longest: timedelta = CAP) -> Office:
    desk = Office(*script, longest=longest)
    await desk.find(*names)
    await desk.agree()
    return desk


def letters(desk: Office) -> list[Sent]:
    return [sent for sent in desk.sender.sent if sent.request.method == "POST"]


def questions(desk: Office) -> list[Sent]:
    return [sent for sent in desk.sender.sent if sent.request.path == PATH]


async def network_returns(desk: Office) -> None:
    """As the fleet tells it."""
    await desk.courier.network_changed()
    desk.gates.network_changed()
    await desk.clock.idle()


async def gate(desk: Office) -> tuple[str, str]:
    found = await desk.gates.gate(DESTINATION)
    return found.state, found.reason


# Online detection


async def test_after_a_failure_of_the_network_it_is_asked_whether_it_is_there_and_sent_no_letter() -> None:
    desk = await office(OUTAGE, names=TEN)
    await desk.work(HOUR)
    assert len(letters(desk)) == AT_ONCE
    assert len(questions(desk)) > 5
    assert all(sent.request.body == b"" and sent.secret == {} for sent in questions(desk))


async def test_it_is_offline_from_the_first_unanswered_question_on_and_says_why() -> None:
    desk = await office(OUTAGE)
    async with desk.running():
        await desk.clock.advance(3 * SECOND)
        assert len(desk.sender.sent) == 2
        assert await gate(desk) == ("offline", "does not work at the moment: no connection: connection refused")


async def test_a_delivery_counts_only_its_own_tries() -> None:
    desk = await office(OUTAGE, names=TEN)
    await desk.work(3 * HOUR)
    assert sum(row.attempts for row in (await desk.rows()).values()) == AT_ONCE


async def test_nothing_is_asked_while_nothing_is_due() -> None:
    desk = await office(OUTAGE, stored)
    await desk.work(HOUR)
    sent = len(desk.sender.sent)
    await desk.work(HOUR)
    assert len(desk.sender.sent) == sent


async def test_a_question_that_is_answered_opens_the_way_whatever_the_answer_says() -> None:
    desk = await office(OUTAGE, problem(503), stored)
    await desk.work(HOUR)
    assert [sent.request.method for sent in desk.sender.sent] == ["POST", "GET", "POST"]
    assert await desk.states() == {"aa": "uploaded"}


@pytest.mark.parametrize(
    "portal",
    [PAGE, answer(511), answer(302, location="https://login.hotel.example/")],
    ids=["page", "511", "sent away"],
)
async def test_a_hotels_network_is_offline_and_fails_no_delivery(portal: Answer) -> None:
    desk = await office(OUTAGE, portal)
    async with desk.running():
        await desk.clock.advance(HOUR)
        state, reason = await gate(desk)
        assert state == "offline"
        assert "no real connection" in reason
        assert (len(letters(desk)), (await desk.rows())["aa"].attempts) == (1, 1)
        desk.sender.script = [stored]
        await desk.clock.advance(MINUTE)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_pause_that_comes_while_it_is_asked_holds_the_letter() -> None:
    desk = await office(OUTAGE, stored)
    async with asyncio.timeout(60), desk.running():
        desk.sender.free.clear()
        desk.clock.move(3 * SECOND)
        while not questions(desk):
            await asyncio.sleep(0)
        await desk.gates.holds.pause(None)
        desk.sender.free.set()
        await desk.clock.advance(MINUTE)
        assert len(letters(desk)) == 1


# The network returns


async def test_what_could_not_be_reached_is_tried_at_once_when_the_network_returns() -> None:
    desk = await office(OUTAGE, names=TEN)
    async with desk.running():
        await desk.clock.advance(HOUR)
        closed = await desk.gates.gate(DESTINATION)
        assert closed.until is not None
        assert closed.until - desk.clock.now() > MINUTE
        desk.sender.script = [stored]
        before = desk.clock.now()
        await network_returns(desk)
        assert desk.clock.now() == before
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_a_delivery_whose_own_wait_is_long_is_tried_at_once_too() -> None:
    flapping: list[Answer] = [OUTAGE, stored]
    desk = await office(*flapping * 12, OUTAGE)
    async with desk.running():
        await desk.clock.advance(2 * HOUR)
        row = (await desk.rows())["aa"]
        assert row.attempts > 5
        desk.sender.script = [stored]
        await network_returns(desk)
        assert await desk.states() == {"aa": "uploaded"}


async def test_a_certificate_that_a_network_in_between_showed_is_looked_at_again() -> None:
    desk = await office(UNTRUSTED)
    async with desk.running():
        await desk.clock.advance(MINUTE)
        assert (await gate(desk))[0] == "waiting"
        desk.sender.script = [stored]
        await network_returns(desk)
        assert await desk.states() == {"aa": "uploaded"}


@pytest.mark.parametrize(
    ("said", "state"), [(problem(429, retry_after="900"), "waiting"), (problem(401), "held")], ids=str
)
async def test_what_the_destination_itself_said_holds_in_every_network(said: Answer, state: str) -> None:
    desk = await office(said, stored)
    async with desk.running():
        await network_returns(desk)
        await desk.clock.advance(MINUTE)
        assert ((await gate(desk))[0], len(desk.sender.sent)) == (state, 1)


async def test_a_server_in_trouble_is_not_asked_sooner_because_of_a_network() -> None:
    desk = await office(problem(503, retry_after="900"))
    async with desk.running():
        await network_returns(desk)
        await desk.clock.advance(14 * MINUTE)
        assert len(desk.sender.sent) == 1


async def test_a_network_that_comes_and_does_not_work_yet_is_tried_again_soon() -> None:
    desk = await office(OUTAGE, names=TEN)
    async with desk.running():
        await desk.clock.advance(HOUR)
        await network_returns(desk)
        desk.sender.script = [stored]
        await desk.clock.advance(10 * SECOND)
    assert set((await desk.states()).values()) == {"uploaded"}


class Told:
    """News of the network as a test says them."""

    def __init__(self, times: int) -> None:
        self._times = times

    async def changes(self) -> AsyncIterator[None]:
        for _ in range(self._times):
            yield


async def test_every_change_is_told_also_after_one_that_could_not_be_noted() -> None:
    heard: list[int] = []
    errors: list[LogferryError | None] = [None, Unreachable("spool-unavailable", "The disk is full."), None]

    async def changed() -> None:
        heard.append(len(heard))
        if error := errors.pop(0):
            raise error

    clock = ManualClock()
    following = asyncio.ensure_future(follow_network(Told(3), clock, changed))
    await clock.idle()
    await clock.advance(2 * SECOND)
    await clock.advance(2 * SECOND, sleepers=0)
    await following
    assert heard == [0, 1, 2]


# The retry budget, by a clock that is moved


class Unasked:
    """The same contract without a route that says whether it is there."""

    name = "logferry"
    _whole = LogferryDialect()

    def write(self, parcel: Parcel) -> Letter:
        return self._whole.write(parcel)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        return self._whole.credentials(secret, request, now)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        return self._whole.deliver(letter, url=url, now=now)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        return self._whole.delete(report, now=now)


class Down:
    """A destination that is down until some time, and again once it took a letter: what else waits costs a test time."""

    def __init__(self, desk: Office, until: datetime) -> None:
        self._desk, self.until = desk, until
        self.asked = 0
        self.first_taken: datetime | None = None
        """When it was sent the first letter that it took."""

    def __call__(self, sent: Sent) -> Response:
        now = self._desk.clock.now()
        self.asked += 1
        if now < self.until or self.first_taken is not None:
            raise OUTAGE
        if sent.request.method == "POST":
            self.first_taken = now
        return stored(sent)


WAITING = 300
"""More than any number of requests that may be asked for: one each would be too many."""


@pytest.mark.parametrize(
    ("dialect", "longest", "most"),
    [
        (LogferryDialect(), CAP, 40),
        (Unasked(), CAP, 40),
        (LogferryDialect(), MINUTE, 80),
        (Unasked(), MINUTE, 80),
    ],
    ids=["15 min", "15 min, no health route", "60 s", "60 s, no health route"],
)
async def test_an_hour_down_costs_a_few_requests_and_no_longer_wait_than_the_longest(
    capsys: pytest.CaptureFixture[str], dialect: Dialect, longest: timedelta, most: int
) -> None:
    """The clock moves only while the courier sleeps: letters are made in a thread, and take what time they take."""
    desk = Office(longest=longest, dialect=dialect)
    down = Down(desk, desk.clock.now() + HOUR + 17 * SECOND)
    desk.sender.script = [down]
    await desk.find(*(f"{number:05}" for number in range(WAITING)))
    await desk.agree()
    async with desk.running():
        await desk.clock.advance(HOUR - SECOND)
        asked, sent = down.asked, len(letters(desk))
        await desk.clock.advance(18 * SECOND + longest)
    assert down.first_taken is not None, f"it is back for {longest}"
    took = down.first_taken - down.until
    kind = "with" if isinstance(dialect, LogferryDialect) else "without"
    figures = f"{asked} requests, {sent} of them letters; the first one after it is back: {took}"
    tell(capsys, f"{WAITING} waiting, pauses up to {longest}, {kind} a health route: {figures}")
    assert asked <= most
    assert took <= longest
    assert sent <= (AT_ONCE if isinstance(dialect, LogferryDialect) else most)


async def test_a_server_that_takes_one_letter_in_five_is_sent_few() -> None:
    calls = 0

    def sick(sent: Sent) -> Response:
        nonlocal calls
        calls += 1
        return stored(sent) if calls % 5 == 0 else problem(503)

    desk = await office(sick, names=[f"{number:03}" for number in range(100)])
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert len(desk.sender.sent) <= 2 * (BURST + 20)
        state, reason = await gate(desk)
        assert state == "waiting"
        assert reason.startswith("fails too often")
        desk.sender.script = [stored]
        await desk.clock.advance(EVERY + SECOND)
    assert set((await desk.states()).values()) == {"uploaded"}
