"""What the rows of one Resonance Logs encounter say about people, skills, bosses and deaths. Rows in, values out.

Rows come from a file that anybody may have written: a value of the wrong kind counts as not given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import from_ms
from logferry_daemon.core.rows import Cell, Row
from logferry_model.session import Boss, EpochMs, Event, Hit, Participant, Scalar, Skill

MAX_PLAYERS = 50
MAX_HITS_OF_A_SKILL = 10_000
MAX_HITS = 100_000
"""Of one encounter: some 10 MB as it is sent."""
MAX_MS = 7_200_000
UNKNOWN_SKILL = -1
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
_SUMS = {
    "crit_hits": "critical_hits",
    "crit_total": "critical_total",
    "lucky_hits": "lucky_hits",
    "lucky_total": "lucky_total",
    "hp_loss_total": "hp_loss",
    "shield_loss_total": "shield_loss",
}
"""Column of a skill's row -> figure."""


class _Blow(Struct, frozen=True):
    """One hit as the tracker writes it: in short words, or in the long ones of its later releases."""

    t: int | None = None
    v: int | float | None = None
    c: bool | int | None = None
    l: bool | int | None = None  # noqa: E741 -- the file's word
    h: int | float | None = None
    s: int | float | None = None
    timestamp: int | None = None
    damage: int | float | None = None
    heal: int | float | None = None
    value: int | float | None = None
    crit: bool | int | None = None
    lucky: bool | int | None = None
    hp_loss: int | float | None = None
    shield_loss: int | float | None = None


_blows = msgspec.json.Decoder(list[_Blow])


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
    try:
        from_ms(value if isinstance(value, int) else -1)
    except OverflowError:
        return None
    return EpochMs(value) if isinstance(value, int) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """The rows of one encounter."""

    row: Row
    started_at: EpochMs
    seconds: float
    """How long it took; 0 while nobody knows."""
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
            seconds=encounter.seconds,
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


def _participant(row: Row, character: Row, person: Participant, *, seconds: float, deaths: int) -> Participant:
    figures = {name: value for name in FIGURES if (value := amount(row, name)) or name in ALWAYS}
    figures["dps"] = amount(row, "dps") or _rate(figures["damage_dealt"], seconds)
    figures["hps"] = _rate(figures["heal_dealt"], seconds)
    figures["deaths"] = float(deaths)
    later = {name: whole(character, name) for name in OF_THE_CHARACTER}
    facts: dict[str, Scalar] = {name: known for name in FACTS if (known := whole(row, name) or later.get(name))}
    return replace(person, name=text(row, "name") or text(character, "name"), facts=facts, figures=figures)


def _rate(total: float, seconds: float) -> float:
    return round(total / seconds, 3) if seconds > 0 else 0.0


@dataclass(slots=True)
class _Sum:
    """One skill of one player over all its targets."""

    uses: float = 0.0
    total: float = 0.0
    figures: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    hits: list[Hit] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """One more target."""
        self.uses += amount(row, "hits")
        self.total += amount(row, "total_value")
        for column, name in _SUMS.items():
            self.figures[name] += amount(row, column)
        self.figures["targets"] += 1


def skills(encounter: Encounter, labels: Mapping[Cell, str], notes: set[str]) -> tuple[Skill, ...]:
    """What each player did with each skill, with as much of the timelines as is sent."""
    sums: dict[tuple[str, str, int], _Sum] = {}
    kinds = (("damage", "attacker_id", encounter.damage), ("heal", "healer_id", encounter.heals))
    for category, actor, rows in kinds:
        for row in rows:
            label, number = labels.get(row.get(actor)), whole(row, "skill_id")
            if label is not None:
                key = (label, category, UNKNOWN_SKILL if number is None else number)
                one = sums.setdefault(key, _Sum())
                one.add(row)
                one.hits += _hits(row, encounter.started_at, notes)
    most = _most({key: len(one.hits) for key, one in sums.items()}, notes)
    return tuple(
        _skill(key, one, most) for key, one in sorted(sums.items(), key=lambda item: (int(item[0][0][1:]), item[0]))
    )


def _skill(key: tuple[str, str, int], one: _Sum, most: int) -> Skill:
    label, category, number = key
    return Skill(
        name="unknown" if number == UNKNOWN_SKILL else str(number),
        category=category,
        uses=int(one.uses),
        total=one.total,
        participant=label,
        figures={name: value for name, value in one.figures.items() if value},
        timeline=tuple(sorted(one.hits, key=lambda hit: hit.at)[:most]),
    )


def _most(lengths: Mapping[object, int], notes: set[str]) -> int:
    """How many hits each timeline may have, so that all of them together are not too many."""
    most = MAX_HITS_OF_A_SKILL
    while sum(min(length, most) for length in lengths.values()) > MAX_HITS:
        most = most * 9 // 10
    if any(length > most for length in lengths.values()):
        notes.add("timeline-cut")
    return most


def _hits(row: Row, started_at: EpochMs, notes: set[str]) -> Iterator[Hit]:
    """A row's timeline, as far as it is within the longest encounter."""
    details = row.get("hit_details", row.get("heal_details"))
    if not isinstance(details, str):
        return
    try:
        blows = _blows.decode(details)
    except (msgspec.MsgspecError, RecursionError):
        notes.add("timeline-damaged")
        return
    for blow in blows:
        hit = _hit(blow)
        if hit is None:
            notes.add("timeline-damaged")
        elif hit.at - started_at > MAX_MS:
            notes.add("timeline-cut")
        else:
            yield hit


def _hit(blow: _Blow) -> Hit | None:
    at = moment(_first(blow.t, blow.timestamp))
    value = figure(_first(blow.v, blow.damage, blow.heal, blow.value))
    if at is None or value is None:
        return None
    return Hit(
        at=at,
        value=value,
        critical=bool(_first(blow.c, blow.crit)),
        lucky=bool(_first(blow.l, blow.lucky)),
        hp_loss=figure(_first(blow.h, blow.hp_loss)),
        shield_loss=figure(_first(blow.s, blow.shield_loss)),
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


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
    return max(encounter.started_at, *hits, *(at for at in times if at is not None))
