"""Answers a question from a guarded connection: one transaction, real tables and plain columns only, never too much.

What a file does not have is left out; what it has too much of is cut, session by session, so that one huge session
does not keep the others from being read.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from logferry_daemon.core.rows import Cell, Question, Table
from logferry_daemon.isolation.guarded import SECONDS, looking_up, reading
from logferry_daemon.isolation.messages import Rows
from logferry_model.errors import Damaged

MAX_ROWS = 30_000
"""Of one table and one session."""
MAX_BULK = 10 * 2**20
"""Bytes of one session's bulky columns."""
ENOUGH = 16 * 2**20
"""Bytes after which no further session is begun."""
ENOUGH_SECONDS = SECONDS / 2
AT_LEAST = 2
"""Sessions in an answer when there are more: whoever asks again from the last one on must come forward."""
MAX_SIZE = 16 * 2**20
"""Bytes of all rows of one session: two of them have to fit into an answer, and twice into the child's memory."""
MAX_LOOKED_UP = 10_000
"""Rows of a table that knows no sessions, in one answer."""
ENOUGH_LOOKED_UP = MAX_LOOKED_UP // 2

_encode = msgspec.msgpack.Encoder().encode


def answer(connection: sqlite3.Connection, question: Question) -> Rows:
    """What the database says."""
    connection.set_authorizer(looking_up({table.name for table in _tables(question)}))
    connection.execute("BEGIN")
    there = {table.name: _plain_columns(connection, table) for table in _tables(question)}
    wanted = {table.name: _wanted(table, there[table.name]) for table in _tables(question)}
    _check_is_counter(question.sessions, there[question.sessions.name])
    connection.set_authorizer(reading({name: columns for name, columns in wanted.items() if columns}))
    return _Batch(connection, question, wanted).read()


def _tables(question: Question) -> Iterator[Table]:
    yield question.sessions
    yield from question.parts


def _plain_columns(connection: sqlite3.Connection, table: Table) -> dict[str, bool]:
    """The stored columns of a real table, and which of them is its row id; none where there is no such table."""
    # A view or a virtual table has no page of its own.
    found = connection.execute("SELECT type, rootpage FROM sqlite_master WHERE name = ?", (table.name,)).fetchall()
    if not any(kind == "table" and page for kind, page in found):
        return {}
    columns = connection.execute(f"PRAGMA table_xinfo({_quoted(table.name)})").fetchall()
    keys = sum(1 for column in columns if column[5])
    return {
        name: kind.upper() == "INTEGER" and key == keys == 1
        for _, name, kind, _, _, key, hidden in columns
        if not hidden
    }


def _wanted(table: Table, there: dict[str, bool]) -> tuple[str, ...]:
    """Those of a table's columns that are there, its key first; nothing without the key."""
    if table.key not in there:
        if table.needed:
            raise _foreign()
        return ()
    return tuple(dict.fromkeys((table.key, *(column for column in table.columns if column in there))))


def _check_is_counter(sessions: Table, there: dict[str, bool]) -> None:
    if not there.get(sessions.key):
        raise _foreign()


