"""Finds in a text what never belongs into a game session: addresses, paths, keys, and who owns this computer. Pure.

Each detector has a cheap sign that must be there before its pattern runs: most texts of a game have none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MIN_OWN = 3
"""Shorter names of users and computers are part of too many words."""
_COMMON = """
admin administrator root user owner guest player players gamer game games home pc desktop laptop computer localhost
steam steamuser deck linux ubuntu debian windows macbook default public test
"""
_ANYBODY = frozenset(_COMMON.split())
"""As the name of a user or a computer they tell nothing about anybody."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """This computer, as a log may give it away."""

    user: str = ""
    host: str = ""
    home: str = ""


NOWHERE = Surroundings()


@dataclass(frozen=True, slots=True)
class _Detector:
    kind: str
    signs: Sequence[str]
    """One of them is in every text that fits."""
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = bool


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return 9 <= digits <= 15


def _is_address(text: str) -> bool:
    return all(int(part) <= 255 for part in text.split("."))


_BEFORE, _AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_DETECTORS = (
    _Detector(
        "an e-mail address", "@\uff20", re.compile(r"[^\s@\uff20]+\s?[@\uff20]\s?[^\s@\uff20]+\.[^\s@\uff20.]{2,}")
    ),
    _Detector(
        "an internet address",
        ".",
        re.compile(rf"{_BEFORE}(?<!\.)\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\.?\d)"),
        _is_address,
    ),
    _Detector(
        "an internet address",
        ":",
        re.compile(
            rf"{_BEFORE}(?:[0-9A-Fa-f]{{1,4}}:){{3,7}}(?::|[0-9A-Fa-f]{{1,4}}){_AFTER}|[0-9A-Fa-f]{{1,4}}::[0-9A-Fa-f]"
        ),
    ),
    _Detector(
        "a path",
        "\\/",
        re.compile(
            r"(?:^|[^A-Za-z0-9])[A-Za-z]:[\\/]|\\\\[^\\\s]+\\|/(?:home|Users|users|root|var|etc|tmp|mnt|media|run|opt|srv)/"
            r"|[\\/]Users[\\/]|~[\\/]|file:/|%[A-Z]+%[\\/]"
        ),
    ),
    _Detector("a web address", (":/", "www."), re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|\bwww\.[^\s.]+\.")),
    _Detector(
        "a key",
        "_-.=: A",
        re.compile(
            rf"{_BEFORE}(?:lf_[0-9a-f]{{16}}_|(?:sk|pk|rk|api|key|ghp|gho|ghs|glpat|xox[abprs])[-_][A-Za-z0-9_-]{{12,}}"
            r"|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{10,}\.)"
            r"|(?i:bearer |password|passwd|api[_-]?key|secret|token)\s*[:= ]\s*\S{6,}"
        ),
    ),
    _Detector(
        "a key", ("AKIA", "eyJ", "Bearer"), re.compile(r"AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{10,}\.|Bearer \S{8,}")
    ),
    _Detector(
        "a telephone number",
        "+0123456789",
        re.compile(
            r"(?<![\w.,:])(?:\+|\(?0)[\d][\d ()/.-]{6,18}\d(?![\w])|(?<![\w.,:])\d{3}[-. ]\d{3}[-. ]\d{4}(?!\w)"
        ),
        _is_phone,
    ),
)


class Detectors:
    """All detectors, on one computer."""

    def __init__(self, surroundings: Surroundings = NOWHERE) -> None:
        own = (("the name of your account", surroundings.user), ("the name of your computer", surroundings.host))
        self._own = tuple((kind, _word(name)) for kind, name in own if _tells(name))
        self._home = surroundings.home.rstrip("/\\").casefold()

    def found(self, text: str) -> str | None:
        """What `text` seems to hold, in words; None when it is clean."""
        for one in _DETECTORS:
            if any(sign in text for sign in one.signs) and any(one.check(hit[0]) for hit in one.pattern.finditer(text)):
                return one.kind
        folded = text.casefold()
        if len(self._home) > 1 and self._home in folded:
            return "a path"
        return next((kind for kind, pattern in self._own if pattern.search(folded)), None)


def _tells(name: str) -> bool:
    return len(name) >= MIN_OWN and name.casefold() not in _ANYBODY


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])")
