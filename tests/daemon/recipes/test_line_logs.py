"""What holds for every shipped recipe for a text log, over generated ones: pieces, growth, names, and bait."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.reading import Reading
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe
from logferry_daemon.recipes.shipped import shipped_texts
from tests.daemon.recipes.logs import Log, leaks, sent
from tests.daemon.recipes.small import told
from tests.factories_cards import arena, hearthstone
from tests.factories_chat import chat
from tests.factories_combat import swtor, trek, warcraft
from tests.factories_logs import ACCENTED, PLANTED, START, written

LATE = START.replace(hour=23, minute=58)
LOGS: Mapping[str, tuple[Log, bytes]] = {
    "hearthstone": (
        Log("hearthstone", "Hearthstone_2026_03_01_19_59_58/Power.log"),
        written(hearthstone(3, games=3, start=LATE, unended=[1]), torn=9),
    ),
    "hearthstone-undated": (Log("hearthstone", "Power.log"), written(hearthstone(4, start=LATE))),
    "swtor": (
        Log("swtor", "combat_2026-03-01_23_55_00_123456.txt"),
        written(swtor(5, start=LATE, unended=[1], own=ACCENTED), encoding="cp1252"),
    ),
    "swtor-7": (Log("swtor", "combat_2026-03-01_19_55_00_123456.txt"), written(swtor(6, since_7=True), torn=20)),
    "world-of-warcraft": (
        Log("world-of-warcraft", "_retail_/Logs/WoWCombatLog-030126_195500.txt"),
        written(warcraft(7, start=LATE, offset="-4"), torn=3),
    ),
    "world-of-warcraft-undated": (
        Log("world-of-warcraft", "WoWCombatLog.txt"),
        written(warcraft(8, year=False, offset="", advanced=False, tail="")),
    ),
    "star-trek-online": (Log("star-trek-online", "combatlog.log"), written(trek(9, start=LATE), torn=11)),
    "mtg-arena": (Log("mtg-arena", "Player.log"), written(arena(10, entered_twice=True))),
    "mtg-arena-narrow": (Log("mtg-arena", "Player.log"), written(arena(11, spread=False, unended=[1]), torn=5)),
    "entropia-chat": (Log("entropia-chat", "chat.log"), written(chat(12, start=LATE), mark=True)),
}
each_log = pytest.mark.parametrize("name", LOGS)


def read(name: str, *blocks: bytes) -> Reading:
    log, data = LOGS[name]
    reader = log.reader(len(data))
    for block in blocks:
        reader.feed(block)
    return reader.reading(settled=True)


def whole(name: str) -> Reading:
    return read(name, LOGS[name][1])


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 200_000), max_size=7)


@each_log
def test_a_generated_log_has_sessions(name: str) -> None:
    assert len(whole(name).found) >= 2


@each_log
@settings(max_examples=20)
@given(CUTS)
def test_a_log_is_read_alike_in_whatever_pieces_it_comes(name: str, cuts: list[int]) -> None:
    assert told(read(name, *pieces(LOGS[name][1], cuts))) == told(whole(name))


@each_log
def test_a_log_is_read_alike_byte_by_byte(name: str) -> None:
    data = LOGS[name][1][:6000]
    assert told(read(name, *(data[at : at + 1] for at in range(len(data))))) == told(read(name, data))


@each_log
@settings(max_examples=10)
@given(CUTS)
def test_a_log_that_is_looked_at_while_it_grows_is_read_alike(name: str, cuts: list[int]) -> None:
    log, data = LOGS[name]
    reader = log.reader(len(data))
    for piece in pieces(data, cuts):
        reader.feed(piece)
        reader.reading(settled=False)
    assert told(reader.reading(settled=True)) == told(whole(name))


@each_log
def test_reading_twice_is_as_reading_once(name: str) -> None:
    assert told(whole(name)) == told(whole(name))


@each_log
def test_every_session_is_found_again_from_where_it_is_said_to_be(name: str) -> None:
    log, data = LOGS[name]
    for number, one in enumerate(whole(name).found):
        reader = log.reader(len(data), offset=one.offset, line=one.line, days=one.days)
        reader.feed(data[one.offset :])
        assert reader.reading(settled=True).found == whole(name).found[number:]


@each_log
def test_what_is_read_on_is_sent_in_the_same_bytes(name: str) -> None:
    log, data = LOGS[name]
    last = whole(name).found[-1]
    reader = log.reader(len(data), offset=last.offset, line=last.line, days=last.days)
    reader.feed(data[last.offset :])
    assert [sent(found) for found in reader.reading(settled=True).found] == [sent(last)]


@each_log
def test_a_log_cut_off_anywhere_has_no_session_that_is_not_in_it(name: str) -> None:
    data = LOGS[name][1]
    known = {found.id for found in whole(name).found}
    for cut in range(0, len(data), len(data) // 40):
        assert {found.id for found in read(name, data[:cut]).found} <= known


@each_log
def test_lines_that_end_in_the_way_of_unix_are_the_same_lines(name: str) -> None:
    data = LOGS[name][1].replace(b"\r\n", b"\n")
    log = LOGS[name][0]
    reader = log.reader(len(data))
    reader.feed(data)
    assert [one.session for one in reader.reading(settled=True).found] == [one.session for one in whole(name).found]


@each_log
def test_no_planted_name_or_chat_is_in_what_is_sent(name: str) -> None:
    assert leaks(whole(name), PLANTED) == []


@each_log
@settings(max_examples=15)
@given(CUTS)
def test_no_planted_name_is_in_what_is_sent_of_a_log_that_was_cut(name: str, cuts: list[int]) -> None:
    # From the middle of a line, as after a copy that was truncated: the names may stand in the half that is lost.
    parts = pieces(LOGS[name][1], cuts)
    assert leaks(read(name, *parts[::2]), PLANTED) == []


# Bait (R-D17): the time of a match grows with the line and no faster, whatever the line is; here nothing may be found.

BAIT = (
    b"[" * 100_000,
    b"[@" * 50_000,
    b",Player-" * 12_500,
    b"a" * 100_000,
    b" " * 100_000,
    b"0" * 100_000,
    b',"' * 50_000,
    b"{" * 50_000,
    b"::P[1@1 a@a]," * 7_700,
    b"[System] [] You received " * 4_000,
    b"TAG_CHANGE Entity=" * 5_500,
)
RECIPES = [
    recipe
    for name, text in shipped_texts().items()
    if isinstance(recipe := parse_recipe(text, origin=name), Recipe) and recipe.format != "json-lines"
]


@pytest.mark.parametrize("bait", BAIT, ids=range(len(BAIT)))
@each_log
def test_a_line_that_is_bait_changes_nothing(name: str, bait: bytes) -> None:
    log, data = LOGS[name]
    first = data.index(b"\n") + 1
    baited = data[:first] + bait + b"\r\n" + data[first:]
    reader = log.reader(len(baited))
    reader.feed(baited)
    assert [one.id for one in reader.reading(settled=True).found] == [one.id for one in whole(name).found]


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one.format == "text-lines"], ids=lambda one: one.name)
def test_bait_behind_the_beginning_of_every_line_of_a_game_is_bounded_work(recipe: Recipe) -> None:
    data = next(data for name, (_, data) in LOGS.items() if name.startswith(recipe.name))
    lines = [line[: max(20, len(line) // 2)] + bait for line in data.splitlines()[:60] for bait in BAIT]
    log = next(log for name, (log, _) in LOGS.items() if name.startswith(recipe.name))
    reader = log.reader(sum(map(len, lines)))
    reader.feed(b"\n".join(lines))
    assert leaks(reader.reading(settled=True), PLANTED) == []
