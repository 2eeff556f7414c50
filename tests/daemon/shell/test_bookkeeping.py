"""What each answer does to a delivery and to its destination, and that it is noted for sure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Response
from logferry_model.envelope import ReceiptStatus
from logferry_model.errors import Unreachable
from tests.daemon.shell.office import DESTINATION, OUTAGE, TEN, answer, name_of, office, problem, stored
from tests.fakes import Answer, Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


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
    "deleted over there": (problem(410, code="report-deleted"), "uploaded", 1, "ready"),
    "a host that is gone": (answer(410), "pending", 0, "held"),
    "still being worked on": (lambda sent: stored(sent, status=ReceiptStatus.ACCEPTED), "pending", 1, "ready"),
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


async def test_an_item_that_is_answered_with_500_for_a_day_is_set_aside() -> None:
    desk = await office(lambda sent: problem(500) if name_of(sent) == "00" else stored(sent), names=TEN)
    await desk.work(26 * HOUR)
    row = (await desk.rows())["00"]
    assert row.state.value == "failed"
    assert "after" in row.last_error
    # It holds up nothing else, so its own waits are all that spares the server: half of 15 minutes each with this jitter.
    assert len(desk.sender.sent) < 220


async def test_an_outage_parks_nothing_however_long_it_takes() -> None:
    desk = await office(OUTAGE, names=TEN)
    await desk.work(72 * HOUR)
    assert set((await desk.states()).values()) == {"pending"}


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
