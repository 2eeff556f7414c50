"""Money in and out of a session as tiles. Pure; a game that tells no cost has no profit and no loss."""

from __future__ import annotations

from logferry_collector.tiles import Tile, told
from logferry_collector.words import money, number, percent
from logferry_model.figures import Economy, Statistics

TRIFLE = 0.00005
"""Sums of costs that are entered in hundredths differ by less, because computers count in halves."""


def money_headline(economy: Economy | None, currency: str) -> tuple[Tile, ...]:
    """What came of it, and how it compares with what it cost."""
    if economy is None:
        return ()
    if not economy.cost:
        return told((economy.loot_value, Tile("Loot", money(economy.loot_value), currency)))
    return (_profit(economy, currency), Tile("Return", percent(economy.return_rate or 0.0), note="loot per cost"))


def money_tiles(statistics: Statistics, currency: str) -> tuple[Tile, ...]:
    """Every line of the account that is not nought."""
    economy = statistics.economy
    finds = told(
        (statistics.globals, Tile("Globals", number(statistics.globals))),
        (statistics.halls_of_fame, Tile("Halls of fame", number(statistics.halls_of_fame))),
    )
    if economy is None:
        return finds
    return (*_result(economy, currency), *_rates(statistics, currency), *_parts(statistics, economy, currency), *finds)


def _result(economy: Economy, currency: str) -> tuple[Tile, ...]:
    return told(
        (economy.loot_value, Tile("Loot", money(economy.loot_value), currency)),
        (economy.cost, Tile("Cost", money(economy.cost), currency)),
        (economy.cost, _profit(economy, currency)),
        (economy.cost, Tile("Return", percent(economy.return_rate or 0.0), note="loot per cost")),
    )


def _rates(statistics: Statistics, currency: str) -> tuple[Tile, ...]:
    loot, profit = statistics.loot_per_hour or 0.0, statistics.profit_per_hour or 0.0
    known = statistics.economy is not None and statistics.economy.cost
    sign, tone = ("", "loss") if profit < 0 else ("+", "gain")
    label = "Loss per hour" if profit < 0 else "Profit per hour"
    return told(
        (loot, Tile("Loot per hour", money(loot), currency)),
        (known and profit, Tile(label, f"{sign}{money(profit)}", currency, tone=tone)),
    )


def _parts(statistics: Statistics, economy: Economy, currency: str) -> tuple[Tile, ...]:
    """What loot and cost are made of."""
    per_hit = statistics.armour_cost_per_hit
    armour = f"{number(per_hit, 4)} per hit taken" if per_hit else ""
    rest = economy.miscellaneous_cost if economy.miscellaneous_cost > TRIFLE else 0.0
    return told(
        (economy.shrapnel_value, Tile("Shrapnel", money(economy.shrapnel_value), currency, note="of the loot")),
        (economy.ammunition_value, Tile("Ammunition", money(economy.ammunition_value), currency, note="of the loot")),
        (economy.ammunition_cost, Tile("Ammunition cost", money(economy.ammunition_cost), currency)),
        (economy.armour_cost, Tile("Armour cost", money(economy.armour_cost), currency, note=armour)),
        (economy.healing_cost, Tile("Healing cost", money(economy.healing_cost), currency)),
        (rest, Tile("Other costs", money(rest), currency)),
    )


def _profit(economy: Economy, currency: str) -> Tile:
    if economy.profit < 0:
        return Tile("Loss", money(economy.profit), currency, tone="loss")
    return Tile("Profit", f"+{money(economy.profit)}", currency, tone="gain")
