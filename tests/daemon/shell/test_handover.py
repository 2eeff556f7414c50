"""What is asked before a letter is written, how it goes, and what becomes of one that is not taken as it is packed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from logferry_daemon.core.exchange import Conversation, Dialect, Letter, Parcel, Parked, Request, Response, Upload
from logferry_daemon.core.offer import MIB, SMALLEST, Offer
from logferry_daemon.core.tus import PATH
from logferry_daemon.dialects.health import PATH as HEALTH
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.handover import CUTS
from logferry_daemon.offers import SILENCE, VALID, Offers
from logferry_model.envelope import Envelope, Receipt, ReceiptStatus, sha256_hex
from logferry_model.errors import LogferryError, Misconfigured, Refused, Unreachable
from tests.daemon.shell.office import DESTINATION, Office, answer, problem, stored
from tests.fake_spool import MemorySpool
from tests.fakes import NOON, Answer, MemoryCredentials, Sent
from tests.packed import unpacked
from tests.tus_model import ModelTus
from tests.tus_model import answer as tus_answer

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
RECEIPT = "/api/v1/receipts/"
TUS = {"version": "1.0.0", "extensions": ["creation"], "chunk_bytes": {"default": MIB}}
INFO: Mapping[str, object] = {"encodings": ["zstd", "gzip", "identity"]}


def info(**more: object) -> Response:
    return answer(200, msgspec.json.encode({**INFO, **more}))


class Padded(LogferryDialect):
    """Letters of any size: what is added does not pack."""

    def __init__(self, size: int) -> None:
        self._noise = random.Random(size).randbytes(size).hex()

    def write(self, parcel: Parcel) -> Letter:
        return super().write(replace(parcel, platform=self._noise))


class Signed(Padded):
    """Each request has a proof of its own."""

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        if secret != "s3cret":
            raise Misconfigured("key-malformed", "not such a key", hint="Make another.")
        return {"X-Signature": f"{request.method} {request.path} {len(request.body)}"}


async def office(script: Answer, *, size: int = 0, dialect: Dialect | None = None) -> Office:
    """One that asks what is offered."""
    desk = Office(script, dialect=dialect or (Padded(size) if size else None))
    desk.offers = Offers(desk.spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.find("aa")
    await desk.agree()
    return desk


def asked(desk: Office) -> list[str]:
    """Method and path of everything that was sent but of questions whether it is there, without the names of uploads and receipts."""
    named = re.compile(f"(?<={PATH}/).+|(?<={RECEIPT}).+")
    these = [sent.request for sent in desk.sender.sent if sent.request.path != HEALTH]
    return [f"{one.method} {named.sub('', one.path)}" for one in these]


def answering(tell: Callable[[], Answer], rest: Answer = stored) -> Answer:
    """Somebody who says what he offers."""

    return lambda sent: told(tell() if sent.request.path == "/info" else rest, sent)


def told(one: Answer, sent: Sent) -> Response:
    if isinstance(one, LogferryError):
        raise one
    return one if isinstance(one, Response) else one(sent)


# What is offered


async def test_a_letter_is_packed_as_is_offered_and_whoever_is_asked_gets_no_key() -> None:
    desk = await office(answering(info))
    await desk.work()
    first, second = desk.sender.sent
    assert (first.request.method, first.request.path, first.secret) == ("GET", "/info", {})
    assert second.request.headers["Content-Encoding"] == "zstd"
    assert second.secret
    assert (await desk.states())["aa"] == "uploaded"


async def test_a_day_is_long_enough_for_an_answer_also_over_a_restart() -> None:
    desk = await office(answering(info))
    await desk.work()
    await desk.find("bb")
    desk.offers = Offers(desk.spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.work()
    assert asked(desk).count("GET /info") == 1
    desk.clock.move(VALID)
    await desk.find("cc")
    await desk.work()
    assert asked(desk).count("GET /info") == 2


@pytest.mark.parametrize(
    "silence", [Unreachable("cut", "broke"), problem(503), answer(200, b"<html>"), problem(301)], ids=str
)
async def test_no_word_of_it_holds_nothing_up_and_is_asked_for_again_after_a_while(silence: Answer) -> None:
    desk = await office(answering(lambda: silence))
    await desk.work()
    await desk.find("bb")
    await desk.work()
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest", "POST /api/v1/ingest"]
    assert desk.sender.sent[-1].request.headers["Content-Encoding"] == "gzip"
    desk.clock.move(SILENCE)
    await desk.find("cc")
    await desk.work()
    assert asked(desk).count("GET /info") == 2


NONE = [404, 405, 501]


@pytest.mark.parametrize("status", NONE)
async def test_who_has_no_such_page_takes_what_everybody_takes_and_is_believed_for_minutes(status: int) -> None:
    words: list[Answer] = [problem(status), info()]
    desk = await office(answering(lambda: words.pop(0)))
    await desk.work()
    await desk.find("bb")
    await desk.work()
    assert asked(desk).count("GET /info") == 1
    assert desk.sender.sent[-1].request.headers["Content-Encoding"] == "gzip"
    desk.clock.move(SILENCE)
    await desk.find("cc")
    await desk.work()
    assert asked(desk).count("GET /info") == 2
    assert desk.sender.sent[-1].request.headers["Content-Encoding"] == "zstd"


@pytest.mark.parametrize("status", NONE)
async def test_a_page_that_is_missing_takes_nothing_back_of_what_was_offered(status: int) -> None:
    words: list[Answer] = [info(tus=TUS), problem(status)]
    desk = await office(answering(lambda: words.pop(0)))
    offered = await desk.offers.of(DESTINATION, desk.dialect)
    desk.clock.move(2 * DAY)
    assert await desk.offers.of(DESTINATION, desk.dialect) == offered
    assert words == []
    assert offered.pieces is not None


async def test_an_old_word_holds_while_there_is_no_newer_one() -> None:
    words: list[Answer] = [info(), Unreachable("cut", "broke")]
    desk = await office(answering(lambda: words.pop(0)))
    await desk.work()
    desk.clock.move(2 * DAY)
    await desk.find("bb")
    await desk.work()
    assert desk.sender.sent[-1].request.headers["Content-Encoding"] == "zstd"


async def test_another_place_under_the_same_name_is_another_offer() -> None:
    desk = await office(answering(info))
    await desk.work()
    elsewhere = replace(DESTINATION, url="https://elsewhere.example")
    assert await desk.offers.shown(DESTINATION, "one") == Offer(encodings=("zstd", "gzip"))
    assert await desk.offers.shown(elsewhere, "two") == Offer()


async def test_a_clock_that_was_set_back_makes_no_offer_last() -> None:
    desk = await office(answering(info))
    await desk.work()
    desk.clock.move(-DAY)
    await desk.offers.of(DESTINATION, desk.dialect)
    assert asked(desk).count("GET /info") == 2


async def previewed(desk: Office) -> bytes:
    """As control/privacy.py has it."""
    claimed = await desk.spool.look_at("aa", DESTINATION.name)
    assert claimed is not None
    offer = await desk.offers.shown(DESTINATION, claimed.row.id)
    return (await desk.courier._road.scribe.write(claimed, DESTINATION, desk.dialect, offer)).letter.body


async def test_what_was_shown_before_anybody_was_asked_is_sent_as_it_was_shown() -> None:
    desk = await office(answering(info))
    before = await previewed(desk)
    await desk.offers.of(DESTINATION, desk.dialect)
    assert await previewed(desk) == before
    await desk.find("bb")
    await desk.work()
    sent = [one.request for one in desk.sender.sent if one.request.method == "POST"]
    assert [one.headers["Content-Encoding"] for one in sent] == ["gzip", "zstd"]
    assert sent[0].body == before


async def test_what_was_shown_and_is_not_taken_is_packed_anew() -> None:
    def only_gzip(sent: Sent) -> Response:
        return stored(sent) if sent.request.headers["Content-Encoding"] == "gzip" else problem(415)

    desk = await office(answering(info, only_gzip))
    await desk.offers.of(DESTINATION, desk.dialect)
    await previewed(desk)
    await desk.work(MINUTE)
    assert (await desk.states())["aa"] == "uploaded"


# Not taken after all


async def test_415_to_zstd_writes_the_letter_anew_under_another_key() -> None:
    def only_gzip(sent: Sent) -> Response:
        return stored(sent) if sent.request.headers["Content-Encoding"] == "gzip" else problem(415)

    desk = await office(answering(info, only_gzip))
    await desk.work(MINUTE)
    row = (await desk.rows())["aa"]
    assert (row.state.value, row.attempts) == ("uploaded", 1)
    refused, taken = [sent.request for sent in desk.sender.sent if sent.request.method == "POST"]
    assert refused.headers["Idempotency-Key"] != taken.headers["Idempotency-Key"]
    assert unpacked(refused.body) == unpacked(taken.body)
    ((first, second),) = (await desk.spool.attempts("aa")).values()
    assert [first.bytes, second.bytes] == [len(refused.body), len(taken.body)]
    await desk.find("bb")
    await desk.work()
    assert desk.sender.sent[-1].request.headers["Content-Encoding"] == "gzip"
    assert asked(desk).count("GET /info") == 1


async def test_415_to_gzip_is_for_a_person() -> None:
    desk = await office(answering(lambda: problem(404), problem(415)))
    await desk.work(MINUTE)
    assert (await desk.states())["aa"] == "failed"


async def test_a_retry_sends_the_same_bytes_whatever_is_offered_by_then() -> None:
    words: list[Answer] = [info(), answer(200, b'{"encodings": []}')]
    tries: list[Answer] = [Unreachable("cut", "broke"), stored]

    def say(sent: Sent) -> Answer:
        lists: dict[str, list[Answer]] = {"/info": words, HEALTH: [stored]}
        return lists.get(sent.request.path, tries).pop(0)

    desk = await office(lambda sent: told(say(sent), sent))
    await desk.work()
    desk.clock.move(2 * DAY)
    await desk.work(MINUTE)
    first, second = [sent.request for sent in desk.sender.sent if sent.request.method == "POST"]
    assert (first.body, first.headers) == (second.body, second.headers)
    assert (await desk.states())["aa"] == "uploaded"


# In pieces


class Remote(ModelTus):
    """A destination that takes pieces, and posts up to a size."""

    offered: bool = True
    post_cut: int = 10**9
    """A post with more bytes than that is cut."""

    def say(self, sent: Sent) -> Response:
        """For a scripted sender."""
        request = sent.request
        if request.path == "/info":
            return info(tus=TUS) if self.offered else info()
        if request.path == HEALTH:
            return stored(sent)
        if request.path.startswith(PATH):
            return self.send(request)
        if request.method == "GET":
            return receipt_of(self.finished[-1], request.path.rpartition("/")[2])
        if len(request.body) > self.post_cut:
            raise Unreachable("cut", "the connection broke")
        return stored(sent)


def receipt_of(body: bytes, key: str, **changes: object) -> Response:
    envelope = msgspec.json.decode(unpacked(body), type=Envelope)
    receipt = Receipt(
        receipt_id="receipt",
        report_id="report",
        report_url="https://elsewhere.example/r/report",
        status=ReceiptStatus.STORED,
        natural_key=envelope.natural_key,
        revision=envelope.revision,
        received_digest=sha256_hex(body),
        payload_digest=sha256_hex(bytes(envelope.payload)),
        idempotency_key=key,
        created_at=envelope.started_at,
    )
    return answer(200, msgspec.json.encode(msgspec.structs.replace(receipt, **changes)))


LARGE, MIDDLE, SMALL = 5 * MIB, MIB, 1_000


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


class Rushed(MemorySpool):
    """Its owner deletes the session in the very moment in which its upload has a name."""

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        if upload.path:
            await self.delete("aa", "artemis", NOON, ask=())
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


async def test_more_than_is_taken_in_pieces_is_posted() -> None:
    desk = await office(answering(lambda: info(tus=TUS | {"max_size": MIB})), size=LARGE)
    await desk.work()
    assert asked(desk) == ["GET /info", "POST /api/v1/ingest"]
