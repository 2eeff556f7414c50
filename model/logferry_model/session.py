"""A session and its parts: the words every room shares. Frozen values; no IO, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from msgspec import Struct, field

from logferry_model.figures import Statistics

EpochMs = NewType("EpochMs", int)
"""Milliseconds since 1970-01-01T00:00:00Z: the unit of the trackers' own files, so nothing is rounded."""

SessionId = NewType("SessionId", str)
"""Sixteen hex digits, made from the tracker and the natural key: the same session read twice has the same id."""

Scalar = str | int | float | bool | None
"""What a field taken from a log line may hold."""


class EndRule(StrEnum):
    """Why a session counts as over, strongest first."""

    EXPLICIT = "explicit"
    """The log itself says so."""
    DEMAND = "demand"
    """Its owner wanted it to end there."""
    PROCESS_GONE = "process-gone"
    """The game or tracker was seen running and then was not."""
    APP_CLOSED = "app-closed"
    """Its program told that it closes, or somebody told it for the program."""
    NEXT_START = "next-start"
    """A later session has begun."""
    SILENCE = "silence"
    """Nothing was written for longer than the recipe allows."""


class End(Struct, frozen=True, kw_only=True):
    """How a session ended and how sure that is."""

    rule: EndRule
    evidence: str
    """What was seen, as "line 45: Shutdown": never the content of a line."""
    confidence: float
    """Between 0 (a guess) and 1 (the log says so)."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing that happened, in the tracker's own word for it."""

    # No collector has to look through a hundred thousand of them: nothing in one can lead back to it.

    at: EpochMs
    type: str
    amount: float | None = None
    """Points: damage, healing, skill gained."""
    value: float | None = None
    """Worth in the game's own currency."""
    quantity: int | None = None
    critical: bool = False
    skill: str | None = None
    skill_category: str | None = None
    item: str | None = None
    creature: str | None = None
    damage_type: str | None = None
    loadout: str | None = None
    """Loadout.id"""
    participant: str | None = None
    """Participant.id"""
    fields: dict[str, Scalar] = field(default_factory=dict)
    """What else the tracker wrote and the recipe allows."""


class Participant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who took part; `name` is set only where the owner's policy keeps it."""

    id: str
    name: str | None = None
    local: bool = False
    """The player who owns the log."""
    facts: dict[str, Scalar] = field(default_factory=dict)
    """What holds for them all through the session: class, level."""
    figures: dict[str, float] = field(default_factory=dict)
    """What they did, by the figure's name: `damage_dealt`, `healing`, `damage_taken`, `deaths`."""


class Hit(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One blow or heal of a skill's timeline."""

    at: EpochMs
    value: float
    critical: bool = False
    lucky: bool = False
    hp_loss: float | None = None
    """What it took of the target's health; None for heals."""
    shield_loss: float | None = None


class Skill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One skill over the whole session."""

    name: str
    category: str | None = None
    uses: int = 0
    """How often it was used or gained."""
    total: float = 0.0
    """Points gained, or damage or healing done with it."""
    participant: str | None = None
    figures: dict[str, float] = field(default_factory=dict)
    """Further sums, by name: `critical_hits`, `critical_total`, `lucky_hits`, `lucky_total`."""
    timeline: tuple[Hit, ...] = ()


class Boss(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An enemy that the session was about."""

    name: str
    damage: float = 0.0
    """Dealt to it by everybody."""
    hits: int = 0
    max_hp: float | None = None
    defeated: bool = False


class Loadout(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A set of equipment and what one shot with it costs, in the game's currency."""

    id: str
    name: str | None = None
    cost_per_shot: float | None = None


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that belongs to the session and travels beside it."""

    name: str
    media_type: str
    size: int
    """Bytes."""
    digest: str
    """sha-256, hex."""


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stretch of play, with its events, participants and statistics."""

    id: SessionId
    tracker: str
    natural_key: str
    """What makes it this session and no other, from its content alone: no path, no counter, no account."""
    started_at: datetime
    """Aware, UTC."""
    ended_at: datetime | None = None
    """Aware, UTC; None while it runs."""
    end: End | None = None
    """None while it runs."""
    name: str | None = None
    tags: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    loadouts: tuple[Loadout, ...] = ()
    events: tuple[Event, ...] = ()
    skills: tuple[Skill, ...] = ()
    bosses: tuple[Boss, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    facts: dict[str, Scalar] = field(default_factory=dict)
    """What holds for the whole session: game version, mode, ship."""
    statistics: Statistics = field(default_factory=Statistics)

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it runs."""
        return self.ended_at - self.started_at if self.ended_at else None
