"""What is asked before a letter is written, and what becomes of one that is not taken as it is packed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Response
from logferry_daemon.core.offer import Offer
from logferry_daemon.dialects.health import PATH as HEALTH
from logferry_daemon.offers import SILENCE, VALID, Offers
from logferry_model.errors import Unreachable
from tests.daemon.shell.office import DESTINATION, TEN, Office, answer, name_of, problem, stored
from tests.daemon.shell.remote import (
    TUS,
    answering,
    asked,
    info,
    office,
    told,
)
from tests.fake_spool import MemorySpool
from tests.fakes import Answer, Sent
from tests.packed import unpacked

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


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


class Reread(MemorySpool):
    """A spool that counts how often each of its notes is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = Counter[str]()

    async def note(self, key: str) -> str | None:
        self.asked[key] += 1
        return await super().note(key)


async def test_the_spool_is_asked_once_for_what_a_destination_offers() -> None:
    desk, spool = Office(answering(info)), Reread()
    desk.spool = spool
    desk.offers = Offers(spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.find(*TEN)
    await desk.agree()
    await desk.work()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert spool.asked["offer:home"] == 1


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
    # Both go in one round, and either may be the first.
    sent = {name_of(one): one.request for one in desk.sender.sent if one.request.method == "POST"}
    assert {name: one.headers["Content-Encoding"] for name, one in sent.items()} == {"aa": "gzip", "bb": "zstd"}
    assert sent["aa"].body == before


async def test_what_was_shown_and_is_not_taken_is_packed_anew() -> None:
    def only_gzip(sent: Sent) -> Response:
        return stored(sent) if sent.request.headers["Content-Encoding"] == "gzip" else problem(415)

    desk = await office(answering(info, only_gzip))
    await desk.offers.of(DESTINATION, desk.dialect)
    await previewed(desk)
    await desk.work(MINUTE)
    assert (await desk.states())["aa"] == "uploaded"


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
