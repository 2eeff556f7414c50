"""Real daemons and collectors: started on free ports with homes of their own, ended by their own process id.

Nothing here waits for a time to pass: it asks until the answer is there or a deadline is over.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from logferry_collector.keys import create_key
from logferry_collector.settings import CollectorSettings
from logferry_daemon.home import Home
from logferry_ipc import endpoint
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import ConsentGrant, IdentityDecision, Login, Status
from logferry_model.errors import LogferryError
from tests.leaks import HUNT

if TYPE_CHECKING:
    import pytest  # the benchmarks use this file too, and need no test runner for it

HOST = "127.0.0.1"
ACCOUNT = "mila"
DESTINATION = "home"
LOGFERRY = (sys.executable, "-m", "logferry")
EVERY = 0.02
"""Seconds between two questions."""

T = TypeVar("T")


class TooLate(AssertionError):
    """Something did not happen before its deadline."""


def until(ask: Callable[[], T | None], what: str, *, seconds: float = 60.0, every: float = EVERY) -> T:
    """The first answer of `ask` that is neither None nor False, nor 0 or empty; TooLate names `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TooLate(f"not within {seconds:g} s: {what}")
        time.sleep(every)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True)
class Program:
    """One process and the file that holds everything it said."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def words(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """At once: no handler runs, no buffer is written."""
        self.process.kill()
        self.process.wait()

    def stop(self, *, seconds: float = 60.0) -> int:
        """Asked by SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def clear_away(self) -> None:
        """It and whatever it started are gone."""
        if sys.platform == "win32":
            self.process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Programs:
    """Every process of one owner."""

    folder: Path
    started: list[Program] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Program:
        """A process in a group of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name}-{len(self.started) + 1:03}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        program = Program(process, log)
        self.started.append(program)
        return program

    @property
    def words(self) -> str:
        """Everything that all of them said."""
        return "\n".join(program.words for program in self.started)

    def clear_away(self) -> None:
        for program in self.started:
            program.clear_away()


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class DaemonHome:
    """One installation: its settings, its daemon, its commands."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home.below(root)
        self.client = DaemonClient(self.home.runtime)
        self.programs = Programs(root / "words")
        self.extra: dict[str, str] = {}
        """More variables for its daemon and its commands."""

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests: no session bus, no keyring, no home folder."""
        user = self.root / "user"
        user.mkdir(parents=True, exist_ok=True)
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(user),
            "LOGFERRY_HOME": str(self.root),
            "LOGFERRY_IPC__PORT": "0",
        }
        chatty = {"LOGFERRY_LOG__LEVEL": "DEBUG"} if HUNT.following else {}
        return own | chatty | self.extra

    def configure(
        self,
        *,
        sources: Mapping[str, tuple[str, Path]] | None = None,
        destinations: Mapping[str, str] | None = None,
        **watch: float,
    ) -> None:
        """The settings file: source -> tracker and folder, destination -> URL, and figures under `[watch]`."""
        parts = ["[watch]", *(f"{name} = {value}" for name, value in watch.items())]
        for name, (tracker, folder) in (sources or {}).items():
            parts += [f"[sources.{name}]", f"tracker = {json.dumps(tracker)}", f"path = {json.dumps(str(folder))}"]
        for name, url in (destinations or {}).items():
            parts += [f"[destinations.{name}]", f"url = {json.dumps(url)}"]
        self.home.config.mkdir(parents=True, exist_ok=True)
        self.home.settings_file.write_text("\n".join(parts) + "\n", "utf-8")

    def launch(self, *before: str) -> Program:
        """A daemon that may not be ready yet; `before` are words in front of its command line."""
        return self.programs.start("daemon", (*before, *LOGFERRY, "run"), self.environment)

    def ready(self, program: Program, *, seconds: float = 60.0) -> None:
        """Returns when the discovery file of the running daemon is there and it answers."""
        until(lambda: self._reachable(program), f"daemon ready\n{program.words}", seconds=seconds)

    def start(self, *before: str, seconds: float = 60.0) -> Program:
        """A daemon that answers."""
        program = self.launch(*before)
        self.ready(program, seconds=seconds)
        return program

    def _reachable(self, program: Program) -> bool:
        if program.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {program.process.returncode}:\n{program.words}")
        if endpoint.read(self.home.runtime) is None:
            return False
        try:
            self.client.hello()
        except LogferryError:
            return False
        return True

    def command(self, *words: str, typed: str = "", before: Sequence[str] = (), seconds: float = 60.0) -> Said:
        """`logferry WORDS`, as a person would; `before` are words in front of it."""
        done = subprocess.run(
            (*before, *LOGFERRY, *words),
            input=typed,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=seconds,
            check=False,
        )
        HUNT.search(done.stdout + done.stderr, f"what was said to: logferry {words[0]}")
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    def agree(self, key: str, destination: str = DESTINATION, *, everybody: bool = True) -> None:
        """Consent and key for a destination, over the local API; whoever plays may go, where a test is not about that."""
        shown = self.client.consent(destination)
        if everybody:
            self.client.decide_identity(IdentityDecision(destination=destination, identity="*", allowed=True))
        self.client.grant(destination, ConsentGrant(policy_digest=shown.policy_digest))
        self.client.login(destination, Login(secret=key, insecure_storage=True))

    def settled(self, sessions: int, *, seconds: float = 60.0) -> Status:
        """The status once this many deliveries are uploaded and none moves."""

        def all_uploaded() -> Status | None:
            now = self.client.status()
            return now if now.counts.uploaded == now.counts.found == sessions else None

        try:
            return until(all_uploaded, f"{sessions} deliveries uploaded", seconds=seconds, every=0.1)
        except TooLate as late:
            raise TooLate(f"{late}; the daemon says {self.client.status()}") from None

    def own_words(self) -> str:
        """Everything its daemons said: to the terminal and to their log."""
        logs = sorted(self.home.state.glob("daemon.log*"))
        return "\n".join([self.programs.words, *(log.read_text("utf-8", "replace") for log in logs)])


UNASKED = {"LOGFERRY_WATCH__BACKFILL": "true", "LOGFERRY_WATCH__BACKFILL_PER_MINUTE": "10000"}
"""What lies in the folders already goes at once, as where the question of asking is not what a test is about."""


@contextmanager
def daemon_home(root: Path, *, backfill: bool = True) -> Iterator[DaemonHome]:
    """An installation whose processes are all gone when the block ends; `backfill` sends without being asked."""
    daemon = DaemonHome(root)
    daemon.extra |= UNASKED if backfill else {}
    try:
        yield daemon
    finally:
        daemon.programs.clear_away()
        HUNT.search_below(root)


class CollectorHome:
    """One collector: a database, a key, and a process that may come and go on the same port."""

    def __init__(self, root: Path, host: str = HOST) -> None:
        self.host = host
        root.mkdir(parents=True, exist_ok=True)
        self.database = root / "collector.sqlite3"
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self.key = create_key(CollectorSettings(database_url=self._database_url), ACCOUNT, "acceptance").text
        HUNT.secrets.add(self.key)
        self.programs = Programs(root / "words")

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self.database.as_posix()}"

    def start(self, *more: str) -> Program:
        """A collector that answers; `more` are words behind its command line."""
        where = ("--database", self._database_url, "--host", self.host, "--port", str(self.port))
        environment = {"PATH": os.environ["PATH"]}
        program = self.programs.start("collector", (*LOGFERRY, "collector", "serve", *where, *more), environment)
        until(lambda: self._healthy(program), f"collector ready\n{program.words}", seconds=60)
        return program

    def _healthy(self, program: Program) -> bool:
        if program.process.poll() is not None:
            raise AssertionError(f"the collector ended with {program.process.returncode}:\n{program.words}")
        try:
            return fetch(f"{self.url}/health")[0] == http.HTTPStatus.OK
        except OSError:
            return False


@contextmanager
def collector_home(root: Path, *, started: bool = True, host: str = HOST) -> Iterator[CollectorHome]:
    """A collector whose processes are all gone when the block ends."""
    collector = CollectorHome(root, host)
    try:
        if started:
            collector.start()
        yield collector
    finally:
        collector.programs.clear_away()
        HUNT.search_below(root)


def tell(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """Figures for whoever watches the tests run."""
    with capsys.disabled():
        sys.stdout.write("".join(f"\n    {line}" for line in lines))


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body at a URL of this computer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=10)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def unprivileged() -> tuple[str, ...]:
    """Words in front of a command line that take away root's right to read everything.

    Not another user id: the interpreter may lie in root's own folder, where nobody else can start it.
    """
    root = sys.platform != "win32" and os.geteuid() == 0
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if root else ()


def copy_quiet(source: Path, folder: Path, *, age: float = 86_400.0) -> Path:
    """A copy that nobody has touched for `age` seconds."""
    copied = Path(shutil.copy2(source, folder))
    copied.chmod(0o644)
    return make_quiet(copied, age=age)


def make_quiet(file: Path, *, age: float = 86_400.0) -> Path:
    """The file, as if it had been written `age` seconds ago."""
    then = time.time() - age
    os.utime(file, (then, then))
    return file


def peak_memory(pid: int) -> int:
    """The most bytes that a process has had in memory so far."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024
