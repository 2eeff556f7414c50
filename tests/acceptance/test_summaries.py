"""A real daemon and a real collector: the summary of a long session is there first, then the whole, in one report."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, fetch, make_quiet, until
from tests.conftest import only_on
from tests.factories import artemis_document, encode_document

pytestmark = [pytest.mark.accept, only_on("linux", "darwin")]

EVENTS = 6_000


@pytest.fixture
def daemon(tmp_path: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as home:
        hunts = tmp_path / "hunts"
        hunts.mkdir()
        for number, events in ((1, EVENTS), (2, 3)):
            document = artemis_document(number, events=events)
            document["id"] = f"session-170514720000{number}"
            file = hunts / f"session-{number}.json"
            file.write_bytes(encode_document(document))
            make_quiet(file)
        home.configure(sources={"hunts": ("artemis", hunts)}, destinations={DESTINATION: collector.url}, settle=0.2)
        home.extra["LOGFERRY_UPLOAD__SUMMARY_FIRST"] = "true"
        yield home


def stored(collector: CollectorHome) -> list[tuple[str, int, bool, int]]:
    """Report, revision, partial and events, in the order in which they came."""
    with closing(sqlite3.connect(f"{collector.database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT report_id, revision, partial, events FROM revisions ORDER BY id").fetchall()
    return [(report, revision, bool(partial), events) for report, revision, partial, events in rows]


def test_a_summary_arrives_first_and_the_whole_takes_its_place(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.start()
    daemon.agree(collector.key)
    daemon.settled(3)
    long = [row for row in stored(collector) if row[0] in {row[0] for row in stored(collector) if row[2]}]
    assert [row[1:] for row in long] == [(1, True, 0), (2, False, EVENTS)]
    assert len({row[0] for row in stored(collector)}) == 2
    status, page = fetch(f"{collector.url}{daemon_path(daemon, EVENTS)}")
    assert (status, b"The whole of it follows" in page, b"Complete" in page) == (200, False, True)


def test_kill_9_between_a_summary_and_the_whole_changes_nothing(daemon: DaemonHome, collector: CollectorHome) -> None:
    program = daemon.start()
    daemon.agree(collector.key)
    until(lambda: any(row[2] for row in stored(collector)), "the summary is there", every=0.002)
    program.kill()
    daemon.start()
    daemon.settled(3)
    rows = stored(collector)
    assert sorted(row[1:] for row in rows) == [(1, False, 3), (1, True, 0), (2, False, EVENTS)]


def daemon_path(daemon: DaemonHome, events: int) -> str:
    """Where the report of the session with so many events is, below the collector's address."""
    (session,) = [one for one in daemon.client.sessions().sessions if one.events == events]
    (url,) = {one.report_url for one in session.deliveries if one.report_url}
    return "/" + url.split("/", 3)[3]
