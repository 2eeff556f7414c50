"""A real daemon and a real collector: a session arrives while it runs, under one address, and whole in the end.

The daemon is killed between a partial version and the end, and over and over while the game writes.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from logferry_ipc.messages import SessionSummary
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, fetch, tell, until
from tests.conftest import only_on

pytestmark = [pytest.mark.accept, only_on("linux", "darwin")]

KILLS = 8
RHYTHM = {"LOGFERRY_UPLOAD__PARTIAL_AFTER": "2", "LOGFERRY_UPLOAD__PARTIAL_EVERY": "0.3"}


class Flight:
    """A journal that began an hour ago and goes on now."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.log = folder / "Journal.2026-03-02T120000.01.log"
        self.lines = 0
        self._numbers = count(1)
        self._write("LoadGame", datetime.now(UTC) - timedelta(hours=1), Commander="NOBODY", Credits=1)

    def _write(self, word: str, at: datetime | None = None, **fields: object) -> None:
        told = {"timestamp": f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "event": word} | fields
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\r\n")
        self.lines += 1

    def jump(self) -> int:
        """It goes on; how many lines it has now."""
        number = next(self._numbers)
        self._write("FSDJump", StarSystem=f"System {number}", JumpDist=float(number))
        return self.lines

    def end(self) -> None:
        """It is over, and the log says so."""
        self._write("Shutdown")


class Version(NamedTuple):
    """One stored version of a report."""

    report: str
    revision: int
    partial: bool
    events: int
    digest: str


def stored(collector: CollectorHome) -> list[Version]:
    """All that the collector's database has."""
    asked = "SELECT report_id, revision, partial, events, payload_digest FROM revisions ORDER BY revision"
    with closing(sqlite3.connect(f"{collector.database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(asked).fetchall()
    return [
        Version(report, revision, bool(partial), events, digest) for report, revision, partial, events, digest in rows
    ]


def shown_events(collector: CollectorHome) -> int:
    """The most events that any stored version has."""
    return max((one.events for one in stored(collector)), default=0)


@pytest.fixture
def flight(tmp_path: Path) -> Flight:
    return Flight(tmp_path / "flights")


@pytest.fixture
def daemon(tmp_path: Path, flight: Flight, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as home:
        home.extra |= RHYTHM
        home.configure(
            sources={"flights": ("elite-dangerous", flight.folder)},
            destinations={DESTINATION: collector.url},
            settle=0.1,
            busy=0.1,
        )
        yield home


def session_of(daemon: DaemonHome) -> SessionSummary | None:
    """The one session that there is."""
    found = daemon.client.sessions().sessions
    assert len(found) <= 1
    return found[0] if found else None


def arrived(daemon: DaemonHome) -> SessionSummary:
    """The session once it is complete and every version of it is through."""

    def ask() -> SessionSummary | None:
        session, counts = session_of(daemon), daemon.client.status().counts
        assert counts.found == sum((counts.pending, counts.uploading, counts.uploaded, counts.held, counts.excluded))
        if session is None or session.end is None or counts.pending + counts.uploading + counts.held:
            return None
        # Asked before the counts were: it may have been on its way then.
        return session if any(one.report_url for one in session.deliveries) else None

    return until(ask, "complete and uploaded", seconds=60)


def check_whole(daemon: DaemonHome, collector: CollectorHome, flight: Flight) -> list[Version]:
    """One report over there, one session over here, and both as the log has it: nothing lost, nothing doubled."""
    session, versions = arrived(daemon), stored(collector)
    assert len({one.report for one in versions}) == 1
    assert [one.partial for one in versions] == [True] * (len(versions) - 1) + [False]
    assert len({one.digest for one in versions}) == len({one.revision for one in versions}) == len(versions)
    assert versions[-1].events == session.events == flight.lines
    assert versions[-1].revision == session.revision
    urls = {one.report_url for one in session.deliveries if one.report_url}
    assert len(urls) == 1
    status, page = fetch(urls.pop())
    assert status == 200
    assert b"Still running" not in page
    assert b"Complete" in page
    return versions


def test_a_report_is_there_while_the_session_runs_and_the_whole_takes_its_place(
    daemon: DaemonHome, collector: CollectorHome, flight: Flight
) -> None:
    daemon.start()
    daemon.agree(collector.key)
    for _ in range(3):
        lines = flight.jump()
        until(lambda: shown_events(collector) == lines, "so much of it is there")  # noqa: B023 -- asked before it changes
    session = session_of(daemon)
    assert session is not None
    assert (session.end, session.ended_at) == (None, None)
    assert [one.id for one in daemon.client.running().sessions] == [session.id]
    url = session.deliveries[-1].report_url
    assert url is not None
    assert b"Still running" in fetch(url)[1]
    assert all(one.partial for one in stored(collector))
    flight.end()
    versions = check_whole(daemon, collector, flight)
    assert len(versions) >= 4
    whole = session_of(daemon)
    assert whole is not None
    assert {one.report_url for one in whole.deliveries if one.report_url} == {url}


def test_a_daemon_that_is_killed_between_a_partial_version_and_the_end_sends_the_whole(
    daemon: DaemonHome, collector: CollectorHome, flight: Flight
) -> None:
    program = daemon.start()
    daemon.agree(collector.key)
    lines = flight.jump()
    until(lambda: shown_events(collector) == lines, "a partial version is there")
    program.kill()
    flight.jump()
    flight.end()
    daemon.start()
    check_whole(daemon, collector, flight)


def test_kill_9_at_any_moment_of_a_long_session_loses_and_doubles_nothing(
    daemon: DaemonHome, collector: CollectorHome, flight: Flight, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(5)
    program = daemon.start()
    daemon.agree(collector.key)
    until(lambda: flight.jump() and stored(collector), "the first version is there", every=0.1)
    for number in range(KILLS):
        before = len(stored(collector))
        if number % 2:
            until(lambda: flight.jump() and len(stored(collector)) > before, "one more version", every=0.1)  # noqa: B023 -- asked before it changes
        for _ in range(chance.randrange(1, 12)):
            flight.jump()
            daemon.client.status()
        program.kill()
        flight.jump()
        program = daemon.start()
    flight.end()
    versions = check_whole(daemon, collector, flight)
    tell(capsys, f"{KILLS} kills, {flight.lines} lines, {len(versions)} versions of one report, lost 0, doubled 0")


def test_a_destination_may_be_left_out(daemon: DaemonHome, collector: CollectorHome, flight: Flight) -> None:
    daemon.extra["LOGFERRY_DESTINATIONS__HOME__PARTIALS"] = "false"
    daemon.start()
    daemon.agree(collector.key)
    until(lambda: daemon.client.running().sessions, "it is seen")
    for _ in range(3):
        lines = flight.jump()
        until(lambda: daemon.client.running().sessions[0].events == lines, "it is read")  # noqa: B023 -- asked before it changes
    assert session_of(daemon) is None
    flight.end()
    assert [one.partial for one in check_whole(daemon, collector, flight)] == [False]
