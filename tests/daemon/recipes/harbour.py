"""A recipe for text lines of a game that does not exist, with everything that such a recipe may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from logferry_daemon.core.reading import About, Reading
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe

TEXT = r"""
name = "harbour"
title = "The Harbour"
format = "text-lines"
[files]
patterns = ["harbour-*.log"]
encoding = "cp1252"
max_line_bytes = 400
[line]
time = '^(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) '
date_from = 'harbour-(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)'
word_after = " <"
word_until = ">"
drop_last = ["fair", "foul"]
[[line.rule]]
type = "sail"
word = "SAIL"
pattern = 'from (?P<port>\w+) under (?P<captain>[^,]+)'
[[line.rule]]
type = "moor"
word = "MOOR"
[[line.rule]]
type = "catch"
word = ["NET", "ROD"]
columns = { ship = 1, who = 2, weight = -2, worth = -1 }
begins = { ship = "own-" }
[[line.rule]]
type = "hail"
contains = "ahoy"
pattern = 'ahoy (?P<captain>.+)$'
[session]
between = ["*"]
gap = "2h"
silence = "30m"
identity = ["sail.captain"]
[session.outcome]
weight = "catch.weight"
[[session.kind]]
name = "trip"
start = [{ type = "sail" }]
end = [{ type = "moor" }]
[session.kind.facts]
port = "port"
[[flavour]]
name = "old"
paths = ["/old/"]
silence = "1h"
[privacy]
names = ["hail.captain"]
[take.catch]
who = "who"
amount = "weight"
value = "worth"
[[measure]]
name = "weight"
label = "Weight"
sum = "amount"
of = ["catch"]
[[figure]]
name = "weight"
sum = ["catch"]
"""
RECIPE = parse_recipe(TEXT, origin="harbour.toml")
assert isinstance(RECIPE, Recipe)
HARBOUR = RecipeTracker(RECIPE)
PATH = "harbour-2026-03-01.log"


def read(data: bytes, path: str = PATH, modified: datetime = datetime(2026, 3, 2, 1, tzinfo=UTC)) -> Reading:
    reader = HARBOUR.reader(About(path=path, size=len(data), modified=modified, zone=UTC))
    reader.feed(data)
    return reader.reading(settled=True)


def fields(data: bytes) -> list[Mapping[str, object]]:
    """What was taken of each event of the only session."""
    (found,) = read(data).found
    return [{"type": one.type, "amount": one.amount, "value": one.value} for one in found.session.events]
