"""What the answers to the local API are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.checks.check import Check
from logferry_daemon.control.live import Live
from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.core.reading import Trouble
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, Credentials, Discovery, Fingerprints, Spool
from logferry_ipc.events import EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Handed over once, by the parts list of the daemon."""

    version: str
    clock: Clock
    spool: Spool
    fleet: Fleet
    credentials: Credentials
    settings: SettingsStore
    discovery: Discovery
    fingerprints: Fingerprints
    log: EventLog
    checks: Callable[[], AsyncIterator[Check]]
    stop: asyncio.Event
    user_home: Path
    live: Live
    """The sessions that still run."""
    scrub: Callable[[], Awaitable[bool]]
    """Overwrites what was deleted; whether that is done."""
    key_given: Callable[[], None] = lambda: None
    """Called when there may be a key that nothing was searched for yet."""
    recipe_troubles: Sequence[Trouble] = ()
    """Of the owner's own recipes, as they were at the start."""
    copy_report_url: bool = False
    """Whether the tray is to put the address of each new report on the clipboard."""
