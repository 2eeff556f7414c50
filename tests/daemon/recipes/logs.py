"""What the tests of every shipped recipe for a line log need: its tracker, a reading of some bytes, what would be sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import About, Found, Reading
from logferry_daemon.recipes.engine import LineReader, RecipeTracker
from logferry_daemon.recipes.shipped import shipped_texts, tracker_of
from logferry_model.session import EndRule
from tests.daemon.texts import holding
from tests.privacy import prepare

WRITTEN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
"""When the generated logs were last written, unless a test says otherwise."""


def tracker(name: str) -> RecipeTracker:
    """The tracker of one shipped recipe."""
    made = tracker_of(shipped_texts()[f"{name}.toml"], origin=name)
    assert isinstance(made, RecipeTracker)
    return made


def about(path: str, size: int, modified: datetime = WRITTEN, folder: str = "") -> About:
    return About(path=path, folder=folder, size=size, modified=modified, zone=UTC)


class Log:
    """One recipe, and the usual path of its files."""

    def __init__(self, name: str, path: str) -> None:
        self.tracker = tracker(name)
        self.path = path

    def reader(self, size: int, *, offset: int = 0, line: int = 1, days: int = 0, **known: Any) -> LineReader:  # noqa: ANN401 -- of About
        about_it = about(known.get("path", self.path), size, known.get("modified", WRITTEN), known.get("folder", ""))
        return self.tracker.reader(about_it, offset=offset, line=line, days=days)

    def read(self, *blocks: bytes, **known: Any) -> Reading:  # noqa: ANN401 -- of About
        reader = self.reader(sum(map(len, blocks)), **known)
        for block in blocks:
            reader.feed(block)
        return reader.reading(settled=True)

    def only(self, data: bytes, **known: Any) -> Found:  # noqa: ANN401 -- of About
        (found,) = self.read(data, **known).found
        return found


def sent(found: Found) -> bytes:
    return prepare(found, found.end or end_by(EndRule.SILENCE, "silence"), only_grows=True).document


def document(found: Found) -> Any:  # noqa: ANN401 -- any JSON value
    return json.loads(sent(found))


def leaks(reading: Reading, planted: Iterable[str]) -> list[str]:
    """The planted texts that would be sent."""
    documents = [sent(found) for found in reading.found]
    return [text for text in planted for one in documents if holding(one, text)]


def rules(reading: Reading) -> list[EndRule | None]:
    return [found.end.rule if found.end else None for found in reading.found]


def types(found: Found) -> Counter[str]:
    return Counter(event.type for event in found.session.events)


def measures(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


def own_figures(found: Found) -> dict[str, float]:
    (own,) = [one for one in found.session.participants if one.local]
    return own.figures
