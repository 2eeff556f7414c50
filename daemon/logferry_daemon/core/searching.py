"""Finds names in texts, in whatever way they are written, at a cost that does not grow with the number of names. Pure.

A name that begins with a Latin letter or a digit begins where a run of these begins, so the runs of a text are looked
up in a table of the names' first runs. Names of other scripts have no such edge: each is looked for by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category, normalize

MIN_NAME = 3
"""Shorter Latin names are part of too many words: they are found only where they stand alone, in the same case."""
_RUN = re.compile(r"[a-z0-9]+")
_MARKS = ".,;:!?()[]<>\"'"
_GAP = re.compile(r"[\s_]+")
MIN_DIGITS = 6
"""A shorter number that is somebody's name is too many other numbers."""


class Searched:
    """Some names, and where they are."""

    def __init__(self, names: Iterable[str]) -> None:
        stripped = {name.strip() for name in names}
        self._numbers = frozenset(one for one in stripped if one.isdecimal() and len(one) >= MIN_DIGITS)
        self._short = frozenset(one for one in stripped if one and not _is_searched(one))
        self._by_run: dict[str, list[str]] = {}
        self._loose: list[str] = []
        for name in sorted({folded(one) for one in stripped if _is_searched(one)}):
            run = _RUN.match(name)
            if run is None:
                self._loose.append(name)
            else:
                self._by_run.setdefault(run[0], []).append(name)

    def holds(self, text: str) -> bool:
        """Whether one of the names is in `text`."""
        if self._short and (text.strip() in self._short or not self._short.isdisjoint(_words(text))):
            return True
        if not (self._by_run or self._loose):
            return False
        flat = folded(text)
        # Nearly no text has a run that a name begins with: the rest is asked of those alone.
        begun = not self._by_run.keys().isdisjoint(_RUN.findall(flat))
        if begun and any(self._begins(flat, run) for run in _RUN.finditer(flat)):
            return True
        return any(_stands(flat, name) for name in self._loose) if self._loose else False

    def has_number(self, number: int) -> bool:
        """Whether one of the names is this number: accounts have such."""
        return bool(self._numbers) and str(number) in self._numbers

    def _begins(self, flat: str, run: re.Match[str]) -> bool:
        return any(_ends_well(flat, name, run.start()) for name in self._by_run.get(run[0], ()))


def folded(text: str) -> str:
    """`text` without regard to case, to the several ways of writing one letter, to blanks and to what nobody sees."""
    if not text.isascii():
        text = normalize("NFKD", normalize("NFKD", text).upper().casefold())
        text = "".join(letter for letter in text if category(letter) != "Cf")
    return _GAP.sub(" ", text.lower())


def _is_searched(name: str) -> bool:
    # Two signs are a full name in scripts that write a word with one sign.
    return len(name) >= MIN_NAME or (len(name) == 2 and not name.isascii())


def _words(text: str) -> Iterable[str]:
    """Words of two letters between blanks; of one letter there are too many."""
    return (word for one in text.split() if len(word := one.strip(_MARKS)) == 2)


def _stands(flat: str, name: str) -> bool:
    at = flat.find(name)
    while at >= 0:
        if _ends_well(flat, name, at):
            return True
        at = flat.find(name, at + 1)
    return False


def _ends_well(flat: str, name: str, at: int) -> bool:
    """Whether `name` stands at `at`, and is not the beginning of a longer word there."""
    if not flat.startswith(name, at):
        return False
    after = flat[at + len(name) : at + len(name) + 1]
    return not (_RUN.fullmatch(name[-1]) and _RUN.fullmatch(after))
