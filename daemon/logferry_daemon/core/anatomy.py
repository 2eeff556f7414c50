"""What a session is made of, and what is taken out of it before it is kept. Pure; shows no name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from logferry_daemon.core.reading import Raw
from logferry_daemon.core.sanitise import Privacy, sanitise
from logferry_daemon.core.slots import slot_of
from logferry_model.session import Event, Scalar, Session

_ALWAYS = frozenset({"at", "type", "fields"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """One session, taken apart."""

    types: Mapping[str, int]
    """Events by type, the most frequent first."""
    facts: Mapping[str, Scalar]
    """Those that may leave."""
    stays: Mapping[str, int]
    """Fields of events that may leave, besides time and type -> in how many events."""
    redacted: Mapping[str, int]
    """What is taken out: field -> how often."""
    names: int
    """Names that were looked for everywhere."""


def anatomy(raw: Raw, privacy: Privacy) -> Anatomy:
    """What `raw` is made of once it is clean."""
    clean = sanitise(raw.session, raw.names, privacy)
    stays: Counter[str] = Counter()
    for event in clean.session.events:
        stays.update(_fields(event))
    redacted = Counter(_stood_for(clean.session))
    for (name, _), times in clean.removed.items():
        redacted[name] += times
    return Anatomy(
        types=_by_number(Counter(event.type for event in clean.session.events)),
        facts={name: value for name, value in clean.session.facts.items() if not _is_slot(value)},
        stays=_by_number(stays),
        redacted=_by_number(redacted),
        names=len(raw.names),
    )


def _stood_for(session: Session) -> Iterator[str]:
    """Where a slot stands: what is there is decided for each destination."""
    yield from ("name",) * bool(session.name)
    yield from ("tags",) * len(session.tags)
    yield from ("participants" for one in session.participants if one.name)
    yield from ("loadouts" for one in session.loadouts if one.name)
    for fields in (session.facts, *(event.fields for event in session.events)):
        yield from (name for name, value in fields.items() if _is_slot(value))


def _is_slot(value: Scalar) -> bool:
    return isinstance(value, str) and slot_of(value) is not None


def _fields(event: Event) -> list[str]:
    """Those that say something."""
    own = [
        name for name in event.__struct_fields__ if name not in _ALWAYS and getattr(event, name) not in (None, False)
    ]
    return [*own, *(name for name, value in event.fields.items() if value is not None and not _is_slot(value))]


def _by_number(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
