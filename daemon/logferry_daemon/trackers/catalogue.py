"""Every tracker this program can read, by name. A new one is added here or, better, as a recipe."""

from __future__ import annotations

from collections.abc import Mapping

from logferry_daemon.core.reading import Tracker
from logferry_daemon.recipes.shipped import shipped_recipes
from logferry_daemon.trackers.artemis import Artemis


def all_trackers() -> Mapping[str, Tracker]:
    """Name -> tracker, the trackers with code of their own first."""
    trackers: tuple[Tracker, ...] = (Artemis(), *shipped_recipes())
    return {tracker.name: tracker for tracker in trackers}
