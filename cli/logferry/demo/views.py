"""How the demo looks: its chapters and its verdict, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from logferry.blocks import GAP, Block, Grid, Line, Span, Tone, Words, dim, heading, line
from logferry.demo.verdict import Row, Verdict
from logferry.views.words import SHORT_ID

COMMAND_INDENT = 9
DETAIL_INDENT = 26
"""Under the words of a happening, past its time and its tracker; a report's address still fits into 80 columns."""


def chapter(title: str) -> Iterator[Block]:
    """A new part of the story."""
    yield GAP
    yield heading(title)


def command(text: str) -> Line:
    """What a person would have typed."""
    return line(dim(f"$ logferry {text}"), indent=COMMAND_INDENT)


def happening(after: timedelta, who: str, *what: Words, session: str = "") -> Line:
    """One thing that happened, and when."""
    which = dim(f"{session:{SHORT_ID}}  " if session else "")
    return line(dim(f"{after.total_seconds():5.1f} s  "), f"{who:16} ", which, *what)


def verdict(found: Verdict) -> Iterator[Block]:
    """The table, what differs, and the word at the end."""
    columns = ("session", "began (UTC)", "events", "value", "stored", "names", "")
    numbers = frozenset({"events", "value", "stored", "names"})
    yield Grid(columns, tuple(map(_row, found.rows)), right=numbers, whole=frozenset(columns), indent=0)
    for row in found.rows:
        for difference in row.differences:
            yield line(Span(f"{row.told.tracker} of {row.told.started_at:%H:%M:%S}: {difference}", Tone.BAD), indent=2)
    for difference in found.differences:
        yield line(Span(difference, Tone.BAD), indent=2)
    yield GAP
    yield _last_word(found)


def _row(row: Row) -> tuple[Words, ...]:
    told = row.told
    return (
        told.tracker,
        f"{told.started_at:%Y-%m-%d %H:%M:%S}",
        _pair(f"{len(told.events)}", f"{row.stored_events}"),
        _pair(f"{told.value:,.2f}", f"{row.stored_value:,.2f}"),
        _expected(f"{row.reports}x", row.reports == 1),
        _expected(f"{len(row.leaks)}", not row.leaks),
        Span("same", Tone.GOOD) if row.same else Span("differs", Tone.BAD),
    )


def _pair(wrote: str, stored: str) -> Words:
    return wrote if wrote == stored else Span(f"{wrote} / {stored}", Tone.BAD)


def _expected(text: str, fine: bool) -> Words:  # noqa: FBT001 -- the one thing it is about
    return text if fine else Span(text, Tone.BAD)


def _last_word(found: Verdict) -> Line:
    if not found.same:
        return line(Span("What arrived is not what was written.", Tone.BAD))
    events = sum(len(row.told.events) for row in found.rows)
    return line(
        Span("Everything arrived", Tone.GOOD),
        f": {len(found.rows)} sessions with {events} events, each once, each as its tracker wrote it. "
        f"Not one of the {len(found.planted)} names and chat lines in the trackers' files is in it.",
    )
