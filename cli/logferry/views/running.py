"""Sessions that still run, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logferry.blocks import GAP, Block, Grid, Line, Span, Tone, dim, heading, line
from logferry.views.sessions import statistics
from logferry.views.words import clock, counted, duration, moment, short
from logferry_ipc.messages import RunningSession, RunningSummary


def running_list(found: Sequence[RunningSummary]) -> Iterator[Block]:
    """A line a session that still runs; nothing when there is none."""
    if not found:
        return
    columns = ("id", "tracker", "began", "so far", "events", "state")
    rows = tuple(
        (
            short(each.id),
            each.tracker,
            moment(each.started_at),
            duration(each.last_at - each.started_at),
            f"{each.events:,}",
            Span("still runs", Tone.BUSY),
        )
        for each in found
    )
    yield Grid(columns, rows, right=frozenset({"events"}), whole=frozenset(columns), indent=0)
    yield GAP


def running_line(found: Sequence[RunningSummary]) -> Line:
    """All of them in one line."""
    told = (f"{each.tracker} since {clock(each.started_at)}, {counted(each.events, 'event')}" for each in found)
    return line(Span(f"{counted(len(found), 'session')} running: ", Tone.BUSY), "; ".join(told))


def running_session(found: RunningSession) -> Iterator[Block]:
    """Everything about one session that still runs."""
    yield heading(f"{found.tracker} session {found.id}")
    rows = (
        ("source", found.source),
        ("began", moment(found.started_at)),
        ("ended", Span("still runs", Tone.BUSY)),
        ("last event", f"{moment(found.last_at)}, after {duration(found.last_at - found.started_at)}"),
        ("events", f"{found.events:,}"),
    )
    yield Grid(("", ""), rows)
    yield from statistics(found.statistics)
    yield GAP
    yield line(dim(f"`logferry upload {short(found.id)}` ends it here and sends what there is."))
