"""A recipe of text lines for a game that does not exist: large and small sessions, players, counted lines; and its lines."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from logferry_daemon.core.reading import About, Reading
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe

TEXT = """
name = "arena-of-mice"
title = "Arena of Mice"
format = "text-lines"
[files]
patterns = ["mice*.txt"]
[line]
time = '^(?P<year>\\d+)-(?P<month>\\d+)-(?P<day>\\d+) (?P<hour>\\d\\d):(?P<minute>\\d\\d):(?P<second>\\d\\d) '
word_after = " #"
word_until = " "
[[line.rule]]
type = "tower_start"
word = "TOWER"
pattern = 'floor=(?P<floor>\\d+) id=(?P<id>\\w+)'
[[line.rule]]
type = "tower_end"
word = "TOWER_OUT"
[[line.rule]]
type = "fight_start"
word = "FIGHT"
pattern = 'boss=(?P<boss>\\w+)'
[[line.rule]]
type = "fight_end"
word = "FIGHT_OUT"
pattern = 'won=(?P<won>\\d)'
[[line.rule]]
type = "hit"
word = "HIT"
pattern = 'who=(?P<who>\\S+) for=(?P<points>\\d+)(?P<crit>!)?'
[[line.rule]]
type = "bite"
word = "BITE"
pattern = 'who=(?P<who>\\S+) for=(?P<points>\\d+)'
[[line.rule]]
type = "login"
word = "LOGIN"
pattern = 'as=(?P<name>\\S+)'
[session]
between = ["*"]
gap = "10m"
silence = "10m"
identity = ["login.name"]
processes = ["mice.exe"]
[session.outcome]
won = "fight_end.won"
[[session.kind]]
name = "tower"
start = [{ type = "tower_start" }]
end = [{ type = "tower_end" }]
key = "id"
[session.kind.facts]
floor = "floor"
[[session.kind]]
name = "fight"
start = [{ type = "fight_start" }]
end = [{ type = "fight_end" }]
[session.kind.facts]
boss = "boss"
[[flavour]]
name = "old"
paths = ["_old_"]
processes = ["oldmice.exe"]
silence = "1h"
[take.hit]
who = "who"
amount = "points"
critical = "crit"
[take.bite]
who = "who"
amount = "points"
count_only = true
[[measure]]
name = "damage"
label = "Damage"
sum = "amount"
of = ["hit", "bite"]
[[measure]]
name = "dps"
label = "Damage a second"
sum = "amount"
of = ["hit", "bite"]
per = "second"
[[figure]]
name = "damage_dealt"
sum = ["hit", "bite"]
[[figure]]
name = "hits"
count = ["hit"]
"""


def recipe_of(text: str) -> Recipe:
    recipe = parse_recipe(text, origin="mice.toml")
    assert isinstance(recipe, Recipe)
    return recipe


MICE = RecipeTracker(recipe_of(TEXT))
START = datetime(2026, 3, 1, 20, tzinfo=UTC)
FILE = About(path="mice-1.txt", zone=UTC)


def at(second: int, what: str) -> bytes:
    """One line, so many seconds after the start."""
    return f"{START + timedelta(seconds=second):%Y-%m-%d %H:%M:%S} #{what} \r\n".encode()


TOWER = "TOWER floor=3 id=ab12"
TOWER_OUT = "TOWER_OUT"
FIGHT = "FIGHT boss=Owl"
FIGHT_OUT = "FIGHT_OUT won=1"


def hit(who: str, points: int, *, crit: bool = False) -> str:
    return f"HIT who={who} for={points}{'!' * crit}"


def bite(who: str, points: int) -> str:
    return f"BITE who={who} for={points}"


def log(*lines: str, step: int = 1) -> bytes:
    """These lines, a step apart."""
    return b"".join(at(number * step, what) for number, what in enumerate(lines))


def read(*blocks: bytes, about: About = FILE) -> Reading:
    reader = MICE.reader(about)
    for block in blocks:
        reader.feed(block)
    return reader.reading(settled=True)


def counted(work: Callable[[], object]) -> int:
    """How many functions a piece of work calls: its cost without a clock."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    gc.disable()  # it would be counted, too
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls
