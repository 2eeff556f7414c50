"""Artemis Tracker (Entropia Universe): one JSON document a session, rewritten in place on every change.

No `endedAt` means that it still runs. Fields and event words are those of the tracker's own files; the event's `raw`
line holds chat and is never taken over. Bytes in, sessions out: opens no file, reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import content_mark, from_ms, parse_time, session_id
from logferry_daemon.core.lenient_json import Loaded
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import MAX_EVENTS, Document, EndRules, Reading, Trouble, found_whole
from logferry_daemon.trackers.artemis_events import events_of, text_of
from logferry_daemon.trackers.artemis_usual import usual
from logferry_daemon.trackers.shapes import as_moment, opened, repaired
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import EndRule, Event, Loadout, Participant, Session
from logferry_model.tally import Tally, skills_of, tally

NAME = "artemis"
MAX_BYTES = 24 * 2**20
"""Some 60,000 events; a long evening has 5,000."""
LOCAL_PLAYER = "me"
_OWN_ID = re.compile(r"session-\d{1,20}")


class Artemis:
    """The tracker's folder of session files."""

    name = NAME
    title = "Artemis Tracker"
    patterns: Sequence[str] = ("session-*.json",)
    max_bytes = MAX_BYTES
    # A hunt is paused over dinner but not over night; a crash leaves the file without an end for ever.
    _rules = EndRules(silence=timedelta(hours=12), next_start=False)
    names_player = False
    listing = Listing(fields=frozenset({"paused_ms"}))

    def rules(self, where: str) -> EndRules:
        """Silence alone: a later hunt says nothing about an earlier one."""
        return self._rules

    def usual_paths(self, platform: str) -> Sequence[str]:
        """The folder of the older releases, then the app's own data folder."""
        data = {
            "windows": "%APPDATA%/artemis-tracker/sessions",
            "macos": "~/Library/Application Support/artemis-tracker/sessions",
        }
        return ("~/.artemis-tracker/sessions", data.get(platform, "~/.config/artemis-tracker/sessions"))

    def companions(self, path: str) -> Sequence[str]:
        """None."""
        return ()

    def read(self, document: Document) -> Reading:
        """The session in the document; unfinished while the tracker may be in the middle of writing it."""
        whole = usual(document.data)
        loaded = opened(document.data) if whole is None else Loaded(whole)
        return loaded if isinstance(loaded, Reading) else _read(loaded)

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """By the cost of each shot; what else was typed in by hand belongs to all of it and is not split."""
        if of:
            return session.statistics
        costs = _costs(session.loadouts)
        return tally(session.events, cost_per_shot=costs, fallback_cost=_fallback(session, costs))


def _read(loaded: Loaded) -> Reading:
    try:
        session, skipped = _session(loaded.value if isinstance(loaded.value, dict) else {})
    except Damaged as error:
        return Reading(troubles=(Trouble(code=error.code, message=error.message),))
    last = parse_time(_text(loaded.value, "endedAt") or "")
    end = None
    if last is not None:
        end = end_by(EndRule.EXPLICIT, f"endedAt: {last:%Y-%m-%d %H:%M:%S} UTC")
    names = frozenset(person.name for person in session.participants if person.name)
    found = found_whole(session, end=end, names=names)
    troubles = (*repaired(loaded.repairs), *_skipped(skipped))
    return Reading(found=(found,), troubles=troubles, first_at=session.started_at)


def _skipped(number: int) -> Iterator[Trouble]:
    if number:
        yield Trouble(code="events-skipped", message=f"{number} event(s) have no time or no type and are left out.")


