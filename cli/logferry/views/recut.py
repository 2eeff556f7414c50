"""What sessions were and what a recut made of them, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from logferry.blocks import GAP, Block, Grid, Words, dim, heading, line
from logferry.views.words import duration, short
from logferry_ipc.messages import Part, Recut


def recut_parts(done: Recut) -> Iterator[Block]:
    """The parts before and after."""
    yield heading("Before")
    yield _parts(done.before)
    yield GAP
    yield heading("After" if not done.dry_run else "After it would be")
    yield _parts(done.after)
    yield GAP
    if done.dry_run:
        yield line("Nothing was changed. The same without --dry-run does it.")
    else:
        yield line(dim("What was uploaded before stays there; a part that is new or different is sent."))


def _parts(parts: tuple[Part, ...]) -> Grid:
    columns = ("id", "tracker", "began", "ended", "took", "events", "ended by")
    rows = tuple(_row(part) for part in parts)
    return Grid(columns, rows, right=frozenset({"events"}), whole=frozenset(columns[:6]))


def _row(part: Part) -> tuple[Words, ...]:
    took = part.ended_at - part.started_at if part.ended_at else None
    clock = f"{part.ended_at.astimezone():%H:%M:%S}" if part.ended_at else "-"
    why = f"{part.end.rule}: {part.end.evidence}" if part.end else "-"
    began = f"{part.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
    return (short(part.id), part.tracker, began, clock, duration(took), f"{part.events:,}", why)
