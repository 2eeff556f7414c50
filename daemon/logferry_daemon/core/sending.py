"""What its owner set about sending to one destination. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from logferry_daemon.core.schedule import Time


class Occasion(StrEnum):
    """When a session that is over goes on its way."""

    SESSION_END = "session-end"
    """At once."""
    APP_CLOSE = "app-close"
    """When the program that wrote it has ended."""
    SCHEDULE = "schedule"
    """At the next of some times."""
    DEMAND = "demand"
    """When its owner asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Of one destination."""

    when: Occasion = Occasion.SESSION_END
    times: tuple[Time, ...] = ()
    """By the clock on the wall; only for a schedule."""
    partials: bool = True
    """Whether it gets long sessions while they run, where its dialect can replace them."""

    summary_from: int | None = None
    """With so many events it gets a summary first, where its dialect has a way to say that; None is never."""

    @property
    def at_once(self) -> bool:
        """Whether nothing waits to be asked for."""
        return self.when is Occasion.SESSION_END

    @property
    def while_it_runs(self) -> bool:
        """Whether a session may go before it is over: not where even what is over waits."""
        return self.partials and self.at_once


USUAL = Sending()


def waits_for(sending: Sending, following: datetime | None) -> str:
    """What everything that nobody asked for waits for, in words; empty where nothing waits."""
    match sending.when:
        case Occasion.SESSION_END:
            return ""
        case Occasion.APP_CLOSE:
            return "goes when its program has ended; now with: logferry upload"
        case Occasion.DEMAND:
            return "goes when you ask: logferry upload"
        case Occasion.SCHEDULE:
            times = ", ".join(map(str, sending.times))
            soon = f", next {following.astimezone():%a %Y-%m-%d %H:%M}" if following else ""
            return f"goes at its time ({times}){soon}; now with: logferry upload"
