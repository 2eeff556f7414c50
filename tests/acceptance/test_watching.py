"""A real daemon over real folders: what is lost by the watcher is found by the scan, and nothing of a game's is touched."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.running import DaemonHome, daemon_home, make_quiet, peak_memory, tell, until
from tests.conftest import needs, only_on
from tests.factories import START, artemis_document, encode_document, file_name, journal
from tests.factories_match import fight, replay
from tests.factories_putt import putt_round
from tests.factories_swg import swg_log

if sys.platform == "win32":
    pytest.skip("platform: no pipes, no devices, no inotify", allow_module_level=True)

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(700)]

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
BURST, RESCAN, GRACE = 20_000, 10.0, 50.0
NESTED = 200
MANY = 100_000
LARGE, EVENTS = 100, 8_000
MOST_MEMORY_FOR_DOCUMENTS = 160 * 2**20
MOST_MEMORY = 256 * 2**20
LONGEST_STALL = 1.0
WATCHED = 4.0
"""Seconds of looking again and again while it is asked for its status."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as home:
        yield home


@pytest.fixture
def short_queue() -> Iterator[None]:
    """The kernel keeps 64 events for a program that has not asked for them yet."""
    before = QUEUE.read_text("ascii")
    try:
        QUEUE.write_text("64", "ascii")
    except OSError:
        pytest.skip("platform: only root shortens the kernel's queue")
    try:
        yield
    finally:
        QUEUE.write_text(before, "ascii")


def hunt(number: int) -> tuple[str, bytes]:
    """A finished session with little in it."""
    document = artemis_document(number, start=START + number * timedelta(minutes=1), events=1)
    return file_name(document), encode_document(document)


def has(daemon: DaemonHome, sessions: int) -> bool:
    return daemon.client.status().counts.found == sessions


def files_of(daemon: DaemonHome, source: str = "hunts") -> int:
    return next(one.files for one in daemon.client.sources().sources if one.name == source)


