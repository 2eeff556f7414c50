"""SWG bot bridge (Star Wars Galaxies): one JSON log a session, in several shapes and often with fields missing.

What was said, by whom and to whom stays on the machine: communication, encounters and alerts are kept as a word and a
time. Bytes in, sessions out: opens no file, reads no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from logferry_daemon.core.adding import with_measures
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import content_mark, from_ms, session_id
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import MAX_EVENTS, About, Document, EndRules, Reading, Trouble, found_whole
from logferry_daemon.trackers.shapes import (
    Object,
    as_moment,
    is_safe_id,
    later,
    layers,
    moment,
    number,
    opened,
    repaired,
    text,
    values,
)
from logferry_daemon.trackers.swg_events import (
    ACTION,
    ALERT,
    COMMUNICATION,
    ENCOUNTER,
    events_of,
    names_in,
    planets_of,
)
from logferry_daemon.trackers.swg_figures import MEASURE_GROUPS, measures, recounted, together
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import EndRule, Event, Participant, Scalar, Session

NAME = "swg-bot"
MAX_BYTES = 24 * 2**20
LONGEST = timedelta(days=30)
"""A duration beyond it is a mistake."""
MARKS = frozenset(
    {"character_name", "xp", "xp_data", "xp_gained", "credits", "credit_data", "credits_gained", "quests_completed"}
    | {"quest_data", "locations_visited", "location_data", "communication_events", "player_encounters", "guild_alerts"}
)
"""A document with none of them is none of this tracker's."""
MODES = frozenset(
    {"quest", "combat", "crafting", "medic", "whisper", "support", "follow", "bounty", "entertainer", "rls"}
)
"""What a bot can be told to do; another word could be anything."""
_STARTS = ("start_time", "started_at", "startTime", "session_start", "start")
_ENDS = ("end_time", "ended_at", "endTime", "session_end", "end")
_IDS = ("session_id", "sessionId", "id")


class SwgBot:
    """The folders of session logs of a bot."""

    name = NAME
    title = "SWG bot bridge"
    patterns: Sequence[str] = ("session_*.json", "*session*.json")
    max_bytes = MAX_BYTES
    # Several bots play side by side, so a later log says nothing about an earlier one.
    _rules = EndRules(silence=timedelta(hours=2), next_start=False)
    names_player = True
    listing = Listing(
        fields=frozenset({"mode", "minutes", "action"}),
        groups={
            **dict.fromkeys(("planet", "planets", "x", "y", "z"), Group.LOCATIONS),
            "who": Group.PLAYERS,
            "text": Group.TEXTS,
        },
        events={
            COMMUNICATION: Group.COMMUNICATIONS,
            ENCOUNTER: Group.ENCOUNTERS,
            ALERT: Group.ALERTS,
            ACTION: Group.ACTIONS,
        },
        measures=MEASURE_GROUPS,
    )

    def rules(self, where: str) -> EndRules:
        """Silence alone, for logs that a crash left without an end."""
        return self._rules

    def usual_paths(self, platform: str) -> Sequence[str]:
        """None: the bot keeps its logs beside itself, wherever that is."""
        return ()

    def companions(self, path: str) -> Sequence[str]:
        """None."""
        return ()

    def read(self, document: Document) -> Reading:
        """The session in the document; Damaged when it is no log of this bot."""
        loaded = opened(document.data)
        if isinstance(loaded, Reading):
            return loaded
        parts = layers(loaded.value, "data", "session", "session_data") if isinstance(loaded.value, dict) else ()
        if not any(MARKS & part.keys() for part in parts):
            raise Damaged("not-a-session", "the document is not a bot's session: it has no XP, credits or quests.")
        reading = _reading(parts, document.about)
        return replace(reading, troubles=(*reading.troubles, *repaired(loaded.repairs)))

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """By the events; XP and credits that have no time belong to all of it and are not split."""
        if of:
            return with_measures(session, together(of))
        played = session.duration or timedelta()
        return Statistics(events=len(session.events), measures=recounted(session.events, played))


def _reading(parts: Sequence[Object], about: About) -> Reading:
    start = moment(parts, *_STARTS, zone=about.zone)
    events, skipped = events_of(parts, start, about.zone)
    if len(events) > MAX_EVENTS:
        return _only("too-many-events", f"the session has more than {MAX_EVENTS} events.")
    ended = moment(parts, *_ENDS, zone=about.zone)
    length = _length(parts)
    start = start or (from_ms(events[0].at) if events else None) or (later(ended, -length) if ended else None)
    if start is None:
        return _only("no-time", 'the log does not say when it began: "start_time" is missing and no event has a time.')
    session = _session(parts, events, start, ended, length)
    end = end_by(EndRule.EXPLICIT, f"end_time: {ended:%Y-%m-%d %H:%M:%S} UTC") if ended else None
    found = found_whole(session, end=end, identity=_character(parts), names=names_in(parts))
    found = replace(found, weight=len(events) + len(session.statistics.measures) + bool(end))
    troubles = (Trouble(code="events-skipped", message=f"{skipped} event(s) have no time and are left out."),) * bool(
        skipped
    )
    return Reading(found=(found,), troubles=troubles, first_at=start)


def _only(code: str, message: str) -> Reading:
    return Reading(troubles=(Trouble(code=code, message=message),))


def _length(parts: Sequence[Object]) -> timedelta:
    minutes = number(parts, "duration_minutes", "session_duration_minutes")
    if minutes is None:
        minutes = (number(parts, "duration_seconds", "duration") or 0.0) / 60
    return timedelta(minutes=minutes) if 0 <= minutes <= LONGEST / timedelta(minutes=1) else timedelta()


def _session(
    parts: Sequence[Object], events: tuple[Event, ...], start: datetime, ended: datetime | None, length: timedelta
) -> Session:
    last = from_ms(events[-1].at) if events else start
    until = max(start, ended or max(last, later(start, length)))
    played = until - start or length
    natural_key = _key(parts, start)
    return Session(
        id=session_id(NAME, natural_key),
        tracker=NAME,
        natural_key=natural_key,
        started_at=start,
        ended_at=until,
        participants=(Participant(id="me", name=_character(parts), local=True),),
        events=events,
        facts=_facts(parts),
        statistics=Statistics(events=len(events), measures=measures(parts, events, played)),
    )


def _key(parts: Sequence[Object], start: datetime) -> str:
    """Its own id where a program made it, else what the bot had at first, which tells two bots apart; and its start."""
    own = text(parts, *_IDS) or ""
    if not is_safe_id(own):
        own = content_mark([number(layers(part, kind)[1:], "start") for part in parts for kind in ("xp", "credits")])
    # As written: a time without a zone must not make another session of it on another computer.
    told = next((one for one in values(parts, *_STARTS) if isinstance(one, str) and as_moment(one)), start.isoformat())
    return f"{own}@{told.strip()}"


def _character(parts: Sequence[Object]) -> str | None:
    inner = [one for part in parts for one in layers(part, "character")[1:]]
    return text(parts, "character_name", "characterName", "character") or text(inner, "name")


def _facts(parts: Sequence[Object]) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {}
    mode = (text(parts, "mode", "session_mode") or "").casefold()
    if mode in MODES:
        facts["mode"] = mode
    planets = planets_of(parts)
    if planets:
        facts["planets"] = ", ".join(planets)
    return facts
