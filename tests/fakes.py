"""The world in memory: one small honest class a port. Each passes the same contract tests as the real adapter."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from logferry_daemon.core.discovery import Candidate
from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.gate import Access
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.settle import Signature
from logferry_daemon.ports import (
    CLOSED,
    FileSeen,
    KeyNote,
    Program,
)
from logferry_model.errors import Damaged, LogferryError, Misconfigured, Unreachable
from logferry_model.fingerprint import Fingerprint
from tests.counting_loop import counting

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEADY = datetime(1970, 1, 1, 5, tzinfo=UTC)
"""What the clock that nobody can set says at first: five hours after the computer was switched on."""
_TURNS = 20
"""Rounds of the loop after which whatever was woken has begun to run."""


class ManualClock:
    """Stands still until it is moved; whoever sleeps is woken by moving it, in the order of their times."""

    def __init__(self, at: datetime = NOON) -> None:
        self._now = at
        self._passed = timedelta()
        self._sleepers: list[tuple[timedelta, asyncio.Future[None]]] = []
        self._news = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def set(self, at: datetime) -> None:
        """Somebody sets the clock: nobody who waits notices."""
        self._now = at

    def steady(self) -> datetime:
        return STEADY + self._passed

    async def sleep(self, duration: timedelta) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self._passed + duration, woken)
        if duration <= timedelta():
            await asyncio.sleep(0)
            return
        self._sleepers.append(sleeper)
        self._news.set()
        try:
            await woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def move(self, duration: timedelta) -> None:
        """Time passes, and nothing else happens yet."""
        self._now += duration
        self._passed += duration
        for due, woken in list(self._sleepers):
            if due <= self._passed and not woken.done():
                woken.set_result(None)

    async def idle(self, sleepers: int = 1) -> None:
        """Until everybody has gone as far as they can, in threads too, and so many sleep."""
        async with asyncio.timeout(60):
            await self._rest()
            while len(self._sleepers) < sleepers:
                self._news.clear()
                await self._news.wait()
                await self._rest()

    async def _rest(self) -> None:
        """Until nobody runs any more, on the loop or in a thread of it."""
        worked = True
        while worked:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            worked = await counting().until_threads_rest()

    async def advance(self, duration: timedelta, sleepers: int = 1) -> None:
        """Time passes from one sleeper's end to the next, and all do what they have to do in between."""
        end = self._passed + duration
        while due := sorted(when for when, _ in self._sleepers if when <= end):
            self.move(due[0] - self._passed)
            await self.idle(sleepers)
        self.move(end - self._passed)
        await self.idle(sleepers)


class FixedChance:
    """The same jitter every time, and tokens that anybody could guess."""

    def __init__(self, jitter: float = 0.5) -> None:
        self._jitter = jitter
        self._tokens = 0

    def jitter(self) -> float:
        return self._jitter

    def token(self) -> str:
        self._tokens += 1
        return hashlib.sha256(str(self._tokens).encode()).hexdigest()[:32]


@dataclass
class _File:
    data: bytes
    mtime: datetime
    inode: int
    trouble: Trouble | None = None
    error: LogferryError | None = None
    mtime_ns: int | None = None
    """Where no calendar holds `mtime`."""


