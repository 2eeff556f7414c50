"""The one schema, as SQLAlchemy tables; `migrations/` builds it step by step. Runs no query.

What has to be unique is unique here, in the database: two collectors, two threads or a late replay
cannot store one session twice, whatever the code above believes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment; SQLite drops the zone, so it is written as UTC and read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As UTC."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData(
    # Named, so that a later migration can drop or change each of them on both databases.
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives out row ids by itself only for a column that says INTEGER."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("public_id", String(16), primary_key=True),
    Column("account_id", ForeignKey(accounts.c.id), nullable=False, index=True),
    Column("secret_digest", LargeBinary(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

joined_accounts = Table(
    "joined_accounts",
    metadata,
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True),
    # Only an account that was made by hand: it is never joined to another one itself.
    Column("into_id", ForeignKey(accounts.c.id), nullable=False, index=True),
    Column("joined_at", UtcDateTime, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", ForeignKey(accounts.c.id), nullable=False),
    Column("tracker", String(200), nullable=False),
    Column("natural_key", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("account_id", "tracker", "natural_key"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("report_id", ForeignKey(reports.c.id), nullable=False),
    Column("payload_digest", String(64), nullable=False),
    Column("received_digest", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("install_id", String(200), nullable=False),
    Column("app_version", String(200), nullable=False),
    Column("platform", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("events", Integer, nullable=False),
    Column("end_rule", String(32)),
    Column("end_confidence", Float),
    Column("body_encoding", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("report_id", "payload_digest"),
    # Finds the revision to show: complete ones first, then the latest.
    Index(None, "report_id", "partial", "revision"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True),
    Column("operation", String(32), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    # Of the report the receipt is for, to find it when that report is deleted.
    Column("report_id", String(32), index=True),
    Column("receipt", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

deleted_reports = Table(
    "deleted_reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", ForeignKey(accounts.c.id), nullable=False),
    # A digest: which session it was, without a word of what its sender wrote.
    Column("key_digest", String(64), nullable=False),
    Column("deleted_at", UtcDateTime, nullable=False),
    UniqueConstraint("account_id", "key_digest"),
)
