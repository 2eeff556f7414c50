from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from logferry_daemon.core.exchange import (
    Acked,
    Erased,
    Erasure,
    Later,
    Letter,
    Outcome,
    Parked,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.reaching import PATH_KEY
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.webhook import WebhookDialect
from logferry_daemon.dialects.webhook_embed import MOST_FIELDS, plain
from logferry_model.envelope import ReceiptStatus, encode_session, sha256_hex
from logferry_model.figures import LootTotal, Measure, Statistics
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, delivered, report, says, talk
from tests.discord_server import Discord
from tests.factories import session

T = TypeVar("T")
URL = "https://discord.com/api/webhooks"
DIALECT = WebhookDialect()
LETTER = DIALECT.write(PARCEL)
FOOTER = f"{PARCEL.session} · version 3"
POSTED: Mapping[str, Any] = {
    # As Discord answers with wait=true; shortened.
    "id": "1334567890123456789",
    "type": 0,
    "channel_id": "1100000000000000001",
    "webhook_id": "1200000000000000002",
    "content": "",
    "embeds": [{"type": "rich", "title": "artemis", "footer": {"text": FOOTER}}],
    "timestamp": "2026-03-01T22:00:01.000000+00:00",
}


def message(letter: Any = LETTER) -> Any:  # noqa: ANN401 -- any JSON value
    return msgspec.json.decode(letter.body)


def test_both_flavours_are_found_by_their_names() -> None:
    assert isinstance(all_dialects()["webhook"], WebhookDialect)


def test_a_session_is_one_post_that_waits_for_the_message() -> None:
    asked, outcome = talk(DIALECT.deliver(LETTER, url=URL, now=NOW), says(200, POSTED))
    assert [(one.method, one.path, one.body) for one in asked] == [("POST", "/{key}?wait=true", LETTER.body)]
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_id == POSTED["id"]
    assert outcome.receipt.payload_digest == sha256_hex(DOCUMENT)


def test_the_message_says_what_was_played_and_mentions_nobody() -> None:
    (embed,) = message()["embeds"]
    assert embed["title"] == "artemis"
    assert embed["description"].startswith("1 h 0 min, ")
    assert embed["footer"] == {"text": FOOTER}
    assert message()["allowed_mentions"] == {"parse": []}


def test_what_a_log_says_is_no_markup() -> None:
    assert plain("@everyone [x](http://evil) **b** `c`\n<@1>", 100) == (
        r"\@everyone \[x\]\(http\://evil\) \*\*b\*\* \`c\` \<\@1\>"
    )
    assert plain("\u202e", 10) == "-"
    assert plain("x" * 20, 10) == "x" * 9 + "…"


def test_a_message_is_never_longer_than_discord_takes() -> None:
    measures = tuple(Measure(name=f"m{n}", label="*" * 500, value=1e15, unit="*" * 500) for n in range(100))
    loot = tuple(LootTotal(item="*" * 500, quantity=1) for _ in range(100))
    big = session(statistics=Statistics(measures=measures, loot=loot))
    (embed,) = message(DIALECT.write(replace(PARCEL, document=encode_session(big))))["embeds"]
    assert len(embed["fields"]) <= MOST_FIELDS + 2 <= 25
    assert all(len(one["name"]) <= 256 and len(one["value"]) <= 1024 for one in embed["fields"])


def test_the_key_is_no_header() -> None:
    assert DIALECT.credentials("1/s3cret", Request(method="POST", path="/"), NOW) == {PATH_KEY: "1/s3cret"}


@pytest.mark.parametrize("pasted", ["https://discord.com/api/webhooks/1/s3cret", "/1/s3cret/", "1/s3cret"])
def test_a_pasted_address_is_understood(pasted: str) -> None:
    assert DIALECT.credentials(pasted, Request(method="POST", path="/"), NOW) == {PATH_KEY: "1/s3cret"}


UNKNOWN = {"message": "Unknown Webhook", "code": 10015}


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (PORTAL, Stop, "web page"),
        (says(204), Stop, "nobody knows"),
        (says(200, {"ok": True}), Stop, "nobody knows"),
        (says(202, POSTED), Stop, "nobody knows"),
        (says(200, dict(POSTED) | {"embeds": []}), Stop, "nobody knows"),
        (says(200, dict(POSTED) | {"embeds": [{"footer": {"text": "another"}}]}), Stop, "nobody knows"),
        (
            says(200, dict(POSTED) | {"embeds": [{"footer": {"text": "a · version " + "9" * 5_000}}]}),
            Stop,
            "nobody knows",
        ),
        (says(400, {"message": "Invalid Form Body", "code": 50035}), Parked, "Invalid Form Body"),
        (says(401, {"message": "401: Unauthorized", "code": 0}), Stop, "Unauthorized"),
        (says(403, {"message": "Missing Access", "code": 50001}), Stop, "Missing Access"),
        (says(404, UNKNOWN), Stop, "no such webhook: Unknown Webhook (404)"),
        (says(401, {"message": "Invalid Webhook Token", "code": 50027}), Stop, "no such webhook"),
        (says(418, {"message": "what"}), Parked, "what"),
        (says(500), Later, "500"),
        (Response(status=502, headers={"content-type": "text/html"}, body=b"<html>"), Later, "502"),
        (says(301, location="https://elsewhere.example"), Stop, "redirect"),
    ],
)
def test_an_answer_means_what_its_text_says(answer: Response, kind: type[object], word: str) -> None:
    outcome = delivered(DIALECT, URL, answer)
    assert isinstance(outcome, kind)
    assert word in str(outcome)


