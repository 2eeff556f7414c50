"""A bot's session as the SWG bridge serialises it: sections of XP, credits, quests, places, events and rates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from logferry_daemon.core.exchange import Parcel
from logferry_daemon.core.identity import from_ms
from logferry_daemon.dialects import foreign
from logferry_model.session import Event, Session

LISTS: Mapping[str, str] = {
    "communication": "communication_events",
    "player_encounter": "player_encounters",
    "guild_alert": "guild_alerts",
    "action": "actions",
    "afk": "afk_periods",
    "stuck": "stuck_events",
}
"""Our word for an event -> the list it stands in; quests and places have sections of their own."""
METRICS: Mapping[str, str] = {
    "xp_per_hour": "xp_per_hour",
    "credits_per_hour": "credits_per_hour",
    "quests_per_hour": "quests_per_hour",
    "actions_per_hour": "actions_per_hour",
    "efficiency_score": "efficiency_score",
    "travel_minutes": "total_travel_time_minutes",
    "unique_players": "unique_players_encountered",
}
"""Our name -> the bridge's."""
_MINUTE = timedelta(minutes=1)


def serialised(session: Session, parcel: Parcel) -> dict[str, Any]:
    """All sections, also those that are empty: the bridge always writes them."""
    figures = {one.name: foreign.plain(one.value) for one in session.statistics.measures}
    ended = session.ended_at or session.started_at
    quests = [event for event in session.events if event.type == "quest"]
    return {
        "session_id": f"session_{session.id}",
        "character_name": foreign.own_name(session),
        "start_time": session.started_at.isoformat(),
        "end_time": ended.isoformat(),
        "duration_minutes": round((ended - session.started_at) / _MINUTE, 2),
        "xp_data": {"total_xp_gained": figures.get("xp", 0)},
        "credit_data": {"total_credits_gained": figures.get("credits", 0)},
        "quest_data": {
            "total_quests_completed": figures.get("quests", len(quests)),
            "quests_completed": [
                {"completed_at": _iso(event)} | foreign.known(name=event.item) for event in quests if event.item
            ],
        },
        "location_data": _places(session),
        "event_data": _events(session),
        "performance_metrics": {theirs: figures[ours] for ours, theirs in METRICS.items() if ours in figures},
        "metadata": {"uploader": "logferry", "version": parcel.app_version, "platform": parcel.platform}
        | foreign.known(mode=session.facts.get("mode"))
        | {"sanitized": True},
        **foreign.known(mode=session.facts.get("mode")),
    }


def _places(session: Session) -> dict[str, Any]:
    planets = session.facts.get("planets")
    return {
        "planets_visited": planets.split(", ") if isinstance(planets, str) else [],
        "locations_visited": [_place(event) for event in session.events if event.type == "location"],
    }


def _place(event: Event) -> dict[str, Any]:
    at = [event.fields.get(axis) for axis in ("x", "y", "z")]
    found = [value for value in at if value is not None]
    return {"arrival_time": _iso(event)} | foreign.known(
        planet=event.fields.get("planet"),
        coordinates=found or None,
        duration_minutes=event.fields.get("minutes"),
    )


def _events(session: Session) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS.values()}
    for event in session.events:
        if event.type in LISTS:
            found[LISTS[event.type]].append(_event(event))
    return found


def _event(event: Event) -> dict[str, Any]:
    """Who and what was said are tokens, or not there."""
    minutes, who, said = (event.fields.get(name) for name in ("minutes", "who", "text"))
    person = {"player_name": who} if event.type == "player_encounter" else {"sender": who}
    what = {"message": said, "action": event.fields.get("action") if event.type == "action" else None}
    return {"timestamp": _iso(event)} | foreign.known(**person, **what, duration_minutes=minutes)


def _iso(event: Event) -> str:
    return from_ms(event.at).isoformat()
