r"""Line patterns on RE2: whatever a recipe says, a match takes time in proportion to the line and never hangs. Pure.

Patterns and lines are bytes, so a log in any encoding can be searched; `\w` and `.` know ASCII alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import re2  # type: ignore[import-untyped,import-not-found,unused-ignore] # it has no types

_QUIET = re2.Options()
_QUIET.log_errors = False
_QUIET.encoding = re2.Options.Encoding.LATIN1
_QUIET.never_nl = True
_QUIET.max_mem = 8 * 2**20


class BadPattern(ValueError):
    """RE2 does not understand it: back-references and look-around do not exist there."""


class LinePattern:
    """A compiled pattern; its named groups are the fields of a line."""

    __slots__ = ("_names", "_pattern", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._pattern = re2.compile(text.encode(), _QUIET)
        except re2.error as error:
            said = error.args[0] if error.args else b""
            raise BadPattern(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None
        self._names: tuple[tuple[str, int], ...] = tuple(
            (name.decode(), number) for name, number in self._pattern.groupindex.items()
        )

    @property
    def names(self) -> frozenset[str]:
        """Its named groups."""
        return frozenset(name for name, _ in self._names)

    def fields(self, line: bytes) -> dict[str, bytes] | None:
        """The named groups that took part, at the first place that fits; None when none does."""
        match = self._pattern.search(line)
        if match is None:
            return None
        groups = match.groups()
        return {name: value for name, number in self._names if (value := groups[number - 1]) is not None}

    def reach(self, line: bytes) -> int:
        """Where the last of the named groups ends, at the first place that fits; 0 without any."""
        match = self._pattern.search(line)
        return 0 if match is None else max((match.end(number) for _, number in self._names), default=0)

    def every(self, line: bytes) -> Iterator[Mapping[str, bytes]]:
        """The named groups at each place that fits, left to right."""
        for match in self._pattern.finditer(line):
            groups = match.groups()
            yield {name: groups[number - 1] for name, number in self._names if groups[number - 1] is not None}
