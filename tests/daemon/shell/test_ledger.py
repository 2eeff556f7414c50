"""The whole daemon over fakes: its ledger, receipts, what it verifies, and what it says when it ends."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.control.leaving import Leaving
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.gate import Gate
from logferry_ipc.messages import (
    Counts,
    DeleteRequest,
    LedgerLine,
    PauseRequest,
    RetryRequest,
    Verification,
    VerifyRequest,
)
from logferry_model.envelope import decode_receipt
from logferry_model.errors import Misconfigured, Unreachable
from tests.daemon.control.test_exposition import parse
from tests.daemon.shell.house import House
from tests.daemon.shell.office import answer, problem, stored
from tests.fake_spool import MemorySpool
from tests.fakes import Sent


class Town(House):
    """A house, and a collector that can be asked for its receipts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.receipts: dict[str, Response] = {}
        self.refuses = False
        self.silent = False
        self.sender.script = [self._answer]

    def _answer(self, sent: Sent) -> Response:
        if self.silent:
            raise Unreachable("no-answer", "The collector did not answer.")
        if sent.request.method == "POST":
            if self.refuses:
                return problem(422, title="Not a session")
            made = stored(sent)
            self.receipts[decode_receipt(made.body).idempotency_key] = answer(200, made.body)
            return made
        return self.receipts.get(sent.request.path.rpartition("/")[2], problem(404, code="not-found"))

    def change(self, **changes: object) -> None:
        """What the collector has is not what it was."""
        for key, response in self.receipts.items():
            receipt = msgspec.structs.replace(decode_receipt(response.body), **changes)
            self.receipts[key] = answer(200, msgspec.json.encode(receipt))

    async def verified(self) -> Verification:
        receipts = (await self.control.receipts("")).receipts
        return await self.control.verify(VerifyRequest(deliveries=tuple(one.delivery for one in receipts)))


@pytest.fixture
def house(tmp_path: Path) -> Town:
    return Town(tmp_path)


def lines(found: tuple[LedgerLine, ...]) -> dict[str, int]:
    return {one.rule: one.count for one in found}


async def test_the_ledger_tells_what_became_of_everything(house: Town) -> None:
    async with house.open():
        await house.add_source()
        await house.hunt(1)
        assert lines((await house.control.ledger("", "")).lines) == {"no-destination": 1}
        await house.set_up_destination()
        await house.quiet()
        house.refuses = True
        await house.hunt(2)
        await house.control.pause(PauseRequest())
        await house.hunt(3)
        found = await house.control.ledger("", "")
        assert lines(found.lines) == {"uploaded": 1, "refused": 1, "destination": 1}
        assert found.counts == (await house.control.status()).counts
        assert (found.sessions, found.counts.found) == (3, 3)
        assert [one.reason for one in found.lines if one.rule == "refused"] == ["Not a session (422)"]
        (upload,) = found.uploads
        assert upload.destination == "home"
        assert upload.report_url == (await house.control.status()).last_report_url
        assert [(group.name, group.sessions) for group in found.sources] == [("hunts", 3)]


async def test_of_a_period_it_tells_what_was_found_and_deleted_in_it(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1)
        begin = house.clock.now() + timedelta(minutes=1)
        await house.pass_time(timedelta(hours=1))
        await house.hunt(2, 3)
        of_it = await house.control.ledger(begin.isoformat(), "")
        assert (of_it.since, of_it.sessions, of_it.counts.found, len(of_it.uploads)) == (begin, 2, 2, 2)
        newest = of_it.uploads[0].session
        await house.control.delete(newest, DeleteRequest())
        of_it = await house.control.ledger(begin.isoformat(), "")
        assert (of_it.sessions, of_it.deleted, len(of_it.uploads)) == (1, 1, 1)
        assert (await house.control.ledger(house.clock.now().isoformat(), "")).deleted == 1
        assert (await house.control.ledger((house.clock.now() + timedelta(1)).isoformat(), "")).deleted == 0


async def test_a_period_may_end_before_now(house: Town) -> None:
    """Its end is not in it, so that two periods that follow each other have all and nothing twice."""
    async with house.open():
        await house.set_up()
        await house.hunt(1)
        middle = house.clock.now() + timedelta(minutes=1)
        await house.pass_time(timedelta(hours=1))
        await house.hunt(2, 3)
        (found,) = {row.found_at for row, _ in await house.spool.sessions() if row.found_at > middle}
        first, second = (
            await house.control.ledger("", found.isoformat()),
            await house.control.ledger(found.isoformat(), ""),
        )
        assert (first.until, first.sessions, len(first.uploads), second.sessions) == (found, 1, 1, 2)
        later = (house.clock.now() + timedelta(1)).isoformat()
        assert (await house.control.ledger("", later)).until == house.clock.now()
        with pytest.raises(Misconfigured, match="ends before it begins"):
            await house.control.ledger(later, middle.isoformat())


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01", "7d"])
async def test_a_time_without_a_zone_is_refused(house: Town, since: str) -> None:
    async with house.open():
        with pytest.raises(Misconfigured, match="no time with a zone"):
            await house.control.ledger(since, "")
        with pytest.raises(Misconfigured, match="no time with a zone"):
            await house.control.ledger("", since)


