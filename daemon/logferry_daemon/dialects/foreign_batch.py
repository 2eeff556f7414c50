"""Several sessions to other people's servers in one request, where their contracts have a route for it. Pure.

These contracts say little of the answer. A session is stored where its own result says what the answer to a single
post would have to say, or where there are no results and the whole is a success of all that were sent, without a
failure. Whatever is less than that is sent alone: these servers know a session by its id, so twice is once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from logferry_daemon.core.company import for_all
from logferry_daemon.core.exchange import Alone, Later, Letter, Outcome, Request, Response, Stop
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.company import OF_WHAT_IS_INSIDE, TOO_LARGE, Shared, Talk, halved
from logferry_daemon.dialects.status import ACCEPTED
from logferry_model.envelope import MEDIA_TYPE

MOST = 20
"""Sessions in one request; no contract names a number."""
_NAMES = ("session_id", "sessionId", "id")
Judge = Callable[[Letter, Response], Outcome]
"""What an answer to a post of this letter means."""
Refused = Callable[[Response, datetime], Outcome]
"""What a refusal of all of them means."""
Body = Callable[[Sequence[Letter]], tuple[bytes, Mapping[str, str]]]
"""Of several letters, and the headers that go with it."""


def batched(
    letters: Sequence[Letter],
    path: str,
    body_of: Body,
    judge: Judge,
    *,
    now: datetime,
    refused: Refused = foreign.refused,
) -> Talk:
    """All of them in one request, or in as many as it takes; but not two versions of one session."""
    names = Counter(one.headers[foreign.NAME] for one in letters)
    unlike = [one for one in letters if names[one.headers[foreign.NAME]] == 1]
    told = iter(
        (yield from _batched(unlike, path, body_of, judge, lambda answer: refused(answer, now))) if unlike else ()
    )
    return [next(told) if names[one.headers[foreign.NAME]] == 1 else Alone() for one in letters]


def _batched(
    letters: Sequence[Letter], path: str, body_of: Body, judge: Judge, refused: Callable[[Response], Outcome]
) -> Talk:
    body, headers = body_of(letters)
    told = {"Content-Type": MEDIA_TYPE, **headers}
    answer = yield Request(method="POST", path=path, headers=told, body=body)
    if halves := halved(letters, answer, lambda some: _batched(some, path, body_of, judge, refused)):
        return (yield from halves)
    said = foreign.object_in(answer.body)
    if answer.status in {200, 201, 202, 207} and said is not None:
        return _of_each(letters, answer.status, said, judge)
    if answer.status in OF_WHAT_IS_INSIDE or answer.status == TOO_LARGE:
        return [Alone()] * len(letters)
    whole = refused(answer)
    return for_all(whole, len(letters)) if isinstance(whole, Later | Stop) else [Alone()] * len(letters)


def _of_each(letters: Sequence[Letter], status: int, said: foreign.Said, judge: Judge) -> Sequence[Shared]:
    results = said.get("results")
    whole = {"success": True} if results is None and _is_success(said, len(letters)) else None
    told = _by_name(results if isinstance(results, list) else [])
    found = [whole or told.get(letter.headers[foreign.NAME]) for letter in letters]
    judged = zip(letters, found, strict=True)
    return [Alone() if own is None else _judged(letter, status, own, judge) for letter, own in judged]


def _by_name(results: Sequence[Any]) -> Mapping[str, foreign.Said]:
    """What each session is called over there -> its result; nothing of one that has several."""
    named = [(foreign.text_in(one, *_NAMES), one) for one in results if isinstance(one, dict)]
    times = Counter(name for name, _ in named)
    return {name: one for name, one in named if times[name] == 1}


def _judged(letter: Letter, status: int, own: foreign.Said, judge: Judge) -> Shared:
    """What was only accepted together was not stored, either."""
    headers, alike = {"content-type": MEDIA_TYPE}, 202 if status == 202 else 200
    outcome = judge(letter, Response(status=alike, headers=headers, body=msgspec.json.encode(own)))
    return Alone() if isinstance(outcome, Later | Stop) and outcome != ACCEPTED else outcome


def _is_success(said: foreign.Said, sent: int) -> bool:
    counted = said.get("uploaded", sent)
    return said.get("success") is True and counted == sent and not said.get("failed") and not said.get("errors")
