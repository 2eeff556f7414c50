"""Every tracker this program can read, by name. A new one is added here or, better, as a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.recipes.shipped import shipped_recipes
from logferry_daemon.trackers.artemis import Artemis
from logferry_daemon.trackers.encounter_tracker import EncounterTracker
from logferry_daemon.trackers.putt import ProofOfPutt
from logferry_daemon.trackers.resonance import Resonance
from logferry_daemon.trackers.swg import SwgBot


def trackers_with_code() -> tuple[AnyTracker, ...]:
    """Those whose files no recipe could read; no recipe may have the name of one."""
    return (Artemis(), Resonance(), ProofOfPutt(), SwgBot(), EncounterTracker())


def all_trackers(own: Iterable[AnyTracker] = ()) -> Mapping[str, AnyTracker]:
    """Name -> tracker, those with code first; an own recipe takes the place of a shipped one of the same name."""
    trackers = (*trackers_with_code(), *shipped_recipes(), *own)
    return {tracker.name: tracker for tracker in trackers}
