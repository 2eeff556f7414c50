"""Several letters to a collector in one request: `POST /api/v1/ingest/batch`. The contract is docs/wire.md. Pure.

A part of it is exactly the post that the letter would have been, headers and bytes; so is what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime

import msgspec

from logferry_daemon.core.exchange import Acked, Alone, Later, Letter, Outcome, Request, Response
from logferry_daemon.dialects.company import Shared, Talk, halved, of_whole
from logferry_daemon.dialects.services import is_page
from logferry_model.batch import Part, Told, ToldAnswer, join_parts
from logferry_model.envelope import content_digest

PATH = "/api/v1/ingest/batch"
RECEIPTS = "/api/v1/receipts"
Judge = Callable[[Letter, Response], Outcome]
"""What an answer to a post of this letter means."""


def batched(letters: Sequence[Letter], judge: Judge, *, now: datetime) -> Talk:
    """All of them in one request, or in as many as it takes."""
    kind, body = join_parts([Part(dict(one.headers), one.body) for one in letters])
    headers = {"Content-Type": kind, "Content-Digest": content_digest(body)}
    answer = yield Request(method="POST", path=PATH, headers=headers, body=body)
    if halves := halved(letters, answer, lambda some: batched(some, judge, now=now)):
        return (yield from halves)
    told = _read(answer)
    if told is None and answer.status < 300 and not is_page(answer):
        return [Alone()] * len(letters)  # whoever it is knows no such route, and may know the one for a single letter
    if told is None:
        return of_whole(letters, answer, now)
    by_key = {one.idempotency_key: one for one in told.results}
    return [_of(letter, by_key.get(_key(letter)), judge) for letter in letters]


class _Receipts(msgspec.Struct):
    receipts: tuple[msgspec.Raw, ...]


class _Key(msgspec.Struct):
    idempotency_key: str


def recalled(letters: Sequence[Letter], judge: Judge) -> Generator[Request, Response, Sequence[Acked | None]]:
    """Which of them have a receipt; it is judged as the answer to a post would be."""
    body = msgspec.json.encode({"keys": [_key(letter) for letter in letters]})
    answer = yield Request(method="POST", path=RECEIPTS, headers={"Content-Type": "application/json"}, body=body)
    try:
        told = msgspec.json.decode(answer.body, type=_Receipts).receipts if answer.status == 200 else ()
        by_key = {msgspec.json.decode(one, type=_Key).idempotency_key: bytes(one) for one in told}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        by_key = {}
    return [_proof(letter, by_key.get(_key(letter)), judge) for letter in letters]


def _proof(letter: Letter, receipt: bytes | None, judge: Judge) -> Acked | None:
    if receipt is None:
        return None
    found = judge(letter, Response(status=200, headers={"content-type": "application/json"}, body=receipt))
    return found if isinstance(found, Acked) else None


def _key(letter: Letter) -> str:
    return letter.headers["Idempotency-Key"].strip('"')


def _read(answer: Response) -> ToldAnswer | None:
    if answer.status != 200 or "html" in answer.headers.get("content-type", ""):
        return None
    try:
        return msgspec.json.decode(answer.body, type=ToldAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _of(letter: Letter, told: Told | None, judge: Judge) -> Shared:
    if told is None or not 200 <= told.status < 600:
        # Whether it arrived nobody knows; a post of its own has the same key, so the answer to that tells it.
        return Alone()
    inside = bytes(told.receipt if told.status < 300 else told.problem)
    outcome = judge(letter, Response(status=told.status, headers=_headers(inside), body=inside))
    return Alone() if isinstance(outcome, Later) and outcome.refused_encoding else outcome


class _Wait(msgspec.Struct):
    retry_after: float | None = None


def _headers(problem: bytes) -> dict[str, str]:
    """What a post of its own would have been told by a header."""
    try:
        wait = msgspec.json.decode(problem, type=_Wait | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        wait = None
    told = {"content-type": "application/json"}
    return told if wait is None or wait.retry_after is None else {**told, "retry-after": str(int(wait.retry_after))}
