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
from logferry_daemon.core.identity import content_mark, parse_time, session_id, to_ms
from logferry_daemon.core.lenient_json import load
from logferry_daemon.core.reading import EndRules, Found, Growth, Reading, Trouble
from logferry_daemon.recipes.measures import statistics_of
from logferry_daemon.recipes.recipe import Pattern, Recipe, Take
from logferry_model.errors import Damaged
from logferry_model.session import End, EndRule, Event, Participant, Scalar, Session

LOCAL_PLAYER = "me"
MAX_EVENTS = 500_000
"""Per session; no game writes more in one sitting."""
MAX_TEXT = 200
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
class _Draft:
    """A session while its lines come in."""

    started_at: datetime
    last_at: datetime
    offset: int
    line: int
    identity: str | None
    facts: dict[str, Scalar]
    events: list[Event] = field(default_factory=list)
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
        self._known_names: set[str] = set()
        self._first_at: datetime | None = None
        self._troubles: dict[str, list[str]] = {}

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
        if settled and _is_whole(self._rest):
            # An object that is closed cannot go on: only the newline is missing.
            self._take(self._rest)
            self._offset += len(self._rest)
            self._rest = b""
        return Reading(
            found=tuple(self._found(draft) for draft in self._drafts),
            troubles=tuple(self._all_troubles()),
            first_at=self._first_at,
            unfinished=bool(self._rest.strip()),
        )

    def _take(self, line: bytes) -> None:
        text = line.strip()
        if self._oversized:
            self._oversized = False
            self._trouble("line-too-long", f"longer than {self._recipe.files.max_line_bytes} bytes")
        elif text:
            try:
                fields = _fields(text)
                word, at = self._word_and_time(fields)
            except Damaged as error:
                self._trouble(error.code, error.message)
                return
            self._first_at = self._first_at or at
            self._known_names.update(_named(self._names.get(word, ()), fields))
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
            return
        elif ending := next((pattern for pattern in rules.end if pattern.fits(word, fields)), None):
            self._add(draft, word, at, fields)
            draft.end = end_by(EndRule.EXPLICIT, f"line {self._line}: {_evidence(ending)}")
        else:
            # Something happened after the end: the session went on, so it was none.
            draft.end = None
            self._add(draft, word, at, fields)

    def _start(self, word: str, at: datetime, fields: Mapping[str, Any]) -> None:
        if self._drafts and self._drafts[-1].end is None:
            self._drafts[-1].end = end_by(
                EndRule.NEXT_START, f"line {self._line}: {_safe(word)} begins another session"
            )
        rules = self._recipe.session
        identity = fields.get(rules.identity) if rules.identity else None
        draft = _Draft(
            started_at=at,
            last_at=at,
            offset=self._offset,
            line=self._line,
            identity=identity if isinstance(identity, str) else None,
            facts={name: _scalar(fields.get(key)) for name, key in rules.facts.items() if key in fields},
        )
        self._drafts.append(draft)
        self._add(draft, word, at, fields)

    def _add(self, draft: _Draft, word: str, at: datetime, fields: Mapping[str, Any]) -> None:
        if len(draft.events) >= MAX_EVENTS:
            self._trouble("too-many-events", f"the session has more than {MAX_EVENTS} events; the rest is left out")
            return
        draft.last_at = max(draft.last_at, at)
        draft.events.append(_event(word, at, fields, self._recipe.take.get(word)))

    def _trouble(self, code: str, message: str) -> None:
        self._troubles.setdefault(code, []).append(f"line {self._line}: {message.rstrip('.')}")

    def _all_troubles(self) -> Iterator[Trouble]:
        """One for each kind: the first line it happened in, and how many more."""
        for code, messages in self._troubles.items():
            more = f", and {len(messages) - 1} more line(s) like it" if len(messages) > 1 else ""
            yield Trouble(code=code, message=f"{messages[0]}{more}.")
        if self._rest.strip():
            yield Trouble(code="cut-off", message=f"line {self._line} stops in the middle.")
        if self._from_start and self._first_at is None and not self._troubles and not self._rest.strip():
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
            names=frozenset(self._known_names),
        )


def _is_whole(rest: bytes) -> bool:
    text = rest.strip()
    if not text.endswith(b"}"):
        return False
    try:
        return isinstance(load(text).value, dict)
    except Damaged:
        return False


def _fields(text: bytes) -> Mapping[str, Any]:
    value = load(text).value
    if not isinstance(value, dict):
        raise Damaged("not-an-event", "not a JSON object.")
    return value


def _names_by_type(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in recipe.privacy.names:
        word, _, key = name.partition(".")
        found[word] = (*found.get(word, ()), key)
    return found


def _named(keys: Sequence[str], fields: Mapping[str, Any]) -> Iterator[str]:
    for key in keys:
        value = fields.get(key)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name:
                yield name


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
    return next((fields[key] for key in (keys or "").split("|") if fields.get(key) is not None), None)


def _number(fields: Mapping[str, Any], keys: str | None) -> float | None:
    value = _first(fields, keys)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)


def _text(fields: Mapping[str, Any], keys: str | None) -> str | None:
    value = _first(fields, keys)
    return value[:MAX_TEXT] if isinstance(value, str) and value else None
