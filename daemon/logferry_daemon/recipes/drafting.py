"""Cuts the lines of a log into sessions while they come in. Pure; a line more costs the same however many there were.

Larger kinds of sessions hold smaller ones: while one is open, only its own kind and larger ones begin another. What
comes after an end opens the session again, unless the recipe says that such lines belong to none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.bounds import MAX_PARTICIPANTS
from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import content_mark, session_id
from logferry_daemon.core.reading import MAX_EVENTS, Found, Raw
from logferry_daemon.recipes.columns import bare, columns, number
from logferry_daemon.recipes.grammar import Parsed, Tallied
from logferry_daemon.recipes.measures import Running
from logferry_daemon.recipes.recipe import Kind, Pattern, Recipe
from logferry_daemon.recipes.taking import Names, by_type, event_of, facts_of, identity_in, number_in, safe, scalar
from logferry_model.session import End, EndRule, EpochMs, Event, Participant, Scalar, Session

LOCAL_PLAYER = "me"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the log: the first byte of a line, and its number."""

    offset: int
    line: int
    days: int = 0
    """Midnights passed up to it, in a log of times without dates."""


@dataclass
class _Lead:
    """Lines since the last session was over. They belong to none, but they name people that the next one is about.

    Whoever reads on from a session begins with them: it must find the same names, or it would send what was removed.
    """

    where: Where
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Counted:
    """Lines that only count, of one type and by one player."""

    person: str | None
    """The participant; None for nobody."""
    lines: int = 0
    amount: float = 0.0
    value: float = 0.0


@dataclass
class _Draft:
    """A session while its lines come in."""

    kind: Kind
    rank: int
    started_at: datetime
    natural_key: str
    begun: str
    """The time of its first line, as the log wrote it."""
    where: Where
    facts: dict[str, Scalar]
    running: Running
    last_at: datetime
    active_at: datetime
    """Of the last line that is not one of those which may stand between two sessions: a gap is counted from it."""
    identity: str | None = None
    told: str | None = None
    """Who its own lines say that the player is."""
    unsure: bool = False
    """Whether they name two: then nobody can tell."""
    lines: int = 0
    tallies: dict[tuple[str, bytes], _Counted] = field(default_factory=dict)
    """Type and name as written -> what is not in `running` yet."""
    events: list[Event] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    """Name -> participant."""
    end: End | None = None


