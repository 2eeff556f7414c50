"""What became of the things that a tracker keeps besides sessions: created, changed, deleted. Pure.

A paper is known by its kind and id. Where one document tells of the same paper twice, the later one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from logferry_daemon.core.reading import Paper

Key = tuple[str, str]


class Action(StrEnum):
    """As in the tracker's own queue of changes."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperChange:
    """One thing that happened to one paper."""

    kind: str
    id: str
    action: Action
    digest: str | None = None
    """Of what it is now; None when it is not any more."""


def changes(before: Iterable[Paper], after: Iterable[Paper]) -> Sequence[PaperChange]:
    """What leads from `before` to `after`: first what is new or other, in the order of `after`, then what is gone."""
    known, now = _by_key(before), _by_key(after)
    kept = [
        _change(paper, Action.UPDATE if key in known else Action.CREATE)
        for key, paper in now.items()
        if key not in known or known[key].digest != paper.digest
    ]
    gone = [_change(paper, Action.DELETE) for key, paper in known.items() if key not in now]
    return (*kept, *gone)


def _by_key(papers: Iterable[Paper]) -> dict[Key, Paper]:
    return {(paper.kind, paper.id): paper for paper in papers}


def _change(paper: Paper, action: Action) -> PaperChange:
    digest = None if action is Action.DELETE else paper.digest
    return PaperChange(kind=paper.kind, id=paper.id, action=action, digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """One line of the journal of changes."""

    seq: int
    source: str
    path: str
    change: PaperChange
    at: datetime
