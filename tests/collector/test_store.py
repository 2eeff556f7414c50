"""What was taken is there, once, whoever else writes; what cannot be had now is said to be away."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logferry_collector.access import Account
from logferry_collector.headers import Head
from logferry_collector.ingest import Decision, Parcel, open_parcel
from logferry_collector.keys import create_account
from logferry_collector.limits import Limits
from logferry_collector.queries import Naming
from logferry_collector.settings import CollectorSettings
from logferry_collector.store import Store, open_store
from logferry_collector.stored import Taken
from logferry_model.envelope import ReceiptStatus, encode_session, sha256_hex
from logferry_model.errors import Unreachable
from logferry_model.session import Session
from tests.packed import zstd

from .factories import KEY, START, document_of, hunting_session, pack, tiny_session

_ids = itertools.count()
NAMING = Naming(now=START, new_id=lambda: f"id-{next(_ids)}", report_url=lambda report: f"http://here/r/{report}")


@pytest.fixture
def account(settings: CollectorSettings) -> Account:
    return create_account(settings, "mila")


@pytest.fixture
async def store(settings: CollectorSettings) -> AsyncIterator[Store]:
    async with open_store(settings.database_url) as opened:
        yield opened


def parcel(session: Session, key: str = KEY, **envelope: object) -> Parcel:
    wire = pack(document_of(session, **envelope))
    head = Head(idempotency_key=key, digest=hashlib.sha256(wire).digest(), encoding="gzip")
    return open_parcel(head, wire, Limits())


def another_key() -> str:
    return f"another-key-{next(_ids):08}"


async def take(store: Store, account: Account, session: Session, key: str = KEY, **envelope: object) -> Taken:
    return await store.take(account, parcel(session, key, **envelope), NAMING)


def rows(settings: CollectorSettings, query: str) -> list[tuple[Any, ...]]:
    """Straight from the file, past everything of ours."""
    connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_a_session_comes_back_byte_for_byte(store: Store, account: Account) -> None:
    session = hunting_session()
    taken = await take(store, account, session)
    shown = await store.shown(taken.receipt.report_id)
    assert shown is not None
    assert shown.payload() == encode_session(session)
    assert sha256_hex(shown.payload()) == shown.payload_digest == taken.receipt.payload_digest


async def test_a_plain_body_is_kept_packed(store: Store, account: Account, settings: CollectorSettings) -> None:
    document = document_of(tiny_session())
    head = Head(idempotency_key=KEY, digest=hashlib.sha256(document).digest(), encoding="identity")
    taken = await store.take(account, open_parcel(head, document, Limits()), NAMING)
    shown = await store.shown(taken.receipt.report_id)
    assert shown is not None
    assert shown.payload() == encode_session(tiny_session())
    assert rows(settings, "SELECT body_encoding, length(body) < 600 FROM revisions") == [("gzip", 1)]


async def test_a_zstd_body_is_kept_as_it_came(store: Store, account: Account, settings: CollectorSettings) -> None:
    wire = zstd.compress(document_of(tiny_session()))
    head = Head(idempotency_key=KEY, digest=hashlib.sha256(wire).digest(), encoding="zstd")
    taken = await store.take(account, open_parcel(head, wire, Limits()), NAMING)
    shown = await store.shown(taken.receipt.report_id)
    assert shown is not None
    assert (shown.payload(), shown.body) == (encode_session(tiny_session()), wire)
    assert rows(settings, "SELECT body_encoding FROM revisions") == [("zstd",)]


async def test_the_columns_tell_what_the_body_holds(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    await take(store, account, hunting_session(40))
    found = rows(settings, "SELECT started_at, ended_at, events, end_rule, end_confidence, platform FROM revisions")
    assert found == [
        ("2026-11-18 18:04:00.000000", "2026-11-18 20:18:09.000000", 40, "explicit", 1.0, "windows"),
    ]
    assert rows(settings, "SELECT tracker, natural_key FROM reports") == [("artemis", "1763489040000")]


async def test_a_repeated_request_gets_the_same_receipt(store: Store, account: Account) -> None:
    first = await take(store, account, tiny_session())
    again = await take(store, account, tiny_session())
    assert again.decision is Decision.REPLAY
    assert again.receipt == first.receipt


async def test_the_same_content_under_another_key_is_the_same_report(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    first = await take(store, account, tiny_session())
    again = await take(store, account, tiny_session(), another_key())
    assert again.decision is Decision.DUPLICATE
    assert again.receipt.status is ReceiptStatus.DUPLICATE
    assert again.receipt.report_id == first.receipt.report_id
    assert rows(settings, "SELECT count(*) FROM revisions") == [(1,)]


async def test_new_content_of_a_known_session_is_a_revision_of_its_report(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    first = await take(store, account, tiny_session())
    second = await take(store, account, tiny_session(name="named"), another_key(), revision=2)
    assert second.decision is Decision.NEW_REVISION
    assert second.receipt.report_id == first.receipt.report_id
    assert rows(settings, "SELECT count(*) FROM revisions") == [(2,)]


async def test_other_sessions_are_other_reports(store: Store, account: Account) -> None:
    taken = [
        await take(store, account, tiny_session(natural_key=natural_key, tracker=tracker), another_key())
        for natural_key in ("one", "two")
        for tracker in ("artemis", "putt")
    ]
    assert len({one.receipt.report_id for one in taken}) == 4


async def test_accounts_do_not_share_sessions_or_keys(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    other = create_account(settings, "noa")
    mine = await take(store, account, tiny_session())
    theirs = await take(store, other, tiny_session())
    assert theirs.decision is Decision.NEW_REPORT
    assert theirs.receipt.report_id != mine.receipt.report_id
    assert await store.receipt(other, KEY) == theirs.receipt


PARTIAL = {"ended_at": None, "end": None}


async def shown_name(store: Store, taken: Taken) -> str | None:
    shown = await store.shown(taken.receipt.report_id)
    assert shown is not None
    return shown.session().name


async def test_a_partial_never_replaces_a_complete_one(store: Store, account: Account) -> None:
    await take(store, account, tiny_session(name="complete"), revision=2)
    late = await take(store, account, tiny_session(name="partial", **PARTIAL), another_key(), revision=3)
    assert late.receipt.status is ReceiptStatus.STORED
    assert await shown_name(store, late) == "complete"


async def test_a_complete_one_replaces_partials(store: Store, account: Account) -> None:
    await take(store, account, tiny_session(name="first", **PARTIAL), revision=1)
    second = await take(store, account, tiny_session(name="second", **PARTIAL), another_key(), revision=2)
    assert await shown_name(store, second) == "second"
    third = await take(store, account, tiny_session(name="complete"), another_key(), revision=3)
    assert await shown_name(store, third) == "complete"


async def test_an_old_revision_that_comes_late_is_not_shown(store: Store, account: Account) -> None:
    await take(store, account, tiny_session(name="corrected"), revision=5)
    late = await take(store, account, tiny_session(name="first try"), another_key(), revision=4)
    assert await shown_name(store, late) == "corrected"


async def test_two_collectors_on_one_database_store_a_session_once(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    async with open_store(settings.database_url) as other:
        taken = await asyncio.gather(
            *(take(side, account, tiny_session(), another_key()) for side in (store, other) for _ in range(20))
        )
    assert len({one.receipt.report_id for one in taken}) == 1
    assert sum(one.decision is Decision.NEW_REPORT for one in taken) == 1
    assert rows(settings, "SELECT count(*) FROM revisions") == [(1,)]


async def test_a_failure_in_the_middle_leaves_nothing(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    def no_url(_report_id: str) -> str:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await store.take(account, parcel(tiny_session()), Naming(now=START, new_id=NAMING.new_id, report_url=no_url))
    for table in ("reports", "revisions", "idempotency"):
        assert rows(settings, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 -- names from the line above


async def test_a_locked_database_is_away_for_less_than_two_seconds(
    store: Store, account: Account, settings: CollectorSettings
) -> None:
    blocker = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(Unreachable):
        await take(store, account, tiny_session())
    assert loop.time() - started < 2
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (await take(store, account, tiny_session())).decision is Decision.NEW_REPORT


async def test_a_deleted_database_takes_nothing(store: Store, account: Account, settings: CollectorSettings) -> None:
    await store.check()
    Path(settings.database_url.removeprefix("sqlite:///")).unlink()
    with pytest.raises(Unreachable):
        await take(store, account, tiny_session())
    with pytest.raises(Unreachable):
        await store.check()


async def test_writing_does_not_block_the_loop(store: Store, account: Account, settings: CollectorSettings) -> None:
    blocker = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(take(store, account, tiny_session()))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await store.check()
    assert loop.time() - started < 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (await waiting).decision is Decision.NEW_REPORT


async def test_moments_come_back_in_utc(store: Store, account: Account) -> None:
    taken = await take(store, account, tiny_session())
    shown = await store.shown(taken.receipt.report_id)
    assert shown is not None
    assert shown.received_at == START
    assert shown.received_at.utcoffset() == timedelta(0)


async def test_unknown_things_are_none(store: Store, account: Account) -> None:
    assert await store.shown("nosuch") is None
    assert await store.receipt(account, KEY) is None
    assert await store.key("nosuch") is None