def _foreign() -> Damaged:
    return Damaged(
        "database-foreign",
        "it has not the tables of this tracker's databases; it is not read.",
        hint="Point the source at the folder of the tracker itself.",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _select(table: Table, columns: Sequence[str], rest: str) -> str:
    # Names are the question's own, quoted; not one comes from the file.
    return f"SELECT {', '.join(map(_quoted, columns))} FROM {_quoted(table.name)} {rest}"  # noqa: S608 -- see above


@dataclass
class _Batch:
    """Grows by one session at a time."""

    connection: sqlite3.Connection
    question: Question
    wanted: dict[str, tuple[str, ...]]
    rows: dict[str, list[Raw]] = field(default_factory=dict)
    named: dict[str, dict[int, None]] = field(default_factory=dict)
    """What each of the tables that know no sessions is looked up by, in the order in which it came."""
    cut: list[int] = field(default_factory=list)
    size: int = 0
    room: int = MAX_SIZE
    """Bytes that the session at hand may still take."""
    short: bool = False
    """Whether something that it names is not looked up."""

    def read(self) -> Rows:
        """As many sessions as are enough."""
        ids, more = self._ids()
        done: list[int] = []
        for number in ids:
            if len(done) >= AT_LEAST and self._is_enough():
                break
            self._session(number)
            done.append(number)
        for table in self.question.parts:
            if table.among:
                self._look_up(table)
        return Rows(
            rows=self.rows,
            more=more or len(done) < len(ids),
            highest=self._highest(),
            reached=done[-1] if done else 0,
            cut=tuple(self.cut),
        )

    def _is_enough(self) -> bool:
        looked_up = max(map(len, self.named.values()), default=0)
        return self.size > ENOUGH or looked_up > ENOUGH_LOOKED_UP or time.process_time() > ENOUGH_SECONDS

    def _ids(self) -> tuple[list[int], bool]:
        table, limit = self.question.sessions, max(self.question.limit, AT_LEAST)
        rest = f"WHERE {_quoted(table.key)} >= ? ORDER BY {_quoted(table.key)} LIMIT ?"
        found = self.connection.execute(_select(table, (table.key,), rest), (self.question.since, limit + 1))
        ids = [number for (number,) in found]
        # The ids of a damaged file may stand in any order, and whoever asks from the last one on would never end.
        if ids != sorted(set(ids)) or (ids and ids[0] < self.question.since):
            raise Damaged("database-damaged", "its rows are out of order: it is damaged.")
        return ids[:limit], len(ids) > limit

    def _highest(self) -> int:
        table = self.question.sessions
        found = self.connection.execute(_select(table, (table.key,), f"ORDER BY {_quoted(table.key)} DESC LIMIT 1"))
        return int(next(iter(found), (0,))[0])

    def _session(self, number: int) -> None:
        budget, whole = MAX_BULK, True
        self.room, self.short = MAX_SIZE, False
        for table in _tables(self.question):
            if not table.among and self.wanted[table.name]:
                budget, complete = self._part(table, number, budget)
                whole = whole and complete
        if self.short or not whole:
            self.cut.append(number)

    def _part(self, table: Table, number: int, budget: int) -> tuple[int, bool]:
        """One session's rows of one table; what is left of the budget, and whether nothing had to be left out."""
        before, room = len(self.rows.setdefault(table.name, [])), self.room
        columns = self.wanted[table.name]
        try:
            return self._take(table, columns, number, budget)
        except sqlite3.DataError:  # one value is over the limit of a value
            small = tuple(column for column in columns if column not in table.bulky)
            if small == columns:
                raise
            del self.rows[table.name][before:]
            self.room = room
            return self._take(table, small, number, budget)[0], False

    def _take(self, table: Table, columns: Sequence[str], number: int, budget: int) -> tuple[int, bool]:
        rest = f"WHERE {_quoted(table.key)} = ? LIMIT ?"
        complete, before = True, len(self.rows[table.name])
        for values in self.connection.execute(_select(table, columns, rest), (number, MAX_ROWS)):
            row = _row(columns, values)
            budget, fits = _without_bulk(row, table, budget)
            complete = complete and fits
            if not self._keep(table, row):
                return budget, False
        return budget, complete and len(self.rows[table.name]) - before < MAX_ROWS

    def _keep(self, table: Table, row: dict[str, Cell]) -> bool:
        """False when there is no room for it."""
        encoded = _encode(row)
        if len(encoded) > self.room:
            return False
        self.size += len(encoded)
        self.room -= len(encoded)
        self.rows.setdefault(table.name, []).append(Raw(encoded))
        for other in self.question.parts:
            for column in other.among:
                name, _, wanted = column.partition(".")
                value = row.get(wanted) if name == table.name else None
                if isinstance(value, int):
                    self._name(other.name, value)
        return True

    def _name(self, table: str, value: int) -> None:
        named = self.named.setdefault(table, {})
        if len(named) < MAX_LOOKED_UP:
            named[value] = None
        elif value not in named:
            self.short = True

    def _look_up(self, table: Table) -> None:
        columns = self.wanted[table.name]
        if not columns:
            return
        self.room = MAX_SIZE
        statement = _select(table, columns, f"WHERE {_quoted(table.key)} = ? LIMIT 1")
        for value in sorted(self.named.get(table.name, ())):
            for found in self.connection.execute(statement, (value,)):
                self._keep(table, _row(columns, found))


def _row(columns: Sequence[str], values: Sequence[Cell | bytes]) -> dict[str, Cell]:
    cells = (None if isinstance(value, bytes) else value for value in values)
    return dict(zip(columns, cells, strict=True))


def _without_bulk(row: dict[str, Cell], table: Table, budget: int) -> tuple[int, bool]:
    """Takes the bulky values out of `row` that are over the budget."""
    fits = True
    for column in table.bulky:
        value = row.get(column)
        if not isinstance(value, str):
            continue
        if len(value) > budget:
            row[column], fits = None, False
        else:
            budget -= len(value)
    return budget, fits