class MemoryFiles:
    """A folder in memory, with the ways in which programs change files."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._files: dict[str, _File] = {}
        self._inodes = 100
        self.present = True
        """Whether the folder itself is there."""
        self.before_read: Callable[[str], None] = lambda _: None
        """Called with the path before every read: what happens between looking and reading."""
        self.shut: str | None = None
        """A folder that cannot be entered."""
        self.after_scan: Callable[[], None] = lambda: None
        """Called before a scan returns: what happens too late for it."""
        self.in_the_middle_of_a_read: Callable[[], object] | None = None
        """Done once, before the first read that goes on after a file's first bytes."""
        self.reads = 0
        self.scans = 0

    # the port

    async def scan(self, root: Path, patterns: Sequence[str]) -> Sequence[FileSeen]:
        self.scans += 1
        if not self.present:
            raise Unreachable("source-missing", f"The folder {root} cannot be read: no such file or directory.")
        found = [
            self._seen(path)
            for path in sorted(self._files)
            if not self._is_shut(path)
            and any(fnmatch.fnmatch(path.rpartition("/")[2], pattern) for pattern in patterns)
        ]
        if self.shut:
            trouble = Trouble(code=CLOSED, message="it cannot be looked into: permission denied.")
            found.append(FileSeen(path=self.shut, signature=Signature(0, 0, 0, 0), trouble=trouble))
        self.after_scan()
        return found

    def _is_shut(self, path: str) -> bool:
        return self.shut is not None and path.startswith(f"{self.shut}/")

    async def look(self, root: Path, path: str) -> FileSeen | None:
        return self._seen(path) if self.present and path in self._files and not self._is_shut(path) else None

    async def read(self, root: Path, path: str, *, offset: int, limit: int) -> bytes:
        self.before_read(path)
        self.reads += 1
        if offset and self.in_the_middle_of_a_read is not None:
            deed, self.in_the_middle_of_a_read = self.in_the_middle_of_a_read, None
            deed()
        file = self._files.get(path) if self.present else None
        if file is None:
            raise Unreachable("file-unreadable", f"{path} cannot be read: no such file or directory.")
        if file.trouble:
            raise Damaged(file.trouble.code, file.trouble.message)
        if file.error:
            raise file.error
        return file.data[offset : offset + limit]

    def _seen(self, path: str) -> FileSeen:
        file = self._files[path]
        written = file.mtime_ns if file.mtime_ns is not None else round(file.mtime.timestamp() * 1000) * 1_000_000
        return FileSeen(path=path, signature=Signature(len(file.data), written, file.inode, 1), trouble=file.trouble)

    # what programs do

    def content(self, path: str) -> bytes:
        return self._files[path].data

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self._files)

    def write(self, path: str, data: bytes, *, mtime: datetime | None = None, inode: int | None = None) -> None:
        """Make it, or write it afresh in place."""
        old = self._files.get(path)
        if inode is None:
            inode = old.inode if old else self._new_inode()
        self._files[path] = _File(data, mtime or self._clock.now(), inode)

    def replace(self, path: str, data: bytes, *, mtime: datetime | None = None) -> None:
        """Another file takes its name, as editors do."""
        self.write(path, data, mtime=mtime, inode=self._new_inode())

    def append(self, path: str, data: bytes, *, mtime: datetime | None = None) -> None:
        file = self._files.get(path)
        self.write(path, (file.data if file else b"") + data, mtime=mtime)

    def touch(self, path: str) -> None:
        """Only its time moves."""
        self._files[path].mtime = self._clock.now()

    def date(self, path: str, mtime_ns: int) -> None:
        """Give it any time that a file system can hold."""
        self._files[path].mtime_ns = mtime_ns

    def truncate(self, path: str, size: int = 0) -> None:
        self.write(path, self._files[path].data[:size])

    def rename(self, path: str, to: str) -> None:
        self._files[to] = self._files.pop(path)

    def copy(self, path: str, to: str, *, mtime: datetime | None = None) -> None:
        self.write(to, self._files[path].data, mtime=mtime)

    def delete(self, path: str) -> int:
        """Its inode may be used again."""
        return self._files.pop(path).inode

    def spoil(self, path: str, code: str) -> None:
        """Put something there that is not read: `symlink` or `not-a-file`."""
        self.write(path, b"")
        self._files[path].trouble = Trouble(code=code, message=f"{code}.")

    def deny(self, path: str) -> None:
        """Take the permission away, which changes neither size nor time."""
        self.fail(path, Damaged("no-permission", "no permission to read it."))

    def fail(self, path: str, error: LogferryError) -> None:
        """Reading it brings this."""
        self._files[path].error = error

    def permit(self, path: str) -> None:
        """Reading works again."""
        self._files[path].error = None

    def _new_inode(self) -> int:
        self._inodes += 1
        return self._inodes


class ScriptedWatcher:
    """Hints when it is told to; without being told it is the watcher that misses everything."""

    def __init__(self) -> None:
        self._bursts: asyncio.Queue[bool] = asyncio.Queue()
        self.watches = 0
        """How often watching was begun."""

    def hint(self) -> None:
        self._bursts.put_nowait(True)

    def end(self) -> None:
        """The folder cannot be watched any more."""
        self._bursts.put_nowait(False)

    async def hints(self, root: Path) -> AsyncIterator[None]:
        self.watches += 1
        while await self._bursts.get():
            yield


class FakeProcesses:
    """Programs that run because a test says so."""

    def __init__(self, *running: str) -> None:
        self._running: dict[str, Program] = {}
        self._number = 0
        self.looks = 0
        """How often every process was looked at."""
        for name in running:
            self.start(name)

    def start(self, name: str) -> None:
        self._number += 1
        self._running[name.casefold()] = Program(name, self._number, float(self._number))

    def stop(self, name: str) -> None:
        self._running.pop(name.casefold(), None)

    def named(self, name: str) -> Sequence[Program]:
        return [one for key, one in self._running.items() if key == name.casefold()]

    async def find(self, names: Collection[str]) -> Sequence[Program]:
        self.looks += 1
        found = ((name, self._running.get(name.casefold())) for name in names)
        return [replace(program, name=name) for name, program in found if program is not None]

    async def alive(self, programs: Collection[Program]) -> Sequence[Program]:
        running = {(program.pid, program.began) for program in self._running.values()}
        return [one for one in programs if (one.pid, one.began) in running]


