"""Some of many sessions: those of a time, or of a state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from logferry_ipc.messages import DeliveryState, SessionList, SessionSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody wants to see; None is no matter."""

    since: datetime | None = None
    """Only what ended since, still runs, or was deleted since."""
    state: DeliveryState | None = None
    """Only what has a delivery in it; one that has none is held, for want of a destination."""
    last: int | None = None
    """At most so many, the newest."""

    def of(self, found: SessionList) -> SessionList:
        """Those of a list; in the same order."""
        some = tuple(one for one in found.sessions if self._fits(one))
        no_state = self.state is None
        return replace(
            found,
            sessions=some[: self.last],
            running=tuple(one for one in found.running if no_state and self._is_recent(one.last_at)),
            deleted=tuple(one for one in found.deleted if no_state and self._is_recent(one.deleted_at)),
        )

    def _is_recent(self, at: datetime) -> bool:
        return self.since is None or at >= self.since

    def _fits(self, one: SessionSummary) -> bool:
        return self._is_recent(one.ended_at or one.started_at) and (self.state is None or self.state in _states(one))


def _states(one: SessionSummary) -> set[DeliveryState]:
    if not one.deliveries and one.merged_into is None:
        return {DeliveryState.HELD}
    return {each.state for each in one.deliveries}
