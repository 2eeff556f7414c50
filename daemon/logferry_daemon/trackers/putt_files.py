"""The files of one session of Proof of Putt: their names, and what stands in each. Pure.

A release writes the figures flat, another in sections; the CSV is a report for people: lines of a label and a figure,
then a table of putts. Names of players are collected, nothing else that is not known is taken over.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logferry_daemon.core.reading import MAX_EVENTS
from logferry_daemon.trackers.shapes import Object, as_number, layers, objects
from logferry_model.errors import Damaged

_REPORT = re.compile(r"(.*/)?session_report_([^/]+)\.(?:csv|json)")
_SESSION = re.compile(r"(.*/)?session_([^/]+)\.json")
SECTIONS = ("data", "session", "session_info", "analytic_stats", "consecutive_stats", "time_stats", "stats")
_FIGURES = """
total_putts putts total_makes makes total_misses misses best_streak max_consecutive max_consecutive_makes
makes_per_minute putts_per_minute fastest_21_makes_seconds most_makes_in_60_seconds
"""
FIGURES = frozenset(_FIGURES.split())
"""A document with none of them is none of this tracker's."""
_RESULT = frozenset({"classification", "putt_classification", "result", "outcome"})
_DETAIL = frozenset({"detailed_classification", "putt_detailed_classification", "detail", "category"})
_TIME = frozenset({"time_s", "time", "putt_time", "current_frame_time", "timestamp", "seconds", "elapsed"})
_DISTANCE = frozenset({"distance", "distance_ft", "distance_feet", "putt_distance", "feet"})
_PERSON = re.compile(r"player|name|e_?mail|golfer|user")
CATEGORIES = frozenset({"TOP", "RIGHT", "LEFT", "LOW", "CENTER", "QUICK PUTT", "CATCH", "TIMEOUT", "RETURN"})
"""Words that the tracker itself makes; another could be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Putt:
    """One putt of the table."""

    made: bool
    time: Any = None
    """Seconds from the start, or a time: whatever stands there."""
    category: str | None = None
    distance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one of the files holds."""

    fields: tuple[Object, ...]
    putts: tuple[Putt, ...] = ()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The files that one session may have, by their names."""

    stamp: str = ""
    paths: tuple[str, ...] = field(default=())
    """Figures first, report last."""


def family(path: str) -> Family:
    """To which session the file at `path` belongs."""
    found = _REPORT.fullmatch(path) or _SESSION.fullmatch(path)
    if found is None:
        return Family()
    folder, stamp = found[1] or "", found[2]
    names = (f"session_{stamp}.json", f"session_report_{stamp}.json", f"session_report_{stamp}.csv")
    return Family(stamp=stamp, paths=tuple(f"{folder}{name}" for name in names))


def is_table(path: str, data: bytes) -> bool:
    """Whether it is the report and not the figures."""
    return path.endswith(".csv") if path else not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"["))


def of_json(document: Any) -> Part:  # noqa: ANN401 -- any JSON value
    """The figures; Damaged when it is no document of this tracker."""
    found = layers(document, *SECTIONS) if isinstance(document, dict) else ()
    putts = tuple(_putts([_plain(row) for row in objects(found, "putt_list", "putts")]))
    if not putts and not any(as_number(one.get(key)) is not None for one in found for key in FIGURES):
        raise Damaged("not-a-session", "the document is not a session of putting: it has no putts, makes or misses.")
    names = frozenset(name for one in found for name in _people(_plain(one)))
    return Part(fields=tuple(found), putts=putts, names=names)


def of_csv(data: bytes) -> Part:
    """The report; Damaged when it is no table of putts."""
    try:
        rows = list(csv.reader(_text(data).splitlines()))
    except csv.Error as error:
        raise Damaged("not-a-table", "the file is not a table of comma-separated values.") from error
    head = next((number for number, row in enumerate(rows) if _is_head(row)), len(rows))
    labels = [(_key(row[0]), row[1].strip()) for row in rows[:head] if len(row) > 1]
    fields: Object = {label: value for label, value in labels if value}
    columns = [_key(cell) for cell in rows[head]] if head < len(rows) else []
    table = [dict(zip(columns, row, strict=False)) for row in rows[head + 1 :]]
    putts = tuple(_putts(table))
    if not putts and not FIGURES & fields.keys():
        raise Damaged("not-a-session", "the table is not a report of putting: it has no putts, makes or misses.")
    names = frozenset(name for one in (fields, *table) for name in _people(one))
    return Part(fields=(fields,), putts=putts, names=names)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # saved again by a spreadsheet


def _is_head(row: Sequence[str]) -> bool:
    keys = {_key(cell) for cell in row}
    return bool(keys & _RESULT) and len(keys) > 1


def _key(label: str) -> str:
    """`Time (s)` is `time_s`"""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def _plain(row: Object) -> Object:
    return {_key(key): value for key, value in row.items()}


def _people(row: Mapping[str, Any]) -> Iterator[str]:
    for key, value in row.items():
        if _PERSON.search(key) and isinstance(value, str) and value.strip():
            yield value.strip()


def _putts(rows: Sequence[Mapping[str, Any]]) -> Iterator[Putt]:
    if len(rows) > MAX_EVENTS:
        raise Damaged("too-many-events", f"the session has more than {MAX_EVENTS} putts.")
    for row in rows:
        word = str(_pick(row, _RESULT) or "").strip().upper()
        if word.startswith(("MAKE", "MADE", "MISS")):
            yield Putt(
                made=not word.startswith("MISS"),
                time=_pick(row, _TIME),
                category=_category(_pick(row, _DETAIL)),
                distance=as_number(_pick(row, _DISTANCE)),
            )


def _pick(row: Mapping[str, Any], keys: frozenset[str]) -> Any:  # noqa: ANN401 -- any JSON value
    return next((row[key] for key in row if key in keys and row[key] is not None and row[key] != ""), None)


def _category(value: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    word = str(value or "").upper().rpartition(" - ")[2].strip()
    return word.lower() if word in CATEGORIES else None
