"""Accounts that took over what was sent with a key of an installation's own making."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From version 0002."""
    op.create_table(
        "joined_accounts",
        sa.Column("account_id", _ROW_ID, nullable=False),
        sa.Column("into_id", _ROW_ID, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_joined_accounts"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_joined_accounts_account_id"),
        sa.ForeignKeyConstraint(["into_id"], ["accounts.id"], name="fk_joined_accounts_into_id"),
    )
    op.create_index("ix_joined_accounts_into_id", "joined_accounts", ["into_id"])


def downgrade() -> None:
    """Whoever took over could not reach the reports any more."""
    raise NotImplementedError("what was joined stays joined")
