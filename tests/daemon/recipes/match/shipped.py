"""The shipped recipes of this kind as trackers, and small ways to read with them."""

from __future__ import annotations

import tomllib
from datetime import UTC
from importlib.resources import files
from typing import Any

import msgspec

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import About, Document, Found, Reading
from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_daemon.recipes.match.tracker import MatchTracker
from logferry_model.session import EndRule
from tests.privacy import prepare

FILLER = b"\0" * 64


def recipe(name: str) -> dict[str, Any]:
    """A shipped recipe, before it is checked."""
    return tomllib.loads((files("logferry_daemon.recipes") / f"{name}.toml").read_text("utf-8"))


def tracker(of: dict[str, Any]) -> MatchTracker:
    return MatchTracker(msgspec.convert(of, MatchRecipe))


GW2 = tracker(recipe("guild-wars-2-arcdps"))
LEAGUE = tracker(recipe("rocket-league"))


def read(one: MatchTracker, data: bytes, about: About | None = None) -> Reading:
    return one.read(Document(data=data, about=about or About(path="a", zone=UTC)))


def found_in(one: MatchTracker, data: bytes, about: About | None = None) -> Found:
    (found,) = read(one, data, about).found
    return found


def codes(reading: Reading) -> list[str]:
    return [trouble.code for trouble in reading.troubles]


def sent(found: Found) -> bytes:
    """What would be kept and sent of it."""
    end = found.end or end_by(EndRule.DEMAND, "its owner asked for it at 2026-03-01 21:00:00 UTC")
    return prepare(found, end, only_grows=False).document
