"""What a preview shows is what is sent, to the byte: before and after a restart, and when it has to be sent again."""

from __future__ import annotations

import hashlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from logferry_daemon.core.addressing import BY_POLICY
from logferry_ipc import endpoint
from logferry_ipc.messages import PauseRequest
from logferry_ipc.routes import BY_CALL, Scope
from tests.acceptance.proxy import Proxy, proxy_to
from tests.acceptance.running import (
    DESTINATION,
    HOST,
    LOGFERRY,
    CollectorHome,
    DaemonHome,
    daemon_home,
    make_quiet,
    until,
)
from tests.conftest import only_on
from tests.factories import artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

ONE_LOST = 1


@pytest.fixture
def proxy(collector: CollectorHome) -> Iterator[Proxy]:
    """Loses the first answer, so that everything is sent twice."""
    with proxy_to(collector.port) as proxy:
        proxy.loses = lambda number: number == ONE_LOST
        yield proxy


@pytest.fixture
def daemon(tmp_path: Path, proxy: Proxy) -> Iterator[DaemonHome]:
    games = tmp_path / "games"
    games.mkdir()
    document = artemis_document(3)
    (games / file_name(document)).write_bytes(encode_document(document))
    make_quiet(games / file_name(document))
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: proxy.url})
        yield daemon


def raw(daemon: DaemonHome, session: str) -> bytes:
    """What the command writes to whoever wants the bytes."""
    command = (*LOGFERRY, "preview", session, "--to", DESTINATION, "--raw")
    return subprocess.run(command, capture_output=True, env=daemon.environment, timeout=60, check=True).stdout


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def only_session(daemon: DaemonHome) -> str:
    found = until(lambda: daemon.client.sessions().sessions, "the session is found")
    return found[0].id


def test_a_preview_is_byte_for_byte_what_is_sent(daemon: DaemonHome, collector: CollectorHome, proxy: Proxy) -> None:
    first = daemon.start()
    daemon.client.pause(PauseRequest())
    daemon.agree(collector.key)
    session = only_session(daemon)
    shown = raw(daemon, session)
    told = json.loads(daemon.command("preview", session, "--to", DESTINATION, "--json").out)
    assert told["sha256"] == digest(shown)
    assert first.stop() == 0

    daemon.start()
    assert digest(raw(daemon, session)) == digest(shown)
    assert proxy.requests == []
    daemon.client.resume()
    until(lambda: len(proxy.requests) == ONE_LOST, "it is sent")
    assert digest(raw(daemon, session)) == digest(shown)
    until(
        lambda: daemon.client.upload_all().changed >= 0 and daemon.client.status().counts.uploaded == 1,
        "arrived",
        every=0.2,
    )
    posts = [request for request in proxy.requests if request.head.startswith(b"POST ")]
    assert len(posts) > 1
    assert {digest(request.body) for request in posts} == {digest(shown)}
    assert proxy.lost == ONE_LOST


def test_a_preview_says_what_was_removed_and_why(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.start()
    daemon.client.pause(PauseRequest())
    daemon.agree(collector.key)
    session = only_session(daemon)
    told = json.loads(daemon.command("preview", session, "--to", DESTINATION, "--json").out)
    assert told["content_encoding"] == "gzip"
    assert (told["session"], told["destination"], told["state"]) == (session, DESTINATION, "held")
    assert told["document"]["tracker"] == "artemis"
    removed = {(one["field"], one["reason"]): one["times"] for one in told["removed"]}
    assert removed["tags", BY_POLICY] == removed["name", BY_POLICY] - 1 == 2
    said = daemon.command("preview", session, "--to", DESTINATION)
    assert said.code == 0, said.err
    assert BY_POLICY in said.out
    assert told["sha256"] in said.out


def test_a_preview_needs_the_key_of_the_owner(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.start()
    daemon.client.pause(PauseRequest())
    daemon.agree(collector.key)
    session = only_session(daemon)
    found = endpoint.read(daemon.home.runtime)
    assert found is not None

    def status(key: str, path: str) -> int:
        connection = http.client.HTTPConnection(HOST, found.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
            return connection.getresponse().status
        finally:
            connection.close()

    path = f"/v1/sessions/{session}/preview?to={DESTINATION}"
    assert BY_CALL["preview"].scope is Scope.ADMIN
    assert status(found.keys.token, path) == http.client.OK
    assert status(found.keys.proof_key, path) == http.client.UNAUTHORIZED
    assert status("", path) == http.client.UNAUTHORIZED
