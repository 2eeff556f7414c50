"""Remembers whom the files named that were read last: who is a player in one session is no thing in the file's next."""

from __future__ import annotations

from collections.abc import Iterable

from logferry_daemon.core.reading import Found

MOST_FILES = 32
"""A folder of years is read once; what is written to now is among the last."""
MOST_NAMES = 5_000
"""Of one file: a chat that was written for years names everybody, and each name is looked for in every session."""


class Named:
    """Those of one source. Not kept over a restart: names are on no disk."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}

    def all_in(self, path: str, found: Iterable[Found]) -> frozenset[str]:
        """Whom the file named so far, and names in these sessions of it."""
        names = self._names.pop(path, frozenset())
        for one in found:
            if len(names) < MOST_NAMES:
                names |= one.names
        self._names[path] = names
        while len(self._names) > MOST_FILES:
            del self._names[next(iter(self._names))]
        return names
