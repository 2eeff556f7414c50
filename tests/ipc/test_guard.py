"""Every check of the guard as a table, and the order they come in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logferry_ipc.guard import OWNER_SCOPES, Allowed, Ask, Denied, Grant, Rules, judge
from logferry_ipc.routes import BY_CALL, HELLO, ROUTES, Route, Scope

TOKEN = "t" * 43
OVERLAY = "o" * 43
RULES = Rules(
    port=47613,
    grants=(
        Grant.of("owner", TOKEN, OWNER_SCOPES),
        Grant.of("overlay", OVERLAY, frozenset({Scope.STATUS_READ, Scope.EVENTS_READ})),
    ),
    origins=frozenset({"https://overlay.example"}),
)
STATUS = BY_CALL["status"]
PAUSE = BY_CALL["pause"]
GOOD = Ask(method="GET", target="/v1/status", hosts=("127.0.0.1:47613",), authorizations=(f"Bearer {TOKEN}",))
POST = replace(GOOD, method="POST", target="/v1/pause", content_types=("application/json",))


def status(ask: Ask, route: Route | None = STATUS) -> int:
    verdict = judge(ask, route, RULES)
    return verdict.status if isinstance(verdict, Denied) else 200


@pytest.mark.parametrize("host", ["127.0.0.1:47613", "localhost:47613"])
def test_our_own_two_names_are_let_in(host: str) -> None:
    assert judge(replace(GOOD, hosts=(host,)), STATUS, RULES) == Allowed(client="owner")


FOREIGN_HOSTS = {
    "missing": (),
    "empty": ("",),
    "twice": ("127.0.0.1:47613", "127.0.0.1:47613"),
    "no port": ("127.0.0.1",),
    "other port": ("127.0.0.1:80",),
    "rebound name": ("evil.example:47613",),
    "rebound name, default port": ("evil.example",),
    "all addresses": ("0.0.0.0:47613",),
    "other loopback": ("127.0.0.2:47613",),
    "short form": ("127.1:47613",),
    "decimal form": ("2130706433:47613",),
    "userinfo": ("evil@127.0.0.1:47613",),
    "trailing dot": ("localhost.:47613",),
    "subdomain": ("app.localhost:47613",),
    "suffix": ("localhost.evil.example:47613",),
    "upper case": ("LOCALHOST:47613",),
    "IPv6": ("[::1]:47613",),
    "mapped": ("[::ffff:127.0.0.1]:47613",),
    "padded": (" 127.0.0.1:47613",),
    "leading zero in port": ("127.0.0.1:047613",),
    "list": ("127.0.0.1:47613, evil.example",),
}


@pytest.mark.parametrize("hosts", FOREIGN_HOSTS.values(), ids=FOREIGN_HOSTS.keys())
@pytest.mark.parametrize("route", [STATUS, HELLO, None], ids=["route", "hello", "no route"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_host_is_refused_before_anything_else(
    hosts: tuple[str, ...], route: Route | None, method: str
) -> None:
    ask = Ask(method=method, target="//?token=x", hosts=hosts, origins=("https://evil.example",))
    assert status(ask, route) == 421


@pytest.mark.parametrize(
    "target", ["http://evil.example/v1/status", "http://127.0.0.1:47613/v1/status", "*", "evil:80", ""]
)
def test_a_target_that_names_its_own_host_is_refused(target: str) -> None:
    assert status(replace(GOOD, target=target)) == 421


@pytest.mark.parametrize(
    "target",
    [
        "//v1/status",
        "/v1//status",
        "/v1/status/",
        "/v1/./status",
        "/v1/../v1/status",
        "/v1/%2e%2e/status",
        "/v1/%2E/status",
        "/v1\\status",
        "/v1/status#x",
        "/",
    ],
)
def test_a_path_that_can_be_read_in_two_ways_is_refused(target: str) -> None:
    assert status(replace(GOOD, target=target)) == 400


@pytest.mark.parametrize("origin", ["http://127.0.0.1:47613", "http://localhost:47613", "https://overlay.example"])
def test_our_own_and_the_listed_origins_are_let_in(origin: str) -> None:
    assert status(replace(GOOD, origins=(origin,), fetch_sites=("cross-site",))) == 200


LOOKALIKES = {
    "null": "null",
    "empty": "",
    "prefix": "https://overlay.example.evil.example",
    "suffix": "https://evil-overlay.example",
    "subdomain": "https://a.overlay.example",
    "parent": "https://example",
    "scheme": "http://overlay.example",
    "port": "https://overlay.example:8443",
    "default port spelt out": "https://overlay.example:443",
    "case": "https://Overlay.example",
    "userinfo": "https://overlay.example@evil.example",
    "userinfo, own": "http://127.0.0.1:47613@evil.example",
    "path": "https://overlay.example/",
    "trailing dot": "https://overlay.example.",
    "own host, other port": "http://127.0.0.1:3000",
    "own host, no port": "http://localhost",
    "own host, https": "https://127.0.0.1:47613",
    "extension": "chrome-extension://abcdef",
    "file": "file://",
    "list": "https://overlay.example https://evil.example",
    "rebound": "http://evil.example:47613",
}


@pytest.mark.parametrize("origin", LOOKALIKES.values(), ids=LOOKALIKES.keys())
@pytest.mark.parametrize("ask", [GOOD, POST, replace(GOOD, method="OPTIONS")], ids=["GET", "POST", "OPTIONS"])
def test_an_origin_that_only_looks_right_is_refused(ask: Ask, origin: str) -> None:
    assert status(replace(ask, origins=(origin,))) == 403


def test_two_origins_are_none() -> None:
    assert status(replace(GOOD, origins=("https://overlay.example", "https://overlay.example"))) == 403


@pytest.mark.parametrize(
    ("site", "expected"), [("cross-site", 403), ("same-site", 403), ("", 403), ("same-origin", 200), ("none", 200)]
)
def test_without_an_origin_the_fetch_metadata_decides(site: str, expected: int) -> None:
    assert status(replace(GOOD, fetch_sites=(site,))) == expected


def test_a_preflight_is_answered_without_a_token_and_only_to_known_origins() -> None:
    ask = replace(GOOD, method="OPTIONS", authorizations=(), origins=("https://overlay.example",))
    assert judge(ask, None, RULES) == Allowed(preflight=True)
    assert status(replace(ask, origins=()), None) == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if route is not HELLO], ids=lambda route: route.name)
def test_without_a_token_every_route_but_hello_is_closed(route: Route) -> None:
    assert status(replace(POST, method=route.method, authorizations=()), route) == 401


def test_without_a_token_nobody_learns_which_routes_exist() -> None:
    assert status(replace(GOOD, authorizations=()), None) == 401
    assert status(GOOD, None) == 200, "the router says 404"


def test_hello_needs_no_token() -> None:
    assert judge(replace(GOOD, target="/v1/hello", authorizations=()), HELLO, RULES) == Allowed()


@pytest.mark.parametrize(
    "authorizations",
    [
        ("",),
        (TOKEN,),
        ("Bearer",),
        ("Bearer ",),
        (f"Basic {TOKEN}",),
        (f"Bearer {TOKEN}x",),
        (f"Bearer {TOKEN[:-1]}",),
        (f"Bearer {TOKEN.upper()}",),
        (f"Bearer {TOKEN} {TOKEN}",),
        (f"Bearer {TOKEN}", f"Bearer {TOKEN}"),
        ("Bearer \udcff",),
    ],
)
def test_only_one_whole_bearer_token_counts(authorizations: tuple[str, ...]) -> None:
    assert status(replace(GOOD, authorizations=authorizations)) == 401


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_overlay_token_reads_and_does_nothing_else(route: Route) -> None:
    ask = replace(POST, method=route.method, authorizations=(f"Bearer {OVERLAY}",))
    readable = route.scope in {Scope.NONE, Scope.STATUS_READ, Scope.EVENTS_READ}
    assert status(ask, route) == (200 if readable else 403)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("application/json",), 200),
        (("Application/JSON; charset=utf-8",), 200),
        ((), 415),
        (("",), 415),
        (("text/plain",), 415),
        (("text/plain; application/json",), 415),
        (("multipart/form-data; boundary=x",), 415),
        (("application/x-www-form-urlencoded",), 415),
        (("application/jsonp",), 415),
        (("application/json, text/plain",), 415),
        (("application/json", "text/plain"), 415),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH", "HEAD", "TRACE"])
def test_whatever_is_not_a_plain_read_needs_json(types: tuple[str, ...], expected: int, method: str) -> None:
    assert status(replace(POST, method=method, content_types=types), PAUSE) == expected


@pytest.mark.parametrize(
    "query",
    [
        f"token={TOKEN}",
        "token=",
        "access_token=x",
        "api_key=x",
        "apikey=x",
        "X-Api-Key=x",
        "Authorization=x",
        f"after={TOKEN}",
        f"a=1&b={TOKEN}",
        "key=x",
        "client_secret=x",
    ],
)
def test_a_token_in_the_query_is_refused_even_beside_a_valid_one(query: str) -> None:
    verdict = judge(replace(GOOD, target=f"/v1/status?{query}"), STATUS, RULES)
    assert isinstance(verdict, Denied)
    assert (verdict.status, verdict.code) == (400, "token-in-query")
    assert "Bearer" in verdict.hint


def test_other_queries_are_nobodys_business() -> None:
    assert status(replace(GOOD, target="/v1/status?after=boot1.3&_=1")) == 200


def test_no_verdict_repeats_what_was_sent() -> None:
    canary = "canary-5f2e"
    ask = replace(GOOD, target=f"/v1/{canary}?token={canary}", authorizations=(f"Bearer {canary}",))
    assert canary not in repr(judge(ask, None, RULES))
    assert canary not in repr(replace(GOOD, authorizations=(canary,)))
