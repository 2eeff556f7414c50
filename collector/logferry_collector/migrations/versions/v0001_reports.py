"""Accounts, keys, reports with their revisions, and what idempotency keys were used for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build everything of the first release."""
    _accounts()
    _reports()
    _idempotency()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "keys",
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.PrimaryKeyConstraint("public_id", name="pk_keys"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_keys_account_id"),
    )
    op.create_index("ix_keys_account_id", "keys", ["account_id"])


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("tracker", sa.String(200), nullable=False),
        sa.Column("natural_key", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_reports_account_id"),
        sa.UniqueConstraint("account_id", "tracker", "natural_key", name="uq_reports_account_id_tracker_natural_key"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("report_id", sa.String(32), nullable=False),
        sa.Column("payload_digest", sa.String(64), nullable=False),
        sa.Column("received_digest", sa.String(64), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("install_id", sa.String(200), nullable=False),
        sa.Column("app_version", sa.String(200), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("end_rule", sa.String(32)),
        sa.Column("end_confidence", sa.Float()),
        sa.Column("body_encoding", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_revisions_report_id"),
        sa.UniqueConstraint("report_id", "payload_digest", name="uq_revisions_report_id_payload_digest"),
    )
    op.create_index("ix_revisions_report_id_partial_revision", "revisions", ["report_id", "partial", "revision"])


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "operation", "key", name="pk_idempotency"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_idempotency_account_id"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def downgrade() -> None:
    """There is nothing before the first step."""
    raise NotImplementedError("the first schema has no predecessor")
