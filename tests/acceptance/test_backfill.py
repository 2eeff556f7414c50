"""The first start shows what it found and sends nothing of it until somebody asks; real daemon, real collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.delivery import BACKLOG_REASON
from tests.acceptance.delivered import judge, plays_in, stored_in
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    copy_quiet,
    daemon_home,
    make_quiet,
    tell,
    until,
)
from tests.conftest import SAMPLES, only_on
from tests.factories import artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

BEGAN = datetime(2026, 1, 20, 19, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = 12
SINCE = BEGAN + 8 * DAY - timedelta(hours=1)
"""After the hunts before, and before the four that are left."""
USAGE, WAITING = 2, 4


@pytest.fixture
def games(tmp_path: Path) -> Path:
    """A full folder: a hunt a day, and the real journals where there are any."""
    root = tmp_path / "games"
    for name in ("artemis", "elite"):
        (root / name).mkdir(parents=True)
    for number in range(OLD):
        put_hunt(root, number, BEGAN + number * DAY)
    for file in sorted((SAMPLES / "elite").glob("Journal.*.log"))[:5]:
        copy_quiet(file, root / "elite")
    return root


def put_hunt(root: Path, number: int, start: datetime) -> None:
    document = artemis_document(number, start=start)
    draft = root / file_name(document)
    draft.write_bytes(encode_document(document))
    make_quiet(draft.rename(root / "artemis" / draft.name))


@pytest.fixture
def daemon(tmp_path: Path, games: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon", backfill=False) as daemon:
        sources = {"hunts": ("artemis", games / "artemis"), "flights": ("elite-dangerous", games / "elite")}
        daemon.configure(sources=sources, destinations={DESTINATION: collector.url}, patience=1)
        yield daemon


def plays(games: Path) -> int:
    return (plays_in(games / "artemis") + plays_in(games / "elite")).total()


def found(daemon: DaemonHome, number: int, *, uploaded: int = 0) -> None:
    """Returns when this many sessions are found, so many of them uploaded, and all others held."""

    def all_there() -> bool:
        counts = daemon.client.status().counts
        return (counts.found, counts.uploaded, counts.held) == (number, uploaded, number - uploaded)

    until(all_there, f"{number} sessions, {uploaded} of them uploaded", seconds=60, every=0.1)


def test_what_was_there_before_goes_when_it_is_asked_for_and_what_is_new_by_itself(
    games: Path, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    number = plays(games)
    first = daemon.start()
    daemon.agree(collector.key)
    found(daemon, number)
    listed = json.loads(daemon.command("sessions", "list", "--json").out)["sessions"]
    assert {(each["state"], each["reason"]) for one in listed for each in one["deliveries"]} == {
        ("held", BACKLOG_REASON)
    }
    said = daemon.command("status").out
    assert f"{number} sessions from" in said
    assert "logferry upload --all" in said
    assert f"{number} sessions from before" in daemon.command("sessions", "list").out
    assert stored_in(collector.database) == []

    # What is over from now on goes by itself, also when it was played while nobody looked.
    put_hunt(games, 50, datetime.now(UTC))
    found(daemon, number + 1, uploaded=1)
    assert first.stop() == 0
    put_hunt(games, 51, datetime.now(UTC))
    daemon.start()
    found(daemon, number + 2, uploaded=2)
    assert len(stored_in(collector.database)) == 2

    misused = daemon.command("upload", "--since", "2026-01-01", listed[0]["id"])
    assert (misused.code, len(stored_in(collector.database))) == (USAGE, 2)
    since = [one for one in listed if datetime.fromisoformat(one["ended_at"]) >= SINCE]
    said = daemon.command("upload", "--all", "--since", SINCE.isoformat()).out
    assert f"{len(since)} deliveries uploaded" in said
    wanted = {datetime.fromisoformat(one["started_at"]) for one in since}
    have = {one.started_at for one in stored_in(collector.database)}
    assert wanted <= have
    assert len(have) == len(since) + 2
    found(daemon, number + 2, uploaded=len(since) + 2)

    assert daemon.command("upload", "--all").code == 0
    daemon.settled(number + 2)
    verdict = judge(plays_in(games / "artemis") + plays_in(games / "elite"), collector)
    assert verdict.exactly_once, verdict
    tell(capsys, f"backfill: {number} found, 0 sent; 2 new by themselves; {len(since)} since, then all; {verdict}")


def test_a_session_is_split_and_joined_by_hand_and_stays_so(
    games: Path, collector: CollectorHome, daemon: DaemonHome
) -> None:
    number = plays(games)
    first = daemon.start()
    daemon.agree(collector.key)
    found(daemon, number)
    listed = json.loads(daemon.command("sessions", "list", "--json").out)["sessions"]
    newest, before = [one for one in listed if one["tracker"] == "artemis"][:2]
    whole = daemon.command("upload", newest["id"])
    assert whole.code == 0, whole.err

    began, ended = (datetime.fromisoformat(newest[key]) for key in ("started_at", "ended_at"))
    middle = (began + (ended - began) / 2).isoformat()
    looked = daemon.command("sessions", "recut", newest["id"], "--at", middle, "--dry-run", "--json")
    assert len(json.loads(looked.out)["after"]) == 2, looked.err
    assert daemon.client.status().counts.found == number
    done = daemon.command("sessions", "recut", newest["id"], "--at", middle, "--json")
    parts = json.loads(done.out)["after"]
    assert parts[0]["id"] == newest["id"]
    assert sum(each["events"] for each in parts) == newest["events"]
    # The part that it was in part, and the rest as a session of its own, go by themselves: it was asked for before.
    found(daemon, number + 2, uploaded=3)

    apart = daemon.command("sessions", "recut", listed[-1]["id"], newest["id"], "--merge")
    assert apart.code == 1, apart.out
    joined = daemon.command("sessions", "recut", before["id"], newest["id"], "--merge", "--json")
    assert [each["events"] for each in json.loads(joined.out)["after"]] == [before["events"] + parts[0]["events"]]

    assert first.stop() == 0
    kept = daemon.client
    daemon.start()
    kept.upload_all()
    sessions = {one.id: one for one in kept.sessions().sessions}
    assert sessions[newest["id"]].merged_into == before["id"]
    assert sessions[parts[1]["id"]].revision == 1
    assert sessions[before["id"]].events == before["events"] + parts[0]["events"]
