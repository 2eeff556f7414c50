"""Every dialect this program speaks, by name."""

from __future__ import annotations

from collections.abc import Mapping

from logferry_daemon.core.exchange import Dialect
from logferry_daemon.dialects.logferry import LogferryDialect


def all_dialects() -> Mapping[str, Dialect]:
    """Name -> dialect."""
    return {dialect.name: dialect for dialect in (LogferryDialect(),)}
