from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.reading import Reading
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.json_grammar import Paths, moment
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe
from tests.daemon.recipes.small import codes, kinds

TEXT = """
name = "duel"
title = "The Duel"
format = "json-blocks"
[files]
patterns = ["duel.log"]
max_line_bytes = 300
[line]
time = "at"
[[line.rule]]
type = "begin"
where = { "room.state" = "playing" }
[[line.rule]]
type = "finish"
where = { "room.state" = "over" }
[[line.rule]]
type = "mulligan"
where = { "messages.*.kind" = "mulligan" }
[[line.rule]]
type = "own"
has = "welcome.name"
[session]
between = ["*"]
identity = ["own.welcome.name"]
[session.outcome]
winner = "finish.room.results.-1.winner"
seat = "mulligan.messages.0.seats.0"
[[session.kind]]
start = [{ type = "begin" }]
end = [{ type = "finish" }]
key = "room.id"
[privacy]
names = ["begin.room.players.*.name"]
"""
RECIPE = parse_recipe(TEXT, origin="duel.toml")
assert isinstance(RECIPE, Recipe)
DUEL = RecipeTracker(RECIPE)
AT = 1_772_395_200_000
BEGIN = (
    b'{"at": "1772395200000", "room": {"state": "playing", "id": "r1", "players": [{"name": "Ann"}, {"name": "Bo"}]}}'
)
END = b'{"at": "1772395260000", "room": {"state": "over", "id": "r1", "results": [{"winner": 1}, {"winner": 2}]}}'


def read(*lines: bytes) -> Reading:
    reader = DUEL.reader()
    reader.feed(b"".join(line + b"\n" for line in lines))
    return reader.reading(settled=True)


def test_a_block_is_of_the_first_type_that_fits() -> None:
    assert kinds(read(BEGIN, END)) == [["begin", "finish"]]


def test_blocks_of_no_type_say_nothing() -> None:
    assert kinds(read(BEGIN, b'{"at": "1772395230000", "room": {"state": "waiting"}}', END)) == [["begin", "finish"]]


def test_a_block_without_a_time_has_that_of_the_one_before() -> None:
    (found,) = read(BEGIN, b'{"room": {"state": "over"}}').found
    assert [event.at for event in found.session.events] == [AT, AT]


def test_a_first_block_without_a_time_cannot_be_dated() -> None:
    assert codes(read(b'{"room": {"state": "playing"}}')) == ["not-an-event", "no-session"]


def test_a_condition_on_every_item_is_met_by_any() -> None:
    mulligan = b'{"messages": [{"kind": "state", "seats": [2]}, {"kind": "mulligan"}]}'
    (found,) = read(BEGIN, mulligan, END).found
    assert found.session.facts == {"seat": 2, "winner": 2}


def test_a_session_that_names_itself_again_is_not_another() -> None:
    assert len(read(BEGIN, BEGIN, END).found) == 1


def test_another_key_is_another_session() -> None:
    assert len(read(BEGIN, BEGIN.replace(b'"r1"', b'"r2"'), END).found) == 2


def test_the_key_alone_makes_a_session_what_it_is() -> None:
    one, other = (read(begin).found[0].id for begin in (BEGIN, BEGIN.replace(b"1772395200000", b"1772395200001")))
    assert one == other


def test_every_name_in_a_list_is_known() -> None:
    assert read(BEGIN).found[0].names == {"Ann", "Bo"}


def test_who_is_named_before_the_session_is_its_player() -> None:
    assert read(b'{"at": "1772395100000", "welcome": {"name": "Ann"}}', BEGIN).found[0].identity == "Ann"


def test_where_two_are_named_in_a_session_nobody_can_tell_whose_it_is() -> None:
    welcome = [b'{"welcome": {"name": "%s"}}' % name for name in (b"Ann", b"Bo")]
    (found,) = read(BEGIN, *welcome).found
    assert (found.identity, found.unsure) == (None, True)


def test_after_such_a_session_the_next_one_begins_without_a_player() -> None:
    welcome = [b'{"welcome": {"name": "%s"}}' % name for name in (b"Ann", b"Bo")]
    assert read(BEGIN, *welcome, END, BEGIN.replace(b'"r1"', b'"r2"')).found[1].identity is None


def test_a_block_that_is_no_json_is_reported_where_it_would_matter() -> None:
    assert codes(read(BEGIN, b'{"playing": }', b'{"nothing": }')) == ["not-json"]


def test_an_object_that_never_ends_is_given_up() -> None:
    reading = read(BEGIN, b"{", *[b'  "x": "yyyyyyyyyyyyyyyy",'] * 20, END)
    assert (kinds(reading), codes(reading)) == ([["begin", "finish"]], ["line-too-long"])


def test_an_object_that_is_cut_off_is_reported_where_it_stops() -> None:
    reading = read(BEGIN, b'{"room": {"state":', b"[Logger] next", END)
    (trouble,) = reading.troubles
    assert (trouble.code, trouble.message) == (
        "object-cut-off",
        "line 3: the object before it stops in the middle.",
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", 1),
        ("list.0.c", 2),
        ("list.-1.c", 3),
        ("list.1", {"c": 3}),
        ("list.*.c", [2, 3]),
        ("mixed.*.c", [4]),
        ("mixed.*", [{"c": 4}, 5]),
        ("deep.*.in.*.c", [[6], []]),
    ],
)
def test_a_path_leads_into_objects_and_lists(path: str, value: object) -> None:
    document = {
        "a": {"b": 1},
        "list": [{"c": 2}, {"c": 3}],
        "mixed": [{"c": 4}, 5],
        "deep": [{"in": [{"c": 6}]}, {"in": []}],
    }
    assert Paths(document)[path] == value


@pytest.mark.parametrize("path", ["", "x", "a.b.c", "list.2", "list.-3", "list.c", "list.1e1", "a.0", "a.*"])
def test_a_path_that_leads_nowhere_finds_nothing(path: str) -> None:
    assert Paths({"a": {"b": 1}, "list": [1, 2]}).get(path) is None


EIGHT = datetime(2026, 3, 1, 20, tzinfo=UTC)


WAYS = [
    "2026-03-01T20:00:00Z",
    "2026-03-01T21:00:00+01:00",
    1_772_395_200,
    1_772_395_200.0,
    "1772395200",
    1_772_395_200_000,
    "1772395200000",
    639_079_920_000_000_000,
    "639079920000000000",
]


@pytest.mark.parametrize("value", WAYS, ids=range(len(WAYS)))
def test_a_moment_is_read_in_every_way_it_is_written(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    assert moment(value) == EIGHT


NO_MOMENTS: list[Any] = [None, True, [], {}, "", "soon", 5, "5", -1, 1e300, float("nan"), 9e18]


@pytest.mark.parametrize("value", NO_MOMENTS, ids=range(len(NO_MOMENTS)))
def test_what_is_no_moment_is_none(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    assert moment(value) is None


@given(st.one_of(st.integers(), st.floats(), st.text(max_size=30)))
def test_a_moment_is_in_the_calendar_or_none(value: object) -> None:
    found = moment(value)
    assert found is None or 1970 <= found.year < 3000
