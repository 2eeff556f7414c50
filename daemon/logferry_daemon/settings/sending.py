"""What is set for all sending: how fast, when, and how much at a time."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.partials import Rhythm
from logferry_daemon.core.playing import When
from logferry_daemon.core.rate import parse_rate
from logferry_daemon.core.schedule import parse_time
from logferry_daemon.core.sending import Occasion, Sending
from logferry_daemon.core.summaries import EVENTS
from logferry_daemon.settings.kinds import Part, Rate, ScheduleTime, Seconds, seconds
from logferry_daemon.settings.places import DestinationSettings


class UploadSettings(Part):
    """When and how things are sent."""

    limit: Rate = Field(
        default="off", description='how fast things are sent, all together: "500 KiB/s"; off: as fast as it goes'
    )
    pause_while_playing: When = Field(
        default=When.OFF,
        description="running: uploads wait while a followed game runs; foreground: while it has the focus",
    )
    longest_wait: Annotated[float, Field(ge=10, le=86_400)] = Field(
        default=CAP.total_seconds(), description="seconds at most between two tries at what cannot be reached"
    )
    when: Occasion = Field(
        default=Occasion.SESSION_END,
        description="when what is over goes: at session-end, app-close, by schedule, or on demand",
    )
    schedule: tuple[ScheduleTime, ...] = Field(
        default=(), description='times by the clock on the wall, as "03:00", "daily 22:30" or "sat,sun 10:00"'
    )
    partials: bool = Field(default=True, description="send long sessions while they run, where they can be replaced")
    partial_after: Seconds = Field(default=7_200.0, description="seconds after which a session that runs is long")
    partial_every: Seconds = Field(default=600.0, description="seconds between two times that it is sent")

    summary_first: bool = Field(
        default=False, description="send what a session adds up to before its events, where they can follow"
    )
    summary_from: int = Field(default=EVENTS, ge=1, description="events with which a session is worth a summary")

    @property
    def rhythm(self) -> Rhythm:
        """When a session that runs is due."""
        return Rhythm(after=seconds(self.partial_after), every=seconds(self.partial_every))

    @property
    def sending_to_all(self) -> Sending:
        """What holds where a destination has no word of its own."""
        return Sending(
            when=self.when,
            times=tuple(map(parse_time, self.schedule)),
            partials=self.partials,
            summary_from=self.summary_from if self.summary_first else None,
        )

    def sending(self, destination: DestinationSettings) -> Sending:
        """What holds for one destination: its own word, or else the one for all."""
        times = destination.schedule or self.schedule
        first = self.summary_first if destination.summary_first is None else destination.summary_first
        return Sending(
            when=destination.when or self.when,
            times=tuple(map(parse_time, times)),
            partials=self.partials if destination.partials is None else destination.partials,
            summary_from=self.summary_from if first else None,
        )

    @property
    def bytes_per_second(self) -> float | None:
        """The limit as a number."""
        return parse_rate(self.limit)