class FakeForeground:
    """A desktop on which a test says what is looked at, or that nobody tells."""

    def __init__(self) -> None:
        self.focus: int | LogferryError | None = None

    async def pid(self) -> int | None:
        if isinstance(self.focus, LogferryError):
            raise self.focus
        return self.focus


@dataclass(frozen=True)
class Sent:
    """One request as it went out."""

    url: str
    request: Request
    secret: Mapping[str, str]
    pin: Fingerprint | None = None


Answer = Response | LogferryError | Callable[[Sent], Response]


class ScriptedSender:
    """Answers in the order of the script, then always with its last line; remembers what was sent."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.sent: list[Sent] = []
        self.free = asyncio.Event()
        """Cleared: answers are a long time coming."""
        self.free.set()
        self.at_once = 0
        """The most requests that were under way together."""
        self.broken_off = 0
        """Requests that were given up before their answer."""
        self._under_way = 0

    async def send(
        self, url: str, request: Request, secret: Mapping[str, str], pin: Fingerprint | None = None
    ) -> Response:
        sent = Sent(url, request, secret, pin)
        self.sent.append(sent)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            await asyncio.sleep(0)  # the others set out in the meantime
            await self.free.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        finally:
            self._under_way -= 1
        if isinstance(answer, LogferryError):
            raise answer
        return answer(sent) if callable(answer) else answer


LONGEST_SECRET = 64 * 1_200
"""UTF-16 units."""


class FakeFingerprints:
    """Shows the keys that a test put up at addresses."""

    def __init__(self, **keys: Fingerprint) -> None:
        self.keys: dict[str, Fingerprint] = dict(keys)
        self.looked: list[str] = []

    async def look(self, url: str) -> Fingerprint:
        self.looked.append(url)
        if url not in self.keys:
            raise Unreachable("refused", f"{url} cannot be reached: connection refused.", hint="Is it running?")
        return self.keys[url]


class FakeDiscovery:
    """A network on which exactly these answer."""

    def __init__(self, *found: Candidate, error: LogferryError | None = None) -> None:
        self.found = found
        self.error = error
        self.browsed: list[timedelta] = []

    async def browse(self, duration: timedelta) -> Sequence[Candidate]:
        self.browsed.append(duration)
        if self.error:
            raise self.error
        return self.found


class MemoryCredentials:
    """A keyring in memory."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = dict(secrets)
        self.state: Access | None = None
        """Set: what the keyring says of every secret."""
        self.asked = 0
        self.roomless = False
        """There is nowhere to keep a key of the installation itself."""
        self._own: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        """Destinations whose keys were laid down by somebody else."""
        self.noted: list[KeyNote] = []

    async def access(self, destination: str) -> Access:
        self.asked += 1
        return self.state or (Access.AVAILABLE if destination in self._secrets else Access.ABSENT)

    async def secret(self, destination: str) -> str | None:
        return None if self.state else self._secrets.get(destination)

    async def keep(self, destination: str, secret: str, *, insecure: bool) -> None:
        if len(secret.encode("utf-16-le")) // 2 > LONGEST_SECRET:
            raise Misconfigured("secret-too-long", f"The key is longer than {LONGEST_SECRET} characters.")
        if self.state and not insecure:
            raise Misconfigured("keyring-refused", f"The keyring is {self.state}.", hint="Unlock it and try again.")
        self._secrets[destination] = secret

    async def forget(self, destination: str, *, quiet: bool = False) -> None:
        if self.state and quiet:
            raise Misconfigured("keyring-refused", f"The keyring is {self.state}.")
        self._secrets.pop(destination, None)

    async def origin(self, destination: str) -> str:
        return self.origins.get(destination, "")

    async def notes(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        return self.noted

    async def own_key(self, name: str) -> tuple[Access, str | None]:
        if self.state:
            return self.state, None
        return (Access.AVAILABLE, self._own[name]) if name in self._own else (Access.ABSENT, None)

    async def make_own_key(self, name: str) -> tuple[Access, str | None]:
        if self.state is None and not self.roomless:
            self._own.setdefault(name, hashlib.sha256(f"{id(self)}{name}".encode()).hexdigest())
        return await self.own_key(name)
