"""The frame round every answer: request id, headers, errors as problem documents, one log line. Serves no route."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from logferry_collector import API_VERSION
from logferry_collector.rejections import problem
from logferry_model.envelope import MEDIA_TYPE, PROBLEM_MEDIA_TYPE, Problem
from logferry_model.errors import LogferryError, Misconfigured, Refused

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script at all: pages are made here, and names in them were written by strangers."""

EVERYWHERE = {
    "X-API-Version": API_VERSION,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Neither the framework's name nor its version is anybody's business.
    "Server": "logferry-collector",
}
ON_PAGES = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}

VALIDATE = "/auth/validate"

REQUEST_ID = web.RequestKey("request_id", str)

ProblemPage = Callable[[Problem], str]


def json_answer(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A value as a JSON answer."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, headers=headers, content_type=MEDIA_TYPE, charset="utf-8"
    )


def page_answer(html: str, *, status: int = 200) -> web.Response:
    """A page as an answer; it may change with the next revision, so nobody keeps it."""
    return web.Response(text=html, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs for every answer, whoever made it."""
    response.headers.update(EVERYWHERE)
    response.headers["X-Request-Id"] = request.get(REQUEST_ID, "")
    if response.content_type == "text/html":
        response.headers.update(ON_PAGES)


class Frame:
    """Wraps every request."""

    def __init__(self, *, now: Callable[[], datetime], new_id: Callable[[], str], page: ProblemPage) -> None:
        self._now = now
        self._new_id = new_id
        self._page = page

    def middleware(self) -> Middleware:
        """What aiohttp is handed."""

        @web.middleware
        async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._serve(request, handler)

        return frame

    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = self._new_id()
        started = self._now()
        response = await self._answer(request, handler)
        _log(request, response.status, (self._now() - started).total_seconds())
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except LogferryError as error:
            return self._problem(request, error)
        except web.HTTPException as error:
            return self._problem(request, _from_framework(error), allow=error.headers.get("Allow"))
        except Exception:
            log.exception("request failed", extra={"request_id": request[REQUEST_ID]})
            return self._problem(request, Refused("internal", "The request id finds it in the collector's log."))

    def _problem(self, request: web.Request, error: LogferryError, *, allow: str | None = None) -> web.Response:
        told = problem(error, request_id=request[REQUEST_ID], now=self._now())
        response = self._told(request, told)
        if told.retry_after is not None:
            response.headers["Retry-After"] = str(int(told.retry_after))
        if told.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if allow:
            response.headers["Allow"] = allow
        return response

    def _told(self, request: web.Request, told: Problem) -> web.Response:
        if wants_page(request):
            return page_answer(self._page(told), status=told.status)
        response = json_answer(_about_key(told) if request.path == VALIDATE else told, status=told.status)
        response.content_type = PROBLEM_MEDIA_TYPE
        return response


class KeyProblem(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """A problem, which the bridge of seed 004 reads as a word on the key."""

    valid: bool
    """Always false."""


def _about_key(told: Problem) -> Problem:
    """With it said where a credential is the trouble; whatever else it is says nothing about the key."""
    if not told.code.startswith(("credential-", "anonymous-")):
        return told
    return KeyProblem(valid=False, **msgspec.structs.asdict(told))


def wants_page(request: web.Request) -> bool:
    """Whether a person in a browser is looking at a report."""
    in_reports = request.path.startswith("/r/") and not request.path.endswith(".json")
    return in_reports and "text/html" in request.headers.get("Accept", "")


def _from_framework(error: web.HTTPException) -> LogferryError:
    match error.status:
        case 404:
            return Refused("not-found", "There is nothing at this address.")
        case 405:
            return Refused("method-not-allowed", "This address does not take that method.")
        case 413:
            return Refused("body-too-large", "The body is too large.")
    return Misconfigured("request-invalid", "The request could not be read.")


def _log(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    log.info(
        "request served",
        extra={
            "request_id": request[REQUEST_ID],
            "method": request.method,
            # The route, not the path: paths carry idempotency keys and report ids.
            "route": resource.canonical if resource else "",
            "status": status,
            "seconds": round(seconds, 4),
        },
    )
