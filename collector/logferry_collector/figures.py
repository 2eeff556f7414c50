"""The figures of a session as tiles, in groups. Pure; shows only what applies, so a game without combat has none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from logferry_collector.economy import money_headline, money_tiles
from logferry_collector.measures import measure_tile, measured
from logferry_collector.tiles import Group, Tile, told
from logferry_collector.words import CURRENCIES, clock_length, duration_words, number, percent
from logferry_model.figures import Combat, Defence, Statistics
from logferry_model.session import Session

HEADLINE = 4


def headline(session: Session) -> tuple[Tile, ...]:
    """The few figures that say what kind of session it was."""
    statistics = session.statistics
    candidates = (
        _duration(session),
        *money_headline(statistics.economy, CURRENCIES.get(session.tracker, "")),
        *_combat_headline(statistics.combat),
        *(measure_tile(measure) for measure in measured(session)),
        Tile("Events", number(len(session.events) or statistics.events)),
        Tile("Participants", number(len(session.participants))) if session.participants else None,
    )
    return _differing(tile for tile in candidates if tile)


def groups(session: Session) -> tuple[Group, ...]:
    """Every group that has something to show."""
    statistics = session.statistics
    currency = CURRENCIES.get(session.tracker, "")
    found = (
        Group("Combat", _combat(statistics.combat)),
        Group("Defence", _defence(statistics.defence)),
        Group("Economy", money_tiles(statistics, currency)),
        Group("Skill gains", _skill_gains(statistics, currency)),
        Group("Measures", tuple(measure_tile(measure) for measure in measured(session))),
    )
    return tuple(group for group in found if group.tiles)


def _differing(tiles: Iterable[Tile]) -> tuple[Tile, ...]:
    """The first few of different names: several sources may tell the same figure."""
    by_label: dict[str, Tile] = {}
    for tile in tiles:
        by_label.setdefault(tile.label, tile)
    return tuple(by_label.values())[:HEADLINE]


def _duration(session: Session) -> Tile | None:
    if session.duration is None:
        return None
    return Tile("Duration", duration_words(session.duration), note=_pauses(session.duration, session.statistics.active))


def _pauses(duration: timedelta, active: timedelta | None) -> str:
    paused = duration - active if active is not None else timedelta()
    return f"{clock_length(paused.total_seconds())} of it paused" if paused >= timedelta(seconds=1) else ""


def _combat_headline(combat: Combat | None) -> tuple[Tile, ...]:
    if combat is None or not combat.damage_dealt:
        return ()
    return (Tile("Damage dealt", number(combat.damage_dealt, 0)),)


def _combat(combat: Combat | None) -> tuple[Tile, ...]:
    if combat is None:
        return ()
    rate = combat.hit_rate
    critical_rate = percent(combat.criticals / combat.hits) + " of hits" if combat.hits else ""
    return told(
        (combat.shots, Tile("Shots", number(combat.shots))),
        (combat.shots, Tile("Hit rate", percent(rate or 0.0), note=f"{number(combat.hits)} hits")),
        (not combat.shots and combat.hits, Tile("Hits", number(combat.hits))),
        (combat.criticals, Tile("Criticals", number(combat.criticals), note=critical_rate)),
        (combat.damage_dealt, Tile("Damage dealt", number(combat.damage_dealt, 1))),
        (combat.damage_taken, Tile("Damage taken", number(combat.damage_taken, 1))),
        (combat.kills, Tile("Kills", number(combat.kills), note="estimated from loot")),
        (combat.deaths, Tile("Deaths", number(combat.deaths))),
        (combat.revivals, Tile("Revivals", number(combat.revivals))),
    )


def _defence(defence: Defence | None) -> tuple[Tile, ...]:
    if defence is None:
        return ()
    return told(
        (defence.hits_taken, Tile("Hits taken", number(defence.hits_taken))),
        (defence.dodged, Tile("Dodged", number(defence.dodged))),
        (defence.evaded, Tile("Evaded", number(defence.evaded))),
        (defence.deflected, Tile("Deflected", number(defence.deflected))),
        (defence.enemy_missed, Tile("Enemy missed", number(defence.enemy_missed))),
        (defence.armour_hits, Tile("Stopped by armour", number(defence.armour_hits))),
        (defence.healed, Tile("Healed", number(defence.healed, 1))),
    )


def _skill_gains(statistics: Statistics, currency: str) -> tuple[Tile, ...]:
    hour, cost, shot = statistics.skill_per_hour, statistics.skill_per_cost, statistics.skill_per_shot
    skills = len(statistics.skills)
    note = f"in {number(skills)} skills" if skills > 1 else ""
    return told(
        (statistics.skill_gained, Tile("Gained", number(statistics.skill_gained, 3), "points", note=note)),
        (hour, Tile("Per hour", number(hour or 0.0, 3), "points")),
        (cost, Tile(f"Per {currency or 'unit of cost'}", number(cost or 0.0, 3), "points")),
        (shot, Tile("Per shot", number(shot or 0.0, 4), "points")),
    )
