"""The tables of a report: loot, skills, loadouts, participants. Pure; the longest rows first, never all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from logferry_collector.words import DASH, clean, label_words, money, number, percent
from logferry_model.figures import LoadoutTotal
from logferry_model.session import Session

MOST_ROWS = 50
"""Rows of one table; the stored document has them all."""


class Line(Struct, frozen=True):
    """One row: a name, its figures, and how it compares with the largest row."""

    name: str
    cells: tuple[str, ...]
    share: float
    """0 to 100."""
    note: str = ""


class Listing(Struct, frozen=True, kw_only=True):
    """One table."""

    title: str
    name: str
    """Heading of the first column."""
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int = 0
    """Rows left out."""


def listings(session: Session) -> tuple[Listing, ...]:
    """Every table that has rows."""
    found = (_loot(session), _skills(session), _loadouts(session), _participants(session))
    return tuple(listing for listing in found if listing.lines)


_Candidate = tuple[float, str, tuple[str, ...], str]
"""What the row is sorted and compared by, its name, its cells, its note."""


def _listing(title: str, name: str, columns: tuple[str, ...], rows: Iterable[_Candidate]) -> Listing:
    ordered = sorted(rows, key=lambda row: row[0], reverse=True)
    largest = ordered[0][0] if ordered else 0.0
    lines = (Line(row[1], row[2], _share(row[0], largest), row[3]) for row in ordered[:MOST_ROWS])
    more = max(len(ordered) - MOST_ROWS, 0)
    return Listing(title=title, name=name, columns=columns, lines=tuple(lines), more=more)


def _share(amount: float, largest: float) -> float:
    return round(max(amount / largest, 0.0) * 100, 1) if largest > 0 else 0.0


def _loot(session: Session) -> Listing:
    loot = session.statistics.loot
    worth = any(total.value for total in loot)
    # Games without a price on their loot: what there was most of comes first, and no column of zeros.
    rows = (
        (
            total.value if worth else float(total.quantity),
            clean(total.item),
            (number(total.drops), number(total.quantity), *([money(total.value)] if worth else [])),
            "",
        )
        for total in loot
    )
    return _listing("Loot", "Item", ("Drops", "Quantity", *(["Value"] if worth else [])), rows)


def _skills(session: Session) -> Listing:
    gained = session.statistics.skills
    if gained:
        rows = [(one.gained, one.name, one.category, one.gains, one.gained) for one in gained]
        columns = ("Gains", "Gained")
    else:
        rows = [(one.total, one.name, one.category, one.uses, one.total) for one in session.skills]
        columns = ("Uses", "Total")
    lines = (
        (key, clean(name), (number(count), number(total, 3)), label_words(category or ""))
        for key, name, category, count, total in rows
    )
    return _listing("Skills", "Skill", columns, lines)


def _loadouts(session: Session) -> Listing:
    names = {one.id: one.name or f"Loadout {place}" for place, one in enumerate(session.loadouts, start=1)}
    rows = ((float(total.shots), *_loadout(total, names)) for total in session.statistics.loadouts)
    return _listing("Loadouts", "Loadout", ("Shots", "Hit rate", "Damage", "Cost", "Loot"), rows)


def _loadout(total: LoadoutTotal, names: dict[str, str]) -> tuple[str, tuple[str, ...], str]:
    cells = (
        number(total.shots),
        percent(total.hits / total.shots) if total.shots else DASH,
        number(total.damage_dealt, 1),
        money(total.cost),
        money(total.loot_value),
    )
    return clean(names.get(total.loadout, total.loadout)) or "Without a loadout", cells, ""


def _participants(session: Session) -> Listing:
    """Nothing when there is nobody to tell apart: only the player, without a name."""
    if all(one.local and not one.name for one in session.participants):
        return _listing("Participants", "Participant", ("Events",), ())
    per_participant = _events_of(session, [one.id for one in session.participants])
    rows = (
        (
            float(per_participant[one.id]),
            clean(one.name) if one.name else "Name not shared",
            (number(per_participant[one.id]),),
            "this player" if one.local else "",
        )
        for one in session.participants
    )
    return _listing("Participants", "Participant", ("Events",), rows)


def _events_of(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(ids, 0)
    for event in session.events:
        if event.participant in counts:
            counts[event.participant] += 1
    return counts
