"""Makes up session logs of the SWG bot bridge, with its quirks: fields that are missing, times without a zone. Seeded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.factories import START, cast

PLANETS = (("Tatooine", "Mos Eisley"), ("Naboo", "Theed"), ("Corellia", "Coronet"), ("Endor", "Outpost"))
QUESTS = ("Destroy the Imperial Base", "Collect Rare Minerals", "Rescue the Spy", "Eliminate the Bounty Hunter")
OPTIONAL = (
    "character_name",
    "mode",
    "xp",
    "credits",
    "afk_periods",
    "stuck_events",
    "performance_metrics",
    "guild_alerts",
)


def swg_log(seed: int = 1, *, start: datetime = START) -> dict[str, Any]:
    """One finished session as the bot writes it."""
    random, people = Random(seed), cast(seed)
    length = timedelta(minutes=random.randint(60, 180))

    def at(share: float) -> str:
        return (start + length * share).replace(tzinfo=None).isoformat()

    shares: Iterator[float] = iter([number / 24 for number in range(1, 24)])
    return {
        "session_id": f"session_{start:%Y%m%d_%H%M%S}_{seed:03}",
        "character_name": people.player,
        "start_time": at(0),
        "end_time": at(1),
        "duration_minutes": length / timedelta(minutes=1),
        "mode": random.choice(("quest", "combat", "crafting")),
        "xp": {"start": 50_000, "end": 50_000 + 12_000 * seed, "gained": 12_000 * seed},
        "credits": {"start": 100_000, "end": 100_000 + 6_000 * seed},
        "quests_completed": list(QUESTS[: random.randint(1, 4)]),
        "locations_visited": [
            {
                "planet": planet,
                "city": f"{people.player}'s {city}",
                "coordinates": [random.randint(-4000, 4000), random.randint(-4000, 4000)],
                "arrival_time": at(next(shares)),
                "duration_minutes": 25.0,
                "purpose": "quest_hub",
            }
            for planet, city in PLANETS[: random.randint(2, 4)]
        ],
        "communication_events": [
            {
                "timestamp": at(next(shares)),
                "event_type": random.choice(("whisper", "tell")),
                "sender": person,
                "message": gossip,
                "response_sent": True,
            }
            for person, gossip in zip(people.others, people.gossip, strict=False)
        ],
        "player_encounters": [
            {"player_name": person, "timestamp": at(next(shares)), "location": "Naboo - Theed", "distance": 15.5}
            for person in people.others[:2]
        ],
        "guild_alerts": [
            {
                "timestamp": at(next(shares)),
                "sender": people.others[0],
                "message": people.gossip[0],
                "reply_message": "hm",
            }
        ],
        "afk_periods": [{"start_time": at(next(shares)), "duration_minutes": 5.0, "reason": people.gossip[1]}],
        "stuck_events": [{"timestamp": at(next(shares)), "location": "Naboo", "duration_seconds": 45.0}],
        "actions": [
            {"time": at(0), "action": "Session started"},
            {"time": at(next(shares)), "action": f"Accepted quest: {QUESTS[0]}"},
            {"time": at(next(shares)), "action": f"Whispered {people.others[0]}"},
            {"time": at(1), "action": "Session ended"},
        ],
        "performance_metrics": {"efficiency_score": 8750.0, "unique_players_encountered": 2},
    }


def with_gaps(seed: int = 1) -> dict[str, Any]:
    """The same with some fields missing."""
    random = Random(seed)
    return {key: value for key, value in swg_log(seed).items() if key not in OPTIONAL or random.random() < 0.5}


def serialised(log: dict[str, Any]) -> dict[str, Any]:
    """As the bridge's own serialiser arranges it."""
    return {
        "session_id": log["session_id"],
        "character_name": log["character_name"],
        "start_time": log["start_time"],
        "end_time": log["end_time"],
        "xp_data": {"total_xp_gained": log["xp"]["gained"]},
        "credit_data": {"total_credits_gained": log["credits"]["end"] - log["credits"]["start"]},
        "quest_data": {"total_quests_completed": len(log["quests_completed"])},
        "location_data": {"locations": log["locations_visited"]},
        "event_data": {
            key: log[key] for key in ("communication_events", "player_encounters", "guild_alerts", "actions")
        },
        "performance_metrics": log["performance_metrics"],
    }
