"""The figures of a session as tiles, in groups. Pure; shows only what applies, so a game without combat has none."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from logferry_collector.words import CURRENCIES, clean, duration_words, money, number, percent
from logferry_model.figures import Combat, Defence, Economy, Measure, Statistics
from logferry_model.session import Session

MOST_MEASURES = 24
HEADLINE = 4


class Tile(Struct, frozen=True):
    """One figure."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""
    """`gain` or `loss` where a figure can be good or bad."""


class Group(Struct, frozen=True):
    """Figures that belong together."""

    title: str
    tiles: tuple[Tile, ...]


def headline(session: Session) -> tuple[Tile, ...]:
    """The few figures that say what kind of session it was."""
    statistics = session.statistics
    candidates = (
        _duration(session),
        *_money_headline(statistics.economy, CURRENCIES.get(session.tracker, "")),
        *_combat_headline(statistics.combat),
        *(_measure(measure) for measure in statistics.measures[:HEADLINE]),
        Tile("Events", number(len(session.events) or statistics.events)),
        Tile("Participants", number(len(session.participants))) if session.participants else None,
    )
    return tuple(tile for tile in candidates if tile)[:HEADLINE]


def groups(session: Session) -> tuple[Group, ...]:
    """Every group that has something to show."""
    statistics = session.statistics
    currency = CURRENCIES.get(session.tracker, "")
    found = (
        Group("Combat", _combat(statistics.combat)),
        Group("Defence", _defence(statistics.defence)),
        Group("Economy", _economy(statistics.economy, currency) + _finds(statistics)),
        Group("Measures", tuple(_measure(measure) for measure in statistics.measures[:MOST_MEASURES])),
    )
    return tuple(group for group in found if group.tiles)


def _duration(session: Session) -> Tile | None:
    if session.duration is None:
        return None
    return Tile("Duration", duration_words(session.duration))


def _money_headline(economy: Economy | None, currency: str) -> tuple[Tile, ...]:
    if economy is None or not (economy.loot_value or economy.cost):
        return ()
    tiles = [_profit(economy, currency)]
    if economy.return_rate is not None:
        tiles.append(Tile("Return", percent(economy.return_rate), note="loot per cost"))
    return tuple(tiles)


def _combat_headline(combat: Combat | None) -> tuple[Tile, ...]:
    if combat is None or not combat.damage_dealt:
        return ()
    return (Tile("Damage dealt", number(combat.damage_dealt, 0)),)


def _combat(combat: Combat | None) -> tuple[Tile, ...]:
    if combat is None:
        return ()
    rate = combat.hit_rate
    critical_rate = percent(combat.criticals / combat.hits) + " of hits" if combat.hits else ""
    return _counted(
        (combat.shots, Tile("Shots", number(combat.shots))),
        (combat.shots, Tile("Hit rate", percent(rate or 0.0), note=f"{number(combat.hits)} hits")),
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
    return _counted(
        (defence.dodged, Tile("Dodged", number(defence.dodged))),
        (defence.evaded, Tile("Evaded", number(defence.evaded))),
        (defence.deflected, Tile("Deflected", number(defence.deflected))),
        (defence.enemy_missed, Tile("Enemy missed", number(defence.enemy_missed))),
        (defence.armour_hits, Tile("Stopped by armour", number(defence.armour_hits))),
        (defence.healed, Tile("Healed", number(defence.healed, 1))),
    )


def _economy(economy: Economy | None, currency: str) -> tuple[Tile, ...]:
    if economy is None:
        return ()
    return _counted(
        (economy.loot_value, Tile("Loot", money(economy.loot_value), currency)),
        (economy.cost, Tile("Cost", money(economy.cost), currency, note=_cost_note(economy))),
        (economy.loot_value or economy.cost, _profit(economy, currency)),
        (economy.cost, Tile("Return", percent(economy.return_rate or 0.0), note="loot per cost")),
    )


def _cost_note(economy: Economy) -> str:
    return f"{money(economy.ammunition_cost)} of it ammunition" if economy.other_cost else "ammunition"


def _profit(economy: Economy, currency: str) -> Tile:
    if economy.profit < 0:
        return Tile("Loss", money(economy.profit), currency, tone="loss")
    return Tile("Profit", f"+{money(economy.profit)}", currency, tone="gain")


def _finds(statistics: Statistics) -> tuple[Tile, ...]:
    return _counted(
        (statistics.globals, Tile("Globals", number(statistics.globals))),
        (statistics.halls_of_fame, Tile("Halls of fame", number(statistics.halls_of_fame))),
    )


def _measure(measure: Measure) -> Tile:
    label = clean(measure.label or measure.name)
    if measure.unit in {"s", "seconds"} and abs(measure.value) < timedelta.max.total_seconds():
        return Tile(label, duration_words(timedelta(seconds=measure.value)))
    return Tile(label, number(measure.value), clean(measure.unit, 12))


def _counted(*candidates: tuple[float, Tile]) -> tuple[Tile, ...]:
    """The tiles whose figure is not nought."""
    return tuple(tile for amount, tile in candidates if amount)
