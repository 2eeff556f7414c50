"""What an answer that is no success means for the delivery and its destination, as a table. Pure.

The rows are trust.md 3.5; the problem's own text goes along, so that a person reads what the other side said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from logferry_daemon.core.backoff import parse_retry_after
from logferry_daemon.core.exchange import GoneByOwner, Later, Outcome, Parked, Response, Stop
from logferry_daemon.core.giving_up import PARKS_AFTER, PARKS_AGE
from logferry_daemon.core.http_date import read_http_date
from logferry_model.envelope import Problem

DIGEST_TRIES = 3
DELETED = "report-deleted"
"""The collector's own word that the owner deleted it there."""
ASK_AGAIN = timedelta(seconds=10)
"""After "accepted": whatever asks again is answered by what became of it."""
OFFLINE_PAUSE = timedelta(seconds=30)
PORTAL_PAUSE = timedelta(minutes=5)
"""At most: whoever answers in a collector's place knows nothing of when that is there again."""
LIMITED_PAUSE = timedelta(seconds=60)
ACCEPTED = Later(
    reason="accepted, not stored yet",
    floor=ASK_AGAIN,
    trouble=False,
    parks_after=PARKS_AFTER,
    parks_age=PARKS_AGE,
)
"""Asked again soon, and for a day at least before a person is told."""
_MAX_QUOTE = 200
_HOST = re.compile(r"[a-z0-9.-]{1,253}")
_RIGHT_ADDRESS = (
    "Has it moved? Write its new address into the settings, as `url` of [destinations.{name}], and start the daemon "
    "anew. If the address is right and works again: logferry retry --all"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A failure, read."""

    status: int
    code: str
    said: str
    wait: timedelta
    leads_to: str
    """Where a redirect points, without what stands behind the host: that may be a key."""
    filled: bool
    """Whether there is anything in it."""


Rule = Callable[[Answer], Outcome]


def unproven(reason: str) -> Later:
    """After a whole answer that proves nothing: while others are taken it is because of the item, and given up."""
    return Later(reason=reason, parks_after=PARKS_AFTER, parks_age=PARKS_AGE, parks_alone=True)


def _item_invalid(answer: Answer) -> Outcome:
    if answer.code == "digest-mismatch":
        return Later(reason=answer.said, trouble=False, parks_after=DIGEST_TRIES)
    return Parked(reason=answer.said)


def _bad_key(answer: Answer) -> Outcome:
    return Stop(reason=f"key refused: {answer.said}", hint="Make a new key over there, then: logferry login {name}")


def _no_right(answer: Answer) -> Outcome:
    return Stop(reason=f"not allowed: {answer.said}", hint="Check what the key may do, then: logferry retry --all")


def _wrong_url(answer: Answer) -> Outcome:
    return Stop(reason=f"no collector at this address: {answer.said}", hint=_RIGHT_ADDRESS)


def _moved(answer: Answer) -> Outcome:
    where = f" to {answer.leads_to}" if answer.leads_to else ""
    return Stop(
        reason=f"the address answers with a redirect{where} ({answer.status}), which is never followed",
        hint=_RIGHT_ADDRESS,
    )


def _configuration(answer: Answer) -> Outcome:
    return Stop(
        reason=f"cannot work as set up: {answer.said}", hint="Check the destination, then: logferry retry --all"
    )


def _transient(answer: Answer) -> Outcome:
    return Later(reason=answer.said, floor=answer.wait)


def _server_error(answer: Answer) -> Outcome:
    return Later(reason=answer.said, floor=answer.wait, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)


def _in_flight(answer: Answer) -> Outcome:
    floor = answer.wait or timedelta(seconds=1)
    # Nothing is under way for a day: somebody says this for another reason, and a person has to look.
    return Later(reason=answer.said, floor=floor, trouble=False, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)


def _limited(answer: Answer) -> Outcome:
    return Stop(reason=f"limit reached: {answer.said}", wait=answer.wait or LIMITED_PAUSE)


def _too_big(answer: Answer) -> Outcome:
    return Parked(reason=f"too big for this destination: {answer.said}", too_big=True)


def _gone(answer: Answer) -> Outcome:
    """A retired address and a host that nobody pays for any more say 410 as well, and to every session."""
    if answer.code == DELETED:
        return GoneByOwner(reason=answer.said)
    return _wrong_url(answer)


def _portal(answer: Answer) -> Stop:
    who = "a web page answered" if answer.filled else "an empty answer came"
    return Stop(
        reason=f"{who} instead of the collector ({answer.status}): no real connection yet",
        wait=min(max(answer.wait, OFFLINE_PAUSE), PORTAL_PAUSE),
        offline=True,
    )


RULES: Mapping[int, Rule] = {
    400: _item_invalid,
    401: _bad_key,
    403: _no_right,
    404: _wrong_url,
    405: _wrong_url,
    408: _transient,
    409: _in_flight,
    410: _gone,
    413: _too_big,
    415: _item_invalid,
    422: _item_invalid,
    423: _in_flight,
    425: _transient,
    429: _limited,
    431: _configuration,
    500: _server_error,
    501: _configuration,
    502: _transient,
    503: _transient,
    504: _transient,
    505: _configuration,
    507: _transient,
    511: _portal,
}


def outcome_of_failure(response: Response, now: datetime, *, said: str = "", like: int | None = None) -> Outcome:
    """What any answer other than a proper success means. A 2xx here is a web page posing as one.

    `said` is its text where it is no problem; `like` is the status of the row that the text asks for.
    """
    answer = _read(response, now, said)
    status = like or response.status
    if status < 300:
        return _portal(answer)
    if status < 400:
        return _moved(answer)
    rule = RULES.get(status)
    if rule is None:
        # An unknown 4xx is about the item until shown otherwise; an unknown 5xx about the server.
        rule = _item_invalid if status < 500 else _transient
    return rule(answer)


def portal(response: Response, now: datetime) -> Stop:
    """Some network in between answered, whatever its status: offline, and no failure of a delivery."""
    return _portal(_read(response, now, ""))


def _read(response: Response, now: datetime, said: str) -> Answer:
    problem = _problem(response.body)
    said = f"{problem.title}: {problem.detail}" if problem and problem.detail else problem.title if problem else said
    # It ends up in a terminal: no escape sequence and no character that turns the writing round may come along.
    plain = "".join(one if one.isprintable() else " " for one in said)
    quoted = " ".join(plain.split())[:_MAX_QUOTE].rstrip(".")
    # A date is meant by the clock of whoever wrote it: by ours, if that is days behind, it would be a day's wait.
    their_now = read_http_date(response.headers.get("date")) or now
    wait = parse_retry_after(response.headers.get("retry-after"), their_now)
    text = f"{quoted} ({response.status})" if quoted else _named(response.status)
    code, leads_to = problem.code if problem else "", _place(response.headers.get("location", ""))
    return Answer(response.status, code, text, wait, leads_to, bool(response.body))


def _named(status: int) -> str:
    """A number that says what it is of, where the other side says nothing at all."""
    try:
        return f"status {status}, {HTTPStatus(status).phrase.lower()}"
    except ValueError:
        return f"status {status}"


def _place(location: str) -> str:
    """The host behind it, or nothing where none can be told."""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    plain = _HOST.fullmatch(host) and parts.scheme in {"http", "https"}
    return f"{parts.scheme}://{host}{port}" if plain else ""


def _problem(body: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
