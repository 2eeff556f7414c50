"""Databases as Resonance Logs writes them, in its first weeks and later; everything seeded, every name made up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Literal

from logferry_daemon.core.rows import Cell
from tests.factories import START, cast

Age = Literal["first", "later"]
AGES: Sequence[Age] = ("first", "later")
Cells = dict[str, Cell]
Tables = dict[str, list[Cells]]

_OF = ("dealt", "heal", "taken")
_COUNTED = ("hits", "crit_hits", "lucky_hits", "crit_total", "lucky_total")
_STATS = ("damage_dealt", "heal_dealt", "damage_taken", *(f"{what}_{of}" for what in _COUNTED for of in _OF))
_SKILL = "skill_id hits total_value crit_hits lucky_hits crit_total lucky_total"
_FIRST: Mapping[str, str] = {
    "encounters": "id started_at_ms ended_at_ms local_player_id total_dmg total_heal",
    "entities": "entity_id name class_id class_spec ability_score level first_seen_ms last_seen_ms",
    "actor_encounter_stats": f"encounter_id actor_id {' '.join(_STATS)}",
    "damage_skill_stats": f"encounter_id attacker_id defender_id {_SKILL} hp_loss_total shield_loss_total hit_details",
    "heal_skill_stats": f"encounter_id healer_id target_id {_SKILL} heal_details",
    "encounter_bosses": "encounter_id monster_name hits total_damage",
}
_ADDED: Mapping[str, str] = {
    "encounters": "scene_id scene_name duration uploaded_at_ms remote_encounter_id is_favorite is_manually_reset",
    "actor_encounter_stats": "name class_id class_spec ability_score level is_player is_local_player attributes revives "
    "boss_damage_dealt boss_hits_dealt boss_crit_hits_dealt boss_lucky_hits_dealt boss_crit_total_dealt "
    "boss_lucky_total_dealt dps duration active_dmg_time_ms tdps",
    "damage_skill_stats": "monster_name",
    "encounter_bosses": "max_hp is_defeated",
    "death_events": "id encounter_id timestamp_ms actor_id killer_id skill_id is_local_player attempt_index",
    "attempts": "id encounter_id attempt_index started_at_ms ended_at_ms reason total_deaths",
}
_KEYS = {"encounters": "id", "entities": "entity_id", "death_events": "id", "attempts": "id"}
_REAL = {"duration", "dps", "tdps"}
_TEXT = {"name", "scene_name", "attributes", "monster_name", "hit_details", "heal_details", "reason"}
BOSSES = ("Thornwarden", "Ember Tyrant", "Hollow Choir")
SCENES = ((7001, "Sunken Bastion"), (7002, "Glass Orchard"))


def columns(age: Age) -> dict[str, tuple[str, ...]]:
    """Table -> columns, as of that age."""
    added = _ADDED if age == "later" else {}
    names = (*_FIRST, *(name for name in added if name not in _FIRST))
    return {name: tuple(f"{_FIRST.get(name, '')} {added.get(name, '')}".split()) for name in names}


def schema(age: Age) -> str:
    """What makes the tables."""
    return "\n".join(_create(name, names) for name, names in columns(age).items())


def _create(table: str, names: Iterable[str]) -> str:
    def kind(name: str) -> str:
        if name == _KEYS.get(table):
            return "INTEGER PRIMARY KEY"
        return "REAL" if name in _REAL else "TEXT" if name in _TEXT else "BIGINT"

    index = "" if table in {"encounters", "entities"} else f"CREATE INDEX idx_{table} ON {table}(encounter_id);"
    return f"CREATE TABLE {table} ({', '.join(f'{name} {kind(name)}' for name in names)});{index}"


@dataclass
class Book:
    """Grows by one encounter at a time; `tables` is what the database holds."""

    age: Age = "later"
    seed: int = 1
    tables: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self.people = {40_000_001 + number: name for number, name in enumerate(self._names())}
        self.local = next(iter(self.people))
        self.tables |= {name: [] for name in columns(self.age)}
        for actor, name in self.people.items():
            row: Cells = {"entity_id": actor, "name": name, "class_id": 1 + actor % 8, "class_spec": 1 + actor % 2}
            self._add("entities", row | {"ability_score": 21_000 + actor % 997, "level": 60})

    def _names(self) -> tuple[str, ...]:
        crew = cast(self.seed)
        return (crew.player, *crew.others)[:5]

    def _add(self, table: str, row: Mapping[str, Cell]) -> None:
        """Only what this age knows."""
        there = columns(self.age).get(table, ())
        if there:
            self.tables[table].append({name: row.get(name) for name in there})

    def encounter(
        self, *, start: datetime = START, seconds: int = 60, ended: bool = True, reset: bool = False, hits: int = 6
    ) -> int:
        """One more fight: everybody against one boss and its servants. Returns its row id."""
        number, started = len(self.tables["encounters"]) + 1, round(start.timestamp() * 1000)
        scene, boss = self._random.choice(SCENES), self._random.choice(BOSSES)
        fight = _Fight(self, number, started=started, length=seconds * 1000, boss=boss, hits=hits)
        for actor in self.people:
            fight.player(actor, ended=ended)
        fight.monster(ended=ended)
        row: Cells = {
            "id": number,
            "started_at_ms": started,
            "ended_at_ms": started + seconds * 1000 if ended else None,
            "local_player_id": self.local,
            "total_dmg": fight.damage,
            "total_heal": fight.healing,
            "scene_id": scene[0],
            "scene_name": scene[1],
            "duration": float(seconds) if ended else 0.0,
            "is_favorite": 0,
            "is_manually_reset": int(reset),
        }
        self._add("encounters", row)
        boss_row: Cells = {
            "encounter_id": number,
            "monster_name": boss,
            "hits": fight.boss_hits,
            "total_damage": fight.boss,
        }
        self._add("encounter_bosses", boss_row | {"max_hp": 5_000_000, "is_defeated": int(ended and not reset)})
        attempt: Cells = {"encounter_id": number, "attempt_index": 1, "started_at_ms": started, "reason": "manual"}
        self._add("attempts", attempt | {"id": number, "total_deaths": 1})
        return number

    def write(self, path: Path) -> None:
        """As a database that nobody has open any more."""
        with writer(path, self.age) as connection:
            insert(connection, self.tables)
        connection.close()


class _Fight:
    """Makes one encounter's rows."""

    def __init__(self, book: Book, number: int, *, started: int, length: int, boss: str, hits: int) -> None:
        self._book, self._number, self._started, self._length = book, number, started, length
        self._name, self._hits = boss, hits
        self.damage = self.healing = self.boss = self.boss_hits = 0

    def player(self, actor: int, *, ended: bool) -> None:
        """Two skills on several targets, one of them healing; one player falls."""
        book, made = self._book, Random(f"{self._book.seed}/{self._number}/{actor}")
        total: dict[str, int] = dict.fromkeys(_STATS, 0)
        for skill in (1701, 1715):
            for target, name in ((900 + self._number, self._name), (800, "Servant")):
                blows = self._blows(made, "damage")
                self._skill("damage_skill_stats", (actor, target, skill), blows, name)
                self._count(total, "dealt", blows)
                if target != 800:
                    self.boss += sum(blow["damage"] for blow in blows)
                    self.boss_hits += len(blows)
        heals = self._blows(made, "heal")
        self._skill("heal_skill_stats", (actor, book.local, 2301), heals, None)
        self._count(total, "heal", heals)
        self.damage, self.healing = self.damage + total["damage_dealt"], self.healing + total["heal_dealt"]
        seconds = self._length / 1000
        character = next(row for row in book.tables["entities"] if row["entity_id"] == actor)
        row: Cells = {
            "encounter_id": self._number,
            "actor_id": actor,
            "is_player": 1,
            "is_local_player": int(actor == book.local),
            "attributes": json.dumps({"note": character["name"]}),
            "revives": int(actor % 5 == 2),
            "boss_damage_dealt": total["damage_dealt"] // 2,
            "boss_hits_dealt": total["hits_dealt"] // 2,
            "dps": total["damage_dealt"] / seconds if ended else 0.0,
            "duration": seconds if ended else 0.0,
            "active_dmg_time_ms": self._length // 2,
            "tdps": total["damage_dealt"] * 2 / seconds if ended else 0.0,
        }
        row |= {name: character[name] for name in ("name", "class_id", "class_spec", "ability_score", "level")}
        book._add("actor_encounter_stats", row | total | {"damage_taken": 1200, "hits_taken": 3})
        if actor % 5 == 2:
            when = {"timestamp_ms": self._started + self._length // 2, "actor_id": actor, "killer_id": 900}
            book._add("death_events", when | {"id": self._number, "encounter_id": self._number, "attempt_index": 1})

    def monster(self, *, ended: bool) -> None:
        """The boss strikes, too."""
        blows = self._blows(Random(self._number), "damage")
        self._skill("damage_skill_stats", (900 + self._number, self._book.local, 5501), blows, None)
        row = dict.fromkeys(_STATS, 0) | {"encounter_id": self._number, "actor_id": 900 + self._number, "is_player": 0}
        self._book._add("actor_encounter_stats", row | {"name": self._name, "damage_dealt": 6000})

    def _blows(self, made: Random, word: str) -> list[dict[str, int]]:
        return [
            {
                "timestamp": self._started + made.randrange(self._length),
                word: made.randrange(100, 10_000),
                "crit": int(made.random() < 0.3),
                "lucky": int(made.random() < 0.1),
            }
            for _ in range(self._hits)
        ]

    def _count(self, total: dict[str, int], of: str, blows: list[dict[str, int]]) -> None:
        sums = _sums(blows)
        total["damage_dealt" if of == "dealt" else "heal_dealt"] += sums["total_value"]
        for name in _COUNTED:
            total[f"{name}_{of}"] += sums[name]

    def _skill(self, table: str, ids: tuple[int, int, int], blows: list[dict[str, int]], monster: str | None) -> None:
        words = ("attacker_id", "defender_id") if table.startswith("damage") else ("healer_id", "target_id")
        details = "hit_details" if table.startswith("damage") else "heal_details"
        row = {"encounter_id": self._number, words[0]: ids[0], words[1]: ids[1], "skill_id": ids[2]}
        text = json.dumps([self._written(blow) for blow in blows], separators=(",", ":"))
        lost = {"hp_loss_total": _sums(blows)["total_value"], "shield_loss_total": 0}
        self._book._add(table, row | _sums(blows) | lost | {details: text, "monster_name": monster})

    def _written(self, blow: dict[str, int]) -> dict[str, int | bool]:
        """In the long words of the later age, or the short ones of the first."""
        value = blow.get("damage", blow.get("heal", 0))
        losses: dict[str, int] = {"hp_loss": value, "shield_loss": 0} if "damage" in blow else {}
        if self._book.age == "later":
            return blow | {"crit": bool(blow["crit"]), "lucky": bool(blow["lucky"])} | losses
        short = {"t": blow["timestamp"], "v": value, "c": bool(blow["crit"]), "l": bool(blow["lucky"])}
        return short | {name[0]: lost for name, lost in losses.items()}


def _sums(blows: list[dict[str, int]]) -> dict[str, int]:
    def value(blow: dict[str, int]) -> int:
        return blow.get("damage", blow.get("heal", 0))

    return {
        "hits": len(blows),
        "total_value": sum(map(value, blows)),
        "crit_hits": sum(blow["crit"] for blow in blows),
        "lucky_hits": sum(blow["lucky"] for blow in blows),
        "crit_total": sum(value(blow) for blow in blows if blow["crit"]),
        "lucky_total": sum(value(blow) for blow in blows if blow["lucky"]),
    }


def writer(path: Path, age: Age = "later") -> sqlite3.Connection:
    """The tracker's own connection: a write-ahead log, transactions by `with`. Tables are made when there are none."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        connection.executescript(schema(age))
    return connection


def insert(connection: sqlite3.Connection, tables: Mapping[str, Iterable[Mapping[str, object]]]) -> None:
    """All rows of all tables."""
    for table, found in tables.items():
        for row in found:
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 -- names are ours
                tuple(row.values()),
            )
