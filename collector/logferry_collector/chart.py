"""The events of a session over its time, as the geometry of a stacked bar chart. Pure; writes no markup.

Positions along the width are percentages and heights are pixels, so that the drawing follows the
width of the page while its text keeps its size: a viewBox would shrink the labels on a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from msgspec import Struct

from logferry_collector.words import DASH, counted, duration_words, event_words, isolated, number
from logferry_model.session import Event

PLOT_HEIGHT = 190
TOP = 18
"""Pixels above the plot, for the topmost label."""
SERIES = 5
"""Event types that get a colour of their own; the rest is one series."""
MOST_BUCKETS = 72
TIME_LABELS = 5
MOST_SPAN = 366 * 86_400_000
"""Milliseconds drawn at most: a broken clock must not stretch the axis over centuries."""

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_STEPS = (
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    _DAY,
)
"""Bucket and label distances a person can count in, milliseconds."""
_TOPS = (2, 4, 6, 8, 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)


class Bar(Struct, frozen=True, kw_only=True):
    """One piece of one bar."""

    x: float
    """Percent of the width, as `width` is."""
    width: float
    y: float
    """Pixels, as `height` is."""
    height: float
    series: int
    """Index into the legend: it decides the colour."""
    title: str
    """What a pointer that rests on it is told."""


class Tick(Struct, frozen=True, kw_only=True):
    """One label of an axis."""

    at: float
    """Percent on the time axis, pixels on the other."""
    label: str
    anchor: str = "middle"


class Series(Struct, frozen=True, kw_only=True):
    """One event type, or all that have no colour of their own."""

    label: str
    total: int


class Row(Struct, frozen=True, kw_only=True):
    """One bucket in the table that says the same as the drawing."""

    label: str
    counts: tuple[int, ...]


class Chart(Struct, frozen=True, kw_only=True):
    """Everything the template draws."""

    description: str
    height: int
    baseline: int
    bars: tuple[Bar, ...]
    series: tuple[Series, ...]
    times: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    rows: tuple[Row, ...]


class _Scale(Struct, frozen=True, kw_only=True):
    """How time maps to buckets."""

    start: int
    step: int
    buckets: int
    span: int

    def bucket(self, at: int) -> int:
        """Clamped: a clock that jumped puts its events at the edge, not outside the page."""
        return min(max((at - self.start) // self.step, 0), self.buckets - 1)


def event_chart(events: Sequence[Event], start: int, end: int) -> Chart | None:
    """The chart of `events` between two moments in epoch milliseconds; None without events."""
    if not events:
        return None
    scale = _scale(start, min(max(end, start + _SECOND), start + MOST_SPAN))
    names = _series_names(events)
    grid = _count(events, scale, names)
    totals = Counter(event.type for event in events)
    own = sum(totals[name] for name in names)
    series = [Series(label=event_words(name), total=totals[name]) for name in names]
    if own < len(events):
        series.append(Series(label=_other_label(len(totals) - len(names)), total=len(events) - own))
    top = _nice_top(max(sum(column) for column in grid))
    return Chart(
        description=_describe(len(events), series, scale),
        height=TOP + PLOT_HEIGHT + 26,
        baseline=TOP + PLOT_HEIGHT,
        bars=_bars(grid, scale, top, series),
        series=tuple(series),
        times=_time_ticks(scale),
        counts=_count_ticks(top),
        rows=tuple(
            Row(label=_range(scale, index), counts=tuple(column[: len(series)]))
            for index, column in enumerate(grid)
            if sum(column)
        ),
    )


def _other_label(types: int) -> str:
    return f"Other ({counted(types, 'type', 'types')})"


def _counted(amount: int, series: Series) -> str:
    return f"{number(amount)} {isolated(series.label)}"


def _scale(start: int, end: int) -> _Scale:
    span = end - start
    step = _step(span / MOST_BUCKETS)
    return _Scale(start=start, step=step, buckets=ceil(span / step), span=span)


def _step(at_least: float) -> int:
    """The smallest countable step of at least this many milliseconds; above a day, whole days."""
    fitting = next((step for step in _STEPS if step >= at_least), None)
    return fitting or ceil(at_least / _DAY) * _DAY


def _series_names(events: Sequence[Event]) -> list[str]:
    return [name for name, _ in Counter(event.type for event in events).most_common(SERIES)]


def _count(events: Sequence[Event], scale: _Scale, names: list[str]) -> list[list[int]]:
    """Per bucket, how many events of each series; the last is the rest."""
    index = {name: at for at, name in enumerate(names)}
    grid = [[0] * (len(names) + 1) for _ in range(scale.buckets)]
    for event in events:
        grid[scale.bucket(event.at)][index.get(event.type, len(names))] += 1
    return grid


def _nice_top(highest: int) -> int:
    """The end of the count axis: a round number whose half is whole too."""
    power = 1
    while power * _TOPS[-1] < highest:
        power *= 10
    return next(top * power for top in _TOPS if top * power >= highest)


def _bars(grid: list[list[int]], scale: _Scale, top: int, series: list[Series]) -> tuple[Bar, ...]:
    bars = []
    for index, column in enumerate(grid):
        x = index * scale.step / scale.span * 100
        width = min(scale.step / scale.span * 100, 100 - x)
        y = float(TOP + PLOT_HEIGHT)
        for at, count in enumerate(column):
            if count:
                height = count / top * PLOT_HEIGHT
                y -= height
                title = f"{_range(scale, index)}: {_counted(count, series[at])}"
                bars.append(
                    Bar(
                        x=round(x + width * 0.08, 3),
                        width=round(width * 0.84, 3),
                        y=round(y, 2),
                        height=round(height, 2),
                        series=min(at, SERIES),
                        title=title,
                    )
                )
    return tuple(bars)


def _time_ticks(scale: _Scale) -> tuple[Tick, ...]:
    step = _step(scale.span / TIME_LABELS)
    moments = range(0, scale.span + 1, step)
    return tuple(
        Tick(
            at=round(moment / scale.span * 100, 3),
            label=duration_words(timedelta(milliseconds=moment)) if moment else "start",
            anchor=_anchor(moment / scale.span),
        )
        for moment in moments
    )


def _anchor(position: float) -> str:
    """Labels at the edges grow inwards."""
    if position < 0.04:
        return "start"
    return "end" if position > 0.9 else "middle"


def _count_ticks(top: int) -> tuple[Tick, ...]:
    return tuple(Tick(at=TOP + PLOT_HEIGHT * (1 - share), label=number(top * share)) for share in (0.5, 1.0))


def _range(scale: _Scale, index: int) -> str:
    """The time of a bucket, from the start of the session."""
    begin = timedelta(milliseconds=index * scale.step)
    return f"{_elapsed(begin)}{DASH}{_elapsed(begin + timedelta(milliseconds=scale.step))}"


def _elapsed(moment: timedelta) -> str:
    seconds = int(moment.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _describe(events: int, series: list[Series], scale: _Scale) -> str:
    most = ", ".join(_counted(one.total, one) for one in series)
    step = duration_words(timedelta(milliseconds=scale.step))
    return f"{counted(events, 'event', 'events')}, one bar for every {step}: {most}."
