"""What the answer to the question whether a destination is there means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logferry_daemon.core.exchange import Probing, Request, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects

URL = "https://collector.example/base"
NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HTML = {"content-type": "text/html; charset=utf-8"}
JSON = {"content-type": "application/json"}


def asked(dialect: str, response: Response) -> tuple[Request, Stop | None]:
    speaker = all_dialects()[dialect]
    assert isinstance(speaker, Probing)
    talk = speaker.probe(url=URL, now=NOW)
    request = next(talk)
    with pytest.raises(StopIteration) as done:
        talk.send(response)
    return request, done.value.value


@pytest.mark.parametrize(("dialect", "method"), [("logferry", "GET"), ("artemis", "HEAD"), ("resonance", "GET")])
def test_the_question_has_no_body_and_goes_to_the_route_of_the_contract(dialect: str, method: str) -> None:
    request, found = asked(dialect, Response(status=200, headers=JSON, body=b""))
    assert (request.method, request.path, request.body, request.headers) == (method, "/health", b"", {})
    assert found is None


def test_contracts_without_such_a_route_are_not_asked() -> None:
    probing = {name for name, dialect in all_dialects().items() if isinstance(dialect, Probing)}
    assert probing == {"logferry", "artemis", "resonance"}


@pytest.mark.parametrize(
    "response",
    [
        Response(status=200, headers=HTML, body=b"<html>Welcome to the hotel"),
        Response(status=200, headers=HTML, body=b""),
        Response(status=200, headers={}, body=b"<!DOCTYPE html><html>"),
        Response(status=511, headers=JSON, body=b"{}"),
        Response(status=302, headers={"location": "https://login.hotel.example/?from=x"}, body=b""),
        Response(status=307, headers={"location": "//login.hotel.example/"}, body=b""),
    ],
    ids=["page", "page to HEAD", "page of no type", "511", "sent away", "sent away without a scheme"],
)
def test_a_network_in_between_is_offline_and_tried_again_by_itself(response: Response) -> None:
    _, found = asked("logferry", response)
    assert found is not None
    assert found.offline
    assert found.wait is not None
    assert "no real connection" in found.reason


@pytest.mark.parametrize(
    "response",
    [
        Response(status=503, headers=JSON, body=b'{"status": "down"}'),
        Response(status=502, headers=HTML, body=b"<html>Bad Gateway"),
        Response(status=404, headers=HTML, body=b"<html>"),
        Response(status=401, headers=JSON, body=b"{}"),
        Response(status=301, headers={"location": "/healthz"}, body=b""),
        Response(status=301, headers={"location": "http://[broken"}, body=b""),
        Response(status=200, headers={"content-type": "text/plain"}, body=b"ok"),
    ],
    ids=["down", "gateway", "no such page", "wants a key", "moved at home", "moved nowhere", "says ok"],
)
def test_whoever_answers_is_there(response: Response) -> None:
    assert asked("logferry", response)[1] is None
