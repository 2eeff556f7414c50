"""The follower against a real server: it tells what is, when it changes, and never in a flood."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import (
    DaemonState,
    DeliveryState,
    DestinationInfo,
    EventKind,
    Identity,
    IdentityDecision,
    Status,
    StreamEvent,
)
from logferry_tray.follow import Follower, matters
from logferry_tray.menu import Act, Command
from tests.ipc.serving import ThreadedDaemon, daemon_in_thread

CALM = timedelta(milliseconds=200)


class Screen:
    """What the tray has been told, in order."""

    def __init__(self) -> None:
        self.shown: list[Status | None] = []
        self.players: Sequence[Identity] = ()
        self.complaints: list[str] = []
        self.pages: list[str] = []
        self.copied: list[str] = []
        self.times: list[float] = []
        self._news = threading.Condition()

    def show(self, status: Status | None, players: Sequence[Identity]) -> None:
        with self._news:
            self.shown.append(status)
            self.players = players
            self.times.append(time.monotonic())
            self._news.notify_all()

    def complain(self, text: str) -> None:
        with self._news:
            self.complaints.append(text)
            self._news.notify_all()

    def open_page(self, url: str) -> None:
        with self._news:
            self.pages.append(url)
            self._news.notify_all()

    def wait(self, wanted: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(wanted, timeout=60), self.shown

    def wait_for_state(self, state: DaemonState | None) -> None:
        self.wait(lambda: bool(self.shown) and (self.shown[-1].state if self.shown[-1] else None) is state)


@contextmanager
def following(runtime: Path, calm: timedelta = CALM) -> Iterator[tuple[Follower, Screen]]:
    screen = Screen()
    follower = Follower(
        DaemonClient(runtime),
        show=screen.show,
        complain=screen.complain,
        open_page=screen.open_page,
        copy=screen.copied.append,
        calm=calm,
    )
    follower.start()
    try:
        yield follower, screen
    finally:
        follower.stop()
        for thread in follower._threads:
            thread.join(60)
            assert not thread.is_alive(), "it goes on although nothing is followed any more"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[ThreadedDaemon]:
    with daemon_in_thread(tmp_path) as daemon:
        yield daemon


def test_the_first_status_comes_without_any_event(tmp_path: Path, daemon: ThreadedDaemon) -> None:
    with following(tmp_path) as (_, screen):
        screen.wait_for_state(DaemonState.IDLE)


def test_a_change_is_shown(tmp_path: Path, daemon: ThreadedDaemon) -> None:
    with following(tmp_path) as (_, screen):
        screen.wait_for_state(DaemonState.IDLE)
        daemon.do(lambda: daemon.control.find("s1", DeliveryState.FAILED))
        screen.wait_for_state(DaemonState.ATTENTION)


@pytest.mark.parametrize("kind", list(EventKind))
def test_a_session_that_goes_on_changes_nothing_in_the_tray(kind: EventKind) -> None:
    event = StreamEvent(cursor="boot1.1", kind=kind, at=datetime(2026, 3, 1, tzinfo=UTC))
    assert matters(event) == (kind is not EventKind.SESSION_PROGRESS)


def test_a_flood_of_changes_is_shown_calmly_and_ends_with_the_truth(tmp_path: Path, daemon: ThreadedDaemon) -> None:
    began = time.monotonic()
    with following(tmp_path) as (_, screen):
        screen.wait_for_state(DaemonState.IDLE)
        for number in range(1000):
            daemon.do(lambda number=number: daemon.control.find(f"s{number}", DeliveryState.PENDING))  # type: ignore[misc]
        screen.wait(lambda: screen.shown[-1] is not None and screen.shown[-1].counts.pending == 1000)
        # A status that was a long time coming does not count as one that was asked for late.
        assert len(screen.shown) <= (screen.times[-1] - began) / CALM.total_seconds() + 1


def test_a_new_report_is_copied_where_its_owner_wants_that_and_never_one_from_before(
    tmp_path: Path, daemon: ThreadedDaemon
) -> None:
    def report(url: str, *, wanted: bool) -> None:
        daemon.control.last_report_url, daemon.control.copy_report_url = url, wanted
        daemon.control.trouble()

    daemon.do(lambda: report("https://there/r/1", wanted=True))
    with following(tmp_path) as (_, screen):
        screen.wait_for_state(DaemonState.IDLE)
        for number, wanted in ((1, True), (2, True), (2, True), (3, False), (4, True)):
            daemon.do(lambda number=number, wanted=wanted: report(f"https://there/r/{number}", wanted=wanted))  # type: ignore[misc]
            before = len(screen.shown)
            screen.wait(lambda before=before: len(screen.shown) > before)  # type: ignore[misc]
        daemon.do(lambda: report("file:///etc/passwd", wanted=True))
        before = len(screen.shown)
        screen.wait(lambda: len(screen.shown) > before)
        screen.wait(lambda: len(screen.copied) >= 2)
    assert screen.copied == ["https://there/r/2", "https://there/r/4"]


def test_commands_reach_the_daemon_and_return_at_once(tmp_path: Path, daemon: ThreadedDaemon) -> None:
    with following(tmp_path) as (follower, screen):
        screen.wait_for_state(DaemonState.IDLE)
        returned, stood_still = threading.Event(), list[bool]()
        daemon.loop.call_soon_threadsafe(lambda: stood_still.append(returned.wait(30)))
        follower.submit(Command(Act.PAUSE, timedelta(minutes=30)))
        returned.set()
        screen.wait_for_state(DaemonState.PAUSED)
        assert stood_still == [True], "whoever gave the command waited for its answer"
        shown = screen.shown[-1]
        assert shown is not None
        assert shown.paused_until == daemon.control.now + timedelta(minutes=30)
        follower.submit(Command(Act.RESUME))
        screen.wait_for_state(DaemonState.IDLE)
        follower.submit(Command(Act.UPLOAD_ALL))
        follower.submit(Command(Act.RETRY))
        follower.submit(Command(Act.OPEN_REPORT, url="https://x.example/"))
        screen.wait(lambda: bool(screen.pages))
    assert [call for call in daemon.control.calls if call not in {"status", "events"}] == [
        "pause",
        "resume",
        "upload_all",
        "retry",
    ]
    assert screen.pages == ["https://x.example/"]


def test_a_player_who_is_not_known_yet_is_shown_and_decided_about(tmp_path: Path, daemon: ThreadedDaemon) -> None:
    decision = IdentityDecision(destination="home", tracker="artemis", identity="Mila", allowed=True)
    with following(tmp_path) as (follower, screen):
        screen.wait_for_state(DaemonState.IDLE)
        assert "identities" not in daemon.control.calls, "names are asked for only where there is a question"
        daemon.do(lambda: add_home(daemon))
        daemon.do(lambda: daemon.control.meet("Mila"))
        screen.wait(lambda: [(one.identity, one.state) for one in screen.players] == [("Mila", "unknown")])
        follower.submit(Command(Act.DECIDE, decision=decision))
        screen.wait(lambda: [one.state for one in screen.players] == ["allowed"])
    assert [(one.identity, one.allowed) for one in daemon.control.rules] == [("Mila", True)]


def add_home(daemon: ThreadedDaemon) -> None:
    daemon.control.places["home"] = DestinationInfo(name="home", dialect="logferry", url="https://x.example")


def test_a_daemon_that_comes_goes_and_comes_back_is_followed(tmp_path: Path) -> None:
    with following(tmp_path) as (_, screen):
        screen.wait_for_state(None)
        for _ in range(2):
            with daemon_in_thread(tmp_path):
                screen.wait_for_state(DaemonState.IDLE)
            screen.wait_for_state(None)


def test_a_command_without_a_daemon_is_a_complaint_that_helps(tmp_path: Path) -> None:
    with following(tmp_path) as (follower, screen):
        screen.wait_for_state(None)
        follower.submit(Command(Act.UPLOAD_ALL))
        screen.wait(lambda: bool(screen.complaints))
    assert 'Start it with "logferry run".' in screen.complaints[0]
