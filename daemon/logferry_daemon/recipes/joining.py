"""Puts together JSON objects that stand on several lines. Pure; a block that goes on for ever is given up."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"\[(?!NaN|Infinity)[A-Z]")
"""How the log's own lines begin, and no line of JSON does."""
_SIGNS = re.compile(rb'["\\{}\[\]]')


class Joiner:
    """Takes the lines of a log; gives back lines, those of one object as one."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._depth = 0
        self._in_text = False

    @property
    def lines(self) -> int:
        """Lines that wait for the end of their object."""
        return len(self._lines)

    @property
    def size(self) -> int:
        """Bytes of them, with their line ends."""
        return sum(map(len, self._lines)) + len(self._lines)

    def is_cut_by(self, line: bytes) -> bool:
        """Whether this line says that the object that waits was never written to its end."""
        return bool(self._lines) and _HEADER.match(line) is not None

    def add(self, line: bytes) -> bytes | None:
        """The next line: itself, or the whole object that it closes, or None in the middle of one."""
        if not self._lines and not line.lstrip().startswith(b"{"):
            return _object_in(line)
        self._lines.append(line)
        self._count(line)
        return self.drop() if self._depth <= 0 else None

    def drop(self) -> bytes:
        """What waited, given up or complete."""
        whole = b"\n".join(self._lines)
        self._lines, self._depth, self._in_text = [], 0, False
        return whole

    def _count(self, line: bytes) -> None:
        skip = -1
        for sign in _SIGNS.finditer(line):
            if sign.start() == skip:
                continue
            one = sign.group()
            if one == b"\\":
                skip = sign.start() + 1
            elif one == b'"':
                self._in_text = not self._in_text
            elif not self._in_text:
                self._depth += 1 if one in b"{[" else -1


def _object_in(line: bytes) -> bytes:
    """The object that a line ends with, after its header; the line itself when there is none."""
    start = line.find(b"{")
    return line[start:] if start >= 0 and line.endswith(b"}") else line
