"""Alembic runs this file; it uses the connection it is handed and opens none."""

from __future__ import annotations

from alembic import context

from logferry_collector.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a column in place; batch mode copies the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
