"""What the rows of one Resonance Logs encounter say about people, bosses and deaths. Rows in, values out.

Rows come from a file that anybody may have written: a value of the wrong kind counts as not given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import YEARS, to_ms
from logferry_daemon.core.rows import Cell, Row
from logferry_model.session import Boss, EpochMs, Event, Participant, Scalar, Skill

MAX_PLAYERS = 50
MAX_MS = 7_200_000
"""Two hours: no longer timeline is sent."""
ALWAYS = ("damage_dealt", "heal_dealt", "damage_taken", "boss_damage_dealt")
_COUNTED = ("hits", "crit_hits", "lucky_hits", "crit_total", "lucky_total")
FIGURES = (
    *ALWAYS,
    *(f"{what}_{of}" for what in _COUNTED for of in ("dealt", "heal", "taken")),
    *(f"boss_{what}_dealt" for what in _COUNTED),
    "revives",
    "active_dmg_time_ms",
    "tdps",
)
"""Columns that are taken over under their own name."""
FACTS = ("class_id", "class_spec", "ability_score", "level")
OF_THE_CHARACTER = ("class_id", "class_spec")
"""Those that an older file has with the character only: its score and level there are today's, not the fight's."""

_MOMENTS = range(*(to_ms(datetime(year, 1, 1, tzinfo=UTC)) for year in (YEARS.start, YEARS.stop)))
"""Milliseconds that are in a year that counts."""


def whole(row: Row, column: str) -> int | None:
    """A whole number of a row."""
    value = row.get(column)
    return value if isinstance(value, int) else None


def amount(row: Row, column: str) -> float:
    """A figure of a row; 0 when there is none, and never less."""
    return max(figure(row.get(column)) or 0.0, 0.0)


def text(row: Row, column: str) -> str | None:
    """A text of a row."""
    value = row.get(column)
    return value.strip()[:200].replace("\0", "\N{REPLACEMENT CHARACTER}") or None if isinstance(value, str) else None


def moment(value: Cell) -> EpochMs | None:
    """A time of a row."""
    return EpochMs(value) if isinstance(value, int) and value in _MOMENTS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """The rows of one encounter."""

    row: Row
    started_at: EpochMs
    actors: Sequence[Row]
    damage: Sequence[Row]
    heals: Sequence[Row]
    bosses: Sequence[Row]
    deaths: Sequence[Row]
    attempts: Sequence[Row]
    characters: Mapping[Cell, Row]
    """Everybody the file knows, by actor."""

    @property
    def local_actor(self) -> int | None:
        """Whose file it is."""
        for row in self.actors:
            if row.get("is_local_player") == 1:
                return whole(row, "actor_id")
        return whole(self.row, "local_player_id")


@dataclass(frozen=True, slots=True)
class People:
    """Who took part: the players that are kept, under labels that name nobody."""

    participants: tuple[Participant, ...]
    labels: Mapping[Cell, str]
    """Actor -> Participant.id"""
    names: frozenset[str]
    """Of everybody in the rows, kept or not."""


def people(encounter: Encounter, notes: set[str]) -> People:
    """The players, the local one always among them."""
    local = encounter.local_actor
    actors = {row.get("actor_id"): row for row in encounter.actors if _is_player(row, encounter.characters, local)}
    kept = sorted(actors, key=lambda actor: (actor != local, -amount(actors[actor], "damage_dealt"), str(actor)))
    if len(kept) > MAX_PLAYERS:
        notes.add("too-many-players")
    labels = {actor: f"p{number}" for number, actor in enumerate(sorted(kept[:MAX_PLAYERS], key=str), start=1)}
    deaths = Counter(row.get("actor_id") for row in encounter.deaths)
    participants = tuple(
        _participant(
            actors[actor],
            encounter.characters.get(actor, {}),
            Participant(id=label, local=actor == local),
            deaths=deaths[actor],
        )
        for actor, label in labels.items()
    )
    # The oldest files list monsters among the characters, and a boss may be named.
    named = (*actors.values(), *(row for row in encounter.characters.values() if row.get("is_player", 1) == 1))
    return People(participants, labels, frozenset(name for row in named if (name := text(row, "name"))))


def _is_player(row: Row, characters: Mapping[Cell, Row], local: int | None) -> bool:
    """The row says so; an older one does not, but then only players are among the characters."""
    actor = whole(row, "actor_id")
    if actor is None or actor == local:
        return actor is not None
    if "is_player" in row:
        return row["is_player"] == 1
    return actor in characters and characters[actor].get("is_player", 1) == 1


def _participant(row: Row, character: Row, person: Participant, *, deaths: int) -> Participant:
    figures = {name: value for name in FIGURES if (value := amount(row, name)) or name in ALWAYS}
    figures["dps"] = amount(row, "dps")
    figures["deaths"] = float(deaths)
    later = {name: whole(character, name) for name in OF_THE_CHARACTER}
    facts: dict[str, Scalar] = {name: known for name in FACTS if (known := whole(row, name) or later.get(name))}
    return replace(person, name=text(row, "name") or text(character, "name"), facts=facts, figures=figures)


def rated(person: Participant, seconds: float) -> Participant:
    """The same with what they did a second; the tracker's own count of it where there is one."""
    figures = person.figures
    rates = {
        "dps": figures["dps"] or rate(figures["damage_dealt"], seconds),
        "hps": rate(figures["heal_dealt"], seconds),
    }
    return replace(person, figures=figures | rates)


def rate(total: float, seconds: float) -> float:
    """So much a second; 0 while it has taken no time."""
    return round(total / seconds, 3) if seconds > 0 else 0.0


def bosses(encounter: Encounter) -> tuple[Boss, ...]:
    """The enemies that it was about, the one that took most first."""
    found = (
        Boss(
            name=name,
            damage=amount(row, "total_damage"),
            hits=int(amount(row, "hits")),
            max_hp=amount(row, "max_hp") or None,
            defeated=row.get("is_defeated") == 1,
        )
        for row in encounter.bosses
        if (name := text(row, "monster_name"))
    )
    return tuple(sorted(found, key=lambda boss: (-boss.damage, boss.name)))


def deaths(encounter: Encounter, labels: Mapping[Cell, str]) -> tuple[Event, ...]:
    """Who fell when, in which attempt."""
    events = [
        Event(
            at=at,
            type="death",
            participant=labels[row.get("actor_id")],
            fields={"attempt": attempt} if (attempt := whole(row, "attempt_index")) else {},
        )
        for row in encounter.deaths
        if row.get("actor_id") in labels and (at := moment(row.get("timestamp_ms"))) is not None
    ]
    return tuple(sorted(events, key=lambda event: (event.at, event.participant or "")))


def last_moment(encounter: Encounter, skills_so_far: Sequence[Skill]) -> EpochMs:
    """The latest time that anything in it names."""
    hits = (skill.timeline[-1].at for skill in skills_so_far if skill.timeline)
    times = (
        *(moment(row.get("timestamp_ms")) for row in encounter.deaths),
        *(moment(row.get("ended_at_ms")) or moment(row.get("started_at_ms")) for row in encounter.attempts),
    )
    return max((encounter.started_at, *hits, *(at for at in times if at is not None)))
