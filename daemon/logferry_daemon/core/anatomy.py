"""What a session is made of, and what is taken out of it before it is kept. Pure; shows no name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from logferry_daemon.core.reading import Raw
from logferry_daemon.core.sanitise import sanitise
from logferry_model.session import Event, Scalar

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


def anatomy(raw: Raw) -> Anatomy:
    """What `raw` is made of once it is clean."""
    clean = sanitise(raw.session, raw.names)
    stays: Counter[str] = Counter()
    for event in clean.session.events:
        stays.update(_fields(event))
    return Anatomy(
        types=_by_number(Counter(event.type for event in clean.session.events)),
        facts=dict(clean.session.facts),
        stays=_by_number(stays),
        redacted=_by_number(Counter(clean.removed)),
        names=len(raw.names),
    )


def _fields(event: Event) -> list[str]:
    """Those that say something."""
    own = [
        name for name in event.__struct_fields__ if name not in _ALWAYS and getattr(event, name) not in (None, False)
    ]
    return [*own, *(name for name, value in event.fields.items() if value is not None)]


def _by_number(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
