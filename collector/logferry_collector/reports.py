"""What the page of a session shows, as plain values. Pure: no HTML, no clock, no database.

Everything a sender wrote passes through `clean` on its way here; the page holds no raw text of theirs.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from logferry_collector.chart import Chart, event_chart
from logferry_collector.figures import Group, Tile, groups, headline
from logferry_collector.listings import Listing, listings
from logferry_collector.stored import Shown
from logferry_collector.words import clean, clock_words, date_words, label_words, number, percent, tracker_words
from logferry_model.session import End, EndRule, Scalar, Session

MOST_TAGS = 12
MOST_FACTS = 40
TITLE_LENGTH = 90
EVIDENCE_LENGTH = 160
VALUE_LENGTH = 120
DIGEST_SHOWN = 12
"""Hex digits of a digest on the page: enough to compare by eye, the document has all of it."""

END_WORDS = {
    EndRule.EXPLICIT: "The log itself says so",
    EndRule.PROCESS_GONE: "The game was closed",
    EndRule.NEXT_START: "The next session had begun",
    EndRule.SILENCE: "Nothing was written any more",
}
PLATFORM_WORDS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}


class Fact(Struct, frozen=True):
    """A label and what it says."""

    label: str
    value: str


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
    headline: tuple[Tile, ...]
    groups: tuple[Group, ...]
    chart: Chart | None
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
        title=clean(session.name or "", TITLE_LENGTH) or f"{game or tracker} session",
        date=date_words(session.started_at),
        started_at=session.started_at,
        times=_times(session),
        tags=tuple(clean(tag, 32) for tag in session.tags[:MOST_TAGS]),
        partial=shown.partial,
        headline=headline(session),
        groups=groups(session),
        chart=_chart(session),
        listings=listings(session),
        facts=_facts(session.facts),
        provenance=_provenance(shown, session),
    )


def _times(session: Session) -> str:
    start = clock_words(session.started_at)
    if session.ended_at is None:
        return f"since {start} UTC"
    same_day = date_words(session.started_at) == date_words(session.ended_at)
    end = clock_words(session.ended_at) if same_day else _moment(session.ended_at)
    return f"{start} to {end} UTC"


def _chart(session: Session) -> Chart | None:
    start = _epoch_ms(session.started_at)
    last = _epoch_ms(session.ended_at) if session.ended_at else max((event.at for event in session.events), default=0)
    return event_chart(session.events, start, last)


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _facts(facts: dict[str, Scalar]) -> tuple[Fact, ...]:
    shown = list(facts.items())[:MOST_FACTS]
    return tuple(Fact(label_words(name), _value(value)) for name, value in shown)


def _value(value: Scalar) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
    return clean(value, VALUE_LENGTH)


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
