"""Proof of Putt: a document of figures and a report in CSV, both written when the session is over.

Either may come first or alone; they belong together by the stamp in their names, so a session read from one of them is
the same session when the other has come. Where the stamp is no time, only the document tells which session it is, and
its report waits for it. Bytes in, sessions out: opens no file, reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from logferry_daemon.core.adding import with_measures
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import session_id, to_ms
from logferry_daemon.core.lenient_json import load
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import About, Document, EndRules, Found, Reading, Trouble, found_whole
from logferry_daemon.trackers.putt_figures import MAKE, MISS, measures, recounted, together
from logferry_daemon.trackers.putt_files import Part, Putt, family, is_table, of_csv, of_json
from logferry_daemon.trackers.shapes import (
    Object,
    as_moment,
    as_number,
    from_stamp,
    is_safe_id,
    later,
    moment,
    number,
    opened,
    text,
)
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import EndRule, EpochMs, Event, Participant, Scalar, Session

NAME = "putt"
MAX_BYTES = 16 * 2**20
LONGEST = timedelta(days=2)
"""A duration beyond it is a mistake."""
LONG_ID = 10
"""Signs of an id that is unique by itself: a time or chance."""
NOBODY = frozenset({"unknown", "n/a", "none"})
"""What the tracker writes for a player whom it does not know."""
_STARTS = ("start_time", "started_at", "startTime", "startedAt", "session_start")
_ENDS = ("end_time", "ended_at", "endTime", "endedAt", "session_end", "report_generated_at", "timestamp", "created_at")
_IDS = ("session_id", "sessionId", "id")
_LENGTHS = ("session_duration_seconds", "session_duration", "duration_seconds", "duration")
_DATA = "com.proofofputt.desktop"


class ProofOfPutt:
    """The tracker's data folder."""

    name = NAME
    title = "Proof of Putt"
    patterns: Sequence[str] = ("session_*.json", "session_report_*.csv")
    max_bytes = MAX_BYTES
    # Its files are written at the end, so nothing is ever waited for.
    _rules = EndRules(next_start=False)
    names_player = True
    listing = Listing(fields=frozenset({"premium_csv", "category", "distance"}))

    def rules(self, where: str) -> EndRules:
        """None: the report is the end."""
        return self._rules

    def usual_paths(self, platform: str) -> Sequence[str]:
        """The desktop app's data folder."""
        data = {"windows": "%APPDATA%", "macos": "~/Library/Application Support"}
        return (f"{data.get(platform, '~/.local/share')}/{_DATA}",)

    def companions(self, path: str) -> Sequence[str]:
        """The report of the figures, the figures of the report."""
        return tuple(other for other in family(path).paths if other != path)

    def read(self, document: Document) -> Reading:
        """The session of which the document is a part, with whatever other part is there."""
        table = is_table(document.about.path, document.data)
        own = _report(document.data) if table else _figures(document.data)
        return own if isinstance(own, Reading) else _reading(_parts(document, own, table=table), document.about)

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """By the putts; a session that has only the tracker's own figures keeps them, they cannot be split."""
        if of:
            return with_measures(session, together(of))
        if not session.events:
            return session.statistics
        played = session.duration or _span(session.events)
        return Statistics(events=len(session.events), measures=recounted(session.events, played))


def _figures(data: bytes) -> Part | Reading:
    loaded = opened(data)
    return loaded if isinstance(loaded, Reading) else _understood(lambda: of_json(loaded.value))


def _report(data: bytes) -> Part | Reading:
    if not data.strip(b"\0 \r\n\t"):
        return Reading(troubles=(Trouble(code="empty", message="the file is empty."),), unfinished=True)
    return _understood(lambda: of_csv(data))


def _understood(read: Callable[[], Part]) -> Part | Reading:
    """What was read, or why not; another tracker's file is raised."""
    try:
        return read()
    except Damaged as error:
        if error.code == "not-a-session":
            raise
        return Reading(troubles=(Trouble(code=error.code, message=error.message),))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """All parts of one session that could be read."""

    fields: tuple[Object, ...]
    putts: tuple[Putt, ...]
    names: frozenset[str]
    has_report: bool
    files: int
    telling: Part | None
    """The one that tells which session it is where the stamp does not: the document, or a file without companions."""


def _parts(document: Document, own: Part, *, table: bool) -> _Parts:
    """Always in the same order, whichever of the files was asked for."""
    path = document.about.path
    paths = family(path).paths or (path,)
    by_path: dict[str, tuple[Part, bool]] = {}
    for other in paths:
        if other == path:
            by_path[other] = own, table
        elif other in document.beside and (part := _companion(other, document.beside[other])):
            by_path[other] = part, is_table(other, document.beside[other])
    found = list(by_path.values())
    reports = [part for part, is_report in found if is_report]
    return _Parts(
        fields=tuple(one for part, _ in found for one in part.fields),
        putts=next((part.putts for part in (*reports, *(one for one, _ in found)) if part.putts), ()),
        names=frozenset(name for part, _ in found for name in part.names if name.casefold() not in NOBODY),
        has_report=bool(reports),
        files=len(found),
        telling=by_path[paths[0]][0] if paths[0] in by_path else None,
    )


