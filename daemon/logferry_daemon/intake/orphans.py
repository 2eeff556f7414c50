"""Sessions that their files hold no more: deleted, overwritten, cut off. Most of them only moved. Does no IO."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from logferry_daemon.core.reading import Found


@dataclass(frozen=True, slots=True)
class Orphan:
    """A session without a file, and the path it was last seen at."""

    path: str
    found: Found
    since: datetime


class Orphans:
    """The orphans of one source. Each gets some time to turn up elsewhere before it counts as all there is of it."""

    def __init__(self, patience: timedelta, *, only_grows: bool) -> None:
        self._patience = patience
        self._only_grows = only_grows
        self._waiting: list[Orphan] = []
        self._kept: dict[str, int] = {}

    def keep(self, session: str, weight: int) -> None:
        """The spool has this session with so much in it, or never will."""
        self._kept[session] = weight
        self._waiting = [one for one in self._waiting if not self._is_kept(one.found)]

    def check(self, path: str, before: Sequence[Found], after: Sequence[Found], now: datetime) -> None:
        """The file held `before`; does it still, now that it holds `after`?"""
        there = {one.id: one for one in after}
        for found in before:
            if found.id not in there or not self._says_all(there[found.id], found):
                self._waiting.append(Orphan(path, found, now))

    def overdue(self, everywhere: Iterable[Found], now: datetime) -> Sequence[Orphan]:
        """Those that nobody holds after all this time, until they are kept."""
        held = list(everywhere) if self._waiting else []
        waiting = [one for one in self._waiting if not self._is_covered(one.found, held)]
        # Not after now: where the clock was set back they wait from then on.
        self._waiting = [replace(one, since=min(one.since, now)) for one in waiting]
        return [one for one in self._waiting if now - one.since >= self._patience]

    def waits(self, now: datetime) -> Sequence[timedelta]:
        """How long until each is overdue."""
        return [one.since + self._patience - now for one in self._waiting]

    def _is_covered(self, found: Found, held: Sequence[Found]) -> bool:
        return self._is_kept(found) or any(_is_no_less(one, found) for one in held)

    def _is_kept(self, found: Found) -> bool:
        return self._kept.get(found.id, -1) >= found.weight

    def _says_all(self, one: Found, other: Found) -> bool:
        """Whether a file that held `other` has it in `one`: a document has the last word about itself."""
        return one.id == other.id if not self._only_grows else _is_no_less(one, other)


def _is_no_less(one: Found, other: Found) -> bool:
    """Whether `one` is the same session with nothing missing; another file may be an older copy."""
    return one.id == other.id and one.weight >= other.weight
