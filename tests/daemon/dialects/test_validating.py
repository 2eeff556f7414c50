"""What an answer says about a key: only the other side's own word counts, in either direction."""

from __future__ import annotations

import pytest

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.validity import Invalid, Unclear, Valid, Validating
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.dialects.swgdb import SwgdbDialect
from logferry_daemon.dialects.webhook import WebhookDialect
from tests.daemon.dialects.talking import NOW, PORTAL, says, talk

ASKED = [("GET", "/auth/validate", b"")]


def test_these_can_be_asked() -> None:
    assert {name for name, one in all_dialects().items() if isinstance(one, Validating)} == {
        "logferry",
        "swgdb",
        "webhook",
    }


@pytest.mark.parametrize("dialect", [LogferryDialect(), SwgdbDialect()], ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (says(200, {"valid": True, "account": "mila"}), Valid, "mila"),
        (says(200, {"valid": True}), Valid, ""),
        (says(200, {"valid": False, "error": "Unknown user"}), Invalid, "Unknown user"),
        (says(401, {"valid": False, "success": False, "error": "Invalid API key"}), Invalid, "Invalid API key"),
        (
            says(401, {"title": "The API key is not valid", "status": 401, "code": "c", "detail": "Old."}),
            Invalid,
            "reason='Old'",
        ),
        (says(403, {"valid": False, "message": "Banned"}), Invalid, "Banned"),
        (says(401, {}), Invalid, "status 401"),
        (says(200, {"valid": "yes"}), Unclear, "does not tell"),
        (says(200, {"success": True}), Unclear, "does not tell"),
        (says(200, [True]), Unclear, "does not tell"),
        (says(204), Unclear, "does not tell"),
        (PORTAL, Unclear, "web page"),
        (Response(status=401, headers={"content-type": "text/html"}, body=b"<html>"), Unclear, "401"),
        (says(403, {"error": "no"}), Unclear, "no"),
        (says(429, {"error": "slow"}), Unclear, "slow"),
        (says(503), Unclear, "503"),
        (says(301), Unclear, "redirect"),
    ],
)
def test_an_answer_means_what_it_says(
    dialect: LogferryDialect | SwgdbDialect, answer: Response, kind: type[object], word: str
) -> None:
    asked, said = talk(dialect.validate(now=NOW), answer)
    assert [(one.method, one.path, one.body) for one in asked] == ASKED
    assert isinstance(said, kind), said
    assert word in str(said)


def test_where_get_is_not_what_the_server_takes_it_is_asked_by_post() -> None:
    asked, said = talk(LogferryDialect().validate(now=NOW), says(405), says(200, {"valid": True}))
    assert [one.method for one in asked] == ["GET", "POST"]
    assert said == Valid()


def test_a_server_without_the_page_says_nothing_about_the_key() -> None:
    asked, said = talk(LogferryDialect().validate(now=NOW), says(404, {"error": "Not found"}), says(404))
    assert [one.method for one in asked] == ["GET", "POST"]
    assert said == Unclear(reason="it has no page that tells (404)")


def test_an_old_signature_is_no_word_on_the_key() -> None:
    said = talk(SwgdbDialect().validate(now=NOW), says(401, {"valid": False, "error": "Timestamp too old"}))[1]
    assert isinstance(said, Unclear)
    assert "Timestamp too old" in said.reason


def test_the_question_is_signed_like_everything_else() -> None:
    headers = SwgdbDialect().credentials("u:k:s", Request(method="GET", path="/auth/validate"), NOW)
    assert set(headers) == {"X-API-Key", "X-User-Hash", "X-Timestamp", "X-Signature"}


HOOK = {"id": "12", "type": 1, "name": "Hunts", "channel_id": "11"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(200, HOOK), Valid),
        (says(404, {"message": "Unknown Webhook", "code": 10015}), Invalid),
        (says(401, {"message": "Invalid Webhook Token", "code": 50027}), Invalid),
        (says(404), Unclear),
        (says(401), Unclear),
        (says(200, {"id": "12"}), Unclear),
        (says(200), Unclear),
        (says(429, {"retry_after": 1}), Unclear),
        (PORTAL, Unclear),
        (says(500), Unclear),
    ],
)
def test_a_webhook_that_shows_itself_is_there(answer: Response, kind: type[object]) -> None:
    asked, said = talk(WebhookDialect().validate(now=NOW), answer)
    assert [(one.method, one.path) for one in asked] == [("GET", "/{key}")]
    assert isinstance(said, kind), said
