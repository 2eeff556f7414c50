"""A real daemon and a channel on this computer: an evening is one message, also when answers are lost or it is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from logferry_daemon.core.exchange import Request
from logferry_ipc.messages import RetryRequest
from tests.acceptance.playground import BEGAN, Playground
from tests.acceptance.running import HOST, DaemonHome, daemon_home, tell, until
from tests.discord_server import SECRET, Discord
from tests.factories import artemis_document, encode_document, file_name
from tests.leaks import HUNT

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

GUILD = "guild"
HOUR = timedelta(hours=1)


class Channel(Discord):
    """Answers over HTTP, one request after the other; some answers never arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []
        """Methods: the next such request is done and not answered."""
        self.unanswered = 0
        self.turn = threading.Lock()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self.turn:
            told = self.answer(Request(method=handler.command, path=handler.path, body=body))
            if handler.command in self.lost:
                self.lost.remove(handler.command)
                self.unanswered += 1
                handler.close_connection = True
                return
        with suppress(OSError):  # whoever asked was killed meanwhile
            handler.send_response(told.status)
            for name, value in told.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(told.body)))
            handler.end_headers()
            handler.wfile.write(told.body)


@contextmanager
def served(channel: Channel) -> Iterator[str]:
    """The address at which the channel answers."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            channel.serve(self)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 -- the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
            """Nothing: the path is a secret."""

    server = ThreadingHTTPServer((HOST, 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}/api/webhooks"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def channel() -> Channel:
    HUNT.secrets.add(SECRET.partition("/")[2])
    return Channel()


@pytest.fixture
def playground(tmp_path: Path) -> Playground:
    return Playground(tmp_path / "games")


@pytest.fixture
def daemon(tmp_path: Path, playground: Playground, channel: Channel) -> Iterator[DaemonHome]:
    with served(channel) as url, daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", playground.artemis)}, settle=0.1)
        lines = ["[destinations.guild]", 'dialect = "webhook"', f"url = {json.dumps(url)}"]
        with daemon.home.settings_file.open("a", encoding="utf-8") as settings:
            settings.write("\n".join(lines) + "\n")
        yield daemon


def play(playground: Playground, *hours: float) -> None:
    """Sessions of half an hour."""
    for hour in hours:
        document = artemis_document(int(hour * 10), start=BEGAN + hour * HOUR, length=HOUR / 2, events=20)
        playground.put([(file_name(document), encode_document(document))])


def arrived(daemon: DaemonHome, sessions: int) -> None:
    """Returns when so many are uploaded; no pause that the daemon would keep is waited for."""

    def nudge() -> bool:
        daemon.client.retry(RetryRequest())
        daemon.client.upload_all()
        counts = daemon.client.status().counts
        return counts.uploaded == counts.found == sessions

    until(nudge, f"{sessions} sessions in the channel", seconds=60, every=0.2)


def sizes(channel: Channel) -> list[int]:
    return [len(set(one)) for one in channel.sessions()]


def test_an_evening_is_one_message_and_the_next_day_another(
    daemon: DaemonHome, channel: Channel, playground: Playground
) -> None:
    daemon.start()
    daemon.agree(SECRET, GUILD)
    for number, hour in enumerate((0, 1, 3), start=1):
        play(playground, hour)
        arrived(daemon, number)
    assert sizes(channel) == [3]
    play(playground, 24)
    arrived(daemon, 4)
    assert sizes(channel) == [3, 1]
    assert channel.posted == 2
    assert "Traceback" not in daemon.own_words()


def test_lost_answers_put_nothing_into_an_evening_twice(
    daemon: DaemonHome, channel: Channel, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.start()
    daemon.agree(SECRET, GUILD)
    play(playground, 0)
    arrived(daemon, 1)
    channel.lost = ["PATCH", "PATCH", "GET", "PATCH"]
    play(playground, 1, 2, 3, 4)
    arrived(daemon, 5)
    tell(capsys, f"{channel.unanswered} answers lost: {sizes(channel)} sessions a message")
    assert channel.lost == []
    assert [len(one) for one in channel.sessions()] == sizes(channel) == [5]


def test_a_daemon_that_is_killed_within_an_evening_goes_on_with_its_message(
    daemon: DaemonHome, channel: Channel, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    program = daemon.start()
    daemon.agree(SECRET, GUILD)
    play(playground, 0)
    arrived(daemon, 1)
    kills = 0
    for hour in range(1, 6):
        before = len(channel.asked)
        play(playground, hour)
        # In the middle: the look, the change or its answer is under way.
        until(lambda before=before: len(channel.asked) > before, "a session on its way", every=0.001)  # type: ignore[misc]
        program.kill()
        kills += 1
        program = daemon.start()
    arrived(daemon, 6)
    tell(capsys, f"killed {kills} times: {sizes(channel)} sessions a message")
    assert [len(one) for one in channel.sessions()] == sizes(channel) == [6]
