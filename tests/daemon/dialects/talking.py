"""A conversation of a dialect, held with recorded answers."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from logferry_daemon.core.exchange import Dialect, Outcome, Parcel, Report, Request, Response
from logferry_model.envelope import encode_session
from tests.factories import session

T = TypeVar("T")

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
DOCUMENT = encode_session(session())
PARCEL = Parcel(
    session=session().id,
    tracker="artemis",
    natural_key=session().natural_key,
    revision=3,
    started_at=session().started_at,
    ended_at=session().ended_at,
    document=DOCUMENT,
    idempotency_key="0123456789abcdef0123456789abcdef",
    install_id="5f0c",
    app_version="0.1.0",
    platform="linux",
)
JSON = {"content-type": "application/json"}
PORTAL = Response(status=200, headers={"content-type": "text/html"}, body=b"<html>Welcome to our hotel</html>")


def says(status: int, value: Any = None, **headers: str) -> Response:  # noqa: ANN401 -- any JSON value
    """An answer in JSON; no value is no body."""
    body = b"" if value is None else msgspec.json.encode(value)
    return Response(status=status, headers=JSON | headers, body=body)


def talk(conversation: Generator[Request, Response, T], *answers: Response) -> tuple[list[Request], T]:
    """What was asked, and what came of it when these were the answers."""
    asked: list[Request] = []
    told = iter(answers)
    try:
        asked.append(next(conversation))
        while True:
            asked.append(conversation.send(next(told)))
    except StopIteration as done:
        outcome: T = done.value
        return asked, outcome


def delivered(dialect: Dialect, url: str, *answers: Response, parcel: Parcel = PARCEL) -> Outcome:
    """What comes of a delivery when these are the answers."""
    return talk(dialect.deliver(dialect.write(parcel), url=url, now=NOW), *answers)[1]


def report(**changes: Any) -> Report:  # noqa: ANN401 -- any field
    """Of the parcel above."""
    fields: Mapping[str, Any] = {
        "report_id": "r1",
        "idempotency_key": "",
        "age": timedelta(hours=1),
        "session": PARCEL.session,
    }
    return Report(**(dict(fields) | changes))
