"""The tables of what was gained: loot, skills and their categories, loadouts. Pure."""

from __future__ import annotations

from logferry_collector.listing import Candidate, Listing, listing
from logferry_collector.words import DASH, clean, label_words, money, number, percent
from logferry_model.figures import LoadoutTotal
from logferry_model.session import Session

FEWEST_CATEGORIES = 2
"""One category alone says what the table of skills says."""


def listings(session: Session) -> tuple[Listing, ...]:
    """Every table that has rows."""
    found = (_loot(session), _skills(session), _categories(session), _loadouts(session))
    return tuple(table for table in found if table.lines)


def _loot(session: Session) -> Listing:
    loot = session.statistics.loot
    worth = any(total.value for total in loot)
    # Games without a price on their loot: what there was most of comes first, and no column of zeros.
    rows = (
        Candidate(
            key=total.value if worth else float(total.quantity),
            name=clean(total.item),
            cells=(number(total.drops), number(total.quantity), *([money(total.value)] if worth else [])),
        )
        for total in loot
    )
    columns = ("Drops", "Quantity", *(["Value"] if worth else []))
    return listing("Loot", "Item", columns, rows, sorted_by=len(columns) - 1)


def _skills(session: Session) -> Listing:
    """What the player gained; what everybody did with a skill is told by `fights.py`."""
    rows = (
        Candidate(
            key=one.gained,
            name=clean(one.name),
            cells=(number(one.gains), number(one.gained, 3)),
            note=label_words(one.category or ""),
        )
        for one in session.statistics.skills
    )
    return listing("Skills", "Skill", ("Gains", "Gained"), rows, sorted_by=1)


def _categories(session: Session) -> Listing:
    categories = session.statistics.skill_categories
    rows = (
        Candidate(
            key=one.gained,
            name=label_words(one.category or "") or "Without a category",
            cells=(number(one.skills), number(one.gains), number(one.gained, 3)),
        )
        for one in (categories if len(categories) >= FEWEST_CATEGORIES else ())
    )
    return listing("Skill categories", "Category", ("Skills", "Gains", "Gained"), rows, sorted_by=2)


def _loadouts(session: Session) -> Listing:
    names = {one.id: one.name or f"Loadout {place}" for place, one in enumerate(session.loadouts, start=1)}
    totals = session.statistics.loadouts
    # A tracker that knows no loadouts counts every shot without one: a row that says nothing.
    known = any(total.loadout or total.cost for total in totals)
    columns = ("Shots", "Hit rate", "Damage", "Cost", "Loot", "Return")
    rows = (_loadout(total, names) for total in (totals if known else ()))
    return listing("Loadouts", "Loadout", columns, rows, sorted_by=0)


def _loadout(total: LoadoutTotal, names: dict[str, str]) -> Candidate:
    return Candidate(
        key=float(total.shots),
        name=clean(names.get(total.loadout, total.loadout)) or "Without a loadout",
        cells=(
            number(total.shots),
            percent(total.hits / total.shots) if total.shots else DASH,
            number(total.damage_dealt, 1),
            money(total.cost),
            money(total.loot_value),
            percent(total.return_rate) if total.return_rate is not None else DASH,
        ),
    )