def test_a_limit_in_the_body_is_waited_for() -> None:
    limited = says(429, {"message": "You are being rate limited.", "retry_after": 64.57, "global": False})
    outcome = delivered(DIALECT, URL, limited)
    assert isinstance(outcome, Stop)
    assert timedelta(seconds=65) <= (outcome.wait or timedelta()) <= timedelta(seconds=66)


# An evening

OTHERS: Mapping[str, Any] = {
    "type": "rich",
    "title": "Guild night",
    "color": 5,
    "image": {"url": "https://cdn.example/x.png", "width": 3},
}


def converse(talk: Generator[Request, Response, T], discord: Discord) -> T:
    """What comes of a conversation with the channel."""
    try:
        request = next(talk)
        while True:
            path = discord.base + request.path.replace("{key}", discord.secret)
            request = talk.send(discord.answer(replace(request, path=path)))
    except StopIteration as done:
        outcome: T = done.value
        return outcome


def letter_of(name: str, *, revision: int = 1, **figures: Any) -> Letter:  # noqa: ANN401 -- fields of a session
    played = session(name, **figures)
    document = encode_session(played)
    return DIALECT.write(replace(PARCEL, session=played.id, revision=revision, document=document))


def put(discord: Discord, letter: Letter, *reports: str) -> Outcome:
    return converse(DIALECT.gather(letter, reports, url=URL, now=NOW), discord)


def message_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Acked), outcome
    return outcome.receipt.report_id


def test_what_is_played_later_is_put_into_the_evenings_message() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    assert message_of(put(discord, letter_of("bb"), first)) == first
    assert discord.sessions() == [["aa", "bb"]]
    assert discord.asked == ["POST", "GET 1", "PATCH 1"]


def test_what_is_added_is_the_letters_own_embed_to_the_byte_and_calls_nobody() -> None:
    letter = letter_of("bb")
    there = {**POSTED, "embeds": [OTHERS]}
    shown = {**POSTED, "embeds": [OTHERS, message(letter)["embeds"][0]]}
    asked, outcome = talk(DIALECT.gather(letter, [POSTED["id"]], url=URL, now=NOW), says(200, there), says(200, shown))
    assert [(one.method, one.path) for one in asked] == [
        ("GET", "/{key}/messages/1334567890123456789"),
        ("PATCH", "/{key}/messages/1334567890123456789"),
    ]
    assert letter.body.removeprefix(b'{"embeds":[').partition(b"]")[0] in asked[1].body
    sent = msgspec.json.decode(asked[1].body)
    assert (sent["embeds"], sent["allowed_mentions"]) == (shown["embeds"], {"parse": []})
    assert set(sent) == {"embeds", "allowed_mentions"}
    assert isinstance(outcome, Acked)


