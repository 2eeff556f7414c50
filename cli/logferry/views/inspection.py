"""What `inspect` found, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from logferry.blocks import GAP, Block, Span, Tone, dim, line
from logferry.views.words import counted, duration, moment
from logferry_daemon.inspection import FileInspected, Inspection, SessionFound


def inspection(found: Inspection) -> Iterator[Block]:
    """A group a file, a line a session, why it ended, and what was wrong."""
    for file in found.files:
        yield from _file(file)
    sessions = sum(len(file.sessions) for file in found.files)
    problems = sum(len(file.problems) for file in found.files)
    tone = Tone.WARN if problems else Tone.GOOD
    told = (counted(len(found.files), "file"), counted(sessions, "session"), counted(problems, "problem"))
    yield line(Span(", ".join(told), tone), dim("; nothing was sent"))


def readable(file: FileInspected) -> bool:
    """Whether a tracker could make something of it: a session, or nothing that it stumbled over."""
    return file.tracker is not None and bool(file.sessions or not file.problems)


def _file(file: FileInspected) -> Iterator[Block]:
    yield line(Span(file.path, Tone.STRONG), dim(f"  {file.tracker or 'no known tracker'}"))
    for session in file.sessions:
        yield from _session(session)
    for problem in file.problems:
        yield line(Span(f"{problem.code}: ", Tone.WARN), problem.message, indent=2)
    yield GAP


def _session(session: SessionFound) -> Iterator[Block]:
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
