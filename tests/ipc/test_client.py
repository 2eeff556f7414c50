"""The client against the real server over a real socket, every route."""

from __future__ import annotations

import http.server
import inspect
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from logferry_ipc import messages as m
from logferry_ipc.client import DaemonClient, DaemonNotRunning
from logferry_ipc.control import Control
from logferry_ipc.endpoint import Endpoint, Keys, write
from logferry_ipc.routes import BY_CALL
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable
from tests.fake_control import START, FakeControl
from tests.ipc.serving import ThreadedDaemon, daemon_in_thread


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[ThreadedDaemon]:
    with daemon_in_thread(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def client(tmp_path: Path, daemon: ThreadedDaemon) -> DaemonClient:
    return DaemonClient(tmp_path)


@pytest.mark.parametrize("name", sorted(BY_CALL))
def test_the_client_has_every_method_of_control_with_its_types(name: str) -> None:
    theirs, ours = getattr(Control, name), getattr(DaemonClient, name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    if name != "events":
        assert get_type_hints(ours) == get_type_hints(theirs)
        assert get_type_hints(ours)["return"] is BY_CALL[name].response


def test_hello_names_the_daemon(client: DaemonClient) -> None:
    hello = client.hello()
    assert (hello.name, hello.instance, hello.api_versions) == ("logferry", "boot1", (1,))


def test_status_and_sessions(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    found = daemon.do(lambda: daemon.control.find("s1", m.DeliveryState.PENDING, m.DeliveryState.FAILED))
    assert client.status().counts == m.Counts(found=2, pending=1, failed=1)
    assert client.sessions().sessions == (found,)
    assert client.session("s1").session == found


def test_upload_retry_and_upload_all(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    daemon.do(lambda: daemon.control.find("s1", m.DeliveryState.PENDING))
    daemon.do(lambda: daemon.control.find("s2", m.DeliveryState.FAILED))
    assert client.upload("s1").changed == 1
    assert client.retry(m.RetryRequest(ids=("s1",))).changed == 0
    assert client.retry(m.RetryRequest()).changed == 1
    assert client.upload_all().changed == 1


def test_running_sessions_and_their_end(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    played = daemon.do(lambda: daemon.control.play("s1"))
    assert client.running().sessions == (played,)
    assert client.running_session("s1") == played
    assert [one.id for one in client.status().running] == ["s1"]
    assert [one.id for one in client.sessions().running] == ["s1"]
    assert client.end("s1").sessions == ("s1",)
    assert client.running().sessions == ()
    with pytest.raises(Misconfigured, match="no running session"):
        client.end("s1")


def test_an_app_tells_that_it_closed(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    daemon.do(lambda: daemon.control.play("s1", tracker="resonance"))
    assert client.app_closed("artemis") == m.Ended()
    assert client.app_closed("resonance") == m.Ended(ended=1, sessions=("s1",))
    with pytest.raises(Misconfigured, match="Notepad"):
        client.app_closed("Notepad.exe")


def test_what_became_of_papers_is_asked_for_from_a_number_on(client: DaemonClient) -> None:
    assert [[one.seq for one in client.papers(after).changes] for after in ("0", "1", "2")] == [[1, 2], [2], []]


def test_the_stream_tells_of_running_sessions(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    with client.events() as events:
        daemon.do(lambda: daemon.control.play("s1", events=3))
        daemon.do(lambda: daemon.control.play("s1", events=4))
        heard = [next(events), next(events)]
    assert [one.kind for one in heard] == [m.EventKind.SESSION_STARTED, m.EventKind.SESSION_PROGRESS]
    assert {(one.session, one.tracker) for one in heard} == {("s1", "artemis")}


def test_pause_and_resume(client: DaemonClient) -> None:
    assert client.pause(m.PauseRequest(seconds=60)).ok
    status = client.status()
    assert status.state is m.DaemonState.PAUSED
    assert status.paused_until is not None
    assert (status.paused_until - START).total_seconds() == 60
    assert client.resume().ok
    assert client.status().state is m.DaemonState.IDLE


def test_sources(client: DaemonClient) -> None:
    added = client.add_source(m.NewSource(tracker="artemis", path="logs", name="a b/ü?#%2F"))
    assert added == client.sources()
    assert [source.name for source in added.sources] == ["a b/ü?#%2F"]
    assert client.remove_source("a b/ü?#%2F").sources == ()


def test_destinations_consent_and_login(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    place = m.NewDestination(name="home", dialect="logferry", url="http://127.0.0.1:1")
    assert client.add_destination(place) == client.destinations()
    asked = client.consent("home")
    assert client.grant("home", m.ConsentGrant(policy_digest=asked.policy_digest)).granted
    assert client.login("home", m.Login(secret="hunter2")).ok
    assert client.destinations().destinations[0].credential == "available"
    assert daemon.control.secrets == {"home": "hunter2"}
    assert client.logout("home").ok
    assert not client.revoke("home").granted
    assert client.remove_destination("home").destinations == ()


@pytest.mark.parametrize("ask", ["logout", "remove_destination"])
def test_what_is_lost_with_a_secret_is_told_by_its_code_and_confirmed_by_it(
    daemon: ThreadedDaemon, client: DaemonClient, ask: str
) -> None:
    client.add_destination(m.NewDestination(name="home", dialect="logferry", url="http://127.0.0.1:1"))
    client.login("home", m.Login(anonymous=True))
    home = daemon.control.places["home"]
    daemon.control.places["home"] = msgspec.structs.replace(home, lost_with_key="All of it.")
    with pytest.raises(Refused, match="All of it") as caught:
        getattr(client, ask)("home")
    assert (caught.value.code, list(daemon.control.secrets)) == (m.OWN_KEY_ONLY, ["home"])
    getattr(client, ask)("home", m.Forgetting(confirm=caught.value.code))
    assert daemon.control.secrets == {}


def test_pins_and_who_is_there(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    url, candidate = "https://192.168.1.20:8765", m.Candidate(name="Games", url="https://192.168.1.20:8765")
    daemon.control.neighbours, daemon.control.keys = (candidate,), {url: "ab"}
    assert client.discover(m.DiscoverRequest(seconds=2)).candidates == (candidate,)
    assert client.fingerprint(m.FingerprintRequest(url=url)).fingerprint == "ab"
    client.add_destination(m.NewDestination(name="home", dialect="logferry", url=url, pin="ab"))
    (pinned,) = client.pin_destination("home", m.NewPin(pin="cd")).destinations
    assert pinned.pin == "cd"


def test_doctor_and_stop(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    assert [check.level for check in client.doctor().checks] == ["ok"]
    daemon.control.find("s1", m.DeliveryState.PENDING, m.DeliveryState.UPLOADING, m.DeliveryState.HELD)
    told = client.stop()
    assert (told.ok, told.waiting, told.counts.held) == (True, 2, 1)
    assert daemon.control.stopping


def test_ledger_receipts_and_proofs(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    daemon.control.find("s1", m.DeliveryState.UPLOADED)
    daemon.control.find("s2", m.DeliveryState.UPLOADED, m.DeliveryState.FAILED)
    assert client.ledger().counts == m.Counts(found=3, uploaded=2, failed=1)
    since = "2026-01-01T00:00:00+01:00"
    told = client.ledger(since, since)
    assert daemon.control.ledgers == [("", ""), (since, since)]
    assert told.since == datetime.fromisoformat(since)
    assert [one.session for one in client.receipts().receipts] == ["s1", "s2"]
    assert [one.delivery for one in client.receipts("s2").receipts] == ["s2-0"]
    proof = client.verify(m.VerifyRequest(deliveries=("s2-0", "s1-0")))
    assert [(one.delivery, one.state) for one in proof.deliveries] == [("s2-0", "verified"), ("s1-0", "verified")]


def test_metrics_are_a_text(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    daemon.control.find("s1", m.DeliveryState.UPLOADED)
    assert client.metrics().text == "# TYPE logferry_found gauge\nlogferry_found 1\n"


def test_events_come_as_they_happen(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    with client.events() as events:
        daemon.do(lambda: daemon.control.find("s1"))
        client.pause(m.PauseRequest())
        kinds = [next(events).kind, next(events).kind]
    assert kinds == [m.EventKind.SESSION_FOUND, m.EventKind.STATE_CHANGED]


def test_events_resume_after_a_cursor(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    for number in range(5):
        daemon.do(lambda number=number: daemon.control.find(f"s{number}"))  # type: ignore[misc]
    with client.events("boot1.2") as events:
        assert [next(events).session for _ in range(3)] == ["s2", "s3", "s4"]


def test_a_stream_can_be_closed_from_another_thread(client: DaemonClient) -> None:
    events = client.events()
    threading.Timer(0.1, events.close).start()
    began = time.monotonic()
    assert list(events) == []
    assert time.monotonic() - began < 40, "a silence of 45 seconds would have ended it, too"


def test_a_stream_ends_with_going_away_when_the_daemon_does(tmp_path: Path) -> None:
    with daemon_in_thread(tmp_path):
        events = DaemonClient(tmp_path).events()
    assert [event.kind for event in events] == [m.EventKind.GOING_AWAY]


def test_without_a_discovery_file_the_daemon_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(DaemonNotRunning) as caught:
        DaemonClient(tmp_path).status()
    assert caught.value.hint == 'Start it with "logferry run".'
    assert isinstance(caught.value, Unreachable)


def test_a_port_that_nobody_listens_on_means_not_running(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        write(tmp_path, Endpoint.of_this_process(instance="boot1", port=port, keys=Keys.fresh()))
        with pytest.raises(DaemonNotRunning):
            DaemonClient(tmp_path).status()


class Raising(FakeControl):
    """Answers `status` with one error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def status(self) -> m.Status:
        raise self.error


@pytest.mark.parametrize("kind", [Unreachable, Refused, Misconfigured, Damaged])
def test_each_kind_of_error_arrives_as_itself(tmp_path: Path, kind: type[LogferryError]) -> None:
    error = kind("some-code", "It went wrong.", hint="Mend it.")
    with daemon_in_thread(tmp_path, Raising(error)), pytest.raises(kind) as caught:
        DaemonClient(tmp_path).status()
    told = caught.value
    assert (told.code, told.message, told.hint) == ("some-code", "It went wrong.", "Mend it.")


def test_a_name_of_bytes_that_are_no_letters_is_not_sent(daemon: ThreadedDaemon, client: DaemonClient) -> None:
    for asking in (
        lambda: client.add_source(m.NewSource(tracker="artemis", path="/games/b\udcff")),
        lambda: client.session("b\udcff"),
    ):
        with pytest.raises(Misconfigured, match="no letters"):
            asking()
    assert daemon.control.calls == []


def test_an_unexpected_error_arrives_without_its_text(tmp_path: Path) -> None:
    with daemon_in_thread(tmp_path, Raising(KeyError("/home/somebody/log.txt"))), pytest.raises(Damaged) as caught:
        DaemonClient(tmp_path).status()
    assert "somebody" not in str(caught.value)
    assert caught.value.code == "internal"


class Squatter(http.server.BaseHTTPRequestHandler):
    """Answers everything, and remembers what it was told."""

    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(str(self.headers) + self.path)
        body = b'{"name":"logferry","version":"1","api_versions":[1],"instance":"boot1","proof":"00"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
        pass


@contextmanager
def squatter() -> Iterator[tuple[int, list[str]]]:
    heard: list[str] = []
    handler = type("Handler", (Squatter,), {"heard": heard})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield int(server.server_address[1]), heard
        finally:
            server.shutdown()
            thread.join()


def test_a_program_that_squats_on_the_port_never_hears_the_token(tmp_path: Path) -> None:
    keys = Keys.fresh()
    with squatter() as (port, heard):
        write(tmp_path, Endpoint.of_this_process(instance="boot1", port=port, keys=keys))
        client = DaemonClient(tmp_path)
        for call in (client.status, client.stop, client.events):
            with pytest.raises(Refused) as caught:
                call()
            assert caught.value.code == "daemon-unproven"
    assert len(heard) == 3
    assert not any(keys.token in words or keys.proof_key in words for words in heard)


def test_importing_the_client_leaves_the_heavy_libraries_alone() -> None:
    code = "import logferry_ipc.client, sys; print(*sorted({'aiohttp', 'asyncio', 'logging'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
