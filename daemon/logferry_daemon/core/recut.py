"""Sessions that their owner split or joined by hand. Pure: what the files tell and where the cuts are, parts out.

A plan holds the sessions as their files tell them and the times of the cuts; its parts are made afresh from it, so they
come out the same whenever a file is read again. What has no time of its own stays with the first part: nothing is
counted twice and nothing is lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import from_ms, session_id, to_ms
from logferry_daemon.core.joining import join
from logferry_daemon.core.reading import MAX_EVENTS
from logferry_model.errors import Misconfigured
from logferry_model.figures import Statistics
from logferry_model.session import End, EndRule, Event, Hit, Participant, Session, Skill
from logferry_model.tally import skills_of

Recount = Callable[[Session, Sequence[Session]], Statistics]
"""What a session adds up to, as its tracker counts; see `Tracker.recount`."""


def uncounted(session: Session, of: Sequence[Session] = ()) -> Statistics:
    """A recount where no tracker is known: how many events there are, and what adds up by itself."""
    return session.statistics if of else Statistics(events=len(session.events))


@dataclass(frozen=True, slots=True)
class Split:
    """Cut one session at these times, aware."""

    session: str
    at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """Make one of these."""

    sessions: tuple[str, ...]


Recut = Split | Merge


@dataclass(frozen=True, slots=True)
class Plan:
    """What belongs together, and where it is cut."""

    originals: tuple[Session, ...]
    """As their files tell them, sanitised."""
    cuts: tuple[int, ...] = ()
    """In milliseconds, ascending: an event at a cut is after it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of one original lies between two cuts."""

    original: Session
    first: bool
    last: bool
    session: Session

    @property
    def whole(self) -> bool:
        return self.first and self.last


def parts(plan: Plan, recount: Recount) -> tuple[Session, ...]:
    """The sessions that the plan makes, oldest first; one that nothing was done to is its original."""
    between: dict[int, list[_Piece]] = {}
    for original in plan.originals:
        for place, piece in _pieces(original, plan.cuts):
            between.setdefault(place, []).append(piece)
    return tuple(_part(between[place], plan.cuts[place:], recount) for place in sorted(between))


def makers(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Ids of the originals that each of the parts is made of; the order is that of `parts`."""
    between: dict[int, list[str]] = {}
    for original in plan.originals:
        for place, _ in _pieces(original, plan.cuts):
            between.setdefault(place, []).append(original.id)
    return tuple(tuple(between[place]) for place in sorted(between))


def split(plan: Plan, order: Split, recount: Recount) -> Plan:
    """The plan with more cuts in one of its parts."""
    part = next(one for one in parts(plan, recount) if one.id == order.session)
    times = [event.at for event in part.events]
    if not times or not order.at:
        raise Misconfigured("recut-nothing", f"Session {part.id} has nothing in it that could be split.")
    cuts = sorted({to_ms(at) for at in order.at})
    for cut in cuts:
        if not min(times) < cut <= max(times):
            raise Misconfigured(
                "recut-outside",
                f"{from_ms(cut):%Y-%m-%d %H:%M:%S} UTC does not divide session {part.id}.",
                hint=f"Its events are from {_clock(min(times))} to {_clock(max(times))} UTC.",
            )
    if len({bisect_right(cuts, at) for at in times}) <= len(cuts):
        raise Misconfigured("recut-empty", "Nothing happened between two of these times.", hint="Leave one out.")
    return replace_cuts(plan, {*plan.cuts, *cuts})


def merge(plans: Sequence[Plan], order: Merge, recount: Recount) -> Plan:
    """One plan in which the named parts, which are neighbours, are one."""
    before = [part for plan in plans for part in parts(plan, recount)]
    chosen = sorted((part for part in before if part.id in order.sessions), key=_begin)
    if sum(len(part.events) for part in chosen) > MAX_EVENTS:
        raise Misconfigured("too-many-events", f"Together they have more than {MAX_EVENTS} events.")
    originals = sorted((one for plan in plans for one in plan.originals), key=_begin)
    cuts = {cut for plan in plans for cut in plan.cuts}
    for one, other in pairwise(chosen):
        cuts -= {cut for cut in cuts if _last(one) < cut <= _first(other)}
    made = replace_cuts(Plan(tuple(originals)), cuts)
    if len(parts(made, recount)) != len(before) - len(chosen) + 1:
        raise Misconfigured("recut-overlap", "They overlap with a session that was split before.")
    return made


def replace_cuts(plan: Plan, cuts: set[int]) -> Plan:
    """The plan cut at other times."""
    return Plan(plan.originals, tuple(sorted(cuts)))


def check_neighbours(chosen: Sequence[Session], listed: Sequence[str]) -> None:
    """Misconfigured unless these can be one session; `listed` are all sessions of their sources, by their beginning."""
    if len({one.id for one in chosen}) < 2:
        raise Misconfigured("recut-one", "It takes two sessions to make one of them.", hint="Name the others, too.")
    if len({one.tracker for one in chosen}) > 1:
        raise Misconfigured("recut-trackers", "They are of different trackers.")
    places = sorted(listed.index(one.id) for one in chosen)
    if places[-1] - places[0] >= len(places):
        between = next(listed[place] for place in range(places[0], places[-1]) if place not in places)
        said = f"Session {between} is between them."
        raise Misconfigured("recut-apart", said, hint="Only neighbours can be joined: name it, too.")