class Drafts:
    """The sessions of one log, as far as it was read."""

    def __init__(self, recipe: Recipe, note: Callable[[str, str], None]) -> None:
        self._recipe = recipe
        self._note = note
        self._names = Names(recipe)
        self._tell_identity = by_type(recipe.session.identity)
        self._between = frozenset(recipe.session.between)
        self._gap = recipe.gap
        self._decided = recipe.listing.groups.keys()
        self._outcome: dict[str, list[tuple[str, str]]] = {}
        """Line type -> facts and the fields they come from."""
        for fact, name in recipe.session.outcome.items():
            word, _, key = name.partition(".")
            self._outcome.setdefault(word, []).append((fact, key))
        self._drafts: list[_Draft] = []
        self._lead: _Lead | None = None
        self._identity: str | None = None
        self.any_started = False

    @property
    def open(self) -> bool:
        """Whether the last session is not over as yet, so that a line that only counts belongs to it."""
        return bool(self._drafts) and self._drafts[-1].end is None

    @property
    def idle(self) -> bool:
        """Whether no session is open that the next line could belong to."""
        return not self._drafts or (self._drafts[-1].end is not None and "*" in self._between)

    def forget(self, offset: int) -> None:
        """Drop sessions that start before `offset`."""
        self._drafts = [draft for draft in self._drafts if draft.where.offset >= offset]

    def found(self, shift: timedelta) -> tuple[Found, ...]:
        """The sessions so far, all their times moved by `shift`."""
        for draft in self._drafts:
            self._fold(draft)
        return tuple(self._found(draft, shift) for draft in self._drafts)

    def _fold(self, draft: _Draft) -> None:
        """Count what was only tallied: as often as somebody looks, and once for each player."""
        for (word, _), one in draft.tallies.items():
            draft.running.count(word, one.amount, one.person, times=one.lines, value=one.value)
        draft.tallies.clear()

    def tally(self, tallied: Tallied, line: bytes) -> bool:
        """The next line, one that only counts, of the session that is open; False when it has to be read instead."""
        draft = self._drafts[-1]
        cells = columns(line, tallied.drop_last)
        try:
            for column, text in tallied.begins:
                if not bare(cells[column]).startswith(text):
                    return True
            who = b"" if tallied.who is None else bare(cells[tallied.who])
            amount = 0.0 if tallied.amount is None else figure(number(bare(cells[tallied.amount])))
            value = 0.0 if tallied.value is None else figure(number(bare(cells[tallied.value])))
            counted = draft.tallies.get((tallied.word, who)) or self._counted(draft, tallied.word, who)
        except (IndexError, UnicodeDecodeError):
            return False  # cut short, or in another code page
        counted.lines += 1
        counted.amount += amount or 0.0
        counted.value += value or 0.0
        draft.lines += 1
        draft.active_at = draft.last_at
        return True

    def _counted(self, draft: _Draft, word: str, who: bytes) -> _Counted:
        # Numbered by their first line: what is sent must not depend on when somebody looked.
        person = self._participant(draft, who.decode().replace("\0", "\N{REPLACEMENT CHARACTER}"))
        counted = draft.tallies[word, who] = _Counted(person)
        return counted

    def step(self, parsed: Parsed, where: Where) -> None:
        """The next line."""
        if parsed.word in self._tell_identity:
            self._identity = identity_in(parsed, self._tell_identity[parsed.word]) or self._identity
        draft = self._drafts[-1] if self._drafts else None
        open_one = draft if draft is not None and draft.end is None else None
        if open_one is not None and self._is_after_gap(open_one, parsed, where):
            open_one = None
        if draft is not None and self._is_told_again(draft, parsed):
            self._add(draft, parsed, where)
        elif (kind := self._beginning(parsed, open_one)) is not None and parsed.at is not None:
            self._start(kind, parsed, parsed.at, where)
        elif open_one is not None:
            self._add(open_one, parsed, where)
        elif draft is None or self._is_between(parsed):
            self._lead = self._lead or _Lead(where)
            self._lead.names.update(self._names.named(parsed))
        else:
            # After an end: the session went on, so it was none.
            self._add(draft, parsed, where)

    def _is_between(self, parsed: Parsed) -> bool:
        return "*" in self._between or parsed.word in self._between

    def _is_after_gap(self, draft: _Draft, parsed: Parsed, where: Where) -> bool:
        if self._gap is None or parsed.at is None or parsed.at - draft.active_at <= self._gap:
            return False
        pause = timedelta(seconds=round((parsed.at - draft.active_at).total_seconds()))
        draft.end = end_by(EndRule.SILENCE, f"line {where.line}: nothing was written for {pause} before it")
        return True

    def _beginning(self, parsed: Parsed, draft: _Draft | None) -> tuple[int, Kind] | None:
        """The kind that this line begins, if one may begin now."""
        for rank, kind in enumerate(self._recipe.session.kind):
            if draft is not None and rank > draft.rank:
                return None
            start = next((one for one in kind.start if one.fits(parsed.word, parsed.fields)), None)
            if start is not None and not self._is_more_of(draft, start, kind, parsed):
                return rank, kind
        return None

    def _is_told_again(self, draft: _Draft, parsed: Parsed) -> bool:
        """Whether a line begins the very session that was begun last: of the same moment and with the same facts."""
        kind = draft.kind
        if (
            kind.key
            or parsed.key != draft.begun
            or not any(one.type != "*" and one.fits(parsed.word, parsed.fields) for one in kind.start)
        ):
            return False
        return self._natural_key(kind, parsed, facts_of(parsed.fields, kind.facts)) == draft.natural_key

    def _is_more_of(self, draft: _Draft | None, start: Pattern, kind: Kind, parsed: Parsed) -> bool:
        """Whether a line that could begin a session is about the one that runs, or about none."""
        if start.type == "*":
            return draft is not None or parsed.word in self._between
        # A game that was left and entered again says once more which one it is.
        own = _own_key(kind, parsed)
        return draft is not None and own is not None and own == draft.natural_key

    def _natural_key(self, kind: Kind, parsed: Parsed, facts: dict[str, Scalar]) -> str:
        """What the game itself calls it, or its beginning and a mark that tells apart two of the same moment.

        Facts that a policy decides about are not in the mark: it goes everywhere, and who has a list of all places
        finds out which one a digest is of.
        """
        open_facts = {name: value for name, value in facts.items() if name not in self._decided}
        return _own_key(kind, parsed) or f"{parsed.key}/{content_mark(open_facts)}"

    def _start(self, found: tuple[int, Kind], parsed: Parsed, at: datetime, where: Where) -> None:
        rank, kind = found
        if self._drafts and self._drafts[-1].end is None:
            said = f"line {where.line}: {safe(parsed.word)} begins another session"
            self._drafts[-1].end = end_by(EndRule.NEXT_START, said)
        if parsed.word in self._tell_identity:
            # It should say whose session it is: what an earlier one said is about that one.
            self._identity = identity_in(parsed, self._tell_identity[parsed.word])
        facts = facts_of(parsed.fields, kind.facts)
        draft = _Draft(
            kind=kind,
            rank=rank,
            started_at=at,
            last_at=at,
            active_at=at,
            natural_key=self._natural_key(kind, parsed, facts),
            begun=parsed.key,
            where=self._lead.where if self._lead else where,
            facts=facts,
            running=Running(self._recipe),
        )
        self._drafts.append(draft)
        self.any_started = True
        self._add(draft, parsed, where)

    def _add(self, draft: _Draft, parsed: Parsed, where: Where) -> None:
        draft.names.update(self._names.named(parsed))
        self._tell(draft, parsed)
        if self._lead is not None:
            draft.names.update(self._lead.names)
            self._lead = None
        draft.lines += 1
        at = parsed.at or draft.last_at
        draft.last_at = max(draft.last_at, at)
        if parsed.word not in self._between:
            draft.active_at = max(draft.active_at, at)
        self._count(draft, parsed, at)
        self._conclude(draft, parsed, where)

    def _tell(self, draft: _Draft, parsed: Parsed) -> None:
        told = identity_in(parsed, self._tell_identity.get(parsed.word, ()))
        draft.unsure = draft.unsure or bool(told and draft.told and told != draft.told)
        draft.told = told or draft.told
        self._identity = None if draft.unsure else self._identity
        draft.identity = None if draft.unsure else self._identity or draft.identity

    def _count(self, draft: _Draft, parsed: Parsed, at: datetime) -> None:
        take = self._recipe.take.get(parsed.word)
        person = self._participant(draft, parsed.fields.get(take.who)) if take and take.who else None
        if take is not None and take.count_only:
            amount, value = number_in(parsed.fields, take.amount), number_in(parsed.fields, take.value)
            draft.running.count(parsed.word, amount, person, value=value)
        elif len(draft.events) >= MAX_EVENTS:
            self._note("too-many-events", f"the session has more than {MAX_EVENTS} events; the rest is left out")
        else:
            event = event_of(parsed, at, take, person)
            draft.running.add(event)
            draft.events.append(event)

    def _participant(self, draft: _Draft, name: object) -> str | None:
        if not isinstance(name, str) or not name:
            return None
        if name not in draft.people:
            draft.names.update(self._names.forms(name))
            if len(draft.people) < MAX_PARTICIPANTS:
                draft.people[name] = f"p{len(draft.people) + 1}"
        return draft.people.get(name)

    def _conclude(self, draft: _Draft, parsed: Parsed, where: Where) -> None:
        for fact, key in self._outcome.get(parsed.word, ()):
            if parsed.fields.get(key) is not None:
                draft.facts[fact] = scalar(parsed.fields[key])
        ending = next((one for one in draft.kind.end if one.fits(parsed.word, parsed.fields)), None)
        draft.end = end_by(EndRule.EXPLICIT, f"line {where.line}: {_evidence(ending)}") if ending else None

    def _found(self, draft: _Draft, shift: timedelta) -> Found:
        last_at = draft.last_at
        return Found(
            id=session_id(self._recipe.name, draft.natural_key),
            started_at=draft.started_at + shift,
            last_at=last_at + shift,
            events=len(draft.events),
            weight=draft.lines,
            raw=lambda: Raw(session=self._session(draft, shift), names=frozenset(draft.names)),
            statistics=lambda: draft.running.statistics(last_at - draft.started_at),
            offset=draft.where.offset,
            line=draft.where.line,
            days=draft.where.days,
            end=draft.end,
            identity=draft.identity,
            unsure=draft.unsure,
            whom=lambda: frozenset(draft.names),
        )

    def _session(self, draft: _Draft, shift: timedelta) -> Session:
        return Session(
            id=session_id(self._recipe.name, draft.natural_key),
            tracker=self._recipe.name,
            natural_key=draft.natural_key,
            started_at=draft.started_at + shift,
            ended_at=draft.last_at + shift,
            participants=_participants(draft),
            events=_shifted(draft.events, shift),
            facts=dict(draft.facts),
            statistics=draft.running.statistics(draft.last_at - draft.started_at),
        )


def _own_key(kind: Kind, parsed: Parsed) -> str | None:
    own = parsed.fields.get(kind.key) if kind.key else None
    return None if own is None else f"{kind.name}/{content_mark(own)}"


def _participants(draft: _Draft) -> tuple[Participant, ...]:
    figures = draft.running.figures()
    others = [
        Participant(id=number, name=name, local=name == draft.identity, figures=figures.get(number, {}))
        for name, number in draft.people.items()
    ]
    if any(one.local for one in others):
        return tuple(others)
    return (Participant(id=LOCAL_PLAYER, name=draft.identity, local=True), *others)


def _shifted(events: list[Event], shift: timedelta) -> tuple[Event, ...]:
    if not shift:
        return tuple(events)
    by = shift // timedelta(milliseconds=1)
    return tuple(replace(event, at=EpochMs(event.at + by)) for event in events)


def _evidence(ending: Pattern) -> str:
    return " ".join([ending.type, *(str(value) for value in ending.where.values())])