def _companion(path: str, data: bytes) -> Part | None:
    """What stands beside; as if it were not there while it cannot be read."""
    try:
        return of_csv(data) if is_table(path, data) else of_json(load(data).value)
    except Damaged:
        return None


def _reading(parts: _Parts, about: About) -> Reading:
    stamp = family(about.path).stamp
    times = _times(parts.fields, parts.putts, stamp, about)
    if times is None:
        message = "neither the file nor its name says when it was played: name it like session_20260131_180000.json."
        return Reading(troubles=(Trouble(code="no-time", message=message),))
    key = _key(parts, stamp, *times, about)
    if key is None:
        # Read alone it would be a session of its own, and another one once the figures are there.
        message = (
            "the report is not named as the tracker does, like session_report_20260131_180000.csv: "
            "it is read when its figures, session_*.json, lie beside it."
        )
        return Reading(troubles=(Trouble(code="waits-for-figures", message=message),))
    session = _session(parts, key, *times, about)
    return Reading(found=(_found(session, parts),), first_at=session.started_at)


def _found(session: Session, parts: _Parts) -> Found:
    found = found_whole(
        session,
        end=end_by(EndRule.EXPLICIT, "its report was written, which happens at the end"),
        identity=_player(parts),
        names=parts.names,
    )
    # A part that came later makes it more, also when it brings no putts.
    return replace(found, weight=len(session.events) + len(session.statistics.measures) + parts.files)


def _times(
    fields: Sequence[Object], putts: Sequence[Putt], stamp: str, about: About
) -> tuple[datetime, datetime] | None:
    """From when to when it was played: the stamp is the time at which the report was written."""
    start = moment(fields, *_STARTS, zone=about.zone)
    end = moment(fields, *_ENDS, zone=about.zone) or from_stamp(stamp, about.zone)
    seconds = number(fields, *_LENGTHS) or max(_offsets(putts), default=0.0)
    length = timedelta(seconds=seconds) if 0 <= seconds <= LONGEST.total_seconds() else timedelta()
    if start is None and end is None:
        return None
    if start is None:
        start = later(end, -length) if end else None
    if start is None:
        return None
    return start, max(start, end or later(start, length))


def _offsets(putts: Sequence[Putt]) -> Iterator[float]:
    for putt in putts:
        seconds = as_number(putt.time)
        if seconds is not None and 0 <= seconds <= LONGEST.total_seconds():
            yield seconds


def _session(parts: _Parts, natural_key: str, start: datetime, end: datetime, about: About) -> Session:
    events = tuple(sorted((_event(putt, start, about) for putt in parts.putts), key=lambda event: event.at))
    facts: dict[str, Scalar] = {"premium_csv": True} if parts.has_report else {}
    return Session(
        id=session_id(NAME, natural_key),
        tracker=NAME,
        natural_key=natural_key,
        started_at=start,
        ended_at=end,
        participants=(Participant(id="me", name=_player(parts), local=True),),
        events=events,
        facts=facts,
        statistics=Statistics(events=len(events), measures=measures(parts.fields, events, end - start)),
    )


def _key(parts: _Parts, stamp: str, start: datetime, end: datetime, about: About) -> str | None:
    """What makes it this session, the same whichever of its files are there; None while that cannot be told.

    The stamp where it is a time; else what the document alone tells. An id that is only counted up begins again after
    every installation.
    """
    if is_safe_id(stamp) and len(stamp) >= LONG_ID:
        return stamp
    if parts.telling is None:
        return None
    own = parts.telling
    start, end = _times(own.fields, own.putts, stamp, about) or (start, end)
    key = next((one for one in (stamp, text(own.fields, *_IDS) or "") if is_safe_id(one)), None)
    if key is None:
        return f"played@{start.isoformat()}"
    return key if len(key) >= LONG_ID else f"{key}@{end.isoformat()}"


def _event(putt: Putt, start: datetime, about: About) -> Event:
    fields: dict[str, Scalar] = {}
    if putt.category:
        fields["category"] = putt.category
    if putt.distance is not None:
        fields["distance"] = putt.distance
    return Event(at=_at(putt, start, about), type=MAKE if putt.made else MISS, fields=fields)


def _at(putt: Putt, start: datetime, about: About) -> EpochMs:
    """Seconds count from the start; without a time a putt stands at the start."""
    seconds = as_number(putt.time)
    if seconds is not None and 0 <= seconds <= LONGEST.total_seconds():
        return to_ms(later(start, timedelta(seconds=seconds)))
    return to_ms(as_moment(putt.time, about.zone) or start)


def _player(parts: _Parts) -> str | None:
    name = text(parts.fields, "player_name", "playerName", "player")
    return name if name and name.casefold() not in NOBODY else None


def _span(events: Sequence[Event]) -> timedelta:
    return timedelta(milliseconds=events[-1].at - events[0].at)
