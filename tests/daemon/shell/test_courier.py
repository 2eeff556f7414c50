"""One destination's deliveries: what each answer does, who waits for whom, and what is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from logferry_daemon.core.breaker import OPENS_AFTER
from logferry_daemon.core.exchange import Conversation, Letter, Parcel, Response
from logferry_daemon.core.gate import Access
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.road import AT_ONCE
from logferry_model.envelope import ReceiptStatus
from logferry_model.errors import Unreachable
from tests.contracts.spooling import HOME, admit, found
from tests.daemon.shell.office import DESTINATION, SECOND, Office, answer, name_of, problem, stored
from tests.fakes import Answer, Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OUTAGE = Unreachable("refused", "no connection: connection refused")
TEN = tuple(f"{number:02}" for number in range(10))


async def office(*script: Answer, names: tuple[str, ...] = ("aa",), agreed: bool = True) -> Office:
    made = Office(*script)
    await made.find(*names)
    if agreed:
        await made.agree()
    return made


# Answers


async def test_a_session_is_sent_once_with_its_key_and_its_receipt_is_kept() -> None:
    desk = await office()
    await desk.work(HOUR)
    (sent,) = desk.sender.sent
    assert (sent.url, sent.secret) == (DESTINATION.url, {"Authorization": "Bearer s3cret"})
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == ("uploaded", 1)
    assert row.report_url is not None
    assert desk.told == [row.id, row.id]


ANSWERS: Mapping[str, tuple[Answer, str, int, str]] = {
    "stored": (stored, "uploaded", 1, "ready"),
    "stored before": (lambda sent: stored(sent, status=ReceiptStatus.DUPLICATE), "uploaded", 1, "ready"),
    "deleted over there": (problem(410), "uploaded", 1, "ready"),
    "still being worked on": (lambda sent: stored(sent, status=ReceiptStatus.ACCEPTED), "pending", 0, "ready"),
    "another body": (lambda sent: stored(sent, received_digest="00" * 32), "pending", 1, "ready"),
    "another payload": (lambda sent: stored(sent, payload_digest="00" * 32), "pending", 1, "ready"),
    "no receipt": (answer(200, b"{}"), "pending", 1, "ready"),
    "nothing at all": (answer(204), "pending", 0, "offline"),
    "a hotel's page": (answer(200, b"<html>", content_type="text/html"), "pending", 0, "offline"),
    "moved": (answer(301, location="https://elsewhere.example"), "pending", 0, "held"),
    "malformed": (problem(400), "failed", 1, "ready"),
    "key refused": (problem(401), "pending", 0, "held"),
    "not allowed": (problem(403), "pending", 0, "held"),
    "wrong address": (problem(404), "pending", 0, "held"),
    "too big": (problem(413), "failed", 1, "ready"),
    "refused": (problem(422), "failed", 1, "ready"),
    "too many": (problem(429, retry_after="900"), "pending", 0, "waiting"),
    "their mistake": (problem(500), "pending", 1, "ready"),
    "in repair": (problem(503), "pending", 1, "ready"),
    "nobody there": (OUTAGE, "pending", 1, "ready"),
    "another key": (Unreachable("pin-changed", "pinned: aa, now: bb", hint="pin {name}"), "pending", 0, "held"),
    "not to be trusted": (Unreachable("tls", "its certificate is not trusted"), "pending", 0, "waiting"),
}


@pytest.mark.parametrize("said", ANSWERS)
async def test_an_answer_means_the_same_every_time(said: str) -> None:
    script, state, attempts, gate = ANSWERS[said]
    desk = await office(script)
    await desk.work()
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == (state, attempts)
    assert (await desk.gates.gate(DESTINATION)).state == gate
    assert len(desk.sender.sent) == 1


async def test_what_the_other_side_said_is_kept_for_a_person() -> None:
    desk = await office(problem(422, title="Session has no events"))
    await desk.work()
    assert "Session has no events" in (await desk.rows())["aa"].last_error


# One item and the others


async def test_a_poison_item_blocks_nobody_and_can_be_tried_again() -> None:
    cured = False

    def picky(sent: Sent) -> Response:
        broken = {"03": 422, "05": 500}.get(name_of(sent))
        return problem(broken) if broken and not cured else stored(sent)

    desk = await office(picky, names=TEN)
    await desk.work(MINUTE)
    states = await desk.states()
    assert {name for name, state in states.items() if state == "uploaded"} == set(TEN) - {"03", "05"}
    assert (states["03"], states["05"]) == ("failed", "pending")
    cured = True
    await desk.spool.retry(["03"], desk.clock.now())
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_an_item_that_is_answered_with_500_for_a_day_is_set_aside() -> None:
    desk = await office(lambda sent: problem(500) if name_of(sent) == "00" else stored(sent), names=TEN)
    await desk.work(26 * HOUR)
    row = (await desk.rows())["00"]
    assert row.state.value == "failed"
    assert "after" in row.last_error
    assert len(desk.sender.sent) < 160


async def test_an_outage_parks_nothing_however_long_it_takes() -> None:
    desk = await office(OUTAGE, names=TEN)
    await desk.work(72 * HOUR)
    assert set((await desk.states()).values()) == {"pending"}


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


async def test_no_more_than_a_few_requests_are_under_way_at_once() -> None:
    desk = await office(names=TEN)
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while len(desk.sender.sent) < AT_ONCE:
            await asyncio.sleep(0)
        desk.sender.free.set()
        await desk.clock.idle()
        work.cancel()
    assert desk.sender.at_once == AT_ONCE
    assert set((await desk.states()).values()) == {"uploaded"}


# Waiting


async def test_nobody_asks_sooner_than_the_other_side_wants() -> None:
    desk = await office(problem(503, retry_after="120"), stored)
    async with desk.running():
        await desk.clock.advance(119 * SECOND)
        assert len(desk.sender.sent) == 1
        await desk.clock.advance(2 * SECOND)
        assert len(desk.sender.sent) == 2
    assert await desk.states() == {"aa": "uploaded"}


async def test_nor_with_another_letter() -> None:
    desk = await office(problem(503, retry_after="3600"), names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        await desk.clock.advance(HOUR - SECOND)
        assert len(desk.sender.sent) == asked <= AT_ONCE
        desk.sender.script = [stored]
        await desk.clock.advance(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_a_limit_holds_for_the_whole_destination() -> None:
    desk = await office(problem(429, retry_after="300"), stored, names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        assert asked <= AT_ONCE
        await desk.clock.advance(299 * SECOND)
        assert len(desk.sender.sent) == asked
        await desk.clock.advance(30 * SECOND)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_five_failures_stop_the_knocking_and_one_at_a_time_tries_the_door() -> None:
    desk = await office(OUTAGE, names=TEN)
    async with desk.running():
        await desk.clock.advance(HOUR)
        first_hour = len(desk.sender.sent)
        assert OPENS_AFTER <= first_hour <= 40
        assert (await desk.gates.gate(DESTINATION)).state == "offline"
        desk.sender.at_once = 0
        await desk.clock.advance(HOUR)
        assert desk.sender.at_once == 1
        desk.sender.script = [stored]
        await desk.clock.advance(20 * MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert (await desk.gates.gate(DESTINATION)).open


async def test_a_door_that_opens_is_gone_through_with_all_hands() -> None:
    desk = await office(*[OUTAGE] * 6, stored, names=TEN)
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert not desk.gates.probing(HOME)


async def test_success_that_was_on_its_way_does_not_lift_a_stop() -> None:
    desk = await office(problem(429, retry_after="300"), stored, stored, stored, names=TEN[:4])
    await desk.work()
    assert (await desk.gates.gate(DESTINATION)).state == "waiting"


# The gate


async def test_without_consent_nothing_is_sent_and_the_keyring_is_not_asked() -> None:
    desk = await office(agreed=False)
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        assert desk.credentials.asked == 0
        await desk.agree()
        await desk.clock.idle()
    assert len(desk.sender.sent) == 1


@pytest.mark.parametrize("stop", ["revoke", "pause"])
async def test_what_is_under_way_is_broken_off_when_its_owner_says_so(stop: str) -> None:
    desk = await office()
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while not desk.sender.sent:
            await asyncio.sleep(0)
        await (desk.gates.consents.withdrawn(HOME) if stop == "revoke" else desk.gates.holds.pause(None))
        await desk.clock.idle()
        assert await desk.states() == {"aa": "pending"}
        desk.sender.free.set()
        await desk.clock.advance(HOUR)
        assert (await desk.states(), len(desk.sender.sent)) == ({"aa": "pending"}, 1)
        await (desk.agree() if stop == "revoke" else desk.gates.holds.resume())
        await desk.clock.idle()
        work.cancel()
    assert await desk.states() == {"aa": "uploaded"}
    assert len({sent.request.headers["Idempotency-Key"] for sent in desk.sender.sent}) == 1


async def test_consent_that_is_taken_back_holds_what_comes_after() -> None:
    desk = await office()
    async with desk.running():
        await desk.gates.consents.withdrawn(HOME)
        await desk.find("bb")
        await desk.clock.advance(HOUR)
    assert await desk.states() == {"aa": "uploaded", "bb": "pending"}


@pytest.mark.parametrize(
    ("state", "reason"),
    [(Access.ABSENT, "no key"), (Access.LOCKED, "keyring locked"), (Access.STUCK, "does not answer")],
)
async def test_without_a_key_everything_waits_and_goes_on_by_itself(state: Access, reason: str) -> None:
    desk = await office()
    desk.credentials.state = state
    async with desk.running():
        await desk.clock.advance(HOUR)
        gate = await desk.gates.gate(DESTINATION)
        assert (gate.held, desk.sender.sent) == (True, [])
        assert reason in gate.reason
        desk.credentials.state = None
        await desk.clock.advance(2 * MINUTE)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_key_that_vanishes_between_asking_and_sending_counts_for_nothing() -> None:
    desk = await office()
    await desk.gates.load()
    await desk.gates.gate(DESTINATION)
    desk.credentials.state = Access.LOCKED
    await desk.work()
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts, desk.sender.sent) == ("pending", 0, [])


async def test_a_keyring_that_is_locked_under_way_holds_with_that_reason_and_goes_on_within_seconds() -> None:
    desk = await office()
    await desk.gates.load()
    await desk.gates.gate(DESTINATION)
    desk.credentials.state = Access.LOCKED
    async with desk.running():
        await desk.clock.advance(3 * SECOND)
        gate = await desk.gates.gate(DESTINATION)
        assert (gate.held, gate.reason, desk.sender.sent) == (True, "keyring locked", [])
        desk.credentials.state = None
        await desk.clock.advance(10 * SECOND)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_refused_key_holds_with_its_reason_until_there_is_another() -> None:
    desk = await office(problem(401), names=TEN)
    async with desk.running():
        asked = len(desk.sender.sent)
        assert asked <= AT_ONCE
        await desk.clock.advance(24 * HOUR)
        assert len(desk.sender.sent) == asked
        gate = await desk.gates.gate(DESTINATION)
        assert gate.held
        assert "key refused" in gate.reason
        assert f"logferry login {HOME}" in gate.hint
        desk.sender.script = [stored]
        await desk.credentials.keep(HOME, "fresh", insecure=False)
        desk.gates.forgive(HOME)
        await desk.clock.advance(MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert desk.sender.sent[-1].secret == {"Authorization": "Bearer fresh"}


async def test_a_pause_holds_and_resume_goes_on_at_once() -> None:
    desk = await office(agreed=False)
    await desk.gates.holds.pause(None)
    await desk.agree()
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        await desk.gates.holds.resume()
        await desk.clock.idle()
        assert len(desk.sender.sent) == 1


# The same again


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


async def test_a_daemon_that_dies_between_the_answer_and_its_note_asks_again_with_the_same_key() -> None:
    desk = await office()
    desk.sender.free.clear()
    await desk.gates.load()
    task = asyncio.ensure_future(desk.courier.run())
    async with asyncio.timeout(60):
        while not desk.sender.sent:
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.states() == {"aa": "uploading"}
    desk.sender.free.set()
    desk.spool.restart()
    desk.open_again()
    await desk.work(HOUR)
    assert await desk.states() == {"aa": "uploaded"}
    before, after = desk.sender.sent
    assert before.request == after.request


async def test_an_answer_is_not_lost_when_the_disk_is_full_for_a_while() -> None:
    full = Unreachable("spool-unavailable", "The disk is full.")

    def fills_the_disk(sent: Sent) -> Response:
        desk.spool.broken = full
        return stored(sent)

    desk = await office(fills_the_disk, stored, names=("aa", "bb"))
    async with desk.running() as task:
        await desk.clock.advance(10 * MINUTE)
        assert not task.done()
        desk.spool.broken = None
        await desk.clock.advance(2 * MINUTE)
    assert await desk.states() == {"aa": "uploaded", "bb": "uploaded"}
    assert len(desk.sender.sent) == 2


async def test_a_spool_that_cannot_be_asked_ends_nothing() -> None:
    desk = await office()
    desk.spool.broken = Unreachable("spool-unavailable", "The disk is full.")
    async with desk.running():
        await desk.clock.advance(HOUR)
        assert desk.sender.sent == []
        desk.spool.broken = None
        await desk.clock.advance(MINUTE)
    assert await desk.states() == {"aa": "uploaded"}


async def test_a_newer_revision_is_sent_and_not_the_older_one_again() -> None:
    desk = await office(problem(503), stored)
    async with desk.running():
        await admit(desk.spool, found("aa", events=9, age=1), now=desk.clock.now())
        await desk.clock.advance(HOUR)
    rows = [one for _, rows in await desk.spool.sessions() for one in rows]
    assert [(one.revision, one.state.value) for one in rows] == [(1, "excluded"), (2, "uploaded")]
    assert len(desk.sender.sent) == 2


async def test_an_answer_whose_note_was_said_to_have_failed_and_stands_is_not_noted_for_ever() -> None:
    def breaks_the_disk(sent: Sent) -> Response:
        desk.spool.broken_after = Unreachable("spool-unavailable", "The disk reports an error.")
        return stored(sent)

    desk = await office(breaks_the_disk, stored, names=("aa", "bb"))
    async with desk.running() as task:
        await desk.clock.advance(MINUTE)
        assert not task.done()
    assert await desk.states() == {"aa": "uploaded", "bb": "uploaded"}
    assert len(desk.sender.sent) == 2
