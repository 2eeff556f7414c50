"""Signs by the other side's clock once that has refused ours: one request more, and the signature is good. Pure.

The time is that of the answer's `Date`, and counts only where nobody in between can have written it: over https, or on
this computer. It is used for signatures in this one conversation and sets no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.http_date import read_http_date
from logferry_daemon.core.places import is_loopback
from logferry_model.errors import Unreachable

TIME = "X-Timestamp"
"""Of a request: the second that is signed, where it is not the one of this computer's clock."""
LEAST = timedelta(seconds=30)
"""Apart, before the clocks are what is wrong: no server's window is narrower."""
T = TypeVar("T")


def on_its_clock(
    talk: Generator[Request, Response, T], refuses: Callable[[Response], bool], *, url: str, now: datetime
) -> Generator[Request, Response, T]:
    """The same conversation; a request that was refused for its time is made again with the other side's."""
    its = ""
    try:
        request = next(talk)
        while True:
            try:
                response = yield _timed(request, its)
            except Unreachable as error:
                request = talk.throw(error)
                continue
            if not its and refuses(response) and (its := _second(response, url, now)):
                response = yield _timed(request, its)
            # A conversation may be long: each answer tells the time anew.
            its = its and (_second(response, url, now) or its)
            request = talk.send(response)
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    finally:
        talk.close()


def _timed(request: Request, second: str) -> Request:
    return replace(request, headers={**request.headers, TIME: second}) if second else request


def _second(response: Response, url: str, now: datetime) -> str:
    """What its clock says; nothing where it cannot be believed, or is not what is wrong."""
    place = urlsplit(url)
    if place.scheme != "https" and not is_loopback(place.hostname or ""):
        return ""
    told = read_http_date(response.headers.get("date"))
    return "" if told is None or abs(told - now) < LEAST else str(int(told.timestamp()))
