"""Every dialect this program speaks, by name."""

from __future__ import annotations

from collections.abc import Mapping

from logferry_daemon.core.exchange import Dialect
from logferry_daemon.dialects.artemis import ArtemisDialect
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.dialects.putt import PuttDialect
from logferry_daemon.dialects.resonance import ResonanceDialect
from logferry_daemon.dialects.swgdb import SwgdbDialect


def all_dialects() -> Mapping[str, Dialect]:
    """Name -> dialect."""
    dialects: tuple[Dialect, ...] = (
        LogferryDialect(),
        ArtemisDialect(),
        ResonanceDialect(),
        PuttDialect(),
        SwgdbDialect(),
    )
    return {dialect.name: dialect for dialect in dialects}
