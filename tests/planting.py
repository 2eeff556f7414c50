"""Made-up files of every tracker and recipe, with canaries in any text of them: what must never come out again.

A file is made anew for every planting: whatever text stands in it goes through one hand, in always the same order, which
gives it back with or without something private added. A text that its reader cannot do without (a time, a word of the
format) breaks the file when something is added: `safe_places` finds out which do not.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from logferry_daemon.core.reading import About, DatabaseTracker, Document, Found, LogTracker
from logferry_daemon.core.sanitise import named
from logferry_daemon.trackers.catalogue import all_trackers
from tests import factories_match as match
from tests.factories import START, artemis_document, cast, encode_document, file_name, journal
from tests.factories_cards import arena, hearthstone
from tests.factories_chat import chat
from tests.factories_combat import swtor, trek, warcraft
from tests.factories_encounters import export
from tests.factories_logs import ACCENTED, CHAT, FRIEND, HANDLE, OWN, RIVAL, written
from tests.factories_putt import putt_round
from tests.factories_resonance import Book, insert, writer
from tests.factories_swg import swg_log
from tests.fake_databases import answered

Hand = Callable[[str], str]
"""Gives a text back, or another in its place."""
Files = Mapping[str, bytes]
"""Path -> content."""
TRACKERS = all_trackers()
WRITTEN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
_WORDS = re.compile(r"[^\W\d_][\w' -]*\w")
"""What in a line of a log may be a text."""


@dataclass
class Canaries:
    """Gives every private thing a word of its own; `words` are all that were given."""

    prefix: str = "kanari"
    words: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def word(self) -> str:
        """One more that stands nowhere else."""
        self.words.append(f"{self.prefix}{len(self.words):05}q")
        return self.words[-1]

    def name(self, of: str) -> str:
        """The same canary for the same person."""
        if of not in self._names:
            self._names[of] = self.word().title()
        return self._names[of]

    def private(self, number: int) -> str:
        """Something private of one kind or another."""
        word = self.word()
        kinds = (
            f"{word}@mail.example.org",
            f"C:\\Users\\{word}\\Desktop",
            f"sk-live-{word}4eC39HqLyjWD",
            f"/home/{word}/saves",
            f"https://example.org/{word}",
            f"password: {word}",
        )
        return kinds[number % len(kinds)]


# Whose files there are


def people_of(tracker: str, seed: int) -> tuple[str, ...]:
    """Whom a generated file names, in the fields that are for names."""
    crew = cast(seed)
    if tracker in _LOGS:
        return (OWN, FRIEND, RIVAL, ACCENTED, HANDLE)
    if tracker == "guild-wars-2-arcdps":
        return (match.CHARACTER, match.ACCOUNT, match.FRIEND_CHARACTER, match.FRIEND_ACCOUNT)
    if tracker == "rocket-league":
        return (match.PLAYER, match.MATE, match.RIVAL)
    owner = (crew.commander, crew.frontier_id, crew.ship, crew.ship_ident, crew.squadron)
    return (crew.player, *crew.others, crew.session_name, *(owner if tracker == "elite-dangerous" else ()))


def talk_of(seed: int) -> tuple[str, ...]:
    """What is said in a generated file, in the fields that are for that."""
    return (CHAT, *cast(seed).gossip)


def made(tracker: str, seed: int, hand: Hand) -> Files:
    """The files of one source."""
    return _MAKERS[tracker](seed, hand)


def _walk(value: Any, hand: Hand) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return hand(value)
    if isinstance(value, list):
        return [_walk(one, hand) for one in value]
    return {key: _walk(one, hand) for key, one in value.items()} if isinstance(value, dict) else value


def _json(value: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    return json.dumps(value, ensure_ascii=False).encode()


def _artemis(seed: int, hand: Hand) -> Files:
    document = artemis_document(seed, start=START, events=30)
    return {file_name(document): encode_document(_walk(document, hand))}


def _swg(seed: int, hand: Hand) -> Files:
    return {f"session_{seed}.json": _json(_walk(swg_log(seed), hand))}


def _encounters(seed: int, hand: Hand) -> Files:
    return {f"dnd-tracker-{seed}.json": _json(_walk(export(seed), hand))}


def _putt(seed: int, hand: Hand) -> Files:
    one = putt_round(seed)
    rows = [[hand(cell) for cell in row] for row in csv.reader(io.StringIO(one.report().decode()))]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    figures = _json(_walk(json.loads(one.sections()), hand))
    return {one.json_name: figures, one.csv_name: text.getvalue().encode()}


def _elite(seed: int, hand: Hand) -> Files:
    one = journal(seed, last_newline=True, events=30)
    walked = replace(one, lines=tuple(_walk(dict(line), hand) for line in one.lines))
    return {walked.name: walked.encode()}


def _resonance(seed: int, hand: Hand) -> Mapping[str, Any]:
    book = Book(seed=seed)
    book.encounter(hits=2)
    return {table: [_walk(dict(row), hand) for row in rows] for table, rows in book.tables.items()}


def _evtc(seed: int, hand: Hand) -> Files:
    names = [hand(one) for one in (match.CHARACTER, match.FRIEND_CHARACTER, "Wolf", match.BOSS_NAME)]
    accounts = [hand(one) for one in (match.ACCOUNT, match.FRIEND_ACCOUNT)]
    agents = [
        match.player(match.OWN, names[0], accounts[0]),
        match.player(match.FRIEND, names[1], accounts[1]),
        match.creature(match.PET, 1, names[2]),
        match.creature(match.ENEMY, match.BOSS, names[3]),
    ]
    unix = match.START_UNIX + 3600 * seed
    rows = [*match.opening(unix=unix), *match.fighting(blows=20), *match.ending(unix=unix)]
    return {f"20260301-2001{seed:02}.evtc": match.evtc(agents, rows)}


def _replay(seed: int, hand: Hand) -> Files:
    usual = match.match_properties(Id=f"{seed:032X}")
    return {f"match-{seed}.replay": match.replay(**_properties(usual, hand))}


def _properties(value: Any, hand: Hand) -> Any:  # noqa: ANN401 -- any property
    """As `_walk`, but for the words of the format, which are texts of kinds of their own."""
    if type(value) is str:
        return hand(value)
    if isinstance(value, list):
        return [_properties(one, hand) for one in value]
    return {key: _properties(one, hand) for key, one in value.items()} if isinstance(value, dict) else value


def _log(lines: Iterable[str], path: str, hand: Hand) -> Files:
    return {path: written([_WORDS.sub(lambda found: hand(found[0]), line) for line in lines])}


_LOGS: Mapping[str, Callable[[int], tuple[list[str], str]]] = {
    "entropia-chat": lambda seed: (chat(seed, hunts=1), "chat.log"),
    "hearthstone": lambda seed: (
        hearthstone(seed, games=1, rival=f"{RIVAL}#1177"),
        "Hearthstone_2026_03_01_19_59_58/Power.log",
    ),
    "mtg-arena": lambda seed: (arena(seed, matches=1), "Player.log"),
    "star-trek-online": lambda seed: (trek(seed, fights=1), "combatlog.log"),
    "swtor": lambda seed: (swtor(seed, fights=1, since_7=bool(seed % 2)), "combat_2026-03-01_19_55_00_123456.txt"),
    "world-of-warcraft": lambda seed: (warcraft(seed, bosses=1, arena=False), "WoWCombatLog-030126_195500.txt"),
}


def _of_log(tracker: str) -> Callable[[int, Hand], Files]:
    return lambda seed, hand: _log(*_LOGS[tracker](seed), hand)


_MAKERS: Mapping[str, Callable[[int, Hand], Mapping[str, Any]]] = {
    "artemis": _artemis,
    "elite-dangerous": _elite,
    "encounter-tracker": _encounters,
    "guild-wars-2-arcdps": _evtc,
    "putt": _putt,
    "resonance": _resonance,
    "rocket-league": _replay,
    "swg-bot": _swg,
    **{name: _of_log(name) for name in _LOGS},
}


def read(tracker: str, files: Mapping[str, Any]) -> tuple[Found, ...]:
    """Every session in them, as its tracker reads it."""
    how = TRACKERS[tracker]
    if isinstance(how, DatabaseTracker):
        tables: Any = files
        return how.rows(answered(tables, how.question(0))).found
    path, data = next(iter(files.items()))
    about = About(path=path, size=len(data), modified=WRITTEN, zone=UTC)
    if isinstance(how, LogTracker):
        reader = how.reader(about)
        reader.feed(data)
        return reader.reading(settled=True).found
    beside = {other: files[other] for other in how.companions(path) if other in files}
    return how.read(Document(data=data, about=about, beside=beside)).found


# Planting


def renamed(text: str, names: Mapping[str, str]) -> str:
    """`text` with other people in it."""
    for old, new in names.items():
        text = text.replace(old, new)
    return text


class Planter:
    """A hand that gives everybody a canary for a name, and adds something private in some places.

    With `somebody` given, that name is added in every fifth of them, and nothing where it stands already: whoever is
    named in a name's own field must not turn up in another text either.
    """

    def __init__(
        self, tracker: str, seed: int, canaries: Canaries, places: Iterable[int] = (), *, somebody: str = ""
    ) -> None:
        self.number = 0
        self._canaries = canaries
        self._places = frozenset(places)
        self._somebody = somebody
        people = people_of(tracker, seed)
        self._names = {old: canaries.name(f"{tracker}/{seed}/{old}") for old in sorted(people, key=len, reverse=True)}
        self._names |= {old: f"look for {canaries.name(f'{tracker}/{seed}/{old}')} at nine" for old in talk_of(seed)}

    @property
    def people(self) -> tuple[str, ...]:
        """The new names of everybody, and what they say."""
        return tuple(self._names.values())

    def __call__(self, text: str) -> str:
        place, self.number = self.number, self.number + 1
        text = renamed(text, self._names)
        if place not in self._places or (self._somebody and self._somebody in text):
            return text
        more = self._somebody if self._somebody and place % 5 == 4 else self._canaries.private(place)
        return f"{text} {more}"


def planted(tracker: str, seed: int, canaries: Canaries, places: Iterable[int]) -> Mapping[str, Any]:
    """The files of one source with something private in these places, and somebody whom they name in some of them."""
    plain = Planter(tracker, seed, Canaries(canaries.prefix))
    found = read(tracker, made(tracker, seed, plain))
    known = frozenset.intersection(*(one.raw().names for one in found))
    somebody = min((name for name in plain.people if name in known), default="")
    files = made(tracker, seed, Planter(tracker, seed, Canaries(canaries.prefix), places, somebody=somebody))
    if not all(_names(one, somebody) for one in read(tracker, files)):
        somebody = ""  # something was added to the very words by which his name is known
    return made(tracker, seed, Planter(tracker, seed, canaries, places, somebody=somebody))


def _names(found: Found, name: str) -> bool:
    raw = found.raw()
    return name in named(raw.session, raw.names)


def _telling(found: Iterable[Found]) -> list[tuple[list[str], int]]:
    """What happened in each session, and of how many people it tells."""
    raws = [one.raw() for one in found]
    return [([event.type for event in raw.session.events], len(raw.session.participants)) for raw in raws]


@cache
def safe_places(tracker: str, seed: int) -> tuple[int, ...]:
    """Places where something may be added and the file still tells of the same happenings and as many people."""
    counting = Planter(tracker, seed, Canaries())
    whole = _telling(read(tracker, made(tracker, seed, counting)))
    assert whole, tracker

    def stands(places: Iterable[int]) -> bool:
        try:
            found = read(tracker, made(tracker, seed, Planter(tracker, seed, Canaries(), places)))
            return _telling(found) == whole
        except Exception:  # noqa: BLE001 -- a reader says in many ways that this is not its file
            return False

    def grown(chosen: tuple[int, ...], places: Sequence[int]) -> tuple[int, ...]:
        """`chosen` and those of `places` that stand beside them, half by half: most places break nothing."""
        if stands((*chosen, *places)):
            return (*chosen, *places)
        half = len(places) // 2
        return grown(grown(chosen, places[:half]), places[half:]) if half else chosen

    return grown((), range(counting.number))


def lay(tracker: str, files: Mapping[str, Any], folder: Path) -> None:
    """Put them where a source would find them."""
    if isinstance(TRACKERS[tracker], DatabaseTracker):
        with writer(folder / "resonance-logs.db") as connection:
            insert(connection, files)
        connection.close()
        return
    for path, data in files.items():
        where = folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(data)
