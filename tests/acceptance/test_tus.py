"""Our client of tus against the reference server from npm, over a network that breaks, by processes that are killed."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_ipc.messages import Copy, DeleteRequest
from logferry_model.envelope import sha256_hex
from tests.acceptance.running import DESTINATION, DaemonHome, Program, daemon_home, make_quiet, tell, until
from tests.acceptance.tus_front import Break, Front, front_of
from tests.acceptance.tus_program import NotFetched, tus_program
from tests.factories import artemis_document, encode_document

pytestmark = [pytest.mark.accept, pytest.mark.faults, pytest.mark.slow]

MIB = 2**20
CHUNK = MIB


@pytest.fixture(scope="session")
def server() -> list[str]:
    """The reference server's command."""
    try:
        return tus_program()
    except NotFetched as error:
        pytest.skip(f"not installed: the reference tus server; npm says: {error}")


@pytest.fixture
def front(server: list[str], tmp_path: Path) -> Iterator[Front]:
    folder = tmp_path / "uploads"
    folder.mkdir()
    with subprocess.Popen([*server, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with front_of(port, folder, CHUNK) as front:
                yield front
        finally:
            process.kill()


@contextmanager
def uploading(front: Front, tmp_path: Path, size: int, *, patience: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-m", "tests.acceptance.uploader"]
    ours = [*program, str(tmp_path / "spool.db"), front.url, str(size), str(patience)]
    with subprocess.Popen(ours, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def uploaded(front: Front, tmp_path: Path, size: int, *, patience: float = 30.0) -> tuple[int, str]:
    """How many bytes the letter had, and what its process said; it is there once and whole, and its delivery over."""
    with uploading(front, tmp_path, size, patience=patience) as process:
        said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said
    assert said.splitlines()[-1].strip() == "Acked"
    ((body, told),) = front.uploads()
    assert told["sha256"] == sha256_hex(body)
    assert len(body) >= size
    with closing(sqlite3.connect(tmp_path / "spool.db")) as spool:
        rows = spool.execute("SELECT state, bytes_sent, upload_path FROM deliveries").fetchall()
    assert rows == [("uploaded", len(body), "")]
    return len(body), said


@pytest.mark.parametrize("size", [5 * MIB, 40 * MIB], ids=["5 MiB", "40 MiB"])
def test_a_large_letter_arrives_whole(
    front: Front, tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    front.chunk = 4 * MIB
    began = time.monotonic()
    length, _ = uploaded(front, tmp_path, size)
    assert front.received == length
    assert front.methods.count("POST") == 1
    pieces, took = front.methods.count("PATCH"), time.monotonic() - began
    tell(capsys, f"{length} bytes in {pieces} pieces, {took:.1f} s with the start of a process")


def test_another_process_goes_on_after_kill_9(front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size, front.pause, resent_before = 12 * MIB, 0.005, 0
    for mark in (2.5, 5.3, 8.1):
        with uploading(front, tmp_path, size) as process:
            until(lambda: front.received > (mark * MIB + resent_before), "so much has arrived", every=0.002)  # noqa: B023
            process.kill()
            process.wait()
        resent_before += CHUNK
    length, _ = uploaded(front, tmp_path, size)
    resent = front.received - length
    tell(capsys, f"killed 3 times in {length} bytes: {resent} sent again, {resent / 3 / CHUNK:.2f} of a piece a kill")
    assert front.methods.count("POST") == 1
    assert 0 <= resent <= 3 * CHUNK


def test_the_lost_last_reply_costs_a_question(front: Front, tmp_path: Path) -> None:
    front.breaks = lambda method, number: Break(lose=True) if (method, number) == ("PATCH", 6) else None
    length, said = uploaded(front, tmp_path, 5 * MIB + 1000)
    assert front.methods == ["POST", *["PATCH"] * 6, "HEAD"]
    assert front.received == length
    assert said.split() == ["Acked"]


@pytest.mark.parametrize("status", [423, 503])
def test_a_server_that_says_later_in_the_middle_is_sent_nothing_twice(
    front: Front, tmp_path: Path, status: int
) -> None:
    front.breaks = lambda method, number: Break(status=status) if method == "PATCH" and number in {3, 5} else None
    length, said = uploaded(front, tmp_path, 5 * MIB)
    assert front.received == length
    assert [line.split()[0] for line in said.splitlines()] == ["Later", "Later", "Acked"]
    assert front.methods.count("POST") == 1


def test_each_reset_in_the_middle_costs_a_piece_at_most(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts = {2: 700_000, 4: 1, 5: 262_144, 9: 100_000}
    front.breaks = cut_at(cuts)
    length, _ = uploaded(front, tmp_path, 8 * MIB)
    resent = front.received - length
    tell(capsys, f"{len(cuts)} resets in {length} bytes: {resent} sent again")
    assert front.methods.count("POST") == 1
    assert 0 <= resent <= len(cuts) * CHUNK


def test_a_network_that_was_exchanged_for_another_costs_a_piece_at_most(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {3: 300_000, 5: 900_000}
    front.breaks = lambda method, number: (
        Break(after=gone[number], vanish=True) if method == "PATCH" and number in gone else None
    )
    length, _ = uploaded(front, tmp_path, 6 * MIB, patience=3)
    resent = front.received - length
    tell(capsys, f"{front.vanished} connections ended without a word in {length} bytes: {resent} sent again")
    assert front.vanished == len(gone)
    assert front.methods.count("POST") == 1
    assert 0 <= resent <= len(gone) * CHUNK


def test_a_daemon_that_was_killed_goes_on_where_it_was(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    games.mkdir()
    make_quiet(long_hunt(games / "session-1772395200243.json"))
    front.pause = 0.03
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: front.url})
        program = daemon.start()
        daemon.agree("s3cret-key-of-the-tus-test")
        for mark in (1.4, 3.6):
            until(lambda: front.received > mark * MIB, "so much has arrived", seconds=100)  # noqa: B023
            program.kill()
            program = daemon.start()
        daemon.settled(1, seconds=100)
        (upload,) = daemon.client.receipts("").receipts
    ((body, told),) = front.uploads()
    resent = front.received - len(body)
    tell(capsys, f"a daemon killed 2 times in {len(body)} bytes: {resent} sent again")
    assert len(body) > 4 * MIB
    assert told["sha256"] == sha256_hex(body)
    assert upload.bytes_sent == len(body)
    assert front.methods.count("POST") == 1
    assert 0 <= resent <= 2 * CHUNK


def long_hunt(file: Path) -> Path:
    """A session whose letter is too long for one post: nothing packs words that nobody ever used."""
    dice = random.Random(5)
    document = artemis_document(5, events=3)
    at = document["events"][0]["timestamp"]
    document["events"] = [
        {
            "timestamp": at + number,
            "type": "damage_dealt",
            "amount": 1.0,
            "creature": words(dice),
            "itemName": words(dice),
        }
        for number in range(30_000)
    ]
    file.write_bytes(encode_document(document))
    return file


def words(dice: random.Random) -> str:
    return " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(14))


def cut_at(cuts: dict[int, int]) -> Callable[[str, int], Break | None]:
    return lambda method, number: Break(after=cuts[number]) if method == "PATCH" and number in cuts else None


def test_an_upload_that_the_server_lost_is_made_again_under_the_same_key(front: Front, tmp_path: Path) -> None:
    front.pause = 0.005
    with uploading(front, tmp_path, 6 * MIB) as process:
        until(lambda: front.received > 2 * MIB, "some has arrived", every=0.002)
        process.kill()
        process.wait()
    for file in front.folder.iterdir():
        file.unlink()
    uploaded(front, tmp_path, 6 * MIB)
    assert front.methods.count("POST") == 2


# Taken back


@contextmanager
def begun(front: Front, tmp_path: Path) -> Iterator[tuple[DaemonHome, Program, str]]:
    """A daemon that has sent some of a long session, its process, and the session."""
    games = tmp_path / "games"
    games.mkdir()
    make_quiet(long_hunt(games / "session-1772395200243.json"))
    front.pause = 0.03
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: front.url})
        program = daemon.start()
        daemon.agree("s3cret-key-of-the-tus-test")
        until(lambda: front.received > 1.4 * MIB, "so much has arrived", seconds=100)
        (session,) = daemon.client.sessions().sessions
        yield daemon, program, session.id


def on_disk(front: Front) -> int:
    """Bytes of all that the server has."""
    return sum(file.stat().st_size for file in front.folder.iterdir())


def test_what_arrived_of_a_deleted_session_is_gone_from_the_servers_disk(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with begun(front, tmp_path) as (daemon, _, session):
        before = on_disk(front)
        assert before > MIB
        began = time.monotonic()
        daemon.client.delete(session, DeleteRequest())
        until(lambda: not list(front.folder.iterdir()), "nothing is left over there", seconds=60)
        tell(capsys, f"{before} bytes were gone {time.monotonic() - began:.1f} s after the command was given")
        assert front.methods.count("DELETE") == 1
        until(lambda: not pieces(daemon), "nothing is told of it")


def test_a_finished_upload_whose_receipt_was_not_heard_stays_there(front: Front, tmp_path: Path) -> None:
    front.heard = False
    with begun(front, tmp_path) as (daemon, _, session):
        until(front.uploads, "every byte is there", seconds=100)
        until(lambda: last_error(daemon), "its receipt is asked for", seconds=60)
        daemon.client.delete(session, DeleteRequest(remote=True))
        until(lambda: tried(daemon) and not pieces(daemon), "the report is asked for", seconds=60)
    assert "DELETE" not in front.methods
    assert len(front.uploads()) == 1


def test_one_whose_last_reply_was_lost_stays_there_too(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = True

    def breaks(method: str, _: int) -> Break | None:
        if method == "PATCH" and missing(front) <= CHUNK:
            return Break(lose=True)
        return Break(status=503) if method == "HEAD" and silent else None

    front.breaks = breaks
    with begun(front, tmp_path) as (daemon, _, session):
        until(lambda: front.methods.count("HEAD"), "it is asked how much is there", seconds=100)
        assert len(front.uploads()) == 1
        daemon.client.delete(session, DeleteRequest())
        assert [one.state for one in pieces(daemon)] == ["pending"]
        silent = False
        until(lambda: not pieces(daemon), "nothing is told of it", seconds=100)
    tell(capsys, f"what was asked of it: {' '.join(front.methods)}")
    assert "DELETE" not in front.methods
    assert len(front.uploads()) == 1


def test_it_is_asked_again_until_it_is_gone_also_by_another_process(front: Front, tmp_path: Path) -> None:
    front.breaks = lambda method, _: Break(status=503) if method == "DELETE" else None
    with begun(front, tmp_path) as (daemon, program, session):
        daemon.client.delete(session, DeleteRequest())
        until(lambda: front.methods.count("DELETE") > 1, "asked twice", seconds=60)
        program.kill()
        assert on_disk(front) > MIB
        front.breaks = lambda _method, _number: None
        daemon.start()
        until(lambda: not list(front.folder.iterdir()), "nothing is left over there", seconds=60)


def test_where_that_is_not_offered_it_is_told_until_when_it_lies_there(
    front: Front, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    front.extensions = ("creation",)
    with begun(front, tmp_path) as (daemon, _, session):
        daemon.client.delete(session, DeleteRequest(remote=True))
        until(lambda: [one.state for one in pieces(daemon)] == ["failed"], "it is refused", seconds=60)
        (left,) = pieces(daemon)
        assert left.until is not None
        assert timedelta(days=6) < left.until - datetime.now(UTC) <= timedelta(days=7)
        shown = daemon.command("sessions", "show", session).out
        assert "it takes no upload back" in shown
        assert "it lies there until" in shown
        tell(capsys, "\n".join(line for line in shown.splitlines() if "upload" in line or "lies" in line))
    assert "DELETE" not in front.methods
    assert on_disk(front) > MIB


def missing(front: Front) -> int:
    """Bytes that the server has not yet of its one upload."""
    (note,) = front.folder.glob("*.json")
    return int(json.loads(note.read_bytes())["size"]) - note.with_suffix("").stat().st_size


def last_error(daemon: DaemonHome) -> list[str]:
    return [row.last_error for one in daemon.client.sessions().sessions for row in one.deliveries if row.last_error]


def tried(daemon: DaemonHome) -> list[Copy]:
    return [one for gone in daemon.client.sessions().deleted for one in gone.copies if one.last_attempt]


def pieces(daemon: DaemonHome) -> list[Copy]:
    return [one for gone in daemon.client.sessions().deleted for one in gone.copies if one.pieces]
