"""The desk where requests arrive: judge, decode, one call of Control, encode. The rules are in guard.py.

It logs the route's template, the status and the client, and never a path, a query, a header or a body.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
from aiohttp import web
from msgspec import Struct

from logferry_ipc import guard
from logferry_ipc.control import Control
from logferry_ipc.messages import Exposition, Hello
from logferry_ipc.proof import is_nonce, prove
from logferry_ipc.routes import BY_ADDRESS, SAFE_METHODS, Route
from logferry_ipc.server import answers
from logferry_ipc.server.streams import Streams
from logferry_model.errors import Misconfigured

BODY_LIMIT = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a request may meet on its way through."""

    control: Control
    hello: Hello
    proof_key: str = field(repr=False)
    rules: guard.Rules
    body_deadline: timedelta
    streams: Streams

    @web.middleware
    async def receive(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The one middleware: it runs for every request, also where no route fits."""
        route = _route_of(request)
        verdict = guard.judge(_ask(request), route, self.rules)
        if isinstance(verdict, guard.Denied):
            response: web.StreamResponse = answers.denied(verdict)
        elif verdict.preflight:
            response = web.Response(status=204)
        else:
            response = await _guarded(handler, request)
        if not response.prepared:
            origin = request.headers.get("Origin")
            response.headers.update(answers.cross_origin(request.method, origin, self.rules))
        _note(route, response.status, "" if isinstance(verdict, guard.Denied) else verdict.client)
        return response

    def handler(self, route: Route) -> Handler:
        """What answers `route`."""
        if route.calls is None:
            return self._say_hello
        return self._follow if route.stream else self._caller(route, getattr(self.control, route.calls))

    def _caller(self, route: Route, call: Callable[..., Awaitable[Struct]]) -> Handler:

        async def handle(request: web.Request) -> web.StreamResponse:
            body = await self._body(request, route)
            values = (request.match_info[name] for name in route.parameters)
            further = (request.query.get(name, "") for name in route.query)
            value = await call(*values, *further, *body)
            return answers.text(value.text, route.text) if isinstance(value, Exposition) else answers.success(value)

        return handle

    async def _say_hello(self, request: web.Request) -> web.StreamResponse:
        nonce = request.query.get("nonce")
        if nonce is None:
            return answers.success(self.hello)
        if not is_nonce(nonce):
            raise Misconfigured("nonce-unusable", "A nonce is 16 to 128 letters, digits, `-` or `_`.")
        return answers.success(msgspec.structs.replace(self.hello, proof=prove(nonce, self.proof_key)))

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        cursor = request.headers.get("Last-Event-ID") or request.query.get("after") or None
        headers = answers.cross_origin(request.method, request.headers.get("Origin"), self.rules)
        return await self.streams.serve(request, self.control.events(cursor), headers)

    async def _body(self, request: web.Request, route: Route) -> tuple[Struct, ...]:
        """The decoded body as the call's last argument, or nothing for a call without one."""
        try:
            async with asyncio.timeout(self.body_deadline.total_seconds()):
                data = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        if route.request is None:
            return _no_body(data)
        try:
            return (msgspec.json.decode(data or b"{}", type=route.request),)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Misconfigured("body-invalid", f"The body does not fit: {error}.") from error


def _no_body(data: bytes) -> tuple[()]:
    if data not in {b"", b"{}"}:
        raise Misconfigured("body-unwanted", "This takes no arguments in its body.", hint="Send `{}`.")
    return ()


async def _guarded(handler: Handler, request: web.Request) -> web.StreamResponse:
    try:
        return await handler(request)
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            raise  # the caller has gone; there is nobody to tell
        return answers.failed(error)


def _route_of(request: web.Request) -> Route | None:
    """The row of the table that the router found; the text of the path decides nothing."""
    resource = request.match_info.route.resource
    return BY_ADDRESS.get((request.method, resource.canonical)) if resource is not None else None


def _ask(request: web.Request) -> guard.Ask:
    headers = request.headers
    return guard.Ask(
        method=request.method,
        target=request.raw_path,
        hosts=headers.getall("Host", ()),
        origins=headers.getall("Origin", ()),
        fetch_sites=headers.getall("Sec-Fetch-Site", ()),
        content_types=headers.getall("Content-Type", ()),
        authorizations=headers.getall("Authorization", ()),
    )


def _note(route: Route | None, status: int, client: str) -> None:
    name, method, path = (route.name, route.method, route.path) if route else ("-", "-", "-")
    level = logging.DEBUG if method in SAFE_METHODS else logging.INFO
    fields = {"action": "request", "route": name, "status": status, "client": client}
    answers.log.log(level, "%s %s %d", method, path, status, extra=fields)
