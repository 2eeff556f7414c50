"""Whatever lies in a tracker's folder: each bad file gets one clear line, the good ones arrive, nothing is touched."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.delivered import Play, judge, plays_in
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    daemon_home,
    make_quiet,
    peak_memory,
    tell,
    unprivileged,
    until,
)
from tests.conftest import needs, only_on
from tests.factories import artemis_document, encode_document, journal

pytestmark = [
    pytest.mark.accept,
    pytest.mark.slow,
    only_on("linux"),
    needs(*unprivileged()[:1]),
    pytest.mark.timeout(300),
]

BEGAN = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)
HUGE = 200 * 2**20
MOST_MEMORY = 256 * 2**20
DEEP = 70
BLOCK = 2**20
PATIENCE = 2.0
"""Seconds, in place of half a minute, before a person is told of something unfinished."""


@dataclass(frozen=True)
class Bad:
    """One bad file: what its line must say, and whether there is a play in it all the same."""

    name: str
    reason: str
    play: bool = False


ARTEMIS = (
    Bad("session-empty.json", "empty"),
    Bad("session-noise.json", "not text"),
    Bad("session-cut.json", "not JSON"),
    Bad("session-huge.json", "too large"),
    Bad("session-pipe.json", "not a regular file"),
    Bad("session-link.json", "symbolic link"),
    Bad("session-locked.json", "no permission"),
    Bad("session-deep.json", "nested deeper"),
    Bad("session-twice.json", "twice"),
    Bad("session-nan.json", "NaN", play=True),
)
ELITE = (
    Bad("Journal.empty.01.log", "empty"),
    Bad("Journal.noise.01.log", "not JSON"),
    Bad("Journal.cut.01.log", "stops in the middle", play=True),
    Bad("Journal.huge.01.log", "too large"),
    Bad("Journal.pipe.01.log", "not a regular file"),
    Bad("Journal.link.01.log", "symbolic link"),
    Bad("Journal.locked.01.log", "no permission"),
    Bad("Journal.deep.01.log", "nested deeper", play=True),
    Bad("Journal.twice.01.log", "twice", play=True),
    Bad("Journal.nan.01.log", "NaN", play=True),
)
SECRET = b'{"id": "session-1", "startedAt": "2026-01-01T00:00:00Z", "endedAt": "2026-01-01T01:00:00Z", "events": []}'


def nested() -> object:
    value: object = 1
    for _ in range(DEEP):
        value = {"in": value}
    return value


def start_of(number: int) -> datetime:
    return BEGAN + number * timedelta(hours=3)


def furnish(folder: Path, bad: tuple[Bad, ...], contents: dict[str, bytes], outside: Path) -> Path:
    """The bad files, whose kind is the middle of their name, beside a good one."""
    folder.mkdir(parents=True)
    outside.write_bytes(SECRET)
    for one in bad:
        file = folder / one.name
        kind = one.name.replace("-", ".").split(".")[1]
        if kind == "pipe":
            make_pipe(file)
        elif kind == "link":
            file.symlink_to(outside)
        else:
            write(file, kind, contents)
    write(folder / ("session-good.json" if bad is ARTEMIS else "Journal.good.01.log"), "good", contents)
    return folder


def make_pipe(file: Path) -> None:
    if sys.platform != "win32":
        os.mkfifo(file)


def write(file: Path, kind: str, contents: dict[str, bytes]) -> None:
    if kind == "huge":
        fill(file, noise="huge" in contents)
    else:
        file.write_bytes(contents.get(kind, b""))
    make_quiet(file)
    if kind == "locked":
        file.chmod(0)


def fill(file: Path, *, noise: bool) -> None:
    """A file of 200 MiB: noise to its last byte, or one hole."""
    random = Random(5)
    with file.open("wb") as out:
        out.truncate(HUGE)
        for _ in range(HUGE // BLOCK if noise else 0):
            out.write(random.randbytes(BLOCK))


def artemis_contents() -> dict[str, bytes]:
    def document(number: int) -> dict[str, Any]:
        return artemis_document(number, start=start_of(number))

    good, nan, locked = document(1), document(2), document(3)
    nan["events"][3]["amount"] = float("nan")
    whole = encode_document(document(4))
    return {
        "good": encode_document(good),
        "nan": encode_document(nan),
        "locked": encode_document(locked),
        "cut": whole[: len(whole) // 2],
        "noise": Random(1).randbytes(64 * 1024),
        "deep": encode_document(document(5) | {"extra": nested()}),
        "twice": encode_document(document(6)).replace(b'"name"', b'"name": "one of two",\n  "name"', 1),
    }


def elite_contents() -> dict[str, bytes]:
    def lines(number: int) -> list[bytes]:
        return journal(number, start=start_of(100 + number), last_newline=True).encode().splitlines(keepends=True)

    def with_line(number: int, line: bytes) -> bytes:
        whole = lines(number)
        return b"".join([*whole[:-1], line + b"\r\n", whole[-1]])

    now = b'{ "timestamp":"2026-01-23T10:00:00Z", "event":"Loadout", '
    cut = b"".join(lines(4)[:-1])
    return {
        "good": b"".join(lines(1)),
        "huge": b"",
        "locked": b"".join(lines(3)),
        "cut": cut[:-20],
        "noise": Random(2).randbytes(64 * 1024),
        "deep": with_line(5, now + b'"extra":' + json.dumps(nested()).encode() + b" }"),
        "twice": with_line(6, now + b'"Ship":"python", "Ship":"eagle" }'),
        "nan": with_line(7, now + b'"HullValue":NaN }'),
    }


@pytest.fixture
def artemis(tmp_path: Path) -> Path:
    return furnish(tmp_path / "games" / "artemis", ARTEMIS, artemis_contents(), tmp_path / "outside.json")


@pytest.fixture
def elite(tmp_path: Path) -> Path:
    return furnish(tmp_path / "games" / "elite", ELITE, elite_contents(), tmp_path / "outside.log")


@pytest.fixture
def daemon(tmp_path: Path, artemis: Path, elite: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(
            sources={"hunts": ("artemis", artemis), "flights": ("elite-dangerous", elite)},
            destinations={DESTINATION: collector.url},
            patience=PATIENCE,
        )
        yield daemon


def traces(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that could tell that somebody was here: names, kinds, sizes, times and contents."""
    found: dict[str, tuple[object, ...]] = {}
    for file in sorted(folder.iterdir()):
        seen = file.lstat()
        content = digest(file) if stat.S_ISREG(seen.st_mode) else None
        found[file.name] = (seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, content)
    return found


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def good_plays(folder: Path, bad: tuple[Bad, ...]) -> Counter[Play]:
    """The plays of the files that can be read, from their raw bytes."""
    unreadable = {one.name for one in bad if not one.play}
    return plays_in(folder, without=unreadable)


