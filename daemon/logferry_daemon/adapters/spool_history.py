"""What came of each try at a delivery, and the receipts of what arrived, in the spool's database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.core.history import BROKEN_OFF, MOST_ATTEMPTS, Attempt, Ending
from logferry_daemon.ports import ReceiptRow, Sent
from logferry_model.envelope import Receipt
from logferry_model.session import SessionId

_MS = timedelta(milliseconds=1)


class HistoryInSqlite:
    """The part of the spool that remembers how things went."""

    database: Database

    async def attempts(self, session: str) -> Mapping[str, Sequence[Attempt]]:
        """Delivery -> its tries, the oldest first."""
        found: dict[str, list[Attempt]] = {}
        for row in await self.database.read("attempts_of", session=session):
            found.setdefault(row["delivery"], []).append(_attempt(row))
        return found

    async def receipts(self, session: str | None) -> Sequence[ReceiptRow]:
        """What arrived, the latest first."""
        return [_receipt(row) for row in await self.database.read("receipts", session=session)]


def note_attempt(
    query: Query, delivery: str, outcome: Ending, reason: str, *, now: int | None = None, took_ms: int | None = None
) -> None:
    """Remember how a try ended, before the delivery is changed; the oldest ones are let go."""
    for added in query("add_attempt", id=delivery, outcome=outcome, reason=reason, now=now, took_ms=took_ms):
        if (last := added["number"] - MOST_ATTEMPTS) > 0:
            query("forget_attempts", id=delivery, last=last)


def note_broken_off(query: Query, delivery: str) -> None:
    """The same of one that nobody saw end."""
    note_attempt(query, delivery, Ending.BROKEN_OFF, BROKEN_OFF)


def sent(query: Query) -> Mapping[str, Sent]:
    """Destination -> what was sent there."""
    return {
        row["destination"]: Sent(
            uploaded=row["uploaded"],
            bytes_sent=row["bytes_sent"],
            timed=row["timed"],
            took=row["took_ms"] * _MS,
            last_upload=None if row["last_upload"] is None else rows.at(row["last_upload"]),
        )
        for row in query("sent_by_destination")
    }


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        number=row["number"],
        started_at=rows.at(row["started_at"]),
        took=None if row["took_ms"] is None else row["took_ms"] * _MS,
        bytes=row["bytes"],
        outcome=Ending(row["outcome"]),
        reason=row["reason"],
    )


def _receipt(row: sqlite3.Row) -> ReceiptRow:
    return ReceiptRow(
        delivery=row["id"],
        session=SessionId(row["session"]),
        destination=row["destination"],
        revision=row["revision"],
        receipt=msgspec.json.decode(row["receipt"], type=Receipt) if row["receipt"] else None,
        note=row["last_error"],
        report_url=row["report_url"],
        uploaded_at=rows.at(row["uploaded_at"]),
        bytes_sent=row["bytes_sent"],
        took=None if row["took_ms"] is None else row["took_ms"] * _MS,
    )
