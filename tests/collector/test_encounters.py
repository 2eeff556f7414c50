"""A deleted report is gone from every table and every byte of the files, and nothing that is sent brings it back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from alembic import command
from msgspec.structs import replace as changed
from sqlalchemy import text

from logferry_collector.database import migrate, migration_config, open_engine, parse_url
from logferry_collector.ingest import key_digest
from logferry_collector.keys import create_key
from logferry_collector.settings import CollectorSettings
from logferry_model.envelope import Deletion
from logferry_model.session import Session

from .client import Answer, Client
from .factories import KEY, document_of, headers_for, hunting_session, tiny_session

CANARY = "kanarienvogel"
PLACE = "/api/v1/encounters/"


async def delete(client: Client, report: str) -> Answer:
    return await client.ask("DELETE", PLACE + report, headers={"Authorization": f"Bearer {client.key}"})


async def upload(client: Client, session: Session, key: str = KEY) -> str:
    answer = await client.upload(session, key=key)
    assert answer.status in {200, 201}, answer.text
    return answer.receipt.report_id


@pytest.fixture
def file(settings: CollectorSettings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


@pytest.fixture
def stranger(client: Client, settings: CollectorSettings) -> Client:
    """Another account of the same collector."""
    return replace(client, key=create_key(settings, "another", "test").text)


async def test_a_deletion_is_told_with_its_report_and_the_report_is_gone(client: Client) -> None:
    report = await upload(client, tiny_session())
    answer = await delete(client, report)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body, type=Deletion).report_id == report
    assert (await client.get(f"/r/{report}", Accept="text/html")).status == 404
    assert (await client.get(f"/r/{report}.json")).status == 404
    assert (await client.get(f"/api/v1/receipts/{KEY}", X_API_Key=client.key)).status == 404


async def test_an_owner_sees_what_a_report_is_about(client: Client) -> None:
    report = await upload(client, tiny_session())
    await upload(client, changed(tiny_session(), tags=("again",)), "a-second-key-00000000")
    answer = await client.get(PLACE + report, X_API_Key=client.key)
    told = msgspec.json.decode(answer.body)
    assert (told["report_id"], told["natural_key"], told["revisions"]) == (report, tiny_session().natural_key, 2)


async def test_deleted_stays_deleted_whoever_sends_it_again(client: Client) -> None:
    """R-C6: the same request, another key, another content under the same natural key."""
    report = await upload(client, tiny_session())
    await delete(client, report)
    for session, key in (
        (tiny_session(), KEY),
        (tiny_session(), "a-second-key-00000000"),
        (changed(tiny_session(), tags=("wholly", "new")), "a-third-key-000000000"),
    ):
        answer = await client.upload(session, key=key)
        assert (answer.status, answer.problem.code, answer.problem.retryable) == (410, "report-deleted", False)
    assert (await delete(client, report)).status == 410
    assert (await client.get(PLACE + report, X_API_Key=client.key)).status == 410


async def test_another_session_of_the_account_is_taken_as_before(client: Client) -> None:
    await delete(client, await upload(client, tiny_session()))
    assert (await client.upload(hunting_session(), key="a-second-key-00000000")).status == 201


async def test_a_report_is_its_accounts_alone(client: Client, stranger: Client) -> None:
    """R-C17: to others it does not exist, before and after; and they have a report of the same session."""
    report = await upload(client, tiny_session())
    for answer in (await delete(stranger, report), await stranger.get(PLACE + report, X_API_Key=stranger.key)):
        assert (answer.status, answer.problem.code) == (404, "report-unknown")
    assert (await client.get(f"/r/{report}.json")).status == 200
    theirs = await upload(stranger, tiny_session())
    await delete(client, report)
    assert (await client.get(f"/r/{theirs}.json")).status == 200
    assert (await delete(stranger, report)).status == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_nothing_is_told_without_a_key(client: Client, method: str) -> None:
    report = await upload(client, tiny_session())
    assert (await client.ask(method, PLACE + report)).status == 401


def canaries(number: int) -> Session:
    """A session with the word in every place that a sender can write to."""
    return changed(
        tiny_session(), natural_key=f"{CANARY}-key", tags=(f"{CANARY}-{number}",), facts={f"{CANARY}-fact": CANARY}
    )


def raw_hits(file: Path, *words: str) -> int:
    there = [one for one in file.parent.glob(f"{file.name}*") if one.is_file()]
    return sum(one.read_bytes().count(word.encode()) for one in there for word in words)


async def test_no_byte_of_a_deleted_report_is_left_in_the_files(client: Client, file: Path) -> None:
    """R-C32: bodies are packed, so their digests and their bytes are looked for, too."""
    known, report = list[str](), ""
    for number in range(3):
        key = f"{CANARY}-idempotency-{number}"
        document = document_of(canaries(number), install_id=f"{CANARY}-install", app_version=f"{CANARY}-version")
        answer = await client.post(document, {**headers_for(document, key=key), "Content-Encoding": "identity"})
        assert answer.status == 201, answer.text
        report = answer.receipt.report_id
        known += [answer.receipt.payload_digest, answer.receipt.received_digest]
    with closing(sqlite3.connect(file)) as direct:
        bodies = [row[0] for row in direct.execute("SELECT body FROM revisions")]
    assert raw_hits(file, CANARY, *known) > 9
    await delete(client, report)
    assert raw_hits(file, CANARY, *known) == 0
    there = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    assert len(bodies) == 3
    assert not any(body[20:60] in there for body in bodies)
    with closing(sqlite3.connect(file)) as direct:
        direct.execute("VACUUM")
        direct.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        left = direct.execute("SELECT key_digest FROM deleted_reports").fetchall()
        empty = [direct.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("reports", "revisions")]  # noqa: S608 -- our own names
    assert raw_hits(file, CANARY, *known) == 0
    assert left == [(key_digest("artemis", f"{CANARY}-key"),)]
    assert empty == [0, 0]


def test_answers_kept_before_deletion_was_known_are_found_by_their_report(tmp_path: Path) -> None:
    """A database of the first version: its kept answers will go with their report all the same."""
    with open_engine(parse_url(f"sqlite:///{tmp_path}/old.sqlite3"), begin="IMMEDIATE") as engine:
        with engine.begin() as connection:
            config = migration_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            connection.execute(text("INSERT INTO accounts VALUES (1, 'mila', '2026-01-01')"))
            old = "INSERT INTO idempotency VALUES (1, 'ingest', :key, 'f', :receipt, '2026-01-01')"
            for key in ("one", "two"):
                connection.execute(text(old), {"key": key, "receipt": b'{"report_id": "r-%s"}' % key.encode()})
        migrate(engine)
        with engine.begin() as connection:
            kept = connection.execute(text("SELECT key, report_id FROM idempotency ORDER BY key")).fetchall()
    assert [tuple(row) for row in kept] == [("one", "r-one"), ("two", "r-two")]
