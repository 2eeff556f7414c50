"""What several sessions add up to together. Pure; a figure that is no sum is left to whoever knows what it means."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import timedelta
from functools import reduce
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from logferry_model.figures import LoadoutTotal, LootTotal, Measure, SkillTotal, Statistics
from logferry_model.session import Session

Figures = TypeVar("Figures", bound=Struct)


def added(some: Sequence[Statistics]) -> Statistics:
    """Everything but the measures: whether one is a sum, only its tracker knows."""
    times = [one.active_ms for one in some]
    return Statistics(
        events=sum(one.events for one in some),
        combat=_sum([one.combat for one in some]),
        defence=_sum([one.defence for one in some]),
        economy=_sum([one.economy for one in some]),
        skills=_skills(skill for one in some for skill in one.skills),
        loot=_loot(loot for one in some for loot in one.loot),
        loadouts=_loadouts(loadout for one in some for loadout in one.loadouts),
        globals=sum(one.globals for one in some),
        halls_of_fame=sum(one.halls_of_fame for one in some),
        active_ms=None if None in times else sum(time or 0 for time in times),
    )


def with_measures(session: Session, measures: Iterable[Measure]) -> Statistics:
    """What the session adds up to, but with these measures."""
    return replace(session.statistics, measures=tuple(measures))


def measures_of(
    some: Sequence[Session],
    *,
    rates: Container[str] = (),
    most: Container[str] = (),
    least: Container[str] = (),
    lost: Container[str] = (),
    none_is_zero: Callable[[str], bool] = lambda _: False,
) -> tuple[Measure, ...]:
    """The measures of all of them: sums, but for those that are a mean over time, the best of all, or cannot be told.

    One that a session lacks is told of none of them, unless that means that there was nothing to count.
    """
    tables = [{one.name: one for one in session.statistics.measures} for session in some]
    hours = [(session.duration or timedelta()) / timedelta(hours=1) for session in some]
    found: list[Measure] = []
    for name, measure in {name: one for table in tables for name, one in table.items()}.items():
        values = [table[name].value if name in table else None for table in tables]
        known = [value for value in values if value is not None]
        if name in lost or (len(known) < len(some) and not none_is_zero(name)):
            continue
        if name in most or name in least:
            value = max(known) if name in most else min(known)
        else:
            value = _mean([value or 0.0 for value in values], hours) if name in rates else float(sum(known))
        found.append(replace(measure, value=value))
    return tuple(found)


def _mean(values: Sequence[float], hours: Sequence[float]) -> float:
    """Of rates, by how long each of them held."""
    whole = sum(hours)
    return sum(value * part for value, part in zip(values, hours, strict=True)) / whole if whole else 0.0


def _sum(some: Iterable[Figures | None]) -> Figures | None:
    """Field by field; None where none of them has it."""
    known = [one for one in some if one is not None]
    return reduce(_plus, known) if known else None


def _plus(one: Figures, other: Figures) -> Figures:
    names = one.__struct_fields__
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})


def _skills(some: Iterable[SkillTotal]) -> tuple[SkillTotal, ...]:
    found: dict[tuple[str, str | None], SkillTotal] = {}
    for one in some:
        before = found.get((one.name, one.category), SkillTotal(name=one.name, category=one.category))
        found[one.name, one.category] = replace(
            before,
            gains=before.gains + one.gains,
            gained=before.gained + one.gained,
            last_at=max((at for at in (before.last_at, one.last_at) if at is not None), default=None),
        )
    return tuple(sorted(found.values(), key=lambda one: (-one.gained, one.name, one.category or "")))


def _loot(some: Iterable[LootTotal]) -> tuple[LootTotal, ...]:
    found: dict[str, LootTotal] = {}
    for one in some:
        before = found.get(one.item, LootTotal(item=one.item))
        found[one.item] = replace(
            before,
            drops=before.drops + one.drops,
            quantity=before.quantity + one.quantity,
            value=before.value + one.value,
        )
    return tuple(sorted(found.values(), key=lambda loot: (-loot.value, -loot.quantity, loot.item)))


def _loadouts(some: Iterable[LoadoutTotal]) -> tuple[LoadoutTotal, ...]:
    found: dict[str, LoadoutTotal] = {}
    for one in some:
        before = found.get(one.loadout, LoadoutTotal(loadout=one.loadout))
        found[one.loadout] = replace(
            before,
            shots=before.shots + one.shots,
            hits=before.hits + one.hits,
            damage_dealt=before.damage_dealt + one.damage_dealt,
            cost=before.cost + one.cost,
            loot_value=before.loot_value + one.loot_value,
        )
    return tuple(found[label] for label in sorted(found))
