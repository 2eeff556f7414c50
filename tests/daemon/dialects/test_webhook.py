from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Erased, Later, Parked, Request, Response, Stop
from logferry_daemon.core.reaching import PATH_KEY
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.webhook import MOST_FIELDS, JsonWebhookDialect, WebhookDialect, plain
from logferry_model.envelope import encode_session, sha256_hex
from logferry_model.figures import LootTotal, Measure, Statistics
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, delivered, report, says, talk
from tests.factories import session

URL = "https://discord.com/api/webhooks"
DIALECT = WebhookDialect()
LETTER = DIALECT.write(PARCEL)
FOOTER = f"{PARCEL.session} · version 3"
POSTED = {
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
    assert isinstance(all_dialects()["webhook-json"], JsonWebhookDialect)


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
        (says(204), Stop, "without the id"),
        (says(200, {"ok": True}), Stop, "without the id"),
        (says(202, POSTED), Stop, "without the id"),
        (says(200, POSTED | {"embeds": [{"footer": {"text": "another"}}]}), Later, "another message"),
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


def test_a_message_is_deleted_by_its_id() -> None:
    asked, outcome = talk(DIALECT.delete(report(report_id="99"), now=NOW), says(204))
    assert [(one.method, one.path) for one in asked] == [("DELETE", "/{key}/messages/99")]
    assert outcome == Erased()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(404, {"message": "Unknown Message", "code": 10008}), Erased),
        (says(404, UNKNOWN), Parked),
        (says(404), Stop),
        (says(200, {}), Stop),
        (PORTAL, Stop),
        (says(503), Later),
    ],
)
def test_only_discords_own_word_proves_a_deletion(answer: Response, kind: type[object]) -> None:
    assert isinstance(talk(DIALECT.delete(report(), now=NOW), answer)[1], kind)


def test_a_message_whose_id_is_not_known_is_left_to_a_person() -> None:
    asked, outcome = talk(DIALECT.delete(report(report_id=""), now=NOW))
    assert asked == []
    assert isinstance(outcome, Parked)


# For programs

OWN = JsonWebhookDialect()
HOOK = "https://hooks.example/catch"
OWN_LETTER = OWN.write(PARCEL)
DIGEST = sha256_hex(DOCUMENT)


def test_a_program_is_sent_the_whole_session_and_its_digest() -> None:
    body = msgspec.json.decode(OWN_LETTER.body)
    assert body["document"] == msgspec.json.decode(DOCUMENT)
    assert (body["session"], body["revision"], body["digest"]) == (PARCEL.session, 3, DIGEST)
    assert DOCUMENT in OWN_LETTER.body
    assert OWN_LETTER.headers["Idempotency-Key"] == PARCEL.idempotency_key


def test_it_is_believed_when_it_echoes_the_digest() -> None:
    outcome = delivered(OWN, HOOK, says(200, {"digest": DIGEST, "id": 7, "url": "https://evil.example/r/7"}))
    assert isinstance(outcome, Acked)
    assert (outcome.receipt.report_id, outcome.receipt.report_url) == ("7", "https://hooks.example/r/7")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(200, {"digest": "00" * 32}), Stop),
        (says(200, {"received": True}), Stop),
        (says(204), Stop),
        (says(200, [DIGEST]), Stop),
        (PORTAL, Stop),
        (says(422, {"error": "no"}), Parked),
        (says(451, {"error": "no"}), Parked),
        (says(500), Later),
    ],
)
def test_it_is_believed_for_nothing_else(answer: Response, kind: type[object]) -> None:
    assert isinstance(delivered(OWN, HOOK, answer), kind)


def test_a_program_is_not_asked_to_delete() -> None:
    assert isinstance(talk(OWN.delete(report(), now=NOW))[1], Parked)
