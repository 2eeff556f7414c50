"""Sessions of the seeds' trackers, and conversations about them in the seeds' dialects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.exchange import Dialect, Letter, Outcome, Parcel, Request, Response
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_model.envelope import encode_session
from logferry_model.session import Session, SessionId
from tests.daemon.golden import stored
from tests.seed_servers import SECRETS

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
URL = "https://seed.example:8443/base"
KEY = "0123456789abcdef0123456789abcdef"
TRACKERS: Mapping[str, tuple[str, str]] = {
    "artemis": ("artemis", "artemis/sent.json"),
    "resonance": ("resonance", "resonance/later.json"),
    "putt": ("putt", "putt/sent.json"),
    "swgdb": ("swg-bot", "swg-bot/sent.json"),
}
"""Dialect -> its tracker, and what that makes of a stored file."""
NAMES = tuple(TRACKERS)


def dialect_of(name: str) -> Dialect:
    return all_dialects()[name]


def session_for(name: str) -> Session:
    """The stored session that goes out in this dialect."""
    document = json.loads(stored(TRACKERS[name][1]))
    document = document[0] if isinstance(document, list) else document
    return msgspec.convert(document, type=Session)


def parcel(session: Session, *, revision: int = 1) -> Parcel:
    return Parcel(
        session=session.id,
        tracker=session.tracker,
        natural_key=session.natural_key,
        revision=revision,
        started_at=session.started_at,
        ended_at=session.ended_at,
        document=encode_session(session),
        idempotency_key=KEY,
        install_id="5f0c",
        app_version="0.1.0",
        platform="linux",
    )


def letter_for(name: str, /, *, revision: int = 1, **changes: Any) -> Letter:  # noqa: ANN401 -- any field
    session = msgspec.structs.replace(session_for(name), **changes)
    return dialect_of(name).write(parcel(session, revision=revision))


def several(name: str, count: int = 3) -> list[Letter]:
    """Of sessions that are played one after the other."""
    return [
        letter_for(name, id=SessionId(f"{number:016x}"), natural_key=f"session-177239520033{number}@{number}")
        for number in range(count)
    ]


def body_of(letter: Letter) -> Any:  # noqa: ANN401 -- any JSON value
    packed = letter.headers.get("Content-Encoding") == "gzip"
    return json.loads(gzip.decompress(letter.body) if packed else letter.body)


def talk(name: str, *answers: Response, revision: int = 1, letter: Letter | None = None) -> Outcome:
    """What comes of the conversation when these are the answers, every one of which is wanted."""
    outcome, _ = talked(name, answers, letter=letter or letter_for(name, revision=revision))
    return outcome


def talked(name: str, answers: Sequence[Response], *, letter: Letter) -> tuple[Outcome, list[Request]]:
    """The same, and what was asked."""
    talk = dialect_of(name).deliver(letter, url=URL, now=NOW)
    asked = [next(talk)]
    asked.extend(talk.send(answer) for answer in answers[:-1])
    with pytest.raises(StopIteration) as done:
        talk.send(answers[-1])
    outcome: Outcome = done.value.value
    return outcome, asked


def says(status: int, fields: Any = None, *, kind: str = "application/json", **headers: str) -> Response:  # noqa: ANN401 -- any JSON value
    """An answer: an object, or the text itself."""
    body = fields.encode() if isinstance(fields, str) else b"" if fields is None else json.dumps(fields).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-type": kind, **named}, body=body)


def shown(name: str, request: Request) -> dict[str, Any]:
    """A request as it is recorded: all of it, the proof of whose it is as well."""
    headers = {**request.headers, **dialect_of(name).credentials(SECRETS[name], request, NOW)}
    packed = request.headers.get("Content-Encoding") == "gzip"
    text = (gzip.decompress(request.body) if packed else request.body).decode()
    body = json.loads(text) if text.startswith("{") else text.splitlines()
    return {"method": request.method, "path": request.path, "headers": headers, "body": body}
