"""A letter that goes in pieces: where another daemon goes on, and what is believed of its receipt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Request, Response, Upload
from logferry_daemon.core.offer import MIB
from logferry_daemon.core.tus import PATH
from logferry_daemon.offers import Offers
from logferry_model.errors import Refused
from tests.daemon.shell.office import Office, problem
from tests.daemon.shell.remote import (
    LARGE,
    Padded,
    Remote,
    asked,
    office,
    receipt_of,
)
from tests.fake_spool import MemorySpool
from tests.fakes import NOON, Sent

MINUTE = timedelta(minutes=1)


class Rushed(MemorySpool):
    """Its owner deletes the session in the very moment in which its upload has a name."""

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        if upload.path:
            await self.delete("aa", "artemis", NOON, ask=())
        return await super().keep_upload(delivery, upload)


class Noting(MemorySpool):
    """Tells what it was told of uploads."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[Upload] = []

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        self.uploads.append(upload)
        return await super().keep_upload(delivery, upload)


async def test_nothing_of_a_session_that_was_deleted_meanwhile_follows_the_creation_of_its_upload() -> None:
    desk = Office(Remote().say, dialect=Padded(LARGE))
    desk.spool = Rushed()
    desk.offers = Offers(desk.spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.find("aa")
    await desk.agree()
    await desk.work()
    assert asked(desk) == ["GET /info", f"POST {PATH}"]
    assert await desk.states() == {}


async def test_another_daemon_goes_on_with_an_upload() -> None:
    remote = Remote()
    desk = await office(remote.say, size=LARGE)
    before = remote.send

    def dies(request: Request) -> Response:
        if len(remote.requests) == 4:
            raise Refused("stopped", "the computer was switched off")
        return before(request)

    remote.send = dies  # type: ignore[method-assign]
    await desk.work()
    remote.send = before  # type: ignore[method-assign]
    await desk.spool.retry([], desk.clock.now())
    desk.spool.restart()
    desk.open_again()
    await desk.work(MINUTE)
    assert asked(desk).count(f"POST {PATH}") == 1
    assert asked(desk).count(f"HEAD {PATH}/") == 1
    assert [len(one) for one in remote.finished] == [remote.received]
    assert (await desk.states())["aa"] == "uploaded"


async def test_who_forgets_each_upload_is_tried_more_and_more_seldom_and_the_reason_stands_there() -> None:
    remote = Remote()
    before = remote.send

    def forgets(request: Request) -> Response:
        assert len(remote.requests) < 1_000
        said = before(request)
        if request.method == "PATCH":
            remote.uploads.clear()
        return said

    remote.send = forgets  # type: ignore[method-assign]
    desk = await office(remote.say, size=LARGE)
    await desk.work(10 * MINUTE)
    row = (await desk.rows())["aa"]
    assert row.state.value == "pending"
    assert row.attempts > 1
    assert row.last_error == "the upload was forgotten over there, again and again"
    length = len(desk.sender.sent[2].request.body) + 5 * MIB
    assert sum(len(one.body) for one in remote.requests) <= row.attempts * 2 * length


@pytest.mark.parametrize(
    "changes", [{"received_digest": "00" * 32}, {"payload_digest": "00" * 32}, {"idempotency_key": "another"}]
)
async def test_a_receipt_for_something_else_proves_nothing(changes: dict[str, object]) -> None:
    remote = Remote()

    def lies(sent: Sent) -> Response:
        if sent.request.path.startswith("/api/v1/receipts/"):
            return receipt_of(remote.finished[-1], sent.request.path.rpartition("/")[2], **changes)
        return remote.say(sent)

    desk = await office(lies, size=LARGE)
    await desk.work()
    assert (await desk.states())["aa"] == "pending"


async def test_a_receipt_that_takes_its_time_is_asked_for_again_and_no_byte_is_sent_again() -> None:
    remote = Remote()
    waits = [problem(404), problem(404)]
    desk = await office(
        lambda sent: waits.pop() if waits and "receipts" in sent.request.path else remote.say(sent), size=LARGE
    )
    await desk.work(MINUTE)
    assert (await desk.states())["aa"] == "uploaded"
    assert remote.received == len(remote.finished[0])
    assert len(remote.finished) == 1


async def test_that_it_is_whole_over_there_is_on_the_disk_before_its_receipt_is_asked_for() -> None:
    remote, spool, known = Remote(), Noting(), list[int]()

    def looks(sent: Sent) -> Response:
        if "receipts" in sent.request.path:
            known.append(spool.uploads[-1].offset)
        return remote.say(sent)

    desk = Office(looks, dialect=Padded(LARGE))
    desk.spool = spool
    desk.offers = Offers(desk.spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.find("aa")
    await desk.agree()
    await desk.work()
    (whole,) = remote.finished
    assert known == [len(whole)]
    assert await desk.spool.next_remnant("home", desk.clock.now()) is None


async def test_what_was_begun_in_pieces_and_went_in_one_post_after_all_is_taken_back() -> None:
    remote = Remote()

    def withdraws(sent: Sent) -> Response:
        if sent.request.method == "PATCH" and remote.received:
            remote.offered = False
            return problem(412)
        return remote.say(sent)

    desk = await office(withdraws, size=LARGE)
    await desk.work()
    assert (await desk.states())["aa"] == "uploaded"
    assert await desk.spool.next_remnant("home", desk.clock.now()) is not None


async def test_an_upload_refused_for_its_packing_is_written_anew() -> None:
    remote = Remote()

    def strict(sent: Sent) -> Response:
        if sent.request.method == "PATCH" and "zstd" in str(remote.metadata[-1]):
            return problem(415)
        return remote.say(sent)

    desk = await office(strict, size=LARGE)
    await desk.work(MINUTE)
    assert (await desk.states())["aa"] == "uploaded"
    assert [one["content_encoding"] for one in remote.metadata] == ["zstd", "gzip"]
    assert len({one["idempotency_key"] for one in remote.metadata}) == 2
