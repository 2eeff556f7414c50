"""What a session of putting adds up to: the tracker's own figures, and where it wrote none, those of the putts.

Pure. Labels are made here and of numbers, never of the file's words: they leave the machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from logferry_daemon.core.adding import measures_of
from logferry_daemon.trackers.putt_files import CATEGORIES
from logferry_daemon.trackers.shapes import Object, as_number, number, values
from logferry_model.figures import Measure
from logferry_model.session import Event, Session

MAKE, MISS = "make", "miss"
MOST_GROUPS = 40
"""Distances and categories that are told apart."""
_MINUTE_MS = 60_000
_ROW = 21
_FIGURES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "putts": ("Putts", "", ("total_putts", "putts")),
    "makes": ("Makes", "", ("total_makes", "makes")),
    "misses": ("Misses", "", ("total_misses", "misses")),
    "accuracy": ("Accuracy", "%", ("make_percentage", "accuracy")),
    "best_streak": ("Best streak", "", ("best_streak", "max_consecutive", "max_consecutive_makes")),
    "makes_per_minute": ("Makes per minute", "", ("makes_per_minute",)),
    "putts_per_minute": ("Putts per minute", "", ("putts_per_minute",)),
    "fastest_21_makes": ("Fastest 21 makes", "s", ("fastest_21_makes_seconds", "fastest_21_makes")),
    "most_makes_in_60_seconds": ("Most makes in 60 seconds", "", ("most_makes_in_60_seconds",)),
}
"""Name -> label, unit, and the keys under which releases write it."""
_DISTANCE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)(?: *(?:-|to) *(\d{1,3}(?:\.\d{1,2})?))? *\+? *(ft|feet|foot|m|cm|in)?")


def measures(fields: Sequence[Object], events: Sequence[Event], played: timedelta) -> tuple[Measure, ...]:
    """Every figure of a session."""
    own = {name: value for name, (_, _, keys) in _FIGURES.items() if (value := number(fields, *keys)) is not None}
    totals = counted(events, played) | own
    if "makes" in totals and "misses" in totals:
        totals.setdefault("putts", totals["makes"] + totals["misses"])
    if "makes" in totals and totals.get("putts"):
        totals.setdefault("accuracy", round(100 * totals["makes"] / totals["putts"], 2))
    if "makes" in totals and played:
        totals.setdefault("makes_per_minute", round(totals["makes"] / (played / timedelta(minutes=1)), 2))
    plain = [_measure(name, totals[name]) for name in _FIGURES if name in totals]
    return (*plain, *_groups(fields, events))


def recounted(events: Sequence[Event], played: timedelta) -> tuple[Measure, ...]:
    """The figures of some putts alone."""
    return measures((), events, played)


def together(some: Sequence[Session]) -> tuple[Measure, ...]:
    """The figures of several sessions."""
    found = measures_of(
        some,
        rates={"makes_per_minute", "putts_per_minute"},
        most={"best_streak", "most_makes_in_60_seconds"},
        least={"fastest_21_makes"},
        none_is_zero=lambda name: name not in _FIGURES,  # a distance or a category
    )
    by_name = {one.name: one.value for one in found}
    makes, putts = by_name.get("makes"), by_name.get("putts")
    accuracy = [] if makes is None or not putts else [_measure("accuracy", round(100 * makes / putts, 2))]
    return (*(one for one in found if one.name != "accuracy"), *accuracy)


def counted(events: Sequence[Event], played: timedelta) -> dict[str, float]:
    """What the putts add up to; nothing where there are none."""
    if not events:
        return {}
    made = [event.at for event in events if event.type == MAKE]
    found: dict[str, float] = {"putts": len(events), "makes": len(made), "misses": len(events) - len(made)}
    found["accuracy"] = round(100 * len(made) / len(events), 2)
    found["best_streak"] = _streak(events)
    if played:
        found["makes_per_minute"] = round(len(made) / (played / timedelta(minutes=1)), 2)
        found["putts_per_minute"] = round(len(events) / (played / timedelta(minutes=1)), 2)
    if len(set(made)) > 1:  # else nobody wrote when they were
        found["most_makes_in_60_seconds"] = _most_in_a_minute(made)
        if len(made) >= _ROW:
            fastest = min(last - first for first, last in zip(made, made[_ROW - 1 :], strict=False))
            found["fastest_21_makes"] = round(fastest / 1000, 2)
    return found


def _streak(events: Sequence[Event]) -> int:
    best = run = 0
    for event in events:
        run = run + 1 if event.type == MAKE else 0
        best = max(best, run)
    return best


def _most_in_a_minute(made: Sequence[int]) -> int:
    first = best = 0
    for last, at in enumerate(made):
        while at - made[first] > _MINUTE_MS:
            first += 1
        best = max(best, last - first + 1)
    return best


def _measure(name: str, value: float) -> Measure:
    label, unit, _ = _FIGURES[name]
    return Measure(name=name, label=label, value=value, unit=unit)


def _groups(fields: Sequence[Object], events: Sequence[Event]) -> list[Measure]:
    """By distance, then by the tracker's own categories."""
    found: dict[str, Measure] = {}
    for what, group, value in (*_given(fields), *_seen(events)):
        name = re.sub(r"[^a-z0-9]+", "_", f"{what} {group}".lower())
        if len(found) < MOST_GROUPS:
            found.setdefault(name, Measure(name=name, label=f"{what.capitalize()} {group}", value=value))
    return list(found.values())


def _given(fields: Sequence[Object]) -> Iterator[tuple[str, str, float]]:
    for what in ("putts", "makes"):
        for table in values(fields, f"{what}_by_distance"):
            yield from _rows(what, table)
    for table in values(fields, "details_by_distance"):
        for key, inner in table.items() if isinstance(table, dict) else ():
            if isinstance(inner, dict) and _distance(key):
                yield from _rows("putts", {key: inner.get("putts", inner.get("attempts"))})
                yield from _rows("makes", {key: inner.get("makes")})
    for what in ("makes", "misses"):
        for table in values(fields, f"{what}_by_category"):
            yield from _rows(what, table)


def _rows(what: str, table: object) -> Iterator[tuple[str, str, float]]:
    for key, cell in table.items() if isinstance(table, dict) else ():
        value, group = as_number(cell), _distance(key) or _category(key)
        if value is not None and group is not None:
            yield what, group, value


def _seen(events: Sequence[Event]) -> Iterator[tuple[str, str, float]]:
    found: Counter[tuple[str, str]] = Counter()
    for event in events:
        distance, category = event.fields.get("distance"), event.fields.get("category")
        if isinstance(distance, float) and (group := _distance(f"{distance:g}")):
            found["putts", group] += 1
            found["makes", group] += event.type == MAKE
        if isinstance(category, str):
            found["makes" if event.type == MAKE else "misses", category] += 1
    yield from ((what, group, float(number)) for (what, group), number in sorted(found.items()))


def _distance(key: str) -> str | None:
    """`from 3-5 ft`, whatever of `3-5`, `3_to_5_feet` and `3 - 5ft` was written; None for anything else."""
    found = _DISTANCE.fullmatch(key.replace("_", " ").strip().lower())
    if found is None:
        return None
    unit = found[3] if found[3] in {"m", "cm", "in"} else "ft"
    return f"from {found[1]}-{found[2]} {unit}" if found[2] else f"from {found[1]} {unit}"


def _category(key: str) -> str | None:
    word = key.upper().replace("_", " ").strip()
    return word.lower() if word in CATEGORIES else None
