"""How a letter goes: in one post or in pieces, and by whose proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from logferry_daemon.core.exchange import Conversation, Letter, Parcel, Parked, Request, Response, Upload
from logferry_daemon.core.offer import MIB, SMALLEST, Offer
from logferry_daemon.core.tus import PATH
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.handover import CUTS
from logferry_model.errors import Misconfigured
from tests.daemon.shell.office import DESTINATION, problem, stored
from tests.daemon.shell.remote import (
    LARGE,
    MIDDLE,
    RECEIPT,
    SMALL,
    TUS,
    Padded,
    Remote,
    answering,
    asked,
    info,
    office,
)
from tests.fakes import Answer, MemoryCredentials, Sent
from tests.tus_model import answer as tus_answer

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Signed(Padded):
    """Each request has a proof of its own."""

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        if secret != "s3cret":
            raise Misconfigured("key-malformed", "not such a key", hint="Make another.")
        return {"X-Signature": f"{request.method} {request.path} {len(request.body)}"}


async def test_a_large_letter_goes_in_pieces_and_its_receipt_is_looked_at() -> None:
    remote = Remote()
    desk = await office(remote.say, size=LARGE)
    await desk.work()
    assert asked(desk) == ["GET /info", f"POST {PATH}", *[f"PATCH {PATH}/"] * 6, f"GET {RECEIPT}"]
    assert all(sent.secret for sent in desk.sender.sent[1:])
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.report_url) == ("uploaded", "https://collector.example/r/report")
    assert len(remote.finished) == 1


async def test_each_piece_has_a_proof_of_its_own() -> None:
    desk = await office(Remote().say, dialect=Signed(LARGE))
    await desk.work()
    assert (await desk.states())["aa"] == "uploaded"
    ours = [(sent.request, sent.secret) for sent in desk.sender.sent[1:]]
    assert len(ours) == 8
    for request, secret in ours:
        assert secret == {"X-Signature": f"{request.method} {request.path} {len(request.body)}"}


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_key_that_proves_nothing_stops_the_destination_before_anything_of_the_letter_is_sent(size: int) -> None:
    desk = await office(Remote().say, dialect=Signed(size))
    desk.credentials = MemoryCredentials(home="another")
    desk.open_again()
    await desk.work()
    assert asked(desk) == ["GET /info"]
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.last_error) == ("pending", "not such a key")
    assert not (await desk.gates.gate(DESTINATION)).open


class Led(LogferryDialect):
    """Goes where it is told to, in the middle of an upload."""

    def __init__(self, to: str) -> None:
        self._to = to

    def resume(
        self, letter: Letter, upload: Upload, offer: Offer, *, tracker: str, url: str, now: datetime
    ) -> Conversation:
        answered = yield Request(method="PUT", path="", to=self._to, body=letter.body, keep=Upload(path="/x", offset=1))
        return Parked(reason=f"answered {answered.status}")

    def write(self, parcel: Parcel) -> Letter:
        return Padded(LARGE).write(parcel)


@pytest.mark.parametrize(("to", "led"), [("https://collector.example/put", True), ("https://evil.example/put", False)])
async def test_pieces_go_no_farther_than_posts_and_no_key_with_them(to: str, led: bool) -> None:
    desk = await office(answering(lambda: info(tus=TUS), problem(200)), dialect=Led(to))
    await desk.work()
    assert [(one.request.to, one.secret) for one in desk.sender.sent[1:]] == ([(to, {})] if led else [])
    claimed = await desk.spool.look_at("aa", DESTINATION.name)
    assert claimed is not None
    assert claimed.upload.path == ("/x" if led else "")
    assert (await desk.states())["aa"] == ("failed" if led else "pending")


@pytest.mark.parametrize("size", [MIDDLE, SMALL])
async def test_a_letter_that_fits_is_posted(size: int) -> None:
    desk = await office(Remote().say, size=size)
    await desk.work()
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest"]


async def test_where_pieces_are_not_offered_everything_is_posted() -> None:
    remote = Remote()
    remote.offered = False
    desk = await office(remote.say, size=LARGE)
    await desk.work()
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest"]


async def test_after_two_posts_that_were_cut_a_letter_goes_in_pieces_also_by_another_daemon() -> None:
    remote = Remote()
    remote.post_cut = 0
    desk = await office(remote.say, size=MIDDLE)
    for _ in range(CUTS):
        await desk.work(timedelta(seconds=1))
        desk.clock.move(MINUTE)
        desk.spool.restart()
        desk.open_again()
    await desk.work(MINUTE)
    assert asked(desk)[:4] == ["GET /info", *["POST /api/v1/ingest"] * CUTS, f"POST {PATH}"]
    assert (await desk.states())["aa"] == "uploaded"
    # The network is bad: the pieces are smaller than the usual ones.
    assert max(len(one.body) for one in remote.requests) == 2**18


async def test_a_small_letter_is_posted_however_often_it_is_cut() -> None:
    remote = Remote()
    remote.post_cut = 0
    desk = await office(remote.say, size=SMALL)
    await desk.work(10 * MINUTE)
    assert set(asked(desk)) == {"GET /info", "POST /api/v1/ingest"}


def too_big(remote: Remote, most: int) -> Answer:
    """In front of `remote`: takes no request with more bytes."""
    return lambda sent: problem(413) if len(sent.request.body) > most else remote.say(sent)


async def test_a_post_that_is_too_big_goes_in_smaller_pieces_instead() -> None:
    remote = Remote()
    desk = await office(too_big(remote, MIB), size=MIDDLE)
    await desk.work(MINUTE)
    assert asked(desk)[:3] == ["GET /info", "POST /api/v1/ingest", f"POST {PATH}"]
    assert asked(desk).count("POST /api/v1/ingest") == 1
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == ("uploaded", 2)
    assert max(len(one.body) for one in remote.requests) == SMALLEST


@pytest.mark.parametrize("most", [0, SMALLEST - 1])
async def test_pieces_that_are_too_big_as_well_are_for_a_person(most: int) -> None:
    remote = Remote()
    desk = await office(too_big(remote, most), size=MIDDLE)
    await desk.work(DAY)
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest", f"POST {PATH}", f"PATCH {PATH}/"]
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == ("failed", 2)


@pytest.mark.parametrize(("offered", "size"), [(False, MIDDLE), (True, SMALL)], ids=["not offered", "no smaller"])
async def test_a_post_that_is_too_big_and_has_no_smaller_pieces_is_for_a_person(offered: bool, size: int) -> None:
    remote = Remote()
    remote.offered = offered
    desk = await office(too_big(remote, 0), size=size)
    await desk.work(DAY)
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest"]
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == ("failed", 1)


@pytest.mark.parametrize(("post", "state"), [(8 * MIB, "uploaded"), (MIB, "failed")])
async def test_where_pieces_are_not_taken_after_all_a_post_is_tried_if_it_fits(post: int, state: str) -> None:
    def backward(sent: Sent) -> Response:
        if sent.request.path == "/info":
            return info(tus=TUS, limits={"wire_bytes": post})
        return tus_answer(412) if sent.request.path.startswith(PATH) else stored(sent)

    desk = await office(backward, size=LARGE)
    await desk.work()
    assert (await desk.states())["aa"] == state
    if state == "failed":
        assert "too big for one post" in (await desk.rows())["aa"].last_error


async def test_more_than_is_taken_in_pieces_is_posted() -> None:
    desk = await office(answering(lambda: info(tus=TUS | {"max_size": MIB})), size=LARGE)
    await desk.work()
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest"]
