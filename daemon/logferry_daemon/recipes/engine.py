"""Runs a recipe over the lines of a log. Bytes in, sessions out; opens no file, reads no clock.

One rule: whatever the recipe does not take stays here. A line becomes an event with its time and type, and with those
fields that the recipe lists for its type, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import content_mark, parse_time, session_id, to_ms
from logferry_daemon.core.lenient_json import Loaded, load
from logferry_daemon.core.reading import MAX_EVENTS, EndRules, Found, Growth, Reading, Trouble
from logferry_daemon.recipes.measures import statistics_of
from logferry_daemon.recipes.recipe import Pattern, Recipe, Take
from logferry_model.errors import Damaged
from logferry_model.session import End, EndRule, Event, Participant, Scalar, Session

LOCAL_PLAYER = "me"
MAX_TEXT = 200
_JSON_BEGINS = frozenset(bytes([byte]) for byte in b'{["-0123456789tfnNI\xef')
"""First bytes of what may be JSON, or of a byte order mark before it."""
_SCALARS = (str, int, float)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class RecipeTracker:
    """A tracker made of a recipe."""

    growth = Growth.APPENDED

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    @property
    def title(self) -> str:
        """The game's name."""
        return self.recipe.title

    @property
    def patterns(self) -> Sequence[str]:
        """Globs of file names."""
        return self.recipe.files.patterns

    @property
    def max_bytes(self) -> int:
        """A larger file is not read."""
        return self.recipe.files.max_bytes

    @property
    def rules(self) -> EndRules:
        """Silence, processes and the next file."""
        return EndRules(silence=self.recipe.silence, processes=self.recipe.session.processes)

    def usual_paths(self, platform: str) -> Sequence[str]:
        """Where the game writes."""
        return next((paths for name, paths in self.recipe.files.paths.items() if name == platform), ())

    def reader(self, *, offset: int = 0, line: int = 1) -> LineReader:
        """A reader that goes on at `offset`, the start of line number `line`."""
        return LineReader(self.recipe, offset=offset, line=line)


@dataclass
class _Lead:
    """Lines since the last session was over. They belong to none, but they name people that the next one is about.

    Whoever reads on from a session begins with them: it must find the same names, or it would send what was removed.
    """

    offset: int
    line: int
    names: set[str] = field(default_factory=set)


@dataclass
class _Draft:
    """A session while its lines come in."""

    started_at: datetime
    last_at: datetime
    offset: int
    line: int
    identity: str | None
    facts: dict[str, Scalar]
    events: list[Event] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    end: End | None = None

    @cached_property
    def natural_key(self) -> str:
        """Its beginning, and a mark that tells apart two that begin in the same second."""
        return f"{self.started_at.isoformat()}/{content_mark(self.facts)}"


