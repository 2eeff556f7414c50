"""Which sessions were played on one evening: no pause between two of them is as long as `apart`. Values only.

Some destinations show an evening in one place. Where that is over there, the receipts say; a dialect that puts what it
hands over beside what is there already is `Gathering`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from logferry_daemon.core.exchange import Conversation, Letter, Parcel
from logferry_model.session import SessionId

REACH = timedelta(days=2)
"""Whatever is further away than this is another evening, however little its players slept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A session that a destination has, and the name of the report over there that it is in."""

    session: SessionId
    started_at: datetime
    ended_at: datetime
    report_id: str


@runtime_checkable
class Gathering(Protocol):
    """What a dialect has besides, when it puts the sessions of an evening into one report.

    Such a destination is sent one session at a time: two at once would overwrite each other's.
    """

    @property
    def apart(self) -> timedelta:
        """A pause as long as this ends an evening."""
        ...

    def gather(self, letter: Letter, reports: Sequence[str], *, url: str, now: datetime) -> Conversation:
        """The conversation that hands over `letter` into one of `reports`, or into a new one; see `reports_of`."""
        ...


def reports_of(parcel: Parcel, told: Sequence[Told], apart: timedelta) -> tuple[str, ...]:
    """Where the session may be, or belongs: what an earlier version of it is in, then those of its evening.

    `told` is in the order in which it was played; the last one comes first.
    """
    own = [one for one in told if one.session == parcel.session]
    evening = [one for one in _evening(parcel, told, apart) if one.session != parcel.session]
    return tuple(dict.fromkeys(one.report_id for one in (*reversed(own), *reversed(evening))))


def _evening(parcel: Parcel, told: Sequence[Told], apart: timedelta) -> list[Told]:
    """Those that a chain without a long pause joins to this session."""
    start, end = parcel.started_at, parcel.ended_at or parcel.started_at
    before = [one for one in told if one.started_at < start]
    after = [one for one in told if one.started_at >= start]
    # Backwards what ended late counts, not what began late: one may run beside another for hours.
    for one in sorted(before, key=lambda one: one.ended_at, reverse=True):
        if start - one.ended_at >= apart:
            break
        start, end = min(start, one.started_at), max(end, one.ended_at)
    for one in after:
        if one.started_at - end >= apart:
            break
        end = max(end, one.ended_at)
    return [one for one in told if start <= one.started_at < end + apart]
