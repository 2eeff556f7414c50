"""What a look at files that sends nothing came to, in words of its own: what each holds, and all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from logferry_model.figures import Statistics
from logferry_model.session import End


class Problem(Struct, frozen=True, kw_only=True):
    """Something about a file that a person should know."""

    code: str
    message: str


class SessionFound(Struct, frozen=True, kw_only=True):
    """One session of a file; `ended_at` and `end` are None while it runs."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    end: End | None
    identity: str | None
    events: int
    statistics: Statistics


class FileInspected(Struct, frozen=True, kw_only=True):
    """One file: what reads it, what it holds, what is wrong with it."""

    path: str
    tracker: str | None
    sessions: tuple[SessionFound, ...]
    problems: tuple[Problem, ...]


class Totals(Struct, frozen=True, kw_only=True):
    """All files together. `ends` and `running` add up to `starts`."""

    files: int
    sessions: int
    """Different ones."""
    starts: int
    """Beginnings of sessions: more than sessions where files hold the same one, as copies do."""
    ends: dict[str, int]
    """Rule -> times."""
    running: int
    problems: dict[str, int]
    """Code -> times."""


class Inspection(Struct, frozen=True, kw_only=True):
    """All files, oldest first by their own first time."""

    files: tuple[FileInspected, ...]
    totals: Totals


def totals(files: Sequence[FileInspected]) -> Totals:
    """What `files` hold together."""
    sessions = [session for file in files for session in file.sessions]
    ends = Counter(session.end.rule.value for session in sessions if session.end)
    return Totals(
        files=len(files),
        sessions=len({session.id for session in sessions}),
        starts=len(sessions),
        ends=dict(sorted(ends.items())),
        running=sum(session.end is None for session in sessions),
        problems=dict(sorted(Counter(problem.code for file in files for problem in file.problems).items())),
    )
