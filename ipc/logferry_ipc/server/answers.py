"""Responses of the local API: values and errors as JSON, with the headers every answer carries."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator

import msgspec
from aiohttp import web
from msgspec import Struct

from logferry_ipc import problems
from logferry_ipc.guard import PREFLIGHT, Denied, Rules
from logferry_model.envelope import PROBLEM_MEDIA_TYPE, Problem
from logferry_model.errors import LogferryError

log = logging.getLogger("logferry_ipc")

_HEADERS = {
    "Server": "logferry",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_LIBRARY = {
    404: ("route-unknown", "There is nothing at this path."),
    405: ("method-unknown", "This path does not take that method."),
    408: ("body-slow", "The body took too long to arrive."),
    413: ("body-large", "The body is too large."),
}
"""Our words for what the HTTP library refuses by itself."""

_HALF_READ = frozenset({408, 413})
"""Answers given before the body was read: what follows on that connection cannot be told from it."""


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put on every response what keeps browsers from storing, framing or guessing it."""
    response.headers.update(_HEADERS)


def cross_origin(method: str, origin: str | None, rules: Rules) -> dict[str, str]:
    """What an allowed foreign page's browser wants to see; also on errors, or it hides them from the page."""
    if origin is None or origin not in rules.origins:
        return {"Vary": "Origin", "Cross-Origin-Resource-Policy": "same-origin"}
    headers = {
        "Vary": "Origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": origin,
    }
    if method == PREFLIGHT:
        headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        headers["Access-Control-Allow-Headers"] = "authorization, content-type, last-event-id"
    return headers


def success(value: Struct) -> web.Response:
    """A value as JSON."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def text(value: str, media_type: str) -> web.Response:
    """A text as it is, for programs that read another language than JSON."""
    return web.Response(body=value.encode(), headers={"Content-Type": media_type})


def denied(verdict: Denied) -> web.Response:
    """The guard's refusal; the connection ends with it, since its body was never read."""
    told = problems.problem(verdict.status, verdict.code, verdict.message, hint=verdict.hint)
    response = refusal(told)
    response.force_close()
    return response


def refusal(told: Problem) -> web.Response:
    """A problem, with the headers that belong to its status."""
    response = web.Response(status=told.status, body=msgspec.json.encode(told), content_type=PROBLEM_MEDIA_TYPE)
    if told.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if told.status == 429:
        response.headers["Retry-After"] = "1"
    return response


def failed(error: Exception) -> web.Response:
    """The answer to whatever a handler raised."""
    if isinstance(error, LogferryError):
        return refusal(problems.from_error(error))
    if isinstance(error, web.HTTPException):
        return _from_library(error)
    number = note_failure(error)
    message = "Something went wrong inside the daemon."
    hint = f"Its log says where, at request {number}."
    return refusal(problems.problem(500, "internal", message, hint=hint, instance=number))


def note_failure(error: Exception) -> str:
    """Log where it happened under a number; but not the error's text, which may quote what was sent."""
    number = secrets.token_hex(8)
    name = type(error).__name__
    place = " > ".join(_places(error))
    fields = {"action": "request-failed", "request": number, "error": name}
    log.error("request %s failed: %s at %s", number, name, place, extra=fields)
    return number


def _places(error: Exception) -> Iterator[str]:
    """Module, function and line of each frame; not the file, whose path names a home folder."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{line}"


def _from_library(error: web.HTTPException) -> web.Response:
    code, message = _LIBRARY.get(error.status, (f"http-{error.status}", error.reason))
    response = refusal(problems.problem(error.status, code, message))
    if allowed := error.headers.get("Allow"):
        response.headers["Allow"] = allowed
    if error.status in _HALF_READ:
        response.force_close()
    return response