class LineReader:
    """Reads one log of one JSON object a line."""

    def __init__(self, recipe: Recipe, *, offset: int, line: int) -> None:
        self._recipe = recipe
        self._names = _names_by_type(recipe)
        self._from_start = offset == 0
        self._offset = offset
        self._line = line
        self._rest = b""
        self._oversized = False
        self._drafts: list[_Draft] = []
        self._first_at: datetime | None = None
        self._troubles: dict[str, tuple[str, int]] = {}
        """Kind -> the first of it, and how many there are."""
        self._lead: _Lead | None = None

    def feed(self, data: bytes) -> None:
        """The next bytes; an unfinished last line is kept until its end comes."""
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
            self._offset += len(line) + 1
            self._line += 1
        self._rest = rest
        if len(rest) > self._recipe.files.max_line_bytes:
            self._oversized = True
            self._offset += len(rest)
            self._rest = b""

    def forget(self, offset: int) -> None:
        """Drop sessions that start before `offset`."""
        self._drafts = [draft for draft in self._drafts if draft.offset >= offset]

    def reading(self, *, settled: bool) -> Reading:
        """The sessions so far; a whole last line without its newline counts once the file has settled."""
        if settled and not self._oversized and _is_whole(self._rest):
            # An object that is closed cannot go on: only the newline is missing.
            self._take(self._rest)
            self._offset += len(self._rest)
            self._rest = b""
        return Reading(
            found=tuple(self._found(draft) for draft in self._drafts),
            troubles=tuple(self._all_troubles()),
            first_at=self._first_at,
            unfinished=self._cut_off,
        )

    @property
    def _cut_off(self) -> bool:
        return self._oversized or bool(self._rest.strip())

    def _take(self, line: bytes) -> None:
        text = line.strip()
        if self._oversized or len(line) > self._recipe.files.max_line_bytes:
            self._oversized = False
            self._trouble("line-too-long", f"longer than {self._recipe.files.max_line_bytes} bytes")
        elif text:
            try:
                loaded = _loaded(text)
                fields = _fields(loaded.value)
                word, at = self._word_and_time(fields)
            except Damaged as error:
                self._trouble(error.code, error.message)
                return
            if loaded.repairs:
                self._trouble(
                    "repaired", f"{loaded.repairs} value(s) such as NaN are not JSON; they count as not given"
                )
            self._first_at = self._first_at or at
            self._step(word, at, fields)

    def _word_and_time(self, fields: Mapping[str, Any]) -> tuple[str, datetime]:
        word, stamp = fields.get(self._recipe.line.type), fields.get(self._recipe.line.time)
        at = parse_time(stamp) if isinstance(stamp, str) else None
        if not isinstance(word, str) or at is None:
            raise Damaged("not-an-event", "no readable time or type.")
        return word, at

    def _step(self, word: str, at: datetime, fields: Mapping[str, Any]) -> None:
        rules = self._recipe.session
        draft = self._drafts[-1] if self._drafts else None
        if rules.start.fits(word, fields):
            self._start(word, at, fields)
        elif draft is None or (draft.end is not None and word in rules.between):
            self._lead = self._lead or _Lead(self._offset, self._line)
            self._lead.names.update(self._named(word, fields))
        else:
            # After an end: the session went on, so it was none.
            self._add(draft, word, at, fields)
            ending = next((pattern for pattern in rules.end if pattern.fits(word, fields)), None)
            draft.end = end_by(EndRule.EXPLICIT, f"line {self._line}: {_evidence(ending)}") if ending else None

    def _start(self, word: str, at: datetime, fields: Mapping[str, Any]) -> None:
        if self._drafts and self._drafts[-1].end is None:
            self._drafts[-1].end = end_by(
                EndRule.NEXT_START, f"line {self._line}: {_safe(word)} begins another session"
            )
        rules = self._recipe.session
        identity = fields.get(rules.identity) if rules.identity else None
        lead = self._lead or _Lead(self._offset, self._line)
        draft = _Draft(
            started_at=at,
            last_at=at,
            offset=lead.offset,
            line=lead.line,
            identity=identity if isinstance(identity, str) else None,
            facts={name: _scalar(fields.get(key)) for name, key in rules.facts.items() if key in fields},
        )
        self._drafts.append(draft)
        self._add(draft, word, at, fields)

    def _add(self, draft: _Draft, word: str, at: datetime, fields: Mapping[str, Any]) -> None:
        draft.names.update(self._named(word, fields), self._lead.names if self._lead else ())
        self._lead = None
        if len(draft.events) >= MAX_EVENTS:
            self._trouble("too-many-events", f"the session has more than {MAX_EVENTS} events; the rest is left out")
            return
        draft.last_at = max(draft.last_at, at)
        draft.events.append(_event(word, at, fields, self._recipe.take.get(word)))

    def _named(self, word: str, fields: Mapping[str, Any]) -> Iterator[str]:
        """Whom a line names, by the recipe."""
        for key in self._names.get(word, ()):
            value = fields.get(key)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name:
                    yield name
                    yield from _without_titles(name, self._recipe.privacy.titles)

    def _trouble(self, code: str, message: str) -> None:
        first, times = self._troubles.get(code, (f"line {self._line}: {message.rstrip('.')}", 0))
        self._troubles[code] = (first, times + 1)

    def _all_troubles(self) -> Iterator[Trouble]:
        """One for each kind: the first line it happened in, and how many more."""
        for code, (first, times) in self._troubles.items():
            more = f", and {times - 1} more line(s) like it" if times > 1 else ""
            yield Trouble(code=code, message=f"{first}{more}.")
        if self._cut_off and (self._first_at or not self._troubles):  # where no line is good, the last one is no news
            yield Trouble(code="cut-off", message=f"line {self._line} stops in the middle.")
        if self._from_start and self._first_at is None and not self._troubles and not self._cut_off:
            yield Trouble(code="empty", message="the file is empty.")
        elif self._from_start and self._first_at is not None and not self._drafts:
            start = self._recipe.session.start.type
            yield Trouble(code="no-session", message=f"no play session in it: no {start} line.")

    def _found(self, draft: _Draft) -> Found:
        events = tuple(draft.events)
        session = Session(
            id=session_id(self._recipe.name, draft.natural_key),
            tracker=self._recipe.name,
            natural_key=draft.natural_key,
            started_at=draft.started_at,
            ended_at=draft.last_at,
            participants=(Participant(id=LOCAL_PLAYER, name=draft.identity, local=True),),
            events=events,
            facts=draft.facts,
            statistics=statistics_of(events, self._recipe),
        )
        return Found(
            session=session,
            offset=draft.offset,
            line=draft.line,
            end=draft.end,
            identity=draft.identity,
            names=frozenset(draft.names),
        )


