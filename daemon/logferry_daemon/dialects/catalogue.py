"""Every dialect this program speaks, by name."""

from __future__ import annotations

from collections.abc import Mapping

from logferry_daemon.core.exchange import Dialect
from logferry_daemon.dialects.artemis import ArtemisDialect
from logferry_daemon.dialects.firebase import FirebaseDialect
from logferry_daemon.dialects.folder import FolderDialect
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.dialects.object_store import S3Dialect
from logferry_daemon.dialects.putt import PuttDialect
from logferry_daemon.dialects.resonance import ResonanceDialect
from logferry_daemon.dialects.supabase import SupabaseDialect
from logferry_daemon.dialects.swgdb import SwgdbDialect
from logferry_daemon.dialects.webhook import WebhookDialect
from logferry_daemon.dialects.webhook_json import JsonWebhookDialect


def all_dialects() -> Mapping[str, Dialect]:
    """Name -> dialect."""
    dialects: tuple[Dialect, ...] = (
        LogferryDialect(),
        ArtemisDialect(),
        ResonanceDialect(),
        PuttDialect(),
        SwgdbDialect(),
        FolderDialect(),
        WebhookDialect(),
        JsonWebhookDialect(),
        SupabaseDialect(),
        FirebaseDialect(),
        S3Dialect(),
    )
    return {dialect.name: dialect for dialect in dialects}
