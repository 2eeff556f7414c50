"""Every route of the local API in one table. Server and client read it; nothing else decides a path.

A route without a scope answers anybody on this computer; there is one, and it tells a name and a proof.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from msgspec import Struct

from logferry_ipc import messages as m

PREFIX = f"/v{m.API_VERSION}"

SAFE_METHODS = frozenset({"GET"})
"""Methods that change nothing; every other one needs a JSON content type, which no web form can send."""

_PARAMETER = re.compile(r"{(\w+)}")


class Scope(StrEnum):
    """What a token may be good for; each stands alone, none contains another."""

    NONE = "none"
    STATUS_READ = "status:read"
    EVENTS_READ = "events:read"
    CONTROL = "control"
    """Upload, retry, pause, resume."""
    ADMIN = "admin"
    """Sources, destinations, consents, secrets, deletions, and the end of the daemon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing that can be asked: path parameters in order, then the body, are the call's arguments."""

    name: str
    method: str
    path: str
    scope: Scope
    response: type[Struct]
    request: type[Struct] | None = None
    calls: str | None
    """The method of Control; None where the server answers by itself."""
    stream: bool = False
    """True where the answer is server-sent events of `response`."""
    query: tuple[str, ...] = ()
    """Names of further arguments, which stand behind the path; one that is missing is empty."""
    text: str = ""
    """The media type, where the answer is not JSON but the `text` of `response`."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path parameters, in the order they stand in."""
        return tuple(_PARAMETER.findall(self.path))

    def fill(self, *values: str) -> str:
        """The path with its parameters replaced, then the query; a value can never add a segment."""
        rest = iter(values)
        path = _PARAMETER.sub(lambda _: quote(next(rest), safe=""), self.path)
        return f"{path}?{urlencode(dict(zip(self.query, rest, strict=True)))}" if self.query else path


def _route(
    ask: str,
    scope: Scope,
    response: type[Struct],
    *,
    calls: str | None,
    request: type[Struct] | None = None,
    name: str | None = None,
    stream: bool = False,
    text: str = "",
) -> Route:
    method, _, address = ask.partition(" ")
    path, _, query = address.partition("?")
    return Route(
        name=name or (calls or "").replace("_", "-"),
        method=method,
        path=PREFIX + path,
        scope=scope,
        response=response,
        request=request,
        calls=calls,
        stream=stream,
        query=tuple(filter(None, query.split("&"))),
        text=text,
    )


_READ, _LIVE, _DO, _OWN = Scope.STATUS_READ, Scope.EVENTS_READ, Scope.CONTROL, Scope.ADMIN
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_SOURCE = "/sources/{name}"
_DESTINATION = "/destinations/{name}"

ROUTES: tuple[Route, ...] = (
    _route("GET /hello", Scope.NONE, m.Hello, calls=None, name="hello"),
    _route("GET /status", _READ, m.Status, calls="status"),
    _route("GET /metrics", _READ, m.Exposition, calls="metrics", text=PROMETHEUS),
    _route("GET /ledger?since&until", _READ, m.Ledger, calls="ledger"),
    _route("GET /receipts?session", _READ, m.Receipts, calls="receipts"),
    _route("POST /verify", _DO, m.Verification, calls="verify", request=m.VerifyRequest),
    _route("GET /sessions", _READ, m.SessionList, calls="sessions"),
    _route("GET /sessions/{session}", _READ, m.SessionDetail, calls="session"),
    _route("POST /sessions/{session}/upload", _DO, m.Changed, calls="upload"),
    _route("POST /sessions/{session}/end", _DO, m.Ended, calls="end"),
    _route("GET /running", _READ, m.RunningSessions, calls="running"),
    _route("GET /running/{session}", _READ, m.RunningSession, calls="running_session"),
    _route("POST /apps/{app}/closed", _DO, m.Ended, calls="app_closed"),
    _route("POST /sessions/{session}/recut", _DO, m.Recut, calls="recut", request=m.RecutRequest),
    _route("GET /sessions/{session}/preview?to", _OWN, m.Preview, calls="preview"),
    _route("POST /sessions/{session}/delete", _OWN, m.Deleted, calls="delete", request=m.DeleteRequest),
    _route("POST /upload-all", _DO, m.Changed, calls="upload_all", request=m.UploadAll),
    _route("POST /retry", _DO, m.Changed, calls="retry", request=m.RetryRequest),
    _route("POST /pause", _DO, m.Done, calls="pause", request=m.PauseRequest),
    _route("POST /resume", _DO, m.Done, calls="resume"),
    _route("GET /events", _LIVE, m.StreamEvent, calls="events", stream=True),
    _route("GET /papers/{after}", _READ, m.PaperChanges, calls="papers"),
    _route("GET /sources", _OWN, m.Sources, calls="sources"),
    _route("POST /sources", _OWN, m.Sources, calls="add_source", request=m.NewSource),
    _route(f"DELETE {_SOURCE}", _OWN, m.Sources, calls="remove_source"),
    _route("GET /destinations", _OWN, m.Destinations, calls="destinations"),
    _route("POST /destinations", _OWN, m.Destinations, calls="add_destination", request=m.NewDestination),
    _route(f"POST {_DESTINATION}/pin", _OWN, m.Destinations, calls="pin_destination", request=m.NewPin),
    _route(f"POST {_DESTINATION}/account", _OWN, m.Destinations, calls="change_account", request=m.NewAccount),
    _route(f"POST {_DESTINATION}/trackers", _OWN, m.Destinations, calls="change_trackers", request=m.NewTrackers),
    _route(f"POST {_DESTINATION}/test", _OWN, m.DestinationTest, calls="test_destination"),
    _route("POST /discover", _OWN, m.Candidates, calls="discover", request=m.DiscoverRequest),
    _route("POST /fingerprint", _OWN, m.Fingerprint, calls="fingerprint", request=m.FingerprintRequest),
    _route(f"DELETE {_DESTINATION}", _OWN, m.Destinations, calls="remove_destination", request=m.Forgetting),
    _route(f"GET {_DESTINATION}/consent", _OWN, m.Consent, calls="consent"),
    _route(f"POST {_DESTINATION}/consent", _OWN, m.Consent, calls="grant", request=m.ConsentGrant),
    _route(f"DELETE {_DESTINATION}/consent", _OWN, m.Consent, calls="revoke"),
    _route(f"POST {_DESTINATION}/privacy", _OWN, m.Consent, calls="change_privacy", request=m.PrivacyChange),
    _route("GET /identities", _OWN, m.Identities, calls="identities"),
    _route("POST /identities", _OWN, m.Identities, calls="decide_identity", request=m.IdentityDecision),
    _route(f"POST {_DESTINATION}/login", _OWN, m.Done, calls="login", request=m.Login),
    _route(f"DELETE {_DESTINATION}/login", _OWN, m.Done, calls="logout", request=m.Forgetting),
    _route("GET /doctor", _OWN, m.Checks, calls="doctor"),
    _route("POST /stop", _OWN, m.Stopped, calls="stop"),
)

HELLO = ROUTES[0]

BY_CALL: Mapping[str, Route] = {route.calls: route for route in ROUTES if route.calls is not None}
"""The route that reaches a method of Control."""

BY_ADDRESS: Mapping[tuple[str, str], Route] = {(route.method, route.path): route for route in ROUTES}
"""The route behind a method and a path template, as a router resolved them."""
