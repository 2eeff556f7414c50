"""Databases in memory. They pass the same contract tests as the real ones, which live in a child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from logferry_daemon.core.rows import Answer, Cell, Question, Table
from logferry_model.errors import Damaged, LogferryError, Unreachable

Rows = Mapping[str, Sequence[Mapping[str, Cell]]]


def answered(tables: Rows, question: Question) -> Answer:
    """What a database with these tables says; a table's columns are those of its first row."""
    numbers = sorted(int(str(row[question.sessions.key])) for row in _there(tables, question.sessions))
    wanted = [number for number in numbers if number >= question.since]
    taken = set(wanted[: max(question.limit, 2)])
    rows: dict[str, list[dict[str, Cell]]] = {}
    for table in (question.sessions, *question.parts):
        keys: set[Cell] = {*taken} if not table.among else _values(rows, table.among)
        found = [_cut(row, table) for row in _there(tables, table) if row[table.key] in keys]
        if found:
            rows[table.name] = (
                sorted(found, key=lambda row: int(str(row[question.sessions.key]))) if not rows else found
            )
    return Answer(
        rows=rows,
        more=len(wanted) > len(taken),
        highest=max(numbers, default=0),
        reached=max(taken, default=0),
    )


def _there(tables: Rows, table: Table) -> Sequence[Mapping[str, Cell]]:
    found = tables.get(table.name)
    if table.needed and (found is None or (found and table.key not in found[0])):
        raise Damaged("database-foreign", "it has not the tables of this tracker's databases; it is not read.")
    return found if found and table.key in found[0] else ()


def _cut(row: Mapping[str, Cell], table: Table) -> dict[str, Cell]:
    return {name: row[name] for name in dict.fromkeys((table.key, *table.columns)) if name in row}


def _values(rows: Mapping[str, Sequence[Mapping[str, Cell]]], among: Sequence[str]) -> set[Cell]:
    pairs = [name.split(".") for name in among]
    return {row.get(column) for table, column in pairs for row in rows.get(table, ())} - {None}


class MemoryDatabases:
    """Databases by their path below one folder."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, list[dict[str, Cell]]]] = {}
        self.errors: dict[str, LogferryError] = {}
        self.asked: list[tuple[str, Question]] = []

    async def ask(self, root: Path, path: str, question: Question) -> Answer:
        self.asked.append((path, question))
        if path in self.errors:
            raise self.errors[path]
        if path not in self.tables:
            raise Unreachable("file-unreadable", f"{path} cannot be read: no such file or directory.")
        return answered(self.tables[path], question)
