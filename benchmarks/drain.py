"""A backlog from the disk to a collector by a real daemon, beside what copies the same files as they are.

Our time has all of it: the start of the process, finding, reading, statistics, taking out names, the durable spool,
packing, sending, and a collector that checks and stores. The peers look into no file, and theirs keep or drop bytes.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Case, Finding, Target, absent, compared, interleave, program, seconds
from benchmarks.sink import HOST, sink
from benchmarks.uploads import curl, ran
from tests.acceptance.running import DESTINATION, collector_home, daemon_home, free_port, make_quiet, until
from tests.factories import artemis_document

ABOUT = "finished sessions of 470 kB, from files to the other side; lower is better; every start is in its time"
OURS = "logferry"
SFTP, WEBDAV, CURL, TAR = "rclone, SFTP", "rclone, WebDAV", "curl -Z", "tar, zstd, curl"
TARGETS = {
    SFTP: (Target(1.5), Target(1.0)),
    WEBDAV: (Target(0.35), Target(0.2)),
    TAR: (Target(5.5), Target(3.0)),
    CURL: (Target(8), Target(4.5)),
}
NEEDS = {SFTP: ("rclone",), WEBDAV: ("rclone",), TAR: ("tar", "zstd", "curl"), CURL: ("curl",)}
EVENTS = 2_500
USER, WORD = "bench", "benchmark"
PATIENCE = 600.0


def run(*, quick: bool) -> Iterator[Finding]:
    number, rounds = (60, 1) if quick else (300, 3)
    missing = {peer: gone for peer, tools in NEEDS.items() if (gone := absent(*tools))}
    with TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name)
        games = root / "games"
        games.mkdir()
        fill(games, number)
        cases: dict[str, Case] = {OURS: lambda: ours(root, games, number)}
        if SFTP not in missing:
            cases |= stack.enter_context(rclone_cases(root, games))
        url = stack.enter_context(sink())
        if CURL not in missing:
            cases[CURL] = lambda: curl(
                "-Z", "--parallel-max", "16", "-T", f"{games}/session-[0000-{number - 1:04}].json", url + "/"
            )
        if TAR not in missing:
            cases[TAR] = lambda: tar(games, url)
        values = interleave(cases, rounds)
    what = f"{number} sessions"
    for peer, (target, stretch) in TARGETS.items():
        if peer in missing:
            yield Finding(benchmark="drain", what=f"{what} / {peer}", reason=f"{missing[peer]} is not on this computer")
        else:
            yield from compared("drain", what, "s", values, ours=OURS, peers=(peer,), target=target, stretch=stretch)


def fill(games: Path, number: int) -> None:
    """Files of many sessions; what they hold is of twenty, as making it is no part of the time."""
    documents = [artemis_document(seed, events=EVENTS, length=timedelta(minutes=90)) for seed in range(min(20, number))]
    for place in range(number):
        document = documents[place % len(documents)] | {"id": f"session-{place:04}"}
        file = games / f"session-{place:04}.json"
        file.write_text(json.dumps(document), "utf-8")
        make_quiet(file)


NUMBERS = count(1)


def ours(root: Path, games: Path, number: int) -> float:
    """A daemon that has its consent and its key, and has seen none of the files."""
    place = root / f"ours-{next(NUMBERS)}"
    with collector_home(place / "collector") as collector, daemon_home(place / "daemon") as daemon:
        empty = place / "empty"
        empty.mkdir()
        daemon.configure(sources={"hunts": ("artemis", empty)}, destinations={DESTINATION: collector.url})
        first = daemon.start()
        daemon.agree(collector.key)
        first.stop()
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})

        def drained() -> None:
            daemon.start()
            until(lambda: daemon.client.status().counts.uploaded == number, "all uploaded", seconds=PATIENCE, every=0.1)

        took = seconds(drained)
    shutil.rmtree(place)
    return took


@contextmanager
def rclone_cases(root: Path, games: Path) -> Iterator[dict[str, Case]]:
    """Its own servers on this computer; each copy goes to a folder that is not there yet."""
    rclone, config = program("rclone") or "rclone", root / "rclone.conf"
    config.touch()
    word = subprocess.run(  # noqa: S603 -- a peer
        (rclone, "obscure", WORD), capture_output=True, text=True, check=True
    ).stdout.strip()
    with ExitStack() as stack:
        cases: dict[str, Case] = {}
        for kind, peer, more in (("sftp", SFTP, ("--sftp-shell-type", "none")), ("webdav", WEBDAV, ())):
            port, kept = free_port(), root / kind
            kept.mkdir()
            served = (rclone, "serve", kind, "--addr", f"{HOST}:{port}", "--user", USER, "--pass", WORD, str(kept))
            process = stack.enter_context(
                subprocess.Popen((*served, "--config", str(config)), stderr=subprocess.DEVNULL)  # noqa: S603 -- a peer
            )
            stack.callback(process.kill)
            where = (
                ("--sftp-host", HOST, "--sftp-port", str(port))
                if kind == "sftp"
                else ("--webdav-url", f"http://{HOST}:{port}")
            )
            login = (f"--{kind}-user", USER, f"--{kind}-pass", word)
            command = (rclone, "--config", str(config), *where, *login, *more, "--transfers", "4")
            until(lambda command=command, kind=kind: answers((*command, "lsd", f":{kind}:")), f"rclone serve {kind}")  # type: ignore[misc]
            cases[peer] = lambda command=command, kind=kind: copied(command, games, kind)  # type: ignore[misc]
        yield cases


def answers(command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0  # noqa: S603 -- a peer


def copied(command: tuple[str, ...], games: Path, kind: str) -> float:
    return seconds(lambda: ran((*command, "copy", str(games), f":{kind}:{next(NUMBERS)}")))


def tar(games: Path, url: str) -> float:
    """One stream of everything."""
    line = f"tar -c -C {shlex.quote(str(games))} . | zstd -3 -q | curl -s -f -H Expect: -T - {url}/all"
    return seconds(lambda: ran(("sh", "-c", line)))