async def test_files_in_trouble_are_told(house: Town) -> None:
    async with house.open():
        await house.add_source()
        house.files.write("session-9.json", b"{ no", mtime=house.clock.now() - timedelta(days=9))
        await house.fleet.rescan()
        await house.quiet()
        await house.pass_time(timedelta(minutes=5))
        (trouble,) = (await house.control.ledger("", "")).troubles
        assert (trouble.source, trouble.path) == ("hunts", "session-9.json")
        assert trouble.message


async def test_a_session_is_shown_with_every_try(house: Town) -> None:
    async with house.open():
        await house.set_up()
        house.refuses = True
        await house.hunt(1)
        (session,) = (await house.control.sessions()).sessions
        assert session.deliveries[0].history == ()
        house.refuses = False
        await house.control.upload(session.id)
        await house.control.retry(RetryRequest())
        await house.quiet()
        (delivery,) = (await house.control.session(session.id)).session.deliveries
        told = [(one.number, one.outcome, one.reason, one.bytes > 0) for one in delivery.history]
        assert told == [(1, "refused", "Not a session (422)", True), (2, "uploaded", "", True)]


async def test_receipts_have_the_digests_and_where_the_report_is(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2)
        told = (await house.control.receipts("")).receipts
        assert len(told) == 2
        (response, *_) = house.receipts.values()
        proofs = {decode_receipt(one.body).payload_digest for one in house.receipts.values()}
        assert {one.payload_digest for one in told} == proofs
        assert all(one.report_url and one.report_url.startswith("https://collector.example/r/") for one in told)
        assert response.status == 200
        one = told[0]
        assert (await house.control.receipts(one.session[:8])).receipts == (one,)
        with pytest.raises(Misconfigured, match="no session"):
            await house.control.receipts("nobody")


async def test_what_is_there_as_it_was_is_verified_also_while_uploads_are_paused(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2)
        await house.control.pause(PauseRequest())
        await house.control.revoke("home")
        found = (await house.verified()).deliveries
        assert [one.state for one in found] == ["verified", "verified"]
        assert all(one.received_there == one.received_digest and one.payload_digest for one in found)
        assert {sent.request.method for sent in house.sender.sent[2:]} == {"GET"}


async def test_what_is_gone_or_changed_is_said(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1)
        house.change(payload_digest="ee" * 32)
        (one,) = (await house.verified()).deliveries
        assert (one.state, one.payload_there, one.reason) == (
            "different",
            "ee" * 32,
            "not as the receipt says: payload_digest",
        )
        house.receipts.clear()
        (one,) = (await house.verified()).deliveries
        assert (one.state, one.received_there) == ("missing", "")


async def test_a_collector_that_does_not_answer_proves_nothing_and_is_asked_once(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2, 3)
        house.silent, before = True, len(house.sender.sent)
        found = (await house.verified()).deliveries
        assert [(one.state, one.reason) for one in found] == [("unclear", "The collector did not answer.")] * 3
        assert len(house.sender.sent) == before + 1


async def test_a_destination_without_key_or_that_is_gone_cannot_be_asked(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1)
        await house.control.logout("home")
        (one,) = (await house.verified()).deliveries
        assert (one.state, one.reason) == ("unclear", "no key")
        await house.control.remove_destination("home")
        (one,) = (await house.verified()).deliveries
        assert (one.state, one.reason) == ("unclear", "home (earlier address) is no destination any more")


async def test_only_so_many_at_once_and_only_what_there_is(house: Town) -> None:
    async with house.open():
        with pytest.raises(Misconfigured, match="too many"):
            await house.control.verify(VerifyRequest(deliveries=tuple(map(str, range(21)))))
        with pytest.raises(Misconfigured, match="no receipt"):
            await house.control.verify(VerifyRequest(deliveries=("x",)))


async def test_the_metrics_are_those_of_the_status(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2)
        samples, _ = parse((await house.control.metrics()).text)
        home = frozenset({("destination", "home"), ("state", "uploaded")})
        assert samples["logferry_destination_deliveries", home] == 2
        (sent,) = (await house.control.status()).metrics.destinations
        assert (sent.name, sent.uploaded, sent.failed) == ("home", 2, 0)
        assert samples["logferry_uploaded_bytes", frozenset({("destination", "home")})] == sent.bytes_sent > 0


async def test_the_answer_to_stop_says_what_waits_and_so_does_the_log(
    house: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with house.open():
        await house.set_up()
        house.silent = True
        await house.hunt(1, 2)
        told = await house.control.stop()
        assert house.stop.is_set()
        assert (told.ok, told.waiting, told.counts.found) == (True, 2, 2)
        assert told.note == "2 uploads wait and go on at the next start."
        await Leaving(house.fleet.all_gates, house.spool).log()
    (record,) = [one for one in caplog.records if one.__dict__.get("action") == "stop"]
    assert record.getMessage() == "daemon ends: 2 uploads wait and go on at the next start."
    assert record.__dict__["waiting"] == 2


@pytest.mark.parametrize("broken", [Unreachable("spool-unavailable", "The disk is full."), KeyError("mistake"), None])
async def test_nothing_holds_up_the_end(broken: Exception | None) -> None:
    async def no_answer() -> dict[str, Gate]:
        if broken is not None:
            raise broken
        await asyncio.sleep(60)
        return {}

    told = await Leaving(no_answer, MemorySpool(), timedelta(milliseconds=20)).left()
    assert (told.ok, told.waiting, told.counts) == (True, 0, Counts())
    assert "could not be counted" in told.note
