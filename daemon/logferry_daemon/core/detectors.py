"""Finds in a text what never belongs into a game session: addresses, paths, keys, and who owns this computer. Pure.

Each detector has a cheap sign that must be there before its pattern runs: most texts of a game have none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from unicodedata import normalize

MIN_OWN = 3
"""Shorter names of users and computers are part of too many words."""
LONGEST = 1_000
"""Of some patterns the time grows with the square of the length: nobody may hold up the others with a long text."""
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
    signs: str
    """One of them is in every text that fits."""
    shortest: int
    """No text with fewer signs fits."""
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = bool

    def finds(self, text: str) -> bool:
        """Whether there is something like that in `text`."""
        for hit in self.pattern.finditer(text):  # noqa: SIM110 -- making a generator takes longer than the search
            if self.check(hit[0]):
                return True
        return False


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    is_number = text.count(".") == 1 and not set(text) & set(" ()/-")
    return 9 <= digits <= 15 and not is_number and not _DATE.match(text)


def _is_address(text: str) -> bool:
    return all(int(part) <= 255 for part in text.split("."))


def _is_long_address(text: str) -> bool:
    """Whether it is one of IPv6: times and ids of items are written with colons, too."""
    if max(map(len, text.split(":"))) < 3:
        return False
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


_BEFORE, _AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}(?!\d)(?=$|\s)")
_WITH_DIGIT = r"(?=[^\s\d]*\d)"
"""Ahead of a word: people's secrets have a digit in them, the words that a game puts there have none."""
_BLANKS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
"""What a pattern calls a blank, once a text is normalised."""
_HOMES = "home|Users|users|root"
_ROOTS = "var|etc|tmp|mnt|media|run|opt|srv|private|Volumes|Library|Applications"
_VARIABLES = (
    "USERPROFILE|USERNAME|USERDOMAIN|(?:LOCAL)?APPDATA|HOME(?:PATH|DRIVE)?|COMPUTERNAME|PROGRAM(?:DATA|FILES)|TE?MP"
    "|PUBLIC|ONEDRIVE|SYSTEM(?:ROOT|DRIVE)|WINDIR"
)
_SHAPES = (
    r"lf_[0-9a-f]{16}_",
    r"lfa_[A-Za-z0-9_-]{20,}",
    r"(?:sk|pk|rk|api|key)[-_](?:[A-Za-z0-9]{1,8}[-_]){0,3}(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}",
    r"gh[opsur]_[A-Za-z0-9]{12,}",
    r"github_pat_\w{12,}",
    r"glpat-[\w-]{12,}",
    r"xox[abeoprs]-[\w-]{10,}",
    r"npm_[A-Za-z0-9]{20,}",
    r"hf_[A-Za-z]{20,}",
    r"AIza[\w-]{30,}",
    r"A[KS]IA[0-9A-Z]{16}",
    r"SG\.[\w-]{16,}\.",
    r"ya29\.[\w-]{10,}",
    r"eyJ[\w-]{10,}\.",
    r"[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    r"\d{8,10}:[A-Za-z0-9_-]{35}",
    r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{20}",
)
"""How well-known services write their keys; the last is of Guild Wars 2."""
DETECTORS = (
    _Detector("an e-mail address", "@", 6, re.compile(r"[^\s@]+\s?@\s?[^\s@]+\.[^\W\d_]{2,}")),
    _Detector(
        "an internet address",
        ".",
        7,
        re.compile(rf"{_BEFORE}(?<!\.)\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\.?\d)"),
        _is_address,
    ),
    _Detector(
        "an internet address",
        ":",
        5,
        re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,35}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])"),
        _is_long_address,
    ),
    _Detector(
        "the address of a network card",
        ":-",
        17,
        re.compile(rf"{_BEFORE}[0-9A-Fa-f]{{2}}(?P<by>[:-])(?:[0-9A-Fa-f]{{2}}(?P=by)){{4}}[0-9A-Fa-f]{{2}}(?![\w:-])"),
    ),
    _Detector(
        "a path",
        "\\/%$",
        2,
        re.compile(
            rf"(?:^|[^A-Za-z0-9])[A-Za-z]:[\\/]|\\\\[^\\\s]+\\|/(?:{_HOMES})/|(?<![\w.)])/(?:{_ROOTS})/"
            rf"|[\\/]Users[\\/]|(?<!\w)~\w*[\\/]|file:/|(?i:%(?:{_VARIABLES})%)|\$\{{?HOME\b"
        ),
    ),
    _Detector(
        "a web address",
        "/.",
        4,
        re.compile(
            r"[A-Za-z][A-Za-z0-9+.-]*://|\bwww\.[^\s.]+\.|(?<![\w.])(?:[\w-]+\.)+(?:com|org|net|gg|tv|io|me|de|be)/\w"
        ),
    ),
    _Detector("a key", "_-.:AS", 14, re.compile(rf"{_BEFORE}(?:{'|'.join(_SHAPES)})")),
    _Detector("a key", "-", 17, re.compile(r"-----BEGIN [A-Z ]+-----")),
    _Detector(
        "a key",
        f"=:{_BLANKS}",
        12,
        re.compile(
            rf"(?i:{_BEFORE}bearer\s+(?:{_WITH_DIGIT}\S{{8,}}|[\w.~+/-]{{24,}})"
            rf"|(?:password|passwd|passphrase|api[_-]?key|secret|token)(?:\s*[:=]\s*\S{{6,}}|\s+{_WITH_DIGIT}\S{{8,}}))"
        ),
    ),
    _Detector(
        "a telephone number",
        "+0123456789",
        9,
        re.compile(
            r"(?<![\w.,:])(?:\+|(?<!-)\(?0)\d[\d ()/.-]{6,18}\d(?!\w)"
            r"|(?<![\w.,:])(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\w)"
        ),
        _is_phone,
    ),
)

_SIGNS = frozenset(sign for one in DETECTORS for sign in one.signs)


@lru_cache(maxsize=1_000)
def _called_for(signs: frozenset[str]) -> Sequence[_Detector]:
    """Those that have a pattern for a text with these signs in it."""
    return tuple(one for one in DETECTORS if not signs.isdisjoint(one.signs))


class Detectors:
    """All detectors, on one computer."""

    def __init__(self, surroundings: Surroundings = NOWHERE) -> None:
        own = (("the name of your account", surroundings.user), ("the name of your computer", surroundings.host))
        self._own = tuple((kind, name.casefold(), _word(name)) for kind, name in own if _tells(name))
        self._home = surroundings.home.rstrip("/\\").casefold()

    def found(self, text: str) -> str | None:
        """What `text` seems to hold, in words; None when it is clean."""
        if len(text) > LONGEST:
            return "a text too long to be looked at"
        if not text.isascii():
            text = normalize("NFKC", text)
        for one in _called_for(_SIGNS.intersection(text)):
            if len(text) >= one.shortest and one.finds(text):
                return one.kind
        folded = text.casefold()
        if len(self._home) > 1 and self._home in folded:
            return "a path"
        return next((kind for kind, name, word in self._own if name in folded and word.search(folded)), None)


def _tells(name: str) -> bool:
    return len(name) >= MIN_OWN and name.casefold() not in _ANYBODY


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])")
