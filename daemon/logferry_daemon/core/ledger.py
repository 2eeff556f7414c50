"""What became of everything that was found: the deliveries of the counts by day, source and reason. Pure.

Every delivery is in exactly one line of reasons, so the lines of a state add up to its count, and all of them to what
was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from logferry_daemon.core.delivery import DENIED_REASON, FILTER_REASON, State, public_state
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.identities import Standing

EXAMPLES = 5
"""Sessions that a line names."""
MOST_LINES = 100
"""Reasons of one state; servers that number their errors make one of each."""


class Rule(StrEnum):
    """Why a delivery is where it is. Programs read these; people read the text beside it."""

    QUEUED = "queued"
    RETRY = "retry"
    """It was tried, and is tried again."""
    DESTINATION = "destination"
    """Nothing goes there now."""
    UNDER_WAY = "under-way"
    UPLOADED = "uploaded"
    REFUSED = "refused"
    NOT_ASKED = "not-asked"
    NO_DESTINATION = "no-destination"
    IDENTITY_UNKNOWN = "identity-unknown"
    IDENTITY_DENIED = "identity-denied"
    OTHER_TRACKER = "other-tracker"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    EXCLUDED = "excluded"
    """By any other rule; the text says which."""
    OTHERS = "others"
    """What there was no more room for."""


NO_DESTINATION_TEXT = "there is no destination yet; set one with: logferry destinations add"
_BY_ITS_NOTE = (
    ("superseded by ", Rule.SUPERSEDED, "a newer revision of the session takes its place"),
    ("merged into ", Rule.MERGED, "the session became part of another one"),
)
_BY_THE_OWNER = {DENIED_REASON: Rule.IDENTITY_DENIED, FILTER_REASON: Rule.OTHER_TRACKER}
_AFTER = {
    State.UPLOADING: (Rule.UNDER_WAY, "on its way right now"),
    State.UPLOADED: (Rule.UPLOADED, "arrived, and proved"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One delivery; or a session that has none, which waits for a destination."""

    day: date
    """When its session was found."""
    source: str
    session: str
    destination: str
    state: str
    """As people see it."""
    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many deliveries of one state, for one reason."""

    state: str
    rule: Rule
    reason: str
    destination: str
    count: int
    sessions: tuple[str, ...]
    """Some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one day brought, or one source."""

    name: str
    sessions: int
    by_state: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that was found in a period."""

    sessions: int
    by_state: Mapping[str, int]
    days: tuple[Group, ...]
    sources: tuple[Group, ...]
    lines: tuple[Line, ...]


def why(state: State, gate: Gate, standing: Standing, *, attempts: int, note: str) -> tuple[str, Rule, str]:
    """The public state of a delivery, the rule behind it and that rule in words."""
    public, reason = public_state(state, gate, standing)
    if public == "excluded":
        return public, *_excluded(reason, note)
    if public == "held":
        return public, *_held(state, gate, reason)
    if state is State.FAILED:
        return public, Rule.REFUSED, note or "no reason was given"
    if state is State.PENDING:
        return public, *_pending(gate, attempts, note)
    return public, *_AFTER[state]


def _excluded(reason: str, note: str) -> tuple[Rule, str]:
    if reason in _BY_THE_OWNER:
        return _BY_THE_OWNER[reason], reason
    for beginning, rule, text in _BY_ITS_NOTE:
        if note.startswith(beginning):
            return rule, text
    return Rule.EXCLUDED, note or "left out by a rule"


def _held(state: State, gate: Gate, reason: str) -> tuple[Rule, str]:
    if state is State.BACKLOG:
        return Rule.NOT_ASKED, reason
    return Rule.DESTINATION if gate.held else Rule.IDENTITY_UNKNOWN, reason


def _pending(gate: Gate, attempts: int, note: str) -> tuple[Rule, str]:
    if not gate.open:
        return Rule.DESTINATION, gate.reason
    if attempts and note:
        return Rule.RETRY, note
    return Rule.QUEUED, "next in line"


def book(entries: Iterable[Entry]) -> Book:
    """All of it, added up; the latest day first."""
    found = list(entries)
    return Book(
        sessions=len({one.session for one in found}),
        by_state=_states(found),
        days=tuple(reversed(_groups([(one.day.isoformat(), one) for one in found]))),
        sources=_groups([(one.source, one) for one in found]),
        lines=_lines(found),
    )


def _states(entries: Iterable[Entry]) -> Counter[str]:
    return Counter(one.state for one in entries)


def _groups(named: Iterable[tuple[str, Entry]]) -> tuple[Group, ...]:
    groups: dict[str, list[Entry]] = {}
    for name, one in named:
        groups.setdefault(name, []).append(one)
    return tuple(
        Group(name=name, sessions=len({one.session for one in these}), by_state=_states(these))
        for name, these in sorted(groups.items())
    )


def _lines(entries: Sequence[Entry]) -> tuple[Line, ...]:
    """By state, the most frequent reason first; what is too much of one state goes into one last line of it."""
    alike: dict[tuple[str, Rule, str, str], list[Entry]] = {}
    for one in entries:
        alike.setdefault((one.state, one.rule, one.reason, one.destination), []).append(one)
    lines: dict[str, list[Line]] = {}
    for key, these in sorted(alike.items(), key=lambda item: (item[0][0], -len(item[1]), item[0])):
        lines.setdefault(key[0], []).append(_line(*key, these))
    return tuple(line for some in lines.values() for line in _bounded(some))


def _line(state: str, rule: Rule, reason: str, destination: str, these: Sequence[Entry]) -> Line:
    sessions = tuple(dict.fromkeys(one.session for one in these))[:EXAMPLES]
    return Line(state=state, rule=rule, reason=reason, destination=destination, count=len(these), sessions=sessions)


def _bounded(lines: Sequence[Line]) -> Iterable[Line]:
    if len(lines) <= MOST_LINES:
        return lines
    kept, rest = lines[:MOST_LINES], lines[MOST_LINES:]
    more = Line(
        state=rest[0].state,
        rule=Rule.OTHERS,
        reason=f"{len(rest)} other reasons",
        destination="",
        count=sum(one.count for one in rest),
        sessions=(),
    )
    return (*kept, more)
