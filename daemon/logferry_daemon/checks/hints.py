"""What a player can do where a game writes no log."""

from __future__ import annotations

from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.match.tracker import MatchTracker


def logging_hint(tracker: AnyTracker) -> str:
    """The recipe's own hint, or what holds for every game."""
    hint = tracker.recipe.hint if isinstance(tracker, RecipeTracker | MatchTracker) else ""
    return hint or f"Check that {tracker.title} writes its log, and that it writes it there."
