"""What a program is posted, and what it has to answer to be believed."""

from __future__ import annotations

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Later, Parked, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.webhook_json import JsonWebhookDialect
from logferry_model.envelope import sha256_hex
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, PORTAL, delivered, report, says, talk

OWN = JsonWebhookDialect()
HOOK = "https://hooks.example/catch"
OWN_LETTER = OWN.write(PARCEL)
DIGEST = sha256_hex(DOCUMENT)


def test_it_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["webhook-json"], JsonWebhookDialect)


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
