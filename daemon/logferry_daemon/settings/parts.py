"""What else is set: watching, the queue, the local API, the tray, the log."""

from __future__ import annotations

from ipaddress import IPv4Address

from pydantic import Field

from logferry_daemon.core.budget import PER_MINUTE
from logferry_daemon.core.queue_bound import MEGABYTES, MIB, SESSIONS, Bound
from logferry_daemon.settings.kinds import Part, Seconds


class DiscoverSettings(Part):
    """How collectors on the local network are found."""

    interfaces: tuple[IPv4Address, ...] = Field(
        default=(), description="own addresses to ask from; the one that the system prefers when left out"
    )


class WatchSettings(Part):
    """How files are watched."""

    settle: Seconds = Field(default=1.0, description="seconds without a change before a file counts as written")
    patience: Seconds = Field(default=30.0, description="seconds before something unfinished is reported")
    rescan: Seconds = Field(default=60.0, description="seconds between two looks at everything")
    busy: Seconds = Field(default=2.0, description="seconds between two looks at a file that is being written")
    backfill: bool = Field(default=False, description="send what was there before without being asked")
    backfill_per_minute: int = Field(
        default=PER_MINUTE, ge=1, le=10_000, description="how many of those may go to one destination in a minute"
    )


class QueueSettings(Part):
    """How much may wait to be sent."""

    max_sessions: int = Field(default=SESSIONS, ge=1, description="sessions; with more, new ones stay in their files")
    max_megabytes: int = Field(default=MEGABYTES, ge=1, description="the same by their size on the disk")

    @property
    def bound(self) -> Bound:
        """Both together."""
        return Bound(sessions=self.max_sessions, bytes=self.max_megabytes * MIB)


class IpcSettings(Part):
    """The local API."""

    port: int | None = Field(default=None, ge=0, le=65_535, description="its port; 0 takes any free one")


class TraySettings(Part):
    """The tray icon."""

    copy_report_url: bool = Field(
        default=False, description="put the address of each new report on the clipboard while the tray runs"
    )


class LogSettings(Part):
    """The daemon's own log."""

    level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="how much it says")
