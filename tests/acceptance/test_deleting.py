"""What its owner deletes does not arrive, and what had arrived goes: with real daemons, collectors and connections."""

from __future__ import annotations

import asyncio
import http.client
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry.exits import Exit
from logferry_daemon.adapters.clock_system import SystemChance
from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_ipc.messages import DeleteRequest, PauseRequest, RetryRequest
from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import (
    DESTINATION,
    HOST,
    CollectorHome,
    DaemonHome,
    daemon_home,
    fetch,
    make_quiet,
    tell,
    until,
)
from tests.factories import artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

BEGAN = datetime(2026, 2, 1, 18, 0, tzinfo=UTC)
REMOTE = DeleteRequest(remote=True)


@pytest.fixture
def games(tmp_path: Path) -> Path:
    folder = tmp_path / "games"
    folder.mkdir()
    for number in (1, 2):
        put(folder, number)
    return folder


def put(folder: Path, number: int, *, events: int = 10) -> None:
    """A finished hunt; with more events it is a newer version of the same."""
    document = artemis_document(number, start=BEGAN + number * timedelta(hours=2), events=events)
    file = folder / file_name(document)
    file.write_bytes(encode_document(document))
    make_quiet(file, age=86_400.0 - events)


@pytest.fixture
def daemon(tmp_path: Path, games: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        configure(daemon, games, collector.url)
        yield daemon


def configure(daemon: DaemonHome, games: Path, url: str) -> None:
    daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: url})


def there(collector: CollectorHome, table: str = "revisions") -> int:
    with closing(sqlite3.connect(collector.database)) as database:
        count: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- names of ours
    return count


def one_of_two(daemon: DaemonHome) -> str:
    """The id of one of the sessions, once both are found."""
    until(lambda: len(daemon.client.sessions().sessions) == 2, "two sessions found")
    return daemon.client.sessions().sessions[0].id


def attention(daemon: DaemonHome) -> set[str]:
    return {one.code for one in daemon.client.status().attention if one.code.startswith("deletion")}


def states(daemon: DaemonHome) -> list[str]:
    return [copy.state for gone in daemon.client.sessions().deleted for copy in gone.copies]


def confirmed(daemon: DaemonHome) -> bool:
    daemon.client.retry(RetryRequest())  # waits for no pause that the daemon would keep by itself
    return states(daemon) == ["deleted"]


