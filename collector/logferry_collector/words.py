"""Turns names and numbers into words for people. Pure; knows no page and no session.

Names come from game logs, so strangers wrote them: `clean` takes from them what could disturb the
text around them, escaping them for HTML is the template's work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

NAME_LENGTH = 64
"""Graphemes of a name on a page, roughly: base characters, their marks not counted."""
MARKS = 3
"""Combining marks kept on one character; more of them would climb over the lines above."""
ELLIPSIS = "…"
MINUS = "\N{MINUS SIGN}"
"""As wide as a plus, unlike a hyphen."""
DASH = "\N{EN DASH}"

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

TRACKERS = {
    "artemis": ("Artemis", "Entropia Universe"),
    "elite-dangerous": ("Elite Dangerous", ""),
    "encounter-tracker": ("Encounter tracker", "Dungeons & Dragons"),
    "entropia-chat": ("chat.log", "Entropia Universe"),
    "guild-wars-2-arcdps": ("arcdps", "Guild Wars 2"),
    "hearthstone": ("Hearthstone", ""),
    "mtg-arena": ("Magic: The Gathering Arena", ""),
    "putt": ("Proof of Putt", ""),
    "resonance": ("Resonance Logs", "Blue Protocol"),
    "rocket-league": ("Rocket League", ""),
    "star-trek-online": ("Star Trek Online", ""),
    "swg-bot": ("Bot log", "Star Wars Galaxies"),
    "swtor": ("Star Wars: The Old Republic", ""),
    "world-of-warcraft": ("World of Warcraft", ""),
}
"""Tracker, and its game where the two have different names."""

CURRENCIES = {"artemis": "PED", "elite-dangerous": "cr", "entropia-chat": "PED"}

_EVENT_WORDS = {
    "hof": "Hall of fame",
    "hof_mining": "Hall of fame, mining",
    "global_mining": "Global, mining",
    "global_craft": "Global, crafting",
    "afk_on": "Away",
    "afk_off": "Back again",
    "ped_transfer": "PED transfer",
    "FSDJump": "FSD jump",
}

_FIGURE_WORDS = {
    "boss_damage": "To bosses",
    "boss_damage_dealt": "To bosses",
    "damage_dealt": "Damage",
    "damage_taken": "Taken",
    "dps": "DPS",
    "heal_dealt": "Healing",
    "hp": "HP left",
    "hps": "HPS",
    "max_hp": "Max HP",
    "tdps": "DPS while active",
}
_FACT_WORDS = {"class_id": "Class", "class_spec": "Spec", "boss_ms": "Boss time", "run_ms": "Run time"}
MILLISECONDS = "_ms"
"""How the name of a figure or fact ends that is a length of time."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAP = re.compile(r"[\s_\-.]+")


def clean(text: str, length: int = NAME_LENGTH) -> str:
    """`text` on one line, without controls, invisible or direction-changing characters, at most `length` long."""
    spaced = " ".join(text[: length * 64].split())
    kept = list(islice(_graphemes(spaced), length + 1))
    whole = "".join(kept) if len(kept) <= length else "".join(kept[: length - 1]).rstrip() + ELLIPSIS
    return whole.strip()


def isolated(text: str) -> str:
    """`text` so that its direction does not reach its neighbours; for places where no <bdi> can stand."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def counted(amount: int, one: str, many: str) -> str:
    """An amount with its noun."""
    return f"{number(amount)} {one if amount == 1 else many}"


def _graphemes(text: str) -> Iterator[str]:
    """Each visible character with at most MARKS of its marks."""
    base, marks = "", ""
    for character in text:
        kind = unicodedata.category(character)
        if kind[0] == "C":
            # Controls, bidi overrides, zero-width, private, lone and unassigned: none is text.
            continue
        if kind[0] == "M":
            marks = (marks + character)[:MARKS] if base else marks
            continue
        if character == " " and base in ("", " "):
            # What stood between two spaces was nothing to see.
            continue
        if base:
            yield base + marks
        base, marks = character, ""
    if base:
        yield base + marks


def tracker_words(tracker: str) -> tuple[str, str]:
    """The tracker's name and its game's, the latter empty when they are the same."""
    known = TRACKERS.get(tracker) or TRACKERS.get(tracker.replace("_", "-"))
    return known or (capitalised(_GAP.sub(" ", clean(tracker))), "")


def event_words(kind: str) -> str:
    """An event type in words: `damage_dealt` is Damage dealt, `FSDJump` is FSD jump."""
    return _EVENT_WORDS.get(kind) or label_words(kind)


def label_words(identifier: str) -> str:
    """An identifier as a label; words written in capitals stay so."""
    words = _GAP.sub(" ", _HUMP.sub(" ", clean(identifier))).split()
    return capitalised(" ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words))


def figure_words(name: str) -> str:
    """A figure of a participant as the heading of a column, short."""
    return _FIGURE_WORDS.get(name) or label_words(name.removesuffix(MILLISECONDS))


def fact_words(name: str) -> str:
    """The name of a fact as its label."""
    return _FACT_WORDS.get(name) or label_words(name.removesuffix(MILLISECONDS))


def capitalised(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def number(value: float, decimals: int = 2) -> str:
    """A number with its thousands apart; whole ones without decimals, huge ones shortened."""
    size = abs(value)
    if size >= 1e15:
        return f"{value:.2e}".replace("-", MINUS)
    for bound, unit in ((1e12, "tn"), (1e9, "bn"), (1e7, "M")):
        if size >= bound:
            return f"{value / (1e6 if unit == 'M' else bound):,.2f} {unit}".replace("-", MINUS)
    whole = float(value).is_integer() or decimals == 0
    return f"{value:,.{0 if whole else decimals}f}".replace("-", MINUS)


def counted_words(value: float) -> str:
    """An amount that was counted up, as damage: decimals only where they are much of it."""
    return number(value, 0 if abs(value) >= 1_000 else 1)


def money(value: float) -> str:
    """An amount of money: always two decimals, so that columns line up."""
    return number(value) if abs(value) >= 1e7 else f"{value:,.2f}".replace("-", MINUS)


def percent(ratio: float) -> str:
    """A ratio as a percentage."""
    return f"{number(ratio * 100, 1)} %"


def clock_length(seconds: float) -> str:
    """A length of time as on a stopwatch, `1:05:09`; one beyond all clocks as a number."""
    if not abs(seconds) < timedelta.max.total_seconds():
        return number(seconds)
    whole = round(abs(seconds))
    sign = MINUS if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600:,}:{whole // 60 % 60:02}:{whole % 60:02}"


def duration_words(duration: timedelta) -> str:
    """A duration in its two largest units."""
    seconds = int(duration.total_seconds())
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[:2] if amount or len(parts) == 1) or "0 s"


def date_words(moment: datetime) -> str:
    """The day of a moment, in UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def clock_words(moment: datetime) -> str:
    """The time of day of a moment, in UTC."""
    return f"{moment.astimezone(UTC):%H:%M}"
