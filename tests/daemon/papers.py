"""What papers there are after changes: the other way round, to hold changes against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logferry_daemon.core.papers import PaperChange
from logferry_daemon.core.reading import Paper


def applied(before: Iterable[Paper], happened: Iterable[PaperChange]) -> Sequence[Paper]:
    """The papers after all of it, by kind and id."""
    papers = {(paper.kind, paper.id): paper for paper in before}
    for change in happened:
        if change.digest is None:
            papers.pop((change.kind, change.id), None)
        else:
            papers[change.kind, change.id] = Paper(kind=change.kind, id=change.id, digest=change.digest)
    return tuple(papers[key] for key in sorted(papers))
