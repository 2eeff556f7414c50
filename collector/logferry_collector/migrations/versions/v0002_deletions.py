"""Deleted reports: what is left of them, and which kept answers go with them."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From version 0001."""
    op.create_table(
        "deleted_reports",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deleted_reports"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_deleted_reports_account_id"),
        sa.UniqueConstraint("account_id", "key_digest", name="uq_deleted_reports_account_id_key_digest"),
    )
    op.add_column("idempotency", sa.Column("report_id", sa.String(32)))
    op.create_index("ix_idempotency_report_id", "idempotency", ["report_id"])
    _fill_in()


def _fill_in() -> None:
    """Which report a kept answer is about stood only in the answer."""
    table = sa.table(
        "idempotency",
        sa.column("account_id"),
        sa.column("operation"),
        sa.column("key"),
        sa.column("report_id"),
        sa.column("receipt"),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).fetchall():
        this = (table.c.account_id == row.account_id, table.c.operation == row.operation, table.c.key == row.key)
        connection.execute(sa.update(table).where(*this).values(report_id=json.loads(row.receipt)["report_id"]))


def downgrade() -> None:
    """The deleted would come back."""
    raise NotImplementedError("what was deleted stays deleted")
