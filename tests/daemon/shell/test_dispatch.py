"""One delivery: the same bytes at every try, the latest version alone, and what goes wrong is its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from logferry_daemon.core.exchange import Conversation, Letter, Parcel
from logferry_daemon.core.gate import Access
from logferry_daemon.dialects.logferry import LogferryDialect
from tests.contracts.spooling import admit, found
from tests.daemon.shell.office import DESTINATION, OUTAGE, TEN, Office, office, problem, stored

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Clumsy(LogferryDialect):
    """Has a mistake in it that only one session brings to light."""

    def write(self, parcel: Parcel) -> Letter:
        if parcel.session == "03":
            raise ZeroDivisionError
        return super().write(parcel)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        return super().deliver(letter, url=url, now=now)


async def test_a_mistake_of_ours_sets_one_item_aside_and_the_others_go_on() -> None:
    desk = Office(dialect=Clumsy())
    await desk.find(*TEN)
    await desk.agree()
    await desk.work(MINUTE)
    assert await desk.states() == dict.fromkeys(TEN, "uploaded") | {"03": "failed"}


async def test_a_key_that_vanishes_between_asking_and_sending_counts_for_nothing() -> None:
    desk = await office()
    await desk.gates.load()
    await desk.gates.gate(DESTINATION)
    desk.credentials.state = Access.LOCKED
    await desk.work()
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts, desk.sender.sent) == ("pending", 0, [])


async def test_every_try_sends_the_same_bytes() -> None:
    desk = await office(problem(500), OUTAGE, stored, problem(503), stored)
    await desk.work(HOUR)
    letters = [sent.request for sent in desk.sender.sent if sent.request.method == "POST"]
    assert len(letters) == 4
    assert len({(letter.body, tuple(letter.headers.items())) for letter in letters}) == 1


async def test_another_program_version_sends_the_letter_that_was_written_before() -> None:
    desk = await office(problem(503), stored)
    await desk.work()

    class Newer(LogferryDialect):
        def write(self, parcel: Parcel) -> Letter:
            return replace(super().write(parcel), body=b"something else")

    desk.dialect = Newer()
    desk.open_again()
    await desk.work(HOUR)
    assert desk.sender.sent[0].request == desk.sender.sent[1].request


async def test_a_newer_revision_is_sent_and_not_the_older_one_again() -> None:
    desk = await office(problem(503), stored)
    async with desk.running():
        await admit(desk.spool, found("aa", events=9, age=1), now=desk.clock.now())
        await desk.clock.advance(HOUR)
    rows = [one for _, rows in await desk.spool.sessions() for one in rows]
    assert [(one.revision, one.state.value) for one in rows] == [(1, "excluded"), (2, "uploaded")]
    assert len(desk.sender.sent) == 2