def _pieces(original: Session, cuts: Sequence[int]) -> Iterator[tuple[int, _Piece]]:
    """Each with the number of the cuts before it."""
    places = sorted({bisect_right(cuts, event.at) for event in original.events})
    if len(places) < 2:
        place = places[0] if places else bisect_right(cuts, to_ms(original.started_at))
        yield place, _Piece(original, first=True, last=True, session=original)
        return
    for place in places:
        first, last = place == places[0], place == places[-1]
        # What the tracker noted without an event before the first cut or behind the last one belongs to the ends.
        begin = None if first else cuts[place - 1]
        end = None if last else cuts[place]
        yield place, _Piece(original, first=first, last=last, session=_between(original, begin, end))


def _between(original: Session, begin: int | None, end: int | None) -> Session:
    events = tuple(event for event in original.events if _is_within(event, begin, end))
    mentioned = {event.participant for event in events}
    used = {event.loadout for event in events}
    elsewhere = {event.loadout for event in original.events} - used
    first = begin is None
    started = original.started_at if begin is None else from_ms(begin)
    ended = original.ended_at if end is None else from_ms(end)
    return replace(
        original,
        natural_key=original.natural_key if first else f"{original.natural_key}/{begin}",
        started_at=started,
        # A tracker may tell of things before the start or after the end that it gives itself.
        ended_at=max(ended, started) if ended else None,
        events=events,
        participants=tuple(_people(original, mentioned, first=first)),
        loadouts=tuple(one for one in original.loadouts if one.id in used or (first and one.id not in elsewhere)),
        skills=tuple(_skills(original, begin, end)),
        bosses=original.bosses if first else (),
        attachments=original.attachments if first else (),
    )


def _is_within(one: Event | Hit, begin: int | None, end: int | None) -> bool:
    return (begin is None or begin <= one.at) and (end is None or one.at < end)


def _people(original: Session, mentioned: set[str | None], *, first: bool) -> Iterator[Participant]:
    anywhere = {event.participant for event in original.events}
    for one in original.participants:
        if first and (one.local or one.figures or one.id in mentioned or one.id not in anywhere):
            yield one
        elif not first and (one.local or one.id in mentioned):
            yield replace(one, figures={})


def _skills(original: Session, begin: int | None, end: int | None) -> Iterator[Skill]:
    """Those with a timeline, by it; those without stay with the first part, but for what is counted from events."""
    counted = set(_counted(original))
    for place, one in enumerate(original.skills):
        hits = tuple(hit for hit in one.timeline if _is_within(hit, begin, end))
        if one.timeline and hits:
            yield replace(one, uses=len(hits), total=sum(hit.value for hit in hits), figures={}, timeline=hits)
        elif not one.timeline and begin is None and place not in counted:
            yield one


def _counted(session: Session) -> list[int]:
    """Places of the skills that are nothing but what the statistics count."""
    made = {(one.name, one.category) for one in session.statistics.skills}
    plain = (one for one in enumerate(session.skills) if one[1].participant is None and not one[1].timeline)
    return [place for place, one in plain if (one.name, one.category) in made]


def _part(pieces: Sequence[_Piece], cuts: Sequence[int], recount: Recount) -> Session:
    """What lies between two cuts, as one session; `cuts` are those behind it."""
    ordered = sorted(pieces, key=lambda piece: _begin(piece.session))
    if len(ordered) == 1 and ordered[0].whole:
        return ordered[0].original
    counting = any(_counted(piece.original) for piece in ordered)
    counted = [_recounted(piece, recount) for piece in ordered]
    made = join(counted)
    statistics = recount(made, counted) if len(counted) > 1 else made.statistics
    return replace(
        made,
        id=session_id(made.tracker, made.natural_key),
        end=_end(ordered, cuts),
        statistics=statistics,
        skills=(*skills_of(statistics), *made.skills) if counting else made.skills,
    )


def _recounted(piece: _Piece, recount: Recount) -> Session:
    """A piece with what it adds up to, and without the skills that are nothing but that."""
    if not piece.whole:
        return replace(piece.session, statistics=recount(piece.session, ()))
    counted = set(_counted(piece.original))
    kept = (one for place, one in enumerate(piece.original.skills) if place not in counted)
    return replace(piece.session, skills=tuple(kept))


def _end(pieces: Sequence[_Piece], cuts: Sequence[int]) -> End | None:
    if not all(piece.last for piece in pieces):
        return end_by(EndRule.DEMAND, f"split by hand at {from_ms(cuts[0]):%Y-%m-%d %H:%M:%S} UTC")
    if len(pieces) == 1:
        return pieces[0].original.end
    ids = ", ".join(piece.original.id for piece in pieces)
    return end_by(EndRule.DEMAND, f"merged by hand from {ids}")


def _begin(session: Session) -> tuple[datetime, str]:
    return session.started_at, session.id


def _first(part: Session) -> int:
    return min((event.at for event in part.events), default=to_ms(part.started_at))


def _last(part: Session) -> int:
    return max((event.at for event in part.events), default=to_ms(part.started_at))


def _clock(at: int) -> str:
    return f"{from_ms(at):%H:%M:%S}"
