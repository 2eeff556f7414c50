"""What is asked of the tables, as functions over one connection inside somebody else's transaction. Commits nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from logferry_collector.access import Account, StoredKey
from logferry_collector.decoders import RECEIPTS
from logferry_collector.ingest import (
    OPERATION,
    Decision,
    Known,
    Parcel,
    Remembered,
    decide,
    key_digest,
    key_reused,
    receipt_for,
    report_deleted,
)
from logferry_collector.stored import Shown, Taken, keepable
from logferry_collector.tables import (
    accounts,
    deleted_reports,
    idempotency,
    joined_accounts,
    keys,
    reports,
    revisions,
)
from logferry_model.envelope import Receipt

NewId = Callable[[], str]


class Naming(Struct, frozen=True, kw_only=True):
    """What a transaction takes from outside: the time, fresh ids, and where reports are shown."""

    now: datetime
    new_id: NewId
    report_url: Callable[[str], str]


def take(connection: Connection, account: Account, parcel: Parcel, naming: Naming) -> Taken:
    """Store `parcel` as far as it is new, remember its key, and say what happened; Unacceptable on a reused key."""
    known = _known(connection, account, parcel)
    decision = decide(parcel, known)
    if decision is Decision.CONFLICT:
        raise key_reused()
    if decision is Decision.DELETED:
        raise report_deleted()
    if decision is Decision.REPLAY and known.remembered is not None:
        # The same content may come packed anew; the digest is of what this request brought.
        receipt = msgspec.structs.replace(known.remembered.receipt, received_digest=parcel.received_digest)
        return Taken(decision=decision, receipt=receipt)
    report_id = known.report_id or _add_report(connection, account, parcel, naming)
    if decision is not Decision.DUPLICATE:
        _add_revision(connection, report_id, parcel, naming.now)
    receipt = receipt_for(
        parcel,
        receipt_id=naming.new_id(),
        report_id=report_id,
        report_url=naming.report_url(report_id),
        duplicate=decision is Decision.DUPLICATE,
        now=naming.now,
    )
    _remember(connection, account, parcel, receipt)
    return Taken(decision=decision, receipt=receipt)


def _known(connection: Connection, account: Account, parcel: Parcel) -> Known:
    envelope = parcel.envelope
    report_id = connection.scalar(
        select(reports.c.id)
        .where(
            reports.c.account_id.in_(account.ids),
            reports.c.tracker == envelope.tracker,
            reports.c.natural_key == envelope.natural_key,
        )
        # Where a joined account has it too, the account's own goes on.
        .order_by(reports.c.account_id != account.id, reports.c.account_id)
        .limit(1)
    )
    digest = select(revisions.c.id).where(
        revisions.c.report_id == report_id, revisions.c.payload_digest == parcel.payload_digest
    )
    deleted = select(deleted_reports.c.id).where(
        deleted_reports.c.account_id.in_(account.ids),
        deleted_reports.c.key_digest == key_digest(envelope.tracker, envelope.natural_key),
    )
    return Known(
        remembered=_remembered(connection, account, parcel.idempotency_key),
        report_id=report_id,
        has_digest=connection.scalar(digest) is not None,
        deleted=connection.scalar(deleted) is not None,
    )


def _remembered(connection: Connection, account: Account, key: str) -> Remembered | None:
    row = connection.execute(
        select(idempotency.c.fingerprint, idempotency.c.receipt)
        .where(
            idempotency.c.account_id.in_(account.ids),
            idempotency.c.operation == OPERATION,
            idempotency.c.key == key,
        )
        .order_by(idempotency.c.account_id != account.id, idempotency.c.account_id)
    ).first()
    return Remembered(row.fingerprint, RECEIPTS.decode(row.receipt)) if row else None


def _add_report(connection: Connection, account: Account, parcel: Parcel, naming: Naming) -> str:
    report_id = naming.new_id()
    connection.execute(
        insert(reports).values(
            id=report_id,
            account_id=account.id,
            tracker=parcel.envelope.tracker,
            natural_key=parcel.envelope.natural_key,
            created_at=naming.now,
        )
    )
    return report_id


def _add_revision(connection: Connection, report_id: str, parcel: Parcel, now: datetime) -> None:
    envelope, end = parcel.envelope, parcel.session.end
    body, encoding = keepable(parcel.wire, parcel.encoding)
    connection.execute(
        insert(revisions).values(
            report_id=report_id,
            payload_digest=parcel.payload_digest,
            received_digest=parcel.received_digest,
            received_at=now,
            schema_version=envelope.schema_version,
            revision=envelope.revision,
            partial=envelope.partial,
            install_id=envelope.install_id,
            app_version=envelope.app_version,
            platform=envelope.platform,
            started_at=envelope.started_at,
            ended_at=envelope.ended_at,
            events=len(parcel.session.events),
            end_rule=end.rule.value if end else None,
            end_confidence=end.confidence if end else None,
            body_encoding=encoding,
            body=body,
        )
    )


def _remember(connection: Connection, account: Account, parcel: Parcel, receipt: Receipt) -> None:
    connection.execute(
        insert(idempotency).values(
            account_id=account.id,
            operation=OPERATION,
            key=parcel.idempotency_key,
            fingerprint=parcel.fingerprint,
            report_id=receipt.report_id,
            receipt=msgspec.json.encode(receipt),
            created_at=receipt.created_at,
        )
    )


def receipt(connection: Connection, account: Account, key: str) -> Receipt | None:
    """The receipt this account got under `key`."""
    remembered = _remembered(connection, account, key)
    return remembered.receipt if remembered else None


def shown(connection: Connection, report_id: str) -> Shown | None:
    """The latest complete revision, or the latest of all while none is complete."""
    of_report = revisions.c.report_id == report_id
    row = connection.execute(
        select(revisions, select(func.count()).where(of_report).scalar_subquery().label("stored"))
        .where(of_report)
        .order_by(revisions.c.partial, revisions.c.revision.desc(), revisions.c.id.desc())
        .limit(1)
    ).one_or_none()
    return _shown(row) if row else None


def _shown(row: Row[tuple[object, ...]]) -> Shown:
    return Shown(
        report_id=row.report_id,
        body=row.body,
        encoding=row.body_encoding,
        payload_digest=row.payload_digest,
        revision=row.revision,
        revisions=row.stored,
        partial=row.partial,
        received_at=row.received_at,
        app_version=row.app_version,
        platform=row.platform,
    )


_KEY_COLUMNS = select(
    keys.c.public_id,
    keys.c.account_id,
    accounts.c.name.label("account"),
    keys.c.secret_digest,
    keys.c.note,
    keys.c.created_at,
    keys.c.revoked_at,
).join(accounts)


def stored_key(connection: Connection, public_id: str) -> StoredKey | None:
    """The key with this public id, revoked or not."""
    row = connection.execute(_KEY_COLUMNS.where(keys.c.public_id == public_id)).mappings().one_or_none()
    return StoredKey(**row, joined=_joined(connection, row["account_id"])) if row else None


def _joined(connection: Connection, account_id: int) -> tuple[int, ...]:
    """The accounts that this one took over."""
    these = select(joined_accounts.c.account_id).where(joined_accounts.c.into_id == account_id)
    return tuple(connection.scalars(these.order_by(joined_accounts.c.account_id)))


def all_keys(connection: Connection) -> tuple[StoredKey, ...]:
    """Every key, oldest first."""
    rows = connection.execute(_KEY_COLUMNS.order_by(keys.c.created_at, keys.c.public_id))
    return tuple(StoredKey(**row) for row in rows.mappings())


def account_named(connection: Connection, name: str) -> Account | None:
    """The account of this name."""
    row = connection.execute(select(accounts.c.id, accounts.c.name).where(accounts.c.name == name)).one_or_none()
    return Account(id=row.id, name=row.name) if row else None


def all_accounts(connection: Connection) -> tuple[Account, ...]:
    """Every account, by name."""
    rows = connection.execute(select(accounts.c.id, accounts.c.name).order_by(accounts.c.name))
    return tuple(Account(id=row.id, name=row.name) for row in rows)


def add_account(connection: Connection, name: str, now: datetime) -> Account:
    """A new account."""
    made = connection.execute(insert(accounts).values(name=name, created_at=now).returning(accounts.c.id))
    return Account(id=made.scalar_one(), name=name)


def add_key(connection: Connection, key: StoredKey) -> None:
    """Store what is kept of a new key."""
    kept = msgspec.structs.asdict(key)
    del kept["account"], kept["joined"]
    connection.execute(insert(keys).values(**kept))


def revoke(connection: Connection, public_id: str, now: datetime) -> bool:
    """Revoke a key; False when there is none. A key that was revoked before keeps its date."""
    found = connection.execute(select(keys.c.revoked_at).where(keys.c.public_id == public_id)).one_or_none()
    if found and found.revoked_at is None:
        connection.execute(update(keys).where(keys.c.public_id == public_id).values(revoked_at=now))
    return found is not None