def test_what_is_in_the_message_already_was_delivered() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    put(discord, letter_of("bb"), first)
    again = put(discord, letter_of("bb"), first)
    assert isinstance(again, Acked)
    assert again.receipt.status is ReceiptStatus.DUPLICATE
    assert discord.asked[-2:] == ["PATCH 1", "GET 1"]


def test_it_is_looked_for_in_every_message_of_the_evening() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    second = message_of(put(discord, letter_of("bb")))
    assert message_of(put(discord, letter_of("aa"), second, first)) == first
    assert discord.sessions() == [["aa"], ["bb"]]


def test_the_same_version_in_other_words_takes_its_place() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa", statistics=Statistics(events=99))))
    put(discord, letter_of("aa"), first)
    (shown,) = discord.messages[first]["embeds"]
    assert shown["description"] == message(letter_of("aa"))["embeds"][0]["description"]


def test_a_newer_version_takes_the_place_of_the_older_one() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    put(discord, letter_of("bb"), first)
    put(discord, letter_of("aa", revision=2), first)
    assert discord.footers() == [["aa · version 2", "bb · version 1"]]


def test_an_older_version_never_takes_the_place_of_a_newer_one() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa", revision=2)))
    assert isinstance(put(discord, letter_of("aa"), first), Parked)
    assert discord.footers() == [["aa · version 2"]]


def test_what_others_put_into_the_message_stays() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    discord.messages[first]["embeds"].insert(0, OTHERS)
    discord.messages[first]["content"] = "Well played"
    put(discord, letter_of("aa", revision=2), first)
    put(discord, letter_of("bb"), first)
    others, *ours = discord.messages[first]["embeds"]
    assert OTHERS.items() <= others.items()
    assert [one["footer"]["text"] for one in ours] == ["aa · version 2", "bb · version 1"]
    assert discord.messages[first]["content"] == "Well played"


def test_ten_sessions_are_the_most_of_a_message() -> None:
    discord = Discord()
    reports: tuple[str, ...] = ()
    for number in range(12):
        reports = tuple(dict.fromkeys((message_of(put(discord, letter_of(f"s{number}"), *reports)), *reports)))
    assert [len(one) for one in discord.sessions()] == [10, 2]


def test_so_are_six_thousand_characters() -> None:
    discord = Discord()
    measures = tuple(Measure(name=f"m{n}", label=f"{n} 🎯" * 20, value=1e15, unit="🎯" * 40) for n in range(18))
    many = Statistics(measures=measures)
    first = message_of(put(discord, letter_of("aa", statistics=many)))
    second = message_of(put(discord, letter_of("bb", statistics=many), first))
    assert second != first
    assert message_of(put(discord, letter_of("cc"), second, first)) == second


def test_a_session_that_is_all_markup_fits_into_one_message() -> None:
    measures = tuple(Measure(name=f"m{n}", label="*" * 500, value=1e15, unit="*" * 500) for n in range(100))
    assert message_of(put(Discord(), letter_of("aa", statistics=Statistics(measures=measures))))


def test_a_message_that_was_deleted_by_hand_is_followed_by_a_new_one() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    del discord.messages[first]
    assert message_of(put(discord, letter_of("bb"), first)) != first
    assert discord.sessions() == [["bb"]]


