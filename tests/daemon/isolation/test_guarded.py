from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from logferry_daemon.isolation.guarded import CopyNeeded, How, guarded, looking_up, reading
from logferry_model.errors import Damaged, Unreachable

SCHEMA = """
CREATE TABLE fights (id INTEGER PRIMARY KEY, began, secret);
CREATE TABLE diary (line);
CREATE VIEW window AS SELECT * FROM diary;
INSERT INTO fights VALUES (1, 1000, 'nothing');
"""
FORBIDDEN = {
    "attach": "ATTACH ':memory:' AS other",
    "pragma": "PRAGMA journal_mode = DELETE",
    "load_extension": "SELECT load_extension('x') FROM fights",
    "foreign table": "SELECT line FROM diary",
    "view": "SELECT line FROM window",
    "blob function": "SELECT zeroblob(10) FROM fights",
    "column": "SELECT secret FROM fights",
    "list of tables": "SELECT name FROM sqlite_master",
    "table function": "SELECT name FROM pragma_table_list",
    "recursion": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    "writing": "INSERT INTO fights VALUES (2, 0, 0)",
    "new table": "CREATE TEMP TABLE mine (x)",
    "copy": "VACUUM INTO 'elsewhere.db'",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "meter.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with guarded(str(path), How.LIVE) as connection:
        yield connection


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_while_rows_are_read_nothing_else_is_allowed(connection: sqlite3.Connection, statement: str) -> None:
    connection.set_authorizer(reading({"fights": ("id", "began")}))
    with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited|denied"):
        connection.execute(statement)
    assert connection.execute("SELECT id, began FROM fights").fetchall() == [(1, 1000)]


@pytest.mark.parametrize(
    "statement",
    ["PRAGMA table_xinfo(diary)", "PRAGMA query_only = OFF", "SELECT id FROM fights", FORBIDDEN["attach"]],
)
def test_while_columns_are_looked_up_no_row_is_read(connection: sqlite3.Connection, statement: str) -> None:
    connection.set_authorizer(looking_up({"fights"}))
    with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited"):
        connection.execute(statement)
    assert [row[1] for row in connection.execute("PRAGMA table_xinfo(fights)")] == ["id", "began", "secret"]


def test_even_without_an_allow_list_nothing_is_written(path: Path) -> None:
    with pytest.raises(Unreachable), guarded(str(path), How.COPIED) as connection:
        connection.execute("DELETE FROM fights")
    with closing(sqlite3.connect(path)) as after:
        assert len(after.execute("SELECT id FROM fights").fetchall()) == 1


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT zeroblob(20000000)", "database-too-big"),
        ("SELECT " + "(" * 60 + "1" + ")" * 60 + " + 1" * 60, "database-damaged"),
        ("ATTACH ':memory:' AS other", "database-damaged"),
    ],
)
def test_even_without_an_allow_list_there_are_limits(path: Path, statement: str, code: str) -> None:
    with pytest.raises(Damaged) as caught, guarded(str(path), How.LIVE) as connection:
        connection.execute(statement)
    assert caught.value.code == code


def test_a_schema_calls_no_function_that_has_an_effect(path: Path) -> None:
    called: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW odd AS SELECT deed() AS done")
    with guarded(str(path), How.LIVE) as connection:
        connection.create_function("deed", 0, lambda: called.append("once"))
        with pytest.raises(sqlite3.OperationalError, match="unsafe use"):
            connection.execute("SELECT done FROM odd")
    assert called == []


@pytest.mark.parametrize(
    ("code", "how", "kind"),
    [
        (sqlite3.SQLITE_BUSY, How.LIVE, Unreachable),
        (sqlite3.SQLITE_CANTOPEN, How.LIVE, CopyNeeded),
        (sqlite3.SQLITE_READONLY, How.LIVE, CopyNeeded),
        (sqlite3.SQLITE_CANTOPEN, How.RESTING, Unreachable),
        (sqlite3.SQLITE_READONLY, How.COPIED, Unreachable),
        (sqlite3.SQLITE_IOERR, How.LIVE, Unreachable),
        (sqlite3.SQLITE_CORRUPT, How.LIVE, Damaged),
        (sqlite3.SQLITE_NOTADB, How.COPIED, Damaged),
        (sqlite3.SQLITE_INTERRUPT, How.LIVE, Damaged),
        (sqlite3.SQLITE_NOMEM, How.LIVE, Damaged),
        (sqlite3.SQLITE_AUTH, How.LIVE, Damaged),
    ],
)
def test_every_error_says_what_to_do_next(path: Path, code: int, how: How, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode = code
    with pytest.raises(kind), guarded(str(path), how):
        raise error


@pytest.mark.parametrize("error", [MemoryError(), ValueError("odd"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd")])
def test_what_a_damaged_file_makes_of_python_is_damage(path: Path, error: Exception) -> None:
    with pytest.raises(Damaged), guarded(str(path), How.LIVE):
        raise error
