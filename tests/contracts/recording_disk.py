"""A disk that remembers every write, sync, cut and removal SQLite asks for, and can lose what was never synced.

The vocabulary is trust.md's: at a cut each write since its file's last sync is kept, dropped or torn, each by itself, so
later writes may be there without earlier ones. Deletions are remembered too: a journal that reappears looks like loss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

import apsw

DROPPED, TORN = 0.4, 0.2
"""Of the writes that were not synced."""


@dataclass(frozen=True, slots=True)
class Wrote:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    file: str


@dataclass(frozen=True, slots=True)
class Deleted:
    file: str
    synced: bool


Step = Wrote | Truncated | Synced | Deleted


class Disk(apsw.VFS):
    """The system's own, which also keeps a list of what was asked of it."""

    def __init__(self, name: str) -> None:
        self.vfs_name = name
        self.steps: list[Step] = []
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 -- SQLite's
        return _File(self.steps, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 -- SQLite's
        super().xDelete(filename, syncdir)
        self.steps.append(Deleted(Path(filename).name, bool(syncdir)))


class _File(apsw.VFSFile):
    def __init__(self, steps: list[Step], name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._steps = steps
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 -- SQLite's
        super().xWrite(data, offset)
        self._steps.append(Wrote(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 -- SQLite's
        super().xTruncate(newsize)
        self._steps.append(Truncated(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 -- SQLite's
        super().xSync(flags)
        self._steps.append(Synced(self._name))


@dataclass
class _Platter:
    """One file: what is on the disk for certain, and what may be."""

    certain: bytearray = field(default_factory=bytearray)
    pending: list[Wrote | Truncated] = field(default_factory=list)
    listed: bool = False
    """Whether its folder is known to name it."""

    def settle(self) -> None:
        for step in self.pending:
            self.apply(step)
        self.pending.clear()
        self.listed = True

    def apply(self, step: Wrote | Truncated, length: int | None = None) -> None:
        if isinstance(step, Truncated):
            self.certain[step.size :] = b""
            return
        data = step.data[:length]
        if len(self.certain) < step.offset:
            self.certain.extend(bytes(step.offset - len(self.certain)))
        self.certain[step.offset : step.offset + len(data)] = data


class _Folder:
    """Files, and removals that may not be on the disk yet."""

    def __init__(self) -> None:
        self.platters: dict[str, _Platter] = {}
        self.removed: dict[str, _Platter] = {}

    def take(self, step: Step) -> None:
        match step:
            case Deleted():
                gone = self.platters.pop(step.file, None)
                if gone is not None:
                    self.removed[step.file] = gone
                if step.synced:
                    self.removed.clear()
            case Synced():
                platter = self.platters.setdefault(step.file, _Platter())
                if not platter.listed:
                    # The first sync of a new file is one of its folder, too (SQLite's os_unix.c), so of what was removed.
                    self.removed.clear()
                platter.settle()
            case _:
                self.platters.setdefault(step.file, _Platter()).pending.append(step)


def power_lost(steps: Sequence[Step], chance: Random) -> Mapping[str, bytes]:
    """The files as they may be found when the power goes after the last of `steps`."""
    folder = _Folder()
    for step in steps:
        folder.take(step)
    back = {name: one for name, one in folder.removed.items() if chance.random() < DROPPED}
    platters = {name: one for name, one in folder.platters.items() if one.listed or chance.random() >= DROPPED}
    for platter in platters.values():
        for left in platter.pending:
            _fate(platter, left, chance)
    return {name: bytes(one.certain) for name, one in (back | platters).items()}


def _fate(platter: _Platter, left: Wrote | Truncated, chance: Random) -> None:
    drawn = chance.random()
    if drawn < DROPPED:
        return
    torn = drawn < DROPPED + TORN and isinstance(left, Wrote)
    platter.apply(left, chance.randrange(len(left.data) + 1) if torn and isinstance(left, Wrote) else None)


def all_kept(steps: Sequence[Step]) -> Mapping[str, bytes]:
    """The files as a disk that loses nothing has them."""
    files = dict.fromkeys(step.file for step in steps)
    return power_lost([*steps, *(Synced(name) for name in _there(steps, files))], Random(0))


def _there(steps: Sequence[Step], files: Mapping[str, None]) -> Iterator[str]:
    for name in files:
        last = next(step for step in reversed(steps) if step.file == name)
        if not isinstance(last, Deleted):
            yield name


class _Row:
    """As sqlite3.Row: by name and by number."""

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._by_name = dict(zip(names, values, strict=True))
        self._values = tuple(values)

    def __getitem__(self, key: str | int) -> Any:  # noqa: ANN401 -- whatever SQLite stores
        return self._by_name[key] if isinstance(key, str) else self._values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def keys(self) -> list[str]:
        return list(self._by_name)


class _Rows:
    """All of them were fetched: nothing is left open when a transaction ends."""

    def __init__(self, rows: list[_Row]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[_Row]:
        return iter(self._rows)

    def fetchall(self) -> list[_Row]:
        return self._rows

    def fetchone(self) -> _Row | None:
        return self._rows[0] if self._rows else None


class _Connection:
    """As much of sqlite3.Connection as the spool uses, over apsw."""

    def __init__(self, inner: apsw.Connection) -> None:
        self._inner = inner
        inner.row_trace = lambda cursor, row: _Row([name for name, _ in cursor.get_description()], row)

    def execute(self, sql: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> _Rows:
        plain = {key: _plain(one) for key, one in values.items()} if isinstance(values, Mapping) else values
        return _Rows(cast("list[_Row]", self._inner.execute(sql, plain).fetchall()))

    def executescript(self, sql: str) -> None:
        self._inner.execute(sql).fetchall()

    @property
    def total_changes(self) -> int:
        return self._inner.total_changes()

    def close(self) -> None:
        self._inner.close()


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever SQLite stores
    """apsw takes no heirs of `str` and `int`."""
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else value


def connecting(disk: Disk, settings: str) -> Any:  # noqa: ANN401 -- stands in for another library's class
    """What the spool calls to open its database, on `disk`."""

    def connect(path: Path) -> sqlite3.Connection:
        connection = _Connection(apsw.Connection(str(path), vfs=disk.vfs_name))
        connection.executescript(settings)
        return cast("sqlite3.Connection", connection)

    return connect
