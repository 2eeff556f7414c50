"""A report as its owner sees it, and its deletion: functions over one connection inside somebody else's transaction.

Another account's report does not exist here. What is left of a deleted one is a digest of which session it was.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, insert, select
from sqlalchemy import delete as delete_from

from logferry_collector.access import Account
from logferry_collector.ingest import key_digest, report_deleted
from logferry_collector.tables import deleted_reports, idempotency, reports, revisions
from logferry_model.envelope import Deletion
from logferry_model.errors import Refused


class Encounter(Struct, frozen=True, kw_only=True):
    """A report, without what is in it."""

    report_id: str
    tracker: str
    natural_key: str
    created_at: datetime
    revisions: int


class _Own(Struct, frozen=True):
    """What makes it this account's report."""

    account_id: int
    """Itself, or one that it took over."""
    tracker: str
    natural_key: str
    created_at: datetime


def encounter(connection: Connection, account: Account, report_id: str) -> Encounter:
    """This account's report."""
    row = _own(connection, account, report_id)
    stored = connection.scalar(select(func.count()).where(revisions.c.report_id == report_id))
    return Encounter(
        report_id=report_id,
        tracker=row.tracker,
        natural_key=row.natural_key,
        created_at=row.created_at,
        revisions=stored or 0,
    )


def delete(connection: Connection, account: Account, report_id: str, now: datetime) -> Deletion:
    """Delete the report, its revisions with their bodies, and every answer that was kept about it."""
    row = _own(connection, account, report_id)
    connection.execute(delete_from(idempotency).where(idempotency.c.report_id == report_id))
    connection.execute(delete_from(revisions).where(revisions.c.report_id == report_id))
    connection.execute(delete_from(reports).where(reports.c.id == report_id))
    connection.execute(
        insert(deleted_reports).values(
            id=report_id,
            account_id=row.account_id,
            key_digest=key_digest(row.tracker, row.natural_key),
            deleted_at=now,
        )
    )
    return Deletion(report_id=report_id, deleted_at=now)


def _own(connection: Connection, account: Account, report_id: str) -> _Own:
    mine = select(reports.c.account_id, reports.c.tracker, reports.c.natural_key, reports.c.created_at)
    row = connection.execute(mine.where(reports.c.id == report_id, reports.c.account_id.in_(account.ids))).one_or_none()
    if row is not None:
        return _Own(row.account_id, row.tracker, row.natural_key, row.created_at)
    gone = select(deleted_reports.c.id).where(
        deleted_reports.c.id == report_id, deleted_reports.c.account_id.in_(account.ids)
    )
    if connection.scalar(gone) is not None:
        raise report_deleted()
    raise Refused("report-unknown", "This account has no report of that name.")