def told(lines: list[str], one: Bad) -> bool:
    """Whether exactly one line names this file, and gives this reason."""
    about = [line.replace(one.name, "") for line in lines if one.name in line]
    return len(about) == 1 and one.reason in about[0]


def troubles(daemon: DaemonHome) -> set[str]:
    """The files that the status has something to say about."""
    lines = [each.message for each in daemon.client.status().attention]
    return {one.name for one in ARTEMIS + ELITE if any(one.name in line for line in lines)}


@pytest.mark.parametrize("kind", ["artemis", "elite"])
def test_inspect_names_each_bad_file_and_its_reason_in_one_line(
    daemon: DaemonHome, artemis: Path, elite: Path, kind: str
) -> None:
    folder, bad = (artemis, ARTEMIS) if kind == "artemis" else (elite, ELITE)
    before = traces(folder)
    said = daemon.command("inspect", str(folder), "--json", before=unprivileged())
    assert (said.code, said.err) == (0, "")
    found = {file["path"]: file for file in json.loads(said.out)["files"]}
    lines = [f"{name}: {each['message']}" for name, file in found.items() for each in file["problems"]]
    assert [one.name for one in bad if not told(lines, one)] == []
    assert [line for line in lines if "\n" in line] == []
    assert {name for name, file in found.items() if file["sessions"]} == {one.name for one in bad if one.play} | {
        name for name in found if "good" in name
    }
    assert traces(folder) == before


def test_the_daemon_names_each_bad_file_delivers_the_good_ones_and_touches_none(
    daemon: DaemonHome, collector: CollectorHome, artemis: Path, elite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = traces(artemis) | traces(elite)
    played = good_plays(artemis, ARTEMIS) + good_plays(elite, ELITE)
    program = daemon.start(*unprivileged())
    daemon.agree(collector.key)
    daemon.settled(played.total())
    bad = ARTEMIS + ELITE

    until(lambda: troubles(daemon) >= {one.name for one in bad}, "a line for each bad file", seconds=60, every=0.2)
    status = daemon.command("status", "--json")
    lines = [f"{each['message']}" for each in json.loads(status.out)["attention"]]
    assert [(one.name, one.reason) for one in bad if not told(lines, one)] == []
    for_people = daemon.command("status")
    assert [(one.name, one.reason) for one in bad if not told(for_people.out.splitlines(), one)] == []
    memory = peak_memory(program.pid)
    verdict = judge(played, collector)
    tell(capsys, f"bad input: {verdict}; memory {memory / 2**20:.0f} MiB at most")
    assert program.stop() == 0
    assert verdict.exactly_once, verdict
    assert traces(artemis) | traces(elite) == before
    assert "Traceback" not in daemon.own_words() + status.out + status.err + for_people.out + for_people.err
    assert memory < MOST_MEMORY
