"""What is asked of a Resonance Logs database. Columns of every age: a file has those that its release knew."""

from __future__ import annotations

from logferry_daemon.core.rows import Table
from logferry_daemon.trackers.resonance_rows import FACTS, FIGURES

_BLOW = ("skill_id", "hits", "total_value", "crit_hits", "lucky_hits", "crit_total", "lucky_total")
SESSIONS = Table(
    name="encounters",
    key="id",
    columns=(
        "started_at_ms",
        "ended_at_ms",
        "local_player_id",
        "total_dmg",
        "total_heal",
        "scene_id",
        "scene_name",
        "is_manually_reset",
    ),
    needed=True,
)
_KEY = "encounter_id"
PARTS = (
    Table(
        name="actor_encounter_stats",
        key=_KEY,
        columns=("actor_id", "is_player", "is_local_player", "name", "dps", *FACTS, *FIGURES),
        needed=True,
    ),
    Table(
        name="damage_skill_stats",
        key=_KEY,
        columns=("attacker_id", *_BLOW, "hp_loss_total", "shield_loss_total", "hit_details"),
        bulky=("hit_details",),
    ),
    Table(
        name="heal_skill_stats",
        key=_KEY,
        columns=("healer_id", *_BLOW, "heal_details"),
        bulky=("heal_details",),
    ),
    Table(
        name="encounter_bosses",
        key=_KEY,
        columns=("monster_name", "hits", "total_damage", "max_hp", "is_defeated"),
    ),
    Table(name="death_events", key=_KEY, columns=("timestamp_ms", "actor_id", "attempt_index")),
    Table(name="attempts", key=_KEY, columns=("attempt_index", "started_at_ms", "ended_at_ms")),
    Table(
        name="entities",
        key="entity_id",
        columns=("name", "is_player", "class_id", "class_spec"),
        among=("actor_encounter_stats.actor_id", "encounters.local_player_id", "heal_skill_stats.target_id"),
    ),
)
