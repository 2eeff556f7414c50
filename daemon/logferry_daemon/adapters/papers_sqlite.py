"""The papers of trackers in the spool's database, and the journal of what became of them.

Every function works on a connection that its caller has and, where it writes, in the transaction that its caller has
begun: papers and the position of their file advance together. SQL stands in sql/papers.sql, the decision in
core/papers.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from logferry_daemon.adapters.spool_rows import at, ms
from logferry_daemon.core.papers import Action, Journaled, PaperChange, changes
from logferry_daemon.core.reading import Paper
from logferry_daemon.sql.load import load_queries

MOST = 500
"""Changes that are told at once; whoever wants more asks again, after the last one."""


def note_papers(
    connection: sqlite3.Connection, source: str, path: str, papers: Iterable[Paper], now: datetime
) -> list[PaperChange]:
    """Remember what the file holds now and write down what changed; in the caller's transaction."""
    queries, file = _queries(), {"source": source, "path": path}
    rows = connection.execute(queries["papers_of"], file)
    before = [Paper(kind=kind, id=one, digest=digest) for kind, one, digest in map(tuple, rows)]
    happened = list(changes(before, papers))
    for change in happened:
        values = file | {"kind": change.kind, "id": change.id}
        if change.digest is None:
            connection.execute(queries["drop_paper"], values)
        else:
            connection.execute(queries["keep_paper"], values | {"digest": change.digest})
        line = values | {"action": change.action.value, "digest": change.digest, "now": ms(now)}
        connection.execute(queries["note_change"], line)
    return happened


def forget_papers(connection: sqlite3.Connection, source: str, path: str, now: datetime) -> list[PaperChange]:
    """The file is gone, and everything that stood in it: each paper is deleted; in the caller's transaction."""
    return note_papers(connection, source, path, (), now)


def paper_changes(connection: sqlite3.Connection, after: int, limit: int = MOST) -> Sequence[Journaled]:
    """What happened after the line of that number, oldest first; 0 is before everything."""
    rows = connection.execute(_queries()["changes_after"], {"after": after, "limit": limit})
    return [_journaled(tuple(row)) for row in rows]


def _journaled(row: Sequence[Any]) -> Journaled:
    seq, source, path, kind, one, action, digest, when = row
    change = PaperChange(kind=kind, id=one, action=Action(action), digest=digest)
    return Journaled(seq=seq, source=source, path=path, change=change, at=at(when))


@cache
def _queries() -> Mapping[str, str]:
    return load_queries("papers.sql")
