"""What servers, and networks in their place, say in trouble: whole HTTP answers as bytes, and plans that say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from tests.faults.tcp import HEALTHY, Fault, Plan

PORTAL = "<!doctype html><title>Welcome</title><form action='/agree'><button>I agree to the terms</button></form>"
"""As a hotel's network shows it, with status 200."""


def answer(status: int, body: str = "", *, kind: str = "text/plain", **headers: str) -> bytes:
    """An answer after which the connection is over; `retry_after="7"` is a header."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    fields: Mapping[str, str] = {
        "Content-Type": kind,
        "Content-Length": str(len(body.encode())),
        "Connection": "close",
        **named,
    }
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unheard Of"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def problem(status: int, title: str, **headers: str) -> bytes:
    """An answer as our own collector words it."""
    body = f'{{"title": "{title}", "status": {status}, "code": "made-up"}}'
    return answer(status, body, kind="application/problem+json", **headers)


def portal() -> bytes:
    """A captive portal: a friendly page, and status 200."""
    return answer(HTTPStatus.OK, PORTAL, kind="text/html; charset=utf-8")


def redirect(to: str, status: int = HTTPStatus.FOUND) -> bytes:
    """Somewhere else, please."""
    return answer(status, location=to)


def in_seconds(wait: timedelta) -> str:
    """Retry-After as a number."""
    return str(int(wait.total_seconds()))


def as_date(wait: timedelta, now: datetime | None = None) -> str:
    """Retry-After as a date; a negative wait is one that is past."""
    return format_datetime((now or datetime.now(UTC)) + wait, usegmt=True)


ABSURD = "99999999999999999999"
"""Retry-After of three trillion years."""


def burst(answers: Sequence[bytes]) -> Plan:
    """Each of these once, connection after connection; then the network is well."""
    return lambda number, _: Fault(answer=answers[number - 1]) if number <= len(answers) else HEALTHY


def always(said: bytes) -> Plan:
    """The same to everybody."""
    fault = Fault(answer=said)
    return lambda _, __: fault
