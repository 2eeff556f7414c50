"""What each player of a Resonance Logs encounter did with each skill, summed over all targets, hit by hit. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from logferry_daemon.core.figure import figure
from logferry_daemon.core.rows import Cell, Row
from logferry_daemon.trackers.resonance_rows import MAX_MS, Encounter, amount, moment, whole
from logferry_model.session import EpochMs, Hit, Skill

MAX_HITS_OF_A_SKILL = 10_000
MAX_HITS = 100_000
"""Of one encounter: some 10 MB as it is sent."""
UNKNOWN_SKILL = -1
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

    t: int | float | None = None
    v: int | float | None = None
    c: bool | int | None = None
    l: bool | int | None = None  # noqa: E741 -- the file's word
    h: int | float | None = None
    s: int | float | None = None
    timestamp: int | float | None = None
    damage: int | float | None = None
    heal: int | float | None = None
    value: int | float | None = None
    crit: bool | int | None = None
    lucky: bool | int | None = None
    hp_loss: int | float | None = None
    shield_loss: int | float | None = None


_blows = msgspec.json.Decoder(list[_Blow])
_blow = msgspec.json.Decoder(_Blow)
_items = msgspec.json.Decoder(list[msgspec.Raw])


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
    for blow in _decoded(details):
        hit = None if blow is None else _hit(blow)
        if hit is None:
            notes.add("timeline-damaged")
        elif hit.at - started_at > MAX_MS:
            notes.add("timeline-cut")
        else:
            yield hit


def _decoded(details: str) -> Iterator[_Blow | None]:
    """Every hit, with None for one that is none: others beside it are good all the same."""
    try:
        yield from _blows.decode(details)
        return
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        items = _items.decode(details)
    except (msgspec.MsgspecError, RecursionError):
        yield None
        return
    for item in items:
        try:
            yield _blow.decode(item)
        except (msgspec.MsgspecError, RecursionError):
            yield None


def _hit(blow: _Blow) -> Hit | None:
    time = _either(blow.t, blow.timestamp)
    at = moment(int(time) if isinstance(time, float) and time.is_integer() else time)
    value = figure(_either(blow.v, _either(blow.damage, _either(blow.heal, blow.value))))
    if at is None or value is None:
        return None
    return Hit(
        at=at,
        value=value,
        critical=bool(_either(blow.c, blow.crit)),
        lucky=bool(_either(blow.l, blow.lucky)),
        hp_loss=figure(_either(blow.h, blow.hp_loss)),
        shield_loss=figure(_either(blow.s, blow.shield_loss)),
    )


def _either(value: float | None, other: float | None) -> float | None:
    return other if value is None else value