def test_what_is_deleted_before_its_upload_never_arrives(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    first = daemon.start()
    gone = one_of_two(daemon)
    said = daemon.command("sessions", "delete", gone[:8])
    assert (said.code, "--yes" in said.err) == (Exit.WAITING, True), said
    said = daemon.command("sessions", "delete", gone[:8], "--yes")
    assert said.code == 0, said.err
    daemon.agree(collector.key)
    daemon.settled(1)
    # Everything that reads the log again: a newer version, a copy, a rescan, a restart, a new look at the folder.
    for number in (1, 2):
        put(games, number, events=14)
    for number, file in enumerate(sorted(games.iterdir())):
        make_quiet(Path(shutil.copy(file, games / f"session-{number}.json")))
    daemon.client.upload_all()
    assert first.stop() == 0
    daemon.start()
    daemon.client.upload_all()
    daemon.settled(2)
    assert (there(collector, "reports"), there(collector)) == (1, 2)
    assert gone not in {one.id for one in daemon.client.sessions().sessions}


def test_what_was_deleted_before_a_kill_is_overwritten_after_the_next_start(daemon: DaemonHome) -> None:
    """The kill comes in the moment between the deletion and the scrub: here the spool is as it leaves it."""
    first = daemon.start()
    gone = one_of_two(daemon)
    first.kill()
    with closing(sqlite3.connect(daemon.home.spool_file, isolation_level=None)) as database:
        (document,) = database.execute("SELECT document FROM sessions WHERE id = ?", (gone,)).fetchone()

    async def delete() -> None:
        facts = SenderFacts(app_version="1", platform="linux")
        async with open_spool(daemon.home.spool_file, SystemChance(), facts) as spool:
            # Some builds of SQLite overwrite what they free by themselves, most do not.
            await spool.database.run(lambda: spool.database.opened().execute("PRAGMA secure_delete = OFF").fetchall())
            await spool.delete(gone, "artemis", datetime.now(UTC), ask=())

    asyncio.run(delete())
    pieces = [document[place : place + 24] for place in range(64, len(document) - 24, 64)]
    assert pieces_left(daemon, pieces) > 0
    daemon.start()
    until(lambda: pieces_left(daemon, pieces) == 0, "the spool's files are written anew", every=0.1)
    until(lambda: "deletion-unscrubbed" not in attention(daemon), "the status says so")
    assert len(daemon.client.sessions().sessions) == 1


def pieces_left(daemon: DaemonHome, pieces: Sequence[bytes]) -> int:
    files = b"".join(one.read_bytes() for one in daemon.home.state.glob(f"{daemon.home.spool_file.name}*"))
    return sum(piece in files for piece in pieces)


def test_a_deleted_report_stays_deleted_while_a_newer_version_waits(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    """F34: the owner deletes it at the collector, or from here; what was queued is answered 410 or was dropped."""
    daemon.start()
    daemon.agree(collector.key)
    daemon.settled(2)
    daemon.client.pause(PauseRequest())
    gone = one_of_two(daemon)
    for number in (1, 2):
        put(games, number, events=14)
    daemon.client.upload_all()
    until(lambda: daemon.client.status().counts.found == 4, "newer versions found")
    (report,) = {one.report_url for one in daemon.client.session(gone).session.deliveries if one.report_url}
    other = next(one for one in daemon.client.sessions().sessions if one.id != gone)
    (by_hand,) = {one.report_url for one in other.deliveries if one.report_url}
    delete_by_hand(collector, by_hand.rpartition("/")[2])
    done = daemon.client.delete(gone, REMOTE)
    assert done.sessions == (gone,)
    until(lambda: confirmed(daemon), "deletion confirmed")  # while everything is paused
    assert fetch(report)[0] == 404
    daemon.client.resume()
    daemon.client.upload_all()
    daemon.settled(2)  # both versions of the other: the second one was answered 410
    assert (there(collector, "reports"), there(collector), there(collector, "deleted_reports")) == (0, 0, 2)
    last = max(daemon.client.session(other.id).session.deliveries, key=lambda one: one.revision)
    assert "deleted over there" in last.last_error
    assert attention(daemon) == set()


def delete_by_hand(collector: CollectorHome, report: str) -> None:
    connection = http.client.HTTPConnection(HOST, collector.port, timeout=10)
    with closing(connection):
        headers = {"Authorization": f"Bearer {collector.key}"}
        connection.request("DELETE", f"/api/v1/encounters/{report}", headers=headers)
        assert connection.getresponse().status == 200


def test_a_lost_answer_to_a_deletion_is_asked_for_again(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    with proxy_to(collector.port) as proxy:
        configure(daemon, games, proxy.url)
        daemon.start()
        daemon.agree(collector.key)
        daemon.settled(2)
        before = len(proxy.requests)
        proxy.loses = lambda number: number == before + 1
        daemon.client.delete(one_of_two(daemon), REMOTE)
        until(lambda: confirmed(daemon), "deletion confirmed")
        asked = [one.head.split(b" ")[0] for one in proxy.requests[before:]]
        assert (proxy.lost, asked) == (1, [b"DELETE", b"DELETE"])
        assert there(collector, "reports") == 1


def test_a_deletion_is_remembered_while_the_collector_is_away_and_over_a_restart(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    first = daemon.start()
    daemon.agree(collector.key)
    daemon.settled(2)
    collector.programs.started[-1].kill()
    gone = one_of_two(daemon)
    said = daemon.command("sessions", "delete", gone, "--remote", "--yes")
    assert "Asked for at home" in said.out, said
    until(lambda: attention(daemon) == {"deletion-waiting"}, "the owner is told")
    assert "Deleted here, not yet there" in daemon.command("sessions", "list").out
    daemon.client.revoke(DESTINATION)
    assert first.stop() == 0
    daemon.start()
    assert (attention(daemon), states(daemon)) == ({"deletion-waiting"}, ["pending"])
    collector.start()
    until(lambda: confirmed(daemon), "deletion confirmed", seconds=60)
    assert (there(collector, "reports"), attention(daemon)) == (1, set())
    assert "deleted" in daemon.command("sessions", "show", gone).out


def test_an_upload_under_way_ends_before_the_answer_and_nothing_follows(
    daemon: DaemonHome, collector: CollectorHome, games: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A destination that takes every byte and never answers."""
    with socket.create_server((HOST, 0)) as mute:
        configure(daemon, games, f"http://{HOST}:{mute.getsockname()[1]}")
        mute.settimeout(60)
        daemon.start()
        # Both before any may go: what is found later waits for the answer that never comes.
        until(lambda: daemon.client.status().counts.found == 2, "both found")
        daemon.agree(collector.key)
        # The first one asks what is offered here, and does not wait for long.
        guests = [mute.accept()[0] for _ in range(3)]
        until(lambda: daemon.client.status().counts.uploading == 2, "both under way")
        for one in list(daemon.client.sessions().sessions):
            daemon.client.delete(one.id, DeleteRequest())
        sent = [drained(guest) for guest in guests]
        assert all(size > 100 for size in sent)
        mute.settimeout(2)
        with pytest.raises(TimeoutError):
            mute.accept()
        tell(capsys, f"broken off after {sent} bytes")
    gone = daemon.client.sessions().deleted
    assert [(copy.state, copy.certain) for one in gone for copy in one.copies] == [("kept", False)] * 2
    assert daemon.client.status().counts.found == 0


def drained(guest: socket.socket) -> int:
    """Bytes until the other side has hung up."""
    guest.settimeout(20)
    size = 0
    with closing(guest):
        try:
            while part := guest.recv(65_536):
                size += len(part)
        except ConnectionResetError:
            pass
    return size


def test_what_had_arrived_without_an_answer_is_found_by_its_key_and_deleted(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    with proxy_to(collector.port, loses=lambda _: True) as proxy:
        configure(daemon, games, proxy.url)
        daemon.start()
        daemon.agree(collector.key)
        until(lambda: there(collector, "reports") == 2, "both arrived, and no answer came back")
        daemon.client.pause(PauseRequest())
        until(lambda: daemon.client.status().counts.uploading == 0, "nothing is under way")
        gone = daemon.client.delete(one_of_two(daemon), REMOTE)
        assert [(copy.certain, copy.state) for copy in gone.copies] == [(False, "pending")]
        proxy.loses = lambda _: False
        until(lambda: confirmed(daemon), "deletion confirmed", seconds=60)
        assert there(collector, "reports") == 1


def test_what_had_arrived_without_an_answer_is_found_also_when_it_was_to_be_written_anew_on_other_terms(
    collector: CollectorHome, tmp_path: Path
) -> None:
    (tmp_path / "one-game").mkdir()
    put(tmp_path / "one-game", 1)
    with proxy_to(collector.port) as proxy, daemon_home(tmp_path / "far") as daemon:
        loses = [True]
        proxy.loses = lambda number: loses[0] and b"/api/v1/ingest" in proxy.requests[number - 1].head
        configure(daemon, tmp_path / "one-game", proxy.url)
        daemon.start()
        daemon.agree(collector.key)
        until(lambda: there(collector, "reports") == 1 and proxy.lost > 0, "the report, its answer lost")
        daemon.client.pause(PauseRequest())
        until(lambda: daemon.client.status().counts.uploading == 0, "nothing is under way")
        daemon.command("destinations", "privacy", DESTINATION, "players=drop")
        daemon.agree(collector.key)
        loses[0] = False
        (session,) = daemon.client.sessions().sessions
        gone = daemon.client.delete(session.id, REMOTE)
        assert [(copy.destination, copy.certain) for copy in gone.copies] == [(DESTINATION, False)]
        until(lambda: confirmed(daemon), "deletion confirmed", seconds=60)
        assert there(collector, "reports") == 0


def test_no_word_of_a_deleted_session_is_left_in_the_daemons_files(
    daemon: DaemonHome, collector: CollectorHome, games: Path
) -> None:
    """Its natural key stands there as it is; packed documents are searched in tests/contracts."""
    daemon.start()
    gone = one_of_two(daemon)
    with closing(sqlite3.connect(daemon.home.spool_file)) as direct:
        (key,) = direct.execute("SELECT natural_key FROM sessions WHERE id = ?", (gone,)).fetchone()
    key = key.encode()
    spool = sorted(daemon.home.state.glob("spool.db*"))
    assert any(key in file.read_bytes() for file in spool)
    daemon.client.delete(gone, DeleteRequest())
    assert not any(key in file.read_bytes() for file in sorted(daemon.home.state.glob("spool.db*")))
    daemon.agree(collector.key)
    daemon.settled(1)