def _without_titles(name: str, titles: Sequence[str]) -> Iterator[str]:
    for title in titles:
        if name.startswith(title):
            yield name.removeprefix(title).rstrip(";")


def _is_whole(rest: bytes) -> bool:
    text = rest.strip()
    if not text.endswith(b"}"):
        return False
    try:
        return isinstance(load(text).value, dict)
    except Damaged:
        return False


def _loaded(text: bytes) -> Loaded:
    if text[:1] not in _JSON_BEGINS:
        # Said without a look at the rest: a file of noise has millions of such lines.
        raise Damaged("not-json", "not JSON.")
    return load(text)


def _fields(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- any JSON value
    if not isinstance(value, dict):
        raise Damaged("not-an-event", "not a JSON object.")
    return value


def _names_by_type(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in recipe.privacy.names:
        word, _, key = name.partition(".")
        found[word] = (*found.get(word, ()), key)
    return found


def _event(word: str, at: datetime, fields: Mapping[str, Any], take: Take | None) -> Event:
    if take is None:
        return Event(at=to_ms(at), type=_safe(word))
    quantity = _number(fields, take.quantity)
    return Event(
        at=to_ms(at),
        type=_safe(word),
        amount=_number(fields, take.amount),
        value=_number(fields, take.value),
        quantity=None if quantity is None else int(quantity),
        item=_text(fields, take.item),
        creature=_text(fields, take.creature),
        fields={key: _scalar(fields[key]) for key in take.fields if isinstance(fields.get(key), _SCALARS)},
    )


def _safe(word: str) -> str:
    """The type of a line; one that does not look like a type could be anything, so it is kept as `other`."""
    return word if _WORD.fullmatch(word) else "other"


def _evidence(ending: Pattern) -> str:
    return " ".join([ending.type, *(str(value) for value in ending.where.values())])


def _scalar(value: Any) -> Scalar:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return value if isinstance(value, int | float) else None


def _first(fields: Mapping[str, Any], keys: str | None) -> Any:  # noqa: ANN401 -- any JSON value
    wanted = keys.split("|") if keys else ()
    return next((fields[key] for key in wanted if fields.get(key) is not None), None)


def _number(fields: Mapping[str, Any], keys: str | None) -> float | None:
    return figure(_first(fields, keys))


def _text(fields: Mapping[str, Any], keys: str | None) -> str | None:
    value = _first(fields, keys)
    return value[:MAX_TEXT] if isinstance(value, str) and value else None
