"""The measures of a recipe as tiles, each in the manner of its unit. Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from logferry_collector.tiles import Tile
from logferry_collector.words import clean, clock_length, counted_words, money, number, percent
from logferry_model.figures import Measure
from logferry_model.session import Session

MOST_MEASURES = 24
SECONDS = {"ms": 0.001, "s": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600}
"""Units that are a length of time, in seconds."""
SAME_LENGTH = 2.0
"""Seconds by which a measured duration may differ from the session's and still say nothing new."""


def measured(session: Session) -> tuple[Measure, ...]:
    """The measures that say more than the session itself."""
    telling = (one for one in session.statistics.measures if one.value and not _is_duration(one, session.duration))
    return tuple(islice(telling, MOST_MEASURES))


def measure_tile(measure: Measure) -> Tile:
    """One measure."""
    label = clean(measure.label or measure.name)
    if measure.unit in SECONDS:
        return Tile(label, clock_length(measure.value * SECONDS[measure.unit]))
    match measure.unit:
        case "%":
            return Tile(label, percent(measure.value / 100))
        case "PED":
            return Tile(label, money(measure.value), measure.unit)
        case "/s":
            return Tile(label, counted_words(measure.value), "/s")
        case "":
            return Tile(label, counted_words(measure.value) if abs(measure.value) >= 100 else number(measure.value))
    return Tile(label, number(measure.value), clean(measure.unit, 12))


def _is_duration(measure: Measure, duration: timedelta | None) -> bool:
    if duration is None or measure.unit not in SECONDS or not measure.name.startswith("duration"):
        return False
    return abs(measure.value * SECONDS[measure.unit] - duration.total_seconds()) < SAME_LENGTH
