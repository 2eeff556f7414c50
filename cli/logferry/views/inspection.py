"""What `inspect` found, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logferry.blocks import GAP, Block, Span, Tone, dim, line
from logferry.views.words import counted, duration, moment
from logferry_daemon.inspection import FileInspected, Inspection, Problem, SessionFound, Totals


def inspection(found: Inspection) -> Iterator[Block]:
    """A group a file, a line a session, why it ended, and what was wrong."""
    for file in found.files:
        yield from _file(file)
    yield from total_lines(found.totals)


def readable(file: FileInspected) -> bool:
    """Whether a tracker could make something of it: a session, or nothing that it stumbled over."""
    return file.tracker is not None and bool(file.sessions or not file.problems)


def total_lines(totals: Totals) -> Iterator[Block]:
    """All files together."""
    problems = sum(totals.problems.values())
    told = (counted(totals.files, "file"), counted(totals.sessions, "session"), counted(problems, "problem"))
    yield line(Span(", ".join(told), Tone.WARN if problems else Tone.GOOD), dim("; nothing was sent"))
    if totals.starts:
        ends = [f"{number:,} by {rule}" for rule, number in totals.ends.items()]
        running = [f"{totals.running:,} still running"] if totals.running else []
        yield line(dim(f"{counted(totals.starts, 'start')}; ends: {', '.join([*ends, *running])}"))
    if totals.problems:
        codes = ", ".join(f"{code} {number:,}" for code, number in totals.problems.items())
        yield line(dim(f"problems: {codes}"))


def problem_lines(problems: Iterable[Problem]) -> Iterator[Block]:
    """A line a problem."""
    for problem in problems:
        yield line(Span(f"{problem.code}: ", Tone.WARN), problem.message, indent=2)


def session_lines(session: SessionFound) -> Iterator[Block]:
    """One session: when, and why it ended."""
    took = session.ended_at - session.started_at if session.ended_at else None
    yield line(
        Span(session.id, Tone.BUSY),
        f"  {moment(session.started_at)}, {duration(took)}, {counted(session.events, 'event')}",
        indent=2,
    )
    if session.end is None:
        yield line(dim("still runs"), indent=4)
    else:
        yield line(dim(f"{session.end.rule}: {session.end.evidence} ({session.end.confidence:.0%} sure)"), indent=4)
    if session.identity:
        yield line(dim(f"played by {session.identity}"), indent=4)


def _file(file: FileInspected) -> Iterator[Block]:
    yield line(Span(file.path, Tone.STRONG), dim(f"  {file.tracker or 'no known tracker'}"))
    for session in file.sessions:
        yield from session_lines(session)
    yield from problem_lines(file.problems)
    yield GAP
