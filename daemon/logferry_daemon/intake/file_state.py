"""What a source's runner knows about one file between two looks at it. Does no IO."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from logferry_daemon.core.partials import Mark
from logferry_daemon.core.reading import Found, Reader, Reading, Trouble
from logferry_daemon.core.settle import Sighting, Signature
from logferry_daemon.ports import FileRow
from logferry_model.session import SessionId


class Head(NamedTuple):
    """Digest over a file's first bytes, and how many: another file of the same name has another one.

    Of a database, whose first bytes change with every write: the session at the row where reading goes on.
    """

    digest: str = ""
    size: int = 0


NO_HEAD = Head()


@dataclass(slots=True, kw_only=True)
class FileState:
    """One file of a source."""

    path: str
    sighting: Sighting
    row: FileRow | None = None
    """What the spool has."""
    again: bool = False
    """To be read although it looks as before."""
    trouble: Trouble | None = None
    """Why it is not read at all."""
    reader: Reader | None = None
    head: Head = NO_HEAD
    """Of the file that the reader reads."""
    fed: int = 0
    """Bytes of it that the reader has; of a database, the row up to which nothing could be read."""
    behind: bool = False
    """Whether there is more in it than was read so far."""
    read: Signature | None = None
    """The state of the file whose bytes were last read, all of them."""
    reading: Reading | None = None
    reading_settled: bool = False
    """Whether `reading` was taken when nothing was being written."""
    seen_running: frozenset[str] = frozenset()
    """Programs seen running while its last session was open."""
    noticed: dict[str, datetime] = field(default_factory=dict)
    """Session -> since when it is known to be open."""
    admitted: frozenset[Mark] = frozenset()
    """What already went to the spool."""
    lost: tuple[tuple[Found, Trouble], ...] = ()
    """What is left alone for what it cost: the spool must not take the file for read beyond it."""

    @property
    def quiet_since(self) -> datetime:
        """The latest moment at which it may have changed."""
        return self.sighting.quiet_since

    @property
    def found(self) -> tuple[Found, ...]:
        """Its sessions, oldest first."""
        return self.reading.found if self.reading else ()

    @property
    def last(self) -> Found | None:
        """Its last session."""
        return self.found[-1] if self.found else None

    @property
    def open(self) -> tuple[Found, ...]:
        """Its sessions of which the file does not say that they are over."""
        return tuple(one for one in self.found if one.end is None)

    @property
    def unkept(self) -> tuple[Found, ...]:
        """Its sessions of which nothing says that the spool has them as they are now."""
        return tuple(one for one in self.found if mark(one) not in self.admitted)

    @property
    def first_at(self) -> datetime | None:
        """The first time in it, as far as known."""
        if self.reading and self.reading.first_at:
            return self.reading.first_at
        return self.row.first_at if self.row else None

    @property
    def known(self) -> bool:
        """Whether the spool has all of it and nothing can change by waiting."""
        row = self.row
        return row is not None and row.signature == self.sighting.signature and not row.running and not self.again

    def rest(self) -> None:
        """Forget what was read: the spool has it, or it is read again."""
        self.reader = None
        self.read = None
        self.reading = None
        self.behind = False
        self.noticed = {}
        self.admitted, self.seen_running = frozenset(), frozenset()
        self.lost = ()

    def row_of(self, source: str, *, running: bool, troubles: tuple[Trouble, ...]) -> FileRow:
        """What the spool should remember: read on at the last session, which a late line may still make longer."""
        row, last = self.row, self.last
        made = FileRow(
            source=source,
            path=self.path,
            signature=self.read or self.sighting.signature,
            head=self.head.digest,
            head_size=self.head.size,
            offset=last.offset if last else (row.offset if row else 0),
            line=last.line if last else (row.line if row else 1),
            days=last.days if last else (row.days if row else 0),
            first_at=row.first_at if row and row.offset and row.first_at else self.first_at,
            running=running,
            troubles=troubles,
        )
        return self.with_lost(made)

    def found_again(self, sessions: Collection[SessionId]) -> None:
        """These were left alone once, and could be made in the end."""
        self.lost = tuple((found, trouble) for found, trouble in self.lost if found.id not in sessions)

    def with_lost(self, row: FileRow) -> FileRow:
        """So that it is told of what was left alone, and whoever reads on from there finds that again."""
        told = [trouble for _, trouble in self.lost if trouble not in row.troubles]
        row = replace(row, troubles=(*row.troubles, *told))
        first = min((found for found, _ in self.lost), key=lambda one: one.offset, default=None)
        if first is None or first.offset >= row.offset:
            return row
        head = row.head if row.head_size else first.id  # of a database it is the session at the row
        return replace(row, offset=first.offset, line=first.line, days=first.days, head=head)

    def row_aside(self, source: str, trouble: Trouble) -> FileRow:
        """What the spool should remember of a file that cannot be read: where it was, and why."""
        row = self.row or self.row_of(source, running=False, troubles=())
        return replace(row, signature=self.sighting.signature, running=False, troubles=(trouble,))


def mark(found: Found) -> Mark:
    """Tells one state of a session from a later one."""
    return found.id, found.weight, found.mark