def _session(document: dict[str, Any]) -> tuple[Session, int]:
    name, started = _text(document, "id"), parse_time(_text(document, "startedAt") or "")
    if name is None or started is None:
        raise Damaged("not-a-session", 'the document is not a session: "id" or "startedAt" is missing.')
    raw = _list(document, "events")
    if len(raw) > MAX_EVENTS:
        raise Damaged("too-many-events", f"the session has more than {MAX_EVENTS} events.")
    people: dict[str, str] = {}
    events = tuple(sorted(events_of(raw, people), key=attrgetter("at")))
    ended = parse_time(_text(document, "endedAt") or "") or _last_time(started, events)
    loadouts = tuple(_loadouts(document.get("loadoutSnapshots")))
    statistics = _statistics(document, events, loadouts, _active(document, started, max(started, ended)))
    # The tracker makes ids of a time; anything else was typed by somebody and may name them, also as a digest. What
    # the first event was tells two such sessions of the same moment apart, and stays the same while they grow.
    first = events[:1] and (events[0].at, events[0].type, events[0].amount, events[0].value)
    mark = name if _OWN_ID.fullmatch(name) else content_mark(first)
    natural_key = f"{mark}@{started.isoformat()}"
    session = Session(
        id=session_id(NAME, natural_key),
        tracker=NAME,
        natural_key=natural_key,
        started_at=started,
        ended_at=max(started, ended),
        name=_text(document, "name"),
        tags=tuple(tag for tag in _list(document, "tags") if isinstance(tag, str)),
        participants=(
            Participant(id=LOCAL_PLAYER, local=True),
            *(Participant(id=label, name=person) for person, label in people.items()),
        ),
        loadouts=loadouts,
        events=events,
        skills=skills_of(statistics),
        facts=_facts(document),
        statistics=statistics,
    )
    return session, len(raw) - len(events)


def _statistics(
    document: dict[str, Any], events: Sequence[Event], loadouts: Sequence[Loadout], active: timedelta | None
) -> Statistics:
    armour, healing, rest = (_number(document, f"manual{kind}Cost") or 0.0 for kind in ("Armor", "Fap", "Misc"))
    total = Tally(
        cost_per_shot=_costs(loadouts),
        fallback_cost=_number(document, "manualCostPerShot") or 0.0,
        other_cost=armour + healing + rest,
        armour_cost=armour,
        healing_cost=healing,
    )
    total.add_all(events)
    return total.statistics(active)


def _active(document: dict[str, Any], started: datetime, ended: datetime) -> timedelta:
    """How long was played: without the pauses that are over, and without the one that the hunt stands in."""
    since = as_moment(document.get("pausedAt"), UTC)
    if since is not None:
        ended = min(max(started, since), ended)
    paused = timedelta(milliseconds=max(0.0, _number(document, "totalPausedTime") or 0.0))
    return max(timedelta(), ended - started - paused)


def _loadouts(snapshots: Any) -> Iterator[Loadout]:  # noqa: ANN401 -- any JSON value
    if not isinstance(snapshots, dict):
        return
    for key, shot in snapshots.items():
        if isinstance(shot, dict):
            yield Loadout(id=key, name=_text(shot, "name"), cost_per_shot=_number(shot, "costPerShot"))


def _costs(loadouts: Sequence[Loadout]) -> dict[str, float]:
    return {one.id: one.cost_per_shot for one in loadouts if one.cost_per_shot is not None}


def _fallback(session: Session, costs: Mapping[str, float]) -> float:
    """What a shot without a price of its own cost in the session that this one was cut from."""
    shot_with = {event.loadout or "" for event in session.events}
    unpriced = (one for one in session.statistics.loadouts if one.loadout in shot_with and one.loadout not in costs)
    return next((round(one.cost / one.shots, 9) for one in unpriced if one.shots), 0.0)


def _facts(document: dict[str, Any]) -> dict[str, str | int | float | bool | None]:
    paused = _number(document, "totalPausedTime")
    return {"paused_ms": paused} if paused else {}


def _last_time(started: datetime, events: Sequence[Event]) -> datetime:
    return from_ms(events[-1].at) if events else started


def _text(source: dict[str, Any], key: str) -> str | None:
    return text_of(source.get(key))


def _number(source: dict[str, Any], key: str) -> float | None:
    return figure(source.get(key))


def _list(source: dict[str, Any], key: str) -> list[Any]:
    value = source.get(key)
    return value if isinstance(value, list) else []
