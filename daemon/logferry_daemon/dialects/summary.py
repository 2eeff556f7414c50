"""What a session comes to, in a few lines: for services that show it to people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from logferry_daemon.core.exchange import Parcel
from logferry_model.figures import Statistics
from logferry_model.session import Session

BEST = 5
"""Of a list that may be long: items, bosses."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    name: str
    label: str
    value: float
    unit: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    seconds: float | None
    """From the first to the last moment."""
    events: int
    figures: tuple[Figure, ...]
    bosses: tuple[str, ...] = ()
    loot: tuple[str, ...] = ()


def summary_of(parcel: Parcel) -> Summary:
    """Of the session as this destination may have it, and of nothing else."""
    session = msgspec.json.decode(parcel.document, type=Session)
    length = None if parcel.ended_at is None else (parcel.ended_at - parcel.started_at).total_seconds()
    return Summary(
        seconds=length,
        events=session.statistics.events or len(session.events),
        figures=tuple(_figures(session.statistics)),
        bosses=tuple(boss.name for boss in session.bosses[:BEST]),
        loot=tuple(f"{one.quantity or one.drops} x {one.item}" for one in session.statistics.loot[:BEST]),
    )


def _figures(statistics: Statistics) -> Iterator[Figure]:
    if economy := statistics.economy:
        yield Figure(name="loot_value", label="Loot", value=economy.loot_value)
        yield Figure(name="cost", label="Cost", value=economy.cost)
        yield Figure(name="profit", label="Profit", value=economy.profit)
    if combat := statistics.combat:
        yield Figure(name="kills", label="Kills", value=combat.kills)
        yield Figure(name="deaths", label="Deaths", value=combat.deaths)
        yield Figure(name="damage_dealt", label="Damage dealt", value=combat.damage_dealt)
    if statistics.skills:
        yield Figure(name="skill_gained", label="Skill gained", value=statistics.skill_gained)
    for measure in statistics.measures:
        yield Figure(name=measure.name, label=measure.label, value=measure.value, unit=measure.unit)


def shown(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def length_of(seconds: float | None) -> str:
    """A duration as people say it."""
    if seconds is None:
        return "still open"
    minutes = int(timedelta(seconds=seconds) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
