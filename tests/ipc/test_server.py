"""The server on a real socket, spoken to by hand where a library would tidy the request up."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec
import pytest

from logferry_ipc import messages as m
from logferry_ipc.endpoint import Keys
from logferry_ipc.routes import ROUTES, Route, Scope
from logferry_ipc.server import open_server
from logferry_ipc.server.listener import listen
from logferry_model.envelope import PROBLEM_MEDIA_TYPE, Problem
from logferry_model.errors import Misconfigured
from tests.fake_control import FakeControl
from tests.ipc.serving import Daemon, served

T = TypeVar("T")
EVIL = "http://evil.example"
OVERLAY = "https://overlay.example"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Problem:
        assert self.headers["content-type"].split(";")[0] == PROBLEM_MEDIA_TYPE
        return msgspec.json.decode(self.body, type=Problem)


async def say(port: int, request: bytes) -> Reply:
    """Send these bytes and read one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(60):
            return await _reply(reader)
    finally:
        writer.close()


async def _reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    try:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError as cut:  # an answer to HEAD
        body = cut.partial
    return Reply(int(first.split(" ")[1]), headers, body)


def request(daemon: Daemon, line: str, *headers: str, body: str = "", host: bool = True, token: bool = True) -> bytes:
    """A request that closes; `line` is `METHOD TARGET`."""
    lines = [f"{line} HTTP/1.1", "Connection: close", *headers]
    lines += [f"Host: 127.0.0.1:{daemon.port}"] * host
    lines += [f"Authorization: Bearer {daemon.keys.token}"] * token
    lines += [f"Content-Length: {len(body.encode())}"] * bool(body)
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@pytest.fixture
async def daemon() -> AsyncIterator[Daemon]:
    async with served(origins=frozenset({OVERLAY})) as daemon:
        yield daemon


JSON = "Content-Type: application/json"


def target(route: Route) -> str:
    return route.fill(*("x" for _ in (*route.parameters, *route.query)))


# who is let in


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_every_route_but_hello_is_closed_without_a_token(daemon: Daemon, route: Route) -> None:
    reply = await say(daemon.port, request(daemon, f"{route.method} {target(route)}", JSON, token=False))
    assert reply.status == (200 if route.scope is Scope.NONE else 401)
    assert daemon.control.calls == []


async def test_metrics_are_plain_text_and_need_the_right_to_read_the_status(daemon: Daemon) -> None:
    (route,) = (one for one in ROUTES if one.text)
    assert (route.path, route.scope) == ("/v1/metrics", Scope.STATUS_READ)
    reply = await say(daemon.port, request(daemon, "GET /v1/metrics"))
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert reply.body == b"# TYPE logferry_found gauge\nlogferry_found 0\n"
    assert reply.headers["cache-control"] == "no-store"


async def test_the_table_is_all_that_the_router_knows(daemon: Daemon) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        for path in ("/", "/v1", "/v2/status", "/health", "/v1/statuses", "/v1/status/x", "/favicon.ico"):
            reply = await say(daemon.port, request(daemon, f"{method} {path}", JSON, token=False))
            assert reply.status in {400, 401}, (method, path)


async def test_unknown_paths_and_methods_get_a_problem(daemon: Daemon) -> None:
    unknown = await say(daemon.port, request(daemon, "GET /v1/nothing"))
    assert (unknown.status, unknown.problem.code) == (404, "route-unknown")
    wrong = await say(daemon.port, request(daemon, "POST /v1/status", JSON))
    assert (wrong.status, wrong.problem.code, wrong.headers["allow"]) == (405, "method-unknown", "GET")


