"""What is asked of a database and what comes back: names of tables and columns, never SQL. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

Cell = str | int | float | None
"""A blob counts as nothing: no tracker keeps what is wanted in one."""
Row = Mapping[str, Cell]


class Table(Struct, frozen=True, kw_only=True):
    """Columns wanted of one table; those that a file does not have are left out of its rows."""

    name: str
    key: str
    """The column with the session's row id."""
    columns: tuple[str, ...]
    needed: bool = False
    """Whether the file is none of this tracker's without it."""
    bulky: tuple[str, ...] = ()
    """Those of `columns` that are left out where a session has too much in them."""
    among: tuple[str, ...] = ()
    """For a table that knows no sessions: each `table.column`, read before it, whose values `key` is looked up by."""


class Question(Struct, frozen=True, kw_only=True):
    """Some sessions and all that belongs to them, read in one transaction."""

    sessions: Table
    parts: tuple[Table, ...] = ()
    since: int = 0
    """The first row id that is wanted."""
    limit: int = 50
    """Sessions at most, two at least; whoever wants more asks again, from the last one on."""


class Answer(Struct, frozen=True, kw_only=True):
    """Rows by table, sessions in the order of their ids; fewer sessions than the limit when they are large."""

    rows: dict[str, list[dict[str, Cell]]]
    more: bool = False
    """Whether there are further sessions. Then at least two are here: asking from the last one on comes forward."""
    highest: int = 0
    """The largest row id of all sessions in the file."""
    reached: int = 0
    """The largest row id among the sessions that are here."""
    cut: tuple[int, ...] = ()
    """Sessions that have more than is here: too much for one answer."""

    def of(self, table: str, key: str, value: Cell) -> Sequence[Row]:
        """The rows of one table that belong to one session."""
        return [row for row in self.rows.get(table, ()) if row.get(key) == value]
