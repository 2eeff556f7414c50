"""What the page of a session shows, as plain values. Pure: no HTML, no clock, no database.

Everything a sender wrote passes through `clean` on its way here; the page holds no raw text of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from logferry_collector import fights
from logferry_collector.chart import Chart, event_chart
from logferry_collector.facts import Fact, facts
from logferry_collector.figures import groups, headline
from logferry_collector.listing import Listing
from logferry_collector.listings import listings
from logferry_collector.people import bystanders, fighters
from logferry_collector.stored import Shown
from logferry_collector.tiles import Group, Tile
from logferry_collector.words import clean, clock_words, date_words, number, percent, tracker_words
from logferry_model.session import End, EndRule, Event, Session

MOST_TAGS = 12
TITLE_LENGTH = 90
EVIDENCE_LENGTH = 160
NAMING = ("boss", "encounter", "dungeon", "scene_name", "area")
"""Facts that name a session which its owner did not name, the most telling first."""
DIGEST_SHOWN = 12
"""Hex digits of a digest on the page: enough to compare by eye, the document has all of it."""

END_WORDS = {
    EndRule.EXPLICIT: "The log itself says so",
    EndRule.DEMAND: "Ended by its owner",
    EndRule.PROCESS_GONE: "The game was closed",
    EndRule.APP_CLOSED: "The app was closed",
    EndRule.NEXT_START: "The next session had begun",
    EndRule.SILENCE: "Nothing was written any more",
}
PLATFORM_WORDS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}


class Ending(Struct, frozen=True, kw_only=True):
    """Why the session counts as over."""

    words: str
    evidence: str
    confidence: str
    certainty: float
    """0 to 100, for the bar."""


class Provenance(Struct, frozen=True, kw_only=True):
    """Where the page comes from and how much to believe it."""

    ending: Ending | None
    revision: str
    received: str
    received_at: datetime
    digest: str
    app_version: str
    platform: str


class Report(Struct, frozen=True, kw_only=True):
    """The whole page."""

    report_id: str
    tracker: str
    game: str
    title: str
    date: str
    started_at: datetime
    times: str
    tags: tuple[str, ...]
    partial: bool
    """It still runs, or its events are to come."""
    summary: bool
    """The latter: it is over."""
    headline: tuple[Tile, ...]
    groups: tuple[Group, ...]
    fight: tuple[Listing, ...]
    """Who fought whom: what a reader of a fight looks for first."""
    chart: Chart | None
    skills: tuple[Listing, ...]
    """What everybody did with what, a table for each."""
    listings: tuple[Listing, ...]
    facts: tuple[Fact, ...]
    provenance: Provenance


def report(shown: Shown, session: Session) -> Report:
    """The page of `session` as it is stored."""
    tracker, game = tracker_words(session.tracker)
    return Report(
        report_id=shown.report_id,
        tracker=tracker,
        game=game,
        title=_title(session) or f"{game or tracker} session",
        date=date_words(session.started_at),
        started_at=session.started_at,
        times=_times(session),
        tags=tuple(clean(tag, 32) for tag in session.tags[:MOST_TAGS]),
        partial=shown.partial,
        summary=shown.partial and session.ended_at is not None,
        headline=headline(session),
        groups=groups(session),
        fight=tuple(table for table in (fights.bosses(session), fighters(session)) if table),
        chart=_chart(session),
        skills=fights.skills(session),
        listings=tuple(table for table in (*listings(session), bystanders(session)) if table),
        facts=facts(session.facts),
        provenance=_provenance(shown, session),
    )


def _title(session: Session) -> str:
    """What its owner called it, or else the enemy or the place that it was about."""
    greatest = max(session.bosses, key=lambda boss: boss.max_hp or boss.damage, default=None)
    places = (session.facts.get(name) for name in NAMING)
    candidates = (session.name, greatest.name if greatest else None, *places)
    titles = (clean(one, TITLE_LENGTH) for one in candidates if isinstance(one, str))
    return next((title for title in titles if title), "")


def _times(session: Session) -> str:
    start = clock_words(session.started_at)
    if session.ended_at is None:
        return f"since {start} UTC"
    same_day = date_words(session.started_at) == date_words(session.ended_at)
    end = clock_words(session.ended_at) if same_day else _moment(session.ended_at)
    return f"{start} to {end} UTC"


def _chart(session: Session) -> Chart | None:
    start = _epoch_ms(session.started_at)
    drawn = (*session.events, *_hits(session))
    last = _epoch_ms(session.ended_at) if session.ended_at else max((event.at for event in drawn), default=0)
    return event_chart(drawn, start, last)


def _hits(session: Session) -> Iterator[Event]:
    """Every hit of every skill's timeline, as an event of the skill's category."""
    for skill in session.skills:
        kind = skill.category or "hit"
        yield from (Event(at=hit.at, type=kind) for hit in skill.timeline)


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _provenance(shown: Shown, session: Session) -> Provenance:
    return Provenance(
        ending=_ending(session.end) if session.end else None,
        revision=_revision(shown),
        received=f"{_moment(shown.received_at)} UTC",
        received_at=shown.received_at,
        digest=shown.payload_digest[:DIGEST_SHOWN],
        app_version=clean(shown.app_version, 32),
        platform=PLATFORM_WORDS.get(shown.platform, clean(shown.platform, 16)),
    )


def _ending(end: End) -> Ending:
    certainty = min(max(end.confidence, 0.0), 1.0)
    return Ending(
        words=END_WORDS[end.rule],
        evidence=clean(end.evidence, EVIDENCE_LENGTH),
        confidence=percent(round(certainty, 2)),
        certainty=round(certainty * 100, 1),
    )


def _revision(shown: Shown) -> str:
    stored = f"{shown.revisions} stored" if shown.revisions > 1 else "the only one stored"
    return f"{number(shown.revision)} ({stored})"


def _moment(moment: datetime) -> str:
    return f"{date_words(moment)}, {clock_words(moment)}"
