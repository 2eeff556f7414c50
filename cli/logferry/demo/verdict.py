"""Compares what the trackers say they wrote with what the collector gives back. Pure: sessions in, findings out."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from logferry.demo.told import Happening, Told, worth
from logferry_model.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One session as the collector gives it back."""

    url: str
    session: Session
    body: bytes
    """The same, as it came over the wire."""
    revisions: int = 1
    """How many versions of it are stored."""

    @property
    def events(self) -> tuple[Happening, ...]:
        """Its events in the words of the comparison."""
        return tuple(
            Happening(each.at, each.type, each.amount, each.value, each.quantity, each.critical)
            for each in self.session.events
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One session in the table of the verdict."""

    told: Told
    reports: int
    stored_events: int = 0
    stored_value: float = 0.0
    leaks: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether it arrived once, whole and without names."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of everything that was written."""

    rows: tuple[Row, ...]
    planted: tuple[str, ...]
    """The names that the trackers' files hold: the same search finds them there."""
    differences: tuple[str, ...] = ()
    """What no session of the trackers explains."""

    @property
    def same(self) -> bool:
        """Whether everything arrived and nothing else; a verdict on nothing is none."""
        return bool(self.rows) and bool(self.planted) and not self.differences and all(row.same for row in self.rows)


def judge(
    told: Sequence[Told], reports: Sequence[Report], *, linked: Iterable[str], planted: Iterable[str], files: bytes
) -> Verdict:
    """Every told session beside the reports that claim to be it.

    `linked` are the addresses that the daemon told, `planted` the names that must not arrive, `files` the bytes of the
    trackers' own files, where the names have to be.
    """
    names = tuple(planted)
    rows = tuple(_row(each, [report for report in reports if _is_of(report, each)], names) for each in told)
    strays = tuple(
        f"{report.url} holds a session that no tracker wrote"
        for report in reports
        if not any(_is_of(report, each) for each in told)
    )
    known = {report.url for report in reports}
    dead = tuple(f"the daemon says {url or 'nowhere'}, where nothing is" for url in linked if url not in known)
    return Verdict(rows=rows, planted=leaks(names, files), differences=strays + dead)


def leaks(names: Iterable[str], body: bytes) -> tuple[str, ...]:
    """Those of `names` that are in the bytes, as they are or escaped the way JSON, HTML and URLs do it."""
    text = body.decode("utf-8", "replace").casefold()
    return tuple(name for name in names if any(spelling.casefold() in text for spelling in _spellings(name)))


def _row(told: Told, reports: Sequence[Report], names: Sequence[str]) -> Row:
    if not reports:
        return Row(told=told, reports=0, differences=("it never arrived",))
    first = reports[0]
    found = tuple(name for report in reports for name in leaks(names, report.body))
    return Row(
        told=told,
        reports=len(reports),
        stored_events=len(first.events),
        stored_value=worth(first.events),
        leaks=found,
        differences=(
            *_copies(reports),
            *_differences(told, first),
            *(f'the name "{name}" is in what was sent' for name in found),
        ),
    )


def _copies(reports: Sequence[Report]) -> Iterator[str]:
    if len(reports) > 1:
        yield f"it is stored {len(reports)} times: {', '.join(report.url for report in reports)}"
    for report in reports:
        if report.revisions != 1:
            yield f"{report.url} has {report.revisions} versions, not one"


def _differences(told: Told, report: Report) -> Iterator[str]:
    session = report.session
    if session.started_at != told.started_at:
        yield f"it began {told.started_at}, stored is {session.started_at}"
    if session.ended_at != told.ended_at:
        yield f"it ended {told.ended_at}, stored is {session.ended_at}"
    if len(report.events) != len(told.events):
        yield f"{len(told.events)} events were written, {len(report.events)} are stored"
    for number, (wrote, stored) in enumerate(zip(told.events, report.events, strict=False), start=1):
        if wrote != stored:
            yield f"event {number} was {_words(wrote)}, stored is {_words(stored)}"
            # One shifted event makes all that follow differ: the first tells the most.
            return


def _is_of(report: Report, told: Told) -> bool:
    """A tracker begins no two sessions at one moment here, so that much tells them apart."""
    return report.session.tracker == told.tracker and report.session.started_at == told.started_at


def _words(event: Happening) -> str:
    known = {key: value for key, value in event._asdict().items() if value not in (None, False)}
    return ", ".join(f"{key} {value}" for key, value in known.items())


def _spellings(name: str) -> Iterator[str]:
    yield name
    yield json.dumps(name)[1:-1]
    yield html.escape(name)
    yield quote(name)
