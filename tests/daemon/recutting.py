"""Joins and cuts sessions as their owner would, by one tracker's way of counting."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from logferry_daemon.core.identity import session_id
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.core.recut import Merge, Plan, Split, merge, parts, split
from logferry_model.session import Session


def twin(one: Session) -> Session:
    """Another session that is like it in everything but what makes it this one."""
    return replace(one, id=session_id(one.tracker, "twin"), natural_key="twin")


def joined(tracker: AnyTracker, *some: Session) -> Session:
    order = Merge(tuple(one.id for one in some))
    (whole,) = parts(merge([Plan((one,)) for one in some], order, tracker.recount), tracker.recount)
    return whole


def cut(tracker: AnyTracker, one: Session, at: datetime) -> tuple[Session, ...]:
    return parts(split(Plan((one,)), Split(one.id, (at,)), tracker.recount), tracker.recount)


def measured(one: Session) -> dict[str, float]:
    return {measure.name: measure.value for measure in one.statistics.measures}