def test_so_is_one_that_goes_between_the_look_and_the_change() -> None:
    letter = letter_of("bb")
    gone, shown = (
        says(404, {"message": "Unknown Message", "code": 10008}),
        {**POSTED, "embeds": message(letter)["embeds"]},
    )
    asked, outcome = talk(
        DIALECT.gather(letter, [POSTED["id"]], url=URL, now=NOW), says(200, POSTED), gone, says(200, shown)
    )
    assert [one.method for one in asked] == ["GET", "PATCH", "POST"]
    assert message_of(outcome) == POSTED["id"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (PORTAL, Stop),
        (says(404, UNKNOWN), Stop),
        (says(404), Stop),
        (says(429, {"retry_after": 1}), Stop),
        (says(503), Later),
        (says(200, {"ok": True}), Later),
        (says(200, [1]), Later),
        (says(200, dict(POSTED) | {"embeds": [1]}), Later),
        (says(200, dict(POSTED) | {"id": "14"}), Later),
    ],
)
def test_a_message_that_cannot_be_read_is_neither_changed_nor_followed(answer: Response, kind: type[object]) -> None:
    asked, outcome = talk(DIALECT.gather(LETTER, [POSTED["id"]], url=URL, now=NOW), answer)
    assert [one.method for one in asked] == ["GET"]
    assert isinstance(outcome, kind)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(200, dict(POSTED) | {"id": "14"}), Later),
        (says(200, dict(POSTED) | {"embeds": [OTHERS]}), Later),
        (says(200, dict(POSTED) | {"embeds": [{"footer": {"text": f"{PARCEL.session} · version 2"}}]}), Later),
        (says(204), Later),
        (PORTAL, Stop),
        (says(403, {"message": "Cannot edit a message authored by another user", "code": 50005}), Stop),
        (says(500), Later),
    ],
)
def test_a_change_is_believed_only_when_the_answer_shows_the_session(answer: Response, kind: type[object]) -> None:
    before = says(200, dict(POSTED) | {"embeds": [OTHERS]})
    outcome = talk(DIALECT.gather(LETTER, [POSTED["id"]], url=URL, now=NOW), before, answer)[1]
    assert isinstance(outcome, kind)


# Deletion


def erase(discord: Discord, name: str, message: str) -> Erasure:
    return converse(DIALECT.delete(report(report_id=message, session=name), now=NOW), discord)


def test_a_session_is_taken_out_of_its_evening_and_the_message_goes_with_the_last_one() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    put(discord, letter_of("bb"), first)
    assert erase(discord, "aa", first) == Erased()
    assert discord.sessions() == [["bb"]]
    assert isinstance(erase(discord, "aa", first), Erased)
    assert discord.sessions() == [["bb"]]
    assert erase(discord, "bb", first) == Erased()
    assert discord.messages == {}
    assert erase(discord, "bb", first) == Erased(note="it was not there any more")


def test_what_others_put_there_outlives_the_last_session() -> None:
    discord = Discord()
    first = message_of(put(discord, letter_of("aa")))
    discord.messages[first]["content"] = "Well played"
    assert erase(discord, "aa", first) == Erased()
    assert discord.messages[first]["content"] == "Well played"
    assert discord.sessions() == [[]]


SHOWN = says(200, POSTED)
BOTH = says(200, dict(POSTED) | {"embeds": [*POSTED["embeds"], OTHERS]})


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([says(404, {"message": "Unknown Message", "code": 10008})], Erased),
        ([says(404, UNKNOWN)], Parked),
        ([says(404)], Stop),
        ([says(200, {})], Later),
        ([PORTAL], Stop),
        ([says(503)], Later),
        ([SHOWN, says(204)], Erased),
        ([SHOWN, says(404, {"message": "Unknown Message", "code": 10008})], Erased),
        ([SHOWN, says(404)], Stop),
        ([SHOWN, says(200, {})], Stop),
        ([SHOWN, PORTAL], Stop),
        ([SHOWN, says(503)], Later),
        ([BOTH, BOTH], Later),
        ([BOTH, says(200, dict(POSTED) | {"embeds": [OTHERS]})], Erased),
        ([BOTH, says(204)], Later),
    ],
)
def test_only_discords_own_word_proves_a_deletion(answers: list[Response], kind: type[object]) -> None:
    assert isinstance(talk(DIALECT.delete(report(report_id=POSTED["id"]), now=NOW), *answers)[1], kind)


def test_a_message_whose_id_is_not_known_is_left_to_a_person() -> None:
    asked, outcome = talk(DIALECT.delete(report(report_id=""), now=NOW))
    assert asked == []
    assert isinstance(outcome, Parked)
