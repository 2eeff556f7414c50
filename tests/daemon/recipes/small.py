"""A recipe of a game that does not exist, with everything that a recipe may say; and lines of its log."""

from __future__ import annotations

import json
from typing import Any

from logferry_daemon.core.reading import Raw, Reading
from logferry_daemon.recipes.engine import LineReader, RecipeTracker
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe

TEXT = """
name = "tavern"
title = "The Tavern"
format = "json-lines"
[files]
patterns = ["tavern-*.log"]
max_line_bytes = 400
[files.paths]
linux = ["~/tavern"]
[line]
time = "time"
type = "kind"
[session]
between = ["Greet", "Sound"]
silence = "30m"
processes = ["tavern.exe"]
identity = ["Enter.guest"]
[[session.kind]]
start = [{ type = "Enter" }]
end = [{ type = "Leave" }, { type = "Sound", where = { track = "street" } }]
[session.kind.facts]
table = "table"
[privacy]
titles = ["Sir "]
names = ["Enter.guest", "Greet.host", "Toast.others"]
[take.Drink]
item = "brand|kind_of_drink"
quantity = "cups"
value = "price"
loot = true
[take.Toast]
fields = ["words", "loudness"]
amount = "loudness"
creature = "to"
[[measure]]
name = "drinks"
label = "Drinks"
count = ["Drink"]
[[measure]]
name = "spent"
label = "Spent"
sum = "value"
of = ["Drink"]
unit = "coins"
"""
RECIPE = parse_recipe(TEXT, origin="tavern.toml")
assert isinstance(RECIPE, Recipe)
TAVERN = RecipeTracker(RECIPE)


def line(kind: str, minute: int = 0, **fields: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    """One line without its newline."""
    return json.dumps({"time": f"2026-03-01T20:{minute:02}:00Z", "kind": kind} | fields, ensure_ascii=False).encode()


def log(*lines: bytes, newline: bytes = b"\n") -> bytes:
    """A log whose last line has its newline."""
    return b"".join(one + newline for one in lines)


def fed(*blocks: bytes) -> LineReader:
    reader = TAVERN.reader()
    for block in blocks:
        reader.feed(block)
    return reader


def read(*blocks: bytes) -> Reading:
    return fed(*blocks).reading(settled=True)


def told(reading: Reading) -> tuple[Reading, list[Raw]]:
    """A reading and everything that its sessions are made of: equal to another one when all of it is."""
    return reading, [found.raw() for found in reading.found]


def codes(reading: Reading) -> list[str]:
    return [trouble.code for trouble in reading.troubles]


def kinds(reading: Reading) -> list[list[str]]:
    """The event types of each session."""
    return [[event.type for event in found.session.events] for found in reading.found]
