"""What the dialects have in common that send several letters in one request. Pure.

Each letter has an outcome of its own. Where the request as a whole is refused, nobody knows because of which letter:
where it was too large, each half is tried, and where it was anything else about what is inside, each letter goes alone.
So one that is never taken is found, and holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime

from logferry_daemon.core.company import for_all
from logferry_daemon.core.exchange import Alone, Letter, Outcome, Request, Response
from logferry_daemon.dialects.status import outcome_of_failure

Shared = Outcome | Alone
Talk = Generator[Request, Response, Sequence[Shared]]
TOO_LARGE = 413
OF_WHAT_IS_INSIDE = frozenset({400, 404, 405, 409, 410, 415, 422, 500, 501})
"""Statuses of a whole request that may be about one letter, or say that there is no such route."""


def halved(letters: Sequence[Letter], answer: Response, send: Callable[[Sequence[Letter]], Talk]) -> Talk | None:
    """The conversation with each half, where the whole was too large."""
    if answer.status != TOO_LARGE or len(letters) < 2:
        return None
    half = len(letters) // 2
    return _both(send(letters[:half]), send(letters[half:]))


def _both(first: Talk, second: Talk) -> Talk:
    told = yield from first
    return [*told, *(yield from second)]


def of_whole(letters: Sequence[Letter], answer: Response, now: datetime) -> Sequence[Shared]:
    """What a refusal of the whole means for each."""
    if answer.status in OF_WHAT_IS_INSIDE or answer.status == TOO_LARGE:
        return [Alone()] * len(letters)
    return for_all(outcome_of_failure(answer, now), len(letters))
