"""The database is opened with the promises it has to keep, and never by a program that is too old for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from logferry_collector.database import (
    database_errors,
    database_name,
    file_identity,
    make_file,
    migrate,
    migration_config,
    open_engine,
    parse_url,
)
from logferry_collector.tables import metadata
from logferry_model.errors import Misconfigured, Unreachable
from tests.conftest import only_on


@pytest.fixture
def url(tmp_path: Path) -> URL:
    return parse_url(f"sqlite:///{tmp_path}/collector.sqlite3")


def test_the_tables_are_the_sum_of_the_migrations(url: URL) -> None:
    with open_engine(url, begin="IMMEDIATE") as engine:
        migrate(engine)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []


def test_what_must_be_unique_is_unique_in_the_database(url: URL) -> None:
    with open_engine(url, begin="IMMEDIATE") as engine:
        migrate(engine)
        look = inspect(engine)
        assert look.get_unique_constraints("reports")[0]["column_names"] == ["account_id", "tracker", "natural_key"]
        assert look.get_unique_constraints("revisions")[0]["column_names"] == ["report_id", "payload_digest"]
        assert look.get_pk_constraint("idempotency")["constrained_columns"] == ["account_id", "operation", "key"]


def test_migrating_twice_changes_nothing(url: URL) -> None:
    with open_engine(url, begin="IMMEDIATE") as engine:
        migrate(engine)
        migrate(engine)


def test_the_migrations_are_one_line() -> None:
    assert len(ScriptDirectory.from_config(migration_config()).get_heads()) == 1


def test_a_newer_schema_is_refused_and_left_alone(url: URL) -> None:
    with open_engine(url, begin="IMMEDIATE") as engine:
        migrate(engine)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Misconfigured, match="9999"):
            migrate(engine)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 1_500)]
)
def test_every_connection_keeps_the_promises(url: URL, pragma: str, value: object) -> None:
    with open_engine(url, begin="DEFERRED") as engine, engine.connect() as one, engine.connect() as another:
        assert one.scalar(text(f"PRAGMA {pragma}")) == value
        assert another.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_second_immediate_transaction_does_not_get_in(url: URL) -> None:
    with open_engine(url, begin="IMMEDIATE") as engine, engine.begin(), engine.connect() as second:
        refused = pytest.raises(Unreachable)
        with refused, database_errors():
            second.begin()


@pytest.mark.parametrize("text", ["", "nonsense", "nosuch://db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_work_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_url(text)


def test_a_lost_race_is_for_the_caller() -> None:
    with pytest.raises(IntegrityError), database_errors():
        raise IntegrityError("", {}, Exception())


def test_driver_errors_stop_here() -> None:
    with pytest.raises(Unreachable) as told, database_errors():
        raise OperationalError("SELECT secret", {}, Exception("/var/lib/db"))
    assert "secret" not in str(told.value)


@only_on("linux", "darwin")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_the_file_and_its_folder_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    url = parse_url(f"sqlite:///{tmp_path}/new/collector.sqlite3")
    before = os.umask(mask)
    try:
        make_file(url)
        with open_engine(url, begin="IMMEDIATE") as engine:
            migrate(engine)
            with engine.begin():
                files = sorted((tmp_path / "new").iterdir())
                modes = {file.name: oct(file.stat().st_mode & 0o777) for file in files}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("collector.sqlite3", "collector.sqlite3-shm", "collector.sqlite3-wal"), "0o600")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path, url: URL) -> None:
    file = tmp_path / "collector.sqlite3"
    file.write_bytes(b"kept")
    make_file(url)
    assert file.read_bytes() == b"kept"


@pytest.mark.parametrize("text", ["mysql://host/games", "sqlite:///games.sqlite3?timeout=soon"])
def test_a_url_that_no_driver_takes_is_explained(text: str) -> None:
    with pytest.raises(Misconfigured), open_engine(make_url(text), begin="DEFERRED"):
        pass


def test_a_password_is_not_part_of_the_name() -> None:
    assert "hunter2" not in database_name(make_url("postgresql://me:hunter2@host/games"))


def test_a_replaced_file_has_another_identity(tmp_path: Path, url: URL) -> None:
    file = tmp_path / "collector.sqlite3"
    file.touch()
    before = file_identity(url)
    (tmp_path / "new").touch()
    (tmp_path / "new").rename(file)
    assert file_identity(url) != before
    file.unlink()
    with pytest.raises(Unreachable):
        file_identity(url)
