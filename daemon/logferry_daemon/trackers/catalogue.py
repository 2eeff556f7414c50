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


def all_trackers(own: Iterable[AnyTracker] = ()) -> Mapping[str, AnyTracker]:
    """Name -> tracker, those with code first; a recipe of a person's own takes the place of one of the same name."""
    with_code: tuple[AnyTracker, ...] = (Artemis(), Resonance(), ProofOfPutt(), SwgBot(), EncounterTracker())
    trackers = (*with_code, *shipped_recipes(), *own)
    return {tracker.name: tracker for tracker in trackers}