def test_a_burst_that_overruns_the_kernels_queue_is_found_by_the_next_look(
    daemon: DaemonHome, tmp_path: Path, short_queue: None, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    games.mkdir()
    hunts = [hunt(number) for number in range(BURST)]
    daemon.configure(sources={"hunts": ("artemis", games)}, rescan=RESCAN)
    program = daemon.start()
    began = time.monotonic()
    for name, content in hunts:
        (games / name).write_bytes(content)
    written = time.monotonic()
    until(lambda: files_of(daemon) == BURST, "all found", seconds=RESCAN + GRACE)
    found = time.monotonic()
    until(lambda: daemon.client.status().counts.found == BURST, "all in the spool", seconds=500, every=0.5)
    tell(
        capsys,
        f"{BURST} files in {written - began:.1f} s with a queue of {QUEUE.read_text('ascii').strip()}",
        f"all found after {found - written:.1f} s, all in the spool after {time.monotonic() - written:.1f} s",
        f"peak memory {peak_memory(program.pid) / 2**20:.0f} MiB",
    )


def test_files_in_brand_new_nested_folders_are_found_without_waiting_for_a_rescan(
    daemon: DaemonHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    games.mkdir()
    daemon.configure(sources={"hunts": ("artemis", games)}, rescan=3_600)
    daemon.start()
    began = time.monotonic()
    for number in range(NESTED):
        folder = games / f"{number % 7}" / f"{number}" / "deep"
        folder.mkdir(parents=True)
        name, content = hunt(number)
        (folder / name).write_bytes(content)
    until(lambda: daemon.client.status().counts.found == NESTED, "all of them")
    tell(capsys, f"{NESTED} of {NESTED} in new folders after {time.monotonic() - began:.1f} s")


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(daemon: DaemonHome, tmp_path: Path) -> None:
    games = tmp_path / "not" / "yet" / "there"
    daemon.configure(sources={"hunts": ("artemis", games)}, rescan=3_600)
    daemon.start()
    for number in range(3):
        games.mkdir(parents=True)
        name, content = hunt(number)
        (games / name).write_bytes(content)
        until(partial(has, daemon, number + 1), "found")
        (games / name).unlink()
        games.rmdir()


def test_many_large_documents_that_come_together_do_not_fill_the_memory(
    daemon: DaemonHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of them do not say that they are over."""
    games, size = tmp_path / "games", 0
    games.mkdir()
    for number in range(LARGE):
        document = artemis_document(number, start=START + number * timedelta(days=1), events=EVENTS)
        if number % 2:
            del document["endedAt"]
        path = games / file_name(document)
        size += path.write_bytes(encode_document(document))
        make_quiet(path)
    daemon.configure(sources={"hunts": ("artemis", games)})
    program = daemon.start()
    until(lambda: has(daemon, LARGE), "all in the spool", seconds=500, every=0.5)
    peak = peak_memory(program.pid)
    tell(capsys, f"{LARGE} documents of {size / LARGE / 2**20:.1f} MiB: peak memory {peak / 2**20:.0f} MiB")
    assert peak < MOST_MEMORY_FOR_DOCUMENTS


def furnish(games: Path) -> dict[str, tuple[str, Path]]:
    """A finished session of trackers of every kind: documents, pairs of files, logs, matches."""
    document, flight, played = artemis_document(1), journal(1), putt_round(1)
    contents = {
        "artemis": {file_name(document): encode_document(document)},
        "elite-dangerous": {flight.name: flight.encode()},
        "putt": {played.json_name: played.flat(), played.csv_name: played.report()},
        "swg-bot": {"session_1.json": encode_document(swg_log(1))},
        "guild-wars-2-arcdps": {"20260301-200000.evtc": fight()},
        "rocket-league": {"0A1B.replay": replay()},
    }
    for name, files in contents.items():
        (games / name / "below").mkdir(parents=True)
        for file, content in files.items():
            (games / name / "below" / file).write_bytes(content)
            make_quiet(games / name / "below" / file)
    return {name: (name, games / name) for name in contents}


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything about every entry but when it was last read."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        about = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(about.st_mode) else ""
        found[str(path)] = (about.st_mode, about.st_uid, about.st_size, about.st_mtime_ns, about.st_ctime_ns, digest)
    return found


WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")


@needs("strace")
def test_nothing_below_a_watched_folder_is_changed_or_opened_for_writing(
    daemon: DaemonHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games, calls = tmp_path / "games", tmp_path / "calls"
    sources = furnish(games)
    daemon.configure(sources=sources, rescan=1)
    before = tree(games)
    daemon.start("strace", "-f", "-y", "-qq", "-e", "trace=%file,ftruncate,fchmod,fchown", "-o", str(calls), seconds=60)
    until(lambda: daemon.client.status().counts.found == len(sources), "all found", seconds=60)
    scans = 3
    time.sleep(scans)  # some more looks at everything
    daemon.client.stop()
    daemon.programs.started[-1].process.wait(60)
    assert tree(games) == before
    lines = calls.read_text("utf-8", "replace").splitlines()
    ours = [line for line in lines if str(games) in line and "<... " not in line]  # not the second halves of calls
    opened = [line for line in ours if re.search(r"\bopen(at2?)?\(", line)]
    assert len([line for line in opened if "O_RDONLY" in line]) > len(sources)
    assert [line for line in opened if WRITES.search(line)] == []
    harmless = re.compile(r"\b(open(at2?)?|[a-z]*stat[a-z0-9]*|readlink(at)?|access|faccessat2?|inotify_add_watch)\(")
    assert [line for line in ours if not harmless.search(line)] == []
    tell(capsys, f"{len(before)} entries unchanged; {len(opened)} opened below the folders, none for writing")


def hostile(folder: Path, outside: Path) -> dict[str, str]:
    """Entries that must not be read, and a word of the reason that must be told."""
    outside.mkdir()
    (outside / "session-out.json").write_bytes(hunt(900)[1])
    os.mkfifo(folder / "session-pipe.json")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(folder, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/session-socket.json")
        os.close(here)
    (folder / "session-link.json").symlink_to(outside / "session-out.json")
    (folder / "linked").symlink_to(outside)
    with (folder / "session-sparse.json").open("wb") as out:
        out.truncate(2**40)
    (folder / "session-line.json").write_bytes(b'{"id": "' + b"x" * (64 * 2**20) + b'"}')
    reasons = {
        "pipe": "not a regular",
        "socket": "not a regular",
        "link": "symbolic",
        "sparse": "large",
        "line": "large",
    }
    with suppress(PermissionError):
        os.mknod(folder / "session-device.json", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        reasons["device"] = "not a regular"
    return reasons


def test_a_hostile_folder_with_a_hundred_thousand_files_holds_nobody_up(
    daemon: DaemonHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    games.mkdir()
    for number in range(MANY):
        (games / f"session-z{number}.json").touch()  # the last of all, so that they are still being read
    reasons = hostile(games, tmp_path / "outside")
    name, content = hunt(1)
    (games / name).write_bytes(content)
    daemon.configure(sources={"hunts": ("artemis", games)}, rescan=1, patience=1)
    program = daemon.start()
    until(lambda: daemon.client.status().counts.found == 1, "the good one")
    said = until(lambda: told(daemon, len(reasons)), "all reasons")
    missing = {
        kind for kind, word in reasons.items() if not any(f"session-{kind}." in line and word in line for line in said)
    }
    assert missing == set()
    # Every look holds up the answers if any does, so a while without another program's work in it is enough.
    slowest = slowest_answer(daemon)
    for _ in range(4):
        if slowest < LONGEST_STALL:
            break
        slowest = slowest_answer(daemon)
    peak = peak_memory(program.pid)
    tell(capsys, f"slowest answer {slowest * 1000:.0f} ms, peak memory {peak / 2**20:.0f} MiB")
    assert slowest < LONGEST_STALL
    assert peak < MOST_MEMORY
    assert daemon.client.status().counts.found == 1


def slowest_answer(daemon: DaemonHome) -> float:
    """Of some seconds, in which there are several looks."""
    slowest, end = 0.0, time.monotonic() + WATCHED
    while time.monotonic() < end:
        began = time.monotonic()
        daemon.client.status()
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def told(daemon: DaemonHome, number: int) -> list[str] | None:
    """What the status says about files, once it is so much."""
    lines = [one.message for one in daemon.client.status().attention if "session-" in one.message]
    return lines if len(lines) >= number else None
