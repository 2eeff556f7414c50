"""Errors on their way over the wire: the four kinds to problem+json and back. Pure; invents no message."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from logferry_model.envelope import Problem
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable

_KINDS: dict[int, type[LogferryError]] = {
    400: Misconfigured,
    401: Misconfigured,
    403: Misconfigured,
    404: Misconfigured,
    405: Misconfigured,
    408: Unreachable,
    409: Refused,
    413: Misconfigured,
    415: Misconfigured,
    421: Misconfigured,
    422: Refused,
    429: Unreachable,
    500: Damaged,
    503: Unreachable,
}


def problem(status: int, code: str, message: str, *, hint: str = "", instance: str = "") -> Problem:
    """The body of an answer that is not a success."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=message,
        hint=hint,
        instance=instance,
        retryable=_KINDS.get(status) is Unreachable,
    )


def from_error(error: LogferryError, *, instance: str = "") -> Problem:
    """What an error looks like to the other side; nothing but its own three texts."""
    return problem(error.http_status, error.code, error.message, hint=error.hint, instance=instance)


def to_error(status: int, body: bytes) -> LogferryError:
    """The error behind an answer: its kind by the status, its texts from the body where there is one."""
    kind = _KINDS.get(status, Damaged)
    try:
        told = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return kind(f"http-{status}", f"The daemon answered {status} without saying why.")
    return kind(told.code, told.detail or told.title, hint=told.hint)