@pytest.mark.parametrize("path", ["/v1/status", "/v1/nothing", "/v1/hello"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
async def test_a_rebound_page_gets_nowhere(daemon: Daemon, path: str, method: str) -> None:
    """evil.example now means 127.0.0.1: Host and Origin agree with each other, and both are wrong."""
    host = f"evil.example:{daemon.port}"
    raw = request(daemon, f"{method} {path}", f"Host: {host}", f"Origin: http://{host}", JSON, host=False)
    reply = await say(daemon.port, raw)
    assert (reply.status, reply.problem.code) == (421, "host-refused")
    assert "access-control-allow-origin" not in reply.headers
    assert daemon.control.calls == []


async def test_a_rebound_get_without_an_origin_gets_nowhere(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/status", "Host: evil.example", host=False))
    assert reply.status == 421


@pytest.mark.parametrize("authority", ["evil.example", "127.0.0.1:{port}"])
async def test_an_absolute_target_is_refused(daemon: Daemon, authority: str) -> None:
    line = f"GET http://{authority.format(port=daemon.port)}/v1/status"
    assert (await say(daemon.port, request(daemon, line))).status == 421


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_request_without_a_host_is_refused(daemon: Daemon, version: str) -> None:
    raw = f"GET /v1/hello HTTP/{version}\r\nConnection: close\r\n\r\n"
    # The HTTP library refuses what is not HTTP/1.1 at all; the rest is ours.
    assert (await say(daemon.port, raw.encode())).status == (421 if version == "1.0" else 400)


async def test_two_hosts_are_refused(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/hello", "Host: evil.example"))
    assert reply.status in {400, 421}


@pytest.mark.parametrize(
    "path",
    ["//v1/status", "/v1//status", "/v1/hello/../status", "/v1/./status", "/v1/hello/%2e%2e/status", "/v1/status/"],
)
@pytest.mark.parametrize("token", [True, False])
async def test_paths_that_can_be_read_in_two_ways_reach_nothing(daemon: Daemon, path: str, token: bool) -> None:
    reply = await say(daemon.port, request(daemon, f"GET {path}", token=token))
    assert (reply.status, reply.problem.code) == (400, "target-ambiguous")
    assert daemon.control.calls == []


async def test_an_escaped_slash_stays_inside_its_segment(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/sessions/a%2Fupload"))
    assert reply.problem.detail == "There is no session a/upload."


@pytest.mark.parametrize("origin", [EVIL, "null", f"{OVERLAY}.evil.example"])
@pytest.mark.parametrize("line", ["GET /v1/hello", "GET /v1/status", "POST /v1/pause", "OPTIONS /v1/pause"])
async def test_a_foreign_origin_is_refused_everywhere(daemon: Daemon, origin: str, line: str) -> None:
    reply = await say(daemon.port, request(daemon, line, f"Origin: {origin}", JSON))
    assert (reply.status, reply.problem.code) == (403, "origin-refused")
    assert "access-control-allow-origin" not in reply.headers
    assert not daemon.control.paused


async def test_an_image_of_another_site_is_refused(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/hello", "Sec-Fetch-Site: cross-site", token=False))
    assert (reply.status, reply.problem.code) == (403, "cross-site")


async def test_a_listed_origin_is_answered_by_name_also_on_errors(daemon: Daemon) -> None:
    for line, status in (("GET /v1/status", 200), ("GET /v1/sessions/none", 400), ("GET /v1/nothing", 404)):
        reply = await say(daemon.port, request(daemon, line, f"Origin: {OVERLAY}"))
        assert reply.status == status
        assert reply.headers["access-control-allow-origin"] == OVERLAY
        assert reply.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in reply.headers
    asked = await say(daemon.port, request(daemon, "OPTIONS /v1/pause", f"Origin: {OVERLAY}", token=False))
    assert asked.status == 204
    assert asked.headers["access-control-allow-methods"] == "GET, POST, DELETE"
    assert "*" not in "".join(asked.headers.values())


@pytest.mark.parametrize("identity", ["X-Forwarded-For: 127.0.0.1", "X-User: owner", "Forwarded: for=127.0.0.1"])
async def test_what_a_caller_says_of_itself_changes_nothing(daemon: Daemon, identity: str) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/status", identity, "X-Client: owner", token=False))
    assert reply.status == 401


# what may be said


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=lambda route: route.name)
async def test_a_form_cannot_change_anything(daemon: Daemon, route: Route, content_type: str) -> None:
    headers = [f"Content-Type: {content_type}"] if content_type else []
    reply = await say(daemon.port, request(daemon, f"{route.method} {target(route)}", *headers, body="{}"))
    assert (reply.status, reply.problem.code) == (415, "json-needed")
    assert daemon.control.calls == []


async def test_a_token_in_the_query_is_refused_with_a_hint(daemon: Daemon) -> None:
    for token in (True, False):
        raw = request(daemon, f"GET /v1/status?token={daemon.keys.token}", token=token)
        reply = await say(daemon.port, raw)
        assert (reply.status, reply.problem.code) == (400, "token-in-query")
        assert "Authorization" in reply.problem.hint


@pytest.mark.parametrize("body", ["{", "[]", '"x"', '{"seconds":"soon"}', '{"second":1}', "\x00", '{"seconds":1}x'])
async def test_a_body_that_does_not_fit_is_a_problem(daemon: Daemon, body: str) -> None:
    reply = await say(daemon.port, request(daemon, "POST /v1/pause", JSON, body=body))
    assert (reply.status, reply.problem.code) == (400, "body-invalid")
    assert not daemon.control.paused


async def test_a_body_nobody_asked_for_is_a_problem(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "POST /v1/resume", JSON, body='{"x":1}'))
    assert (reply.status, reply.problem.code) == (400, "body-unwanted")


async def test_an_empty_body_is_an_empty_object(daemon: Daemon) -> None:
    assert (await say(daemon.port, request(daemon, "POST /v1/pause", JSON))).status == 200
    assert daemon.control.paused


async def test_the_body_limit_is_exact(daemon: Daemon) -> None:
    frame = len('{"ids":[""]}')
    for size, status in ((64 * 1024, 200), (64 * 1024 + 1, 413)):
        body = json.dumps({"ids": ["x" * (size - frame)]}, separators=(",", ":"))
        assert len(body) == size
        assert (await say(daemon.port, request(daemon, "POST /v1/retry", JSON, body=body))).status == status


async def slow_bodies(stack: AsyncExitStack, daemon: Daemon) -> Sequence[asyncio.StreamReader]:
    """A hundred of them have begun."""
    slow = [await asyncio.open_connection("127.0.0.1", daemon.port) for _ in range(100)]
    for _, writer in slow:
        stack.callback(writer.close)
        writer.write(request(daemon, "POST /v1/retry", JSON, "Content-Length: 20") + b"{")
    return [reader for reader, _ in slow]


async def test_a_slow_body_is_cut_off() -> None:
    async with served(body_deadline=timedelta(milliseconds=300)) as daemon, AsyncExitStack() as stack:
        replies = await asyncio.gather(*map(_reply, await slow_bodies(stack, daemon)))
    assert {(reply.status, reply.problem.code) for reply in replies} == {(408, "body-slow")}
    assert "retry" not in daemon.control.calls


async def test_honest_callers_do_not_notice_slow_bodies() -> None:
    async with served(body_deadline=timedelta(hours=1)) as daemon, AsyncExitStack() as stack:
        await slow_bodies(stack, daemon)
        async with asyncio.timeout(60):
            assert (await say(daemon.port, request(daemon, "GET /v1/status"))).status == 200


async def test_hello_proves_itself_only_to_a_usable_nonce(daemon: Daemon) -> None:
    reply = await say(daemon.port, request(daemon, "GET /v1/hello", token=False))
    assert msgspec.json.decode(reply.body, type=m.Hello).proof is None
    short = await say(daemon.port, request(daemon, "GET /v1/hello?nonce=abc", token=False))
    assert (short.status, short.problem.code) == (400, "nonce-unusable")


async def test_every_answer_carries_the_headers_that_keep_browsers_out(daemon: Daemon) -> None:
    for line in ("GET /v1/hello", "GET /v1/nothing", "POST /v1/pause", "GET //"):
        headers = (await say(daemon.port, request(daemon, line))).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["server"] == "logferry"


# what is told of failures


class Broken(FakeControl):
    async def status(self) -> m.Status:
        raise ValueError("/home/somebody/secret.txt")

    def events(self, cursor: str | None) -> AsyncIterator[m.StreamEvent]:
        async def broken() -> AsyncIterator[m.StreamEvent]:
            await asyncio.sleep(0.01)
            raise ValueError("/home/somebody/secret.txt")
            yield

        return broken()


async def test_an_unexpected_error_is_a_number_outside_and_a_place_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(Broken()) as daemon:
        reply = await say(daemon.port, request(daemon, "GET /v1/status"))
        stream = await say(daemon.port, request(daemon, "GET /v1/events"))
    assert (reply.status, reply.problem.code) == (500, "internal")
    assert b"somebody" not in reply.body
    assert b"ValueError" not in reply.body
    assert reply.problem.instance in caplog.text
    assert "tests.ipc.test_server.status:" in caplog.text
    assert "somebody" not in caplog.text
    assert ".py" not in "".join(record.getMessage() for record in caplog.records)
    assert stream.status == 200, "it had begun; it just ends"


async def test_no_secret_is_ever_logged(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    canary = "s3cret-canary-9d41"
    caplog.set_level(logging.DEBUG)
    for raw in (
        request(daemon, f"GET /v1/status?x={canary}"),
        request(daemon, f"GET /v1/status?token={canary}"),
        request(daemon, f"GET /v1/sessions/{canary}"),
        request(daemon, f"GET /v1/{canary}"),
        request(daemon, "GET /v1/status", f"Authorization: Bearer {canary}", f"X-Key: {canary}", token=False),
        request(daemon, "GET /v1/status", f"Host: {canary}", host=False),
        request(daemon, "GET /v1/status", f"Origin: http://{canary}"),
        request(daemon, "POST /v1/destinations/x/login", JSON, body=json.dumps({"secret": canary})),
        request(daemon, "POST /v1/destinations/x/login", JSON, body=json.dumps({canary: canary})),
        request(daemon, "POST /v1/pause", f"Content-Type: {canary}", body=canary),
        f"GET /v1/{canary} HTTP/1.1\r\nBad Header {canary}\r\n\r\n".encode(),
        f"{canary} /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET /v1/hello HTTP/1.1\r\nX: {canary}\x00\r\n\r\n".encode(),
    ):
        await say(daemon.port, raw)
    assert len(caplog.records) >= 10
    everything = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert canary not in everything
    assert daemon.keys.token not in everything


async def test_the_log_names_template_status_and_client(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await say(daemon.port, request(daemon, "POST /v1/sessions/s1/upload", JSON))
    (record,) = caplog.records
    assert record.getMessage() == "POST /v1/sessions/{session}/upload 400"
    assert record.__dict__["client"] == "owner"


# the port


async def test_a_second_daemon_falls_back_and_never_shares() -> None:
    with listen((0,)) as probe:
        first_port = int(probe.getsockname()[1])
    ports = (first_port, 0)
    first, second = FakeControl(), FakeControl()
    async with (
        open_server(first, instance="a", version="0", keys=Keys.fresh(), ports=ports) as one,
        open_server(second, instance="b", version="0", keys=Keys.fresh(), ports=ports) as two,
    ):
        assert one.port == first_port
        assert two.port != first_port
        for server in (one, two):
            raw = f"GET /v1/hello HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
            reply = await say(server.port, raw.encode())
            assert msgspec.json.decode(reply.body, type=m.Hello).instance == server.instance


async def test_when_every_port_is_taken_the_error_says_so() -> None:
    with listen((0,)) as taken, pytest.raises(Misconfigured) as caught:
        listen((taken.getsockname()[1],))
    assert caught.value.code == "ports-taken"


async def test_only_the_loopback_address_is_bound() -> None:
    with listen((0,)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


# streams


class Listener:
    """One open event stream, read by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def lines(self) -> AsyncIterator[str]:
        while line := await self.reader.readline():
            yield line.decode().rstrip("\r\n")

    async def events(self) -> AsyncIterator[m.StreamEvent]:
        async for line in self.lines():
            if line.startswith("data: "):
                yield msgspec.json.decode(line.removeprefix("data: "), type=m.StreamEvent)


async def listen_in(stack: AsyncExitStack, daemon: Daemon, *headers: str, after: str = "") -> Listener:
    reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    stack.callback(writer.close)
    writer.write(request(daemon, f"GET /v1/events{after}", *headers))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    assert b"text/event-stream" in head
    await reader.readuntil(b": open\n")
    return Listener(reader, writer)


async def test_an_event_carries_its_cursor_as_id(daemon: Daemon) -> None:
    async with AsyncExitStack() as stack:
        listener = await listen_in(stack, daemon)
        daemon.control.find("s1")
        lines = [line async for line in _first(listener.lines(), 7)]
    assert "id: boot1.1" in lines
    assert "event: session.found" in lines


@pytest.mark.parametrize("way", ["header", "query"])
async def test_a_stream_resumes_exactly_after_its_cursor(daemon: Daemon, way: str) -> None:
    for number in range(6):
        daemon.control.find(f"s{number}")
    async with AsyncExitStack() as stack:
        headers = ["Last-Event-ID: boot1.2"] if way == "header" else []
        listener = await listen_in(stack, daemon, *headers, after="?after=boot1.2" if way == "query" else "")
        daemon.control.find("s6")
        cursors = [event.cursor async for event in _first(listener.events(), 5)]
    assert cursors == ["boot1.3", "boot1.4", "boot1.5", "boot1.6", "boot1.7"]


@pytest.mark.parametrize("cursor", ["boot0.1", "boot1.99", "nonsense"])
async def test_a_cursor_that_cannot_be_continued_is_told_reset(daemon: Daemon, cursor: str) -> None:
    async with AsyncExitStack() as stack:
        listener = await listen_in(stack, daemon, f"Last-Event-ID: {cursor}")
        assert [event.kind async for event in _first(listener.events(), 1)] == [m.EventKind.RESET]


async def test_a_quiet_stream_has_a_heartbeat() -> None:
    beat = timedelta(milliseconds=50)
    async with served(heartbeat=beat) as daemon, AsyncExitStack() as stack:
        began = time.monotonic()
        listener = await listen_in(stack, daemon)
        times = [time.monotonic() async for line in _first(listener.lines(), 20) if line == ": still here"]
    assert len(times) >= 3
    # Late is whoever has much to do. Too early is none.
    assert all(at - began > 0.9 * number * beat.total_seconds() for number, at in enumerate(times, 1))


async def test_the_thirty_third_stream_is_told_to_come_back() -> None:
    async with served(heartbeat=timedelta(milliseconds=50)) as daemon, AsyncExitStack() as stack:
        listeners = [await listen_in(stack, daemon) for _ in range(32)]
        reply = await say(daemon.port, request(daemon, "GET /v1/events"))
        assert (reply.status, reply.problem.code) == (429, "streams-full")
        assert reply.headers["retry-after"] == "1"
        assert reply.problem.retryable
        listeners[0].writer.close()
        async with asyncio.timeout(60):
            while not await is_let_in(stack, daemon):
                await asyncio.sleep(0.05)  # the server hears at a heartbeat that somebody went


async def is_let_in(stack: AsyncExitStack, daemon: Daemon) -> bool:
    """Whether there is room for one more stream, which stays then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    stack.callback(writer.close)
    writer.write(request(daemon, "GET /v1/events"))
    return (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_shutdown_with_idle_streams_is_quick_and_says_good_bye() -> None:
    """Some tries: the machine may do something else in any of them."""
    took = [await seconds_to_say_good_bye()]
    while took[-1] >= 1 and len(took) < 10:
        took.append(await seconds_to_say_good_bye())
    assert min(took) < 1


async def seconds_to_say_good_bye() -> float:
    async with AsyncExitStack() as stack:
        async with served() as daemon:
            listeners = [await listen_in(stack, daemon) for _ in range(10)]
            began = time.monotonic()
        took = time.monotonic() - began
        for listener in listeners:
            kinds = [event.kind async for event in listener.events()]
            assert kinds == [m.EventKind.GOING_AWAY]
    return took


async def test_good_bye_is_said_once_when_the_log_has_said_it() -> None:
    async with AsyncExitStack() as stack:
        async with served() as daemon:
            listener = await listen_in(stack, daemon)
            daemon.control.log.close(at=daemon.control.now)
        assert [event.cursor async for event in listener.events()] == ["boot1.1"]


async def test_a_listener_that_does_not_read_cannot_hold_up_the_end() -> None:
    async with AsyncExitStack() as stack:
        async with served() as daemon:
            listener = await listen_in(stack, daemon)
            listener.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(40):
                daemon.control.find("x" * 100_000)
                await asyncio.sleep(0)
            began = time.monotonic()
        assert time.monotonic() - began < 60


async def _first(items: AsyncIterator[T], count: int) -> AsyncIterator[T]:
    async with asyncio.timeout(60):
        async for item in items:
            yield item
            count -= 1
            if count == 0:
                return
