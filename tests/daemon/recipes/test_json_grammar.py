from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import Found, Reading
from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.json_grammar import Paths, moment
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe
from logferry_model.session import EndRule
from tests.daemon.recipes.small import codes, kinds, told
from tests.daemon.texts import holding
from tests.privacy import prepare

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


def _line_recipe(text: str) -> Recipe:
    recipe = parse_recipe(text, origin="test.toml")
    assert isinstance(recipe, Recipe)
    return recipe


DUEL = RecipeTracker(_line_recipe(TEXT))
EIGHT = datetime(2026, 3, 1, 20, tzinfo=UTC)
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


NUMBERS = st.integers(0, 9)
PADS = st.integers(0, 400).map(lambda size: {"pad": "{" * size})
BLOCKS = st.one_of(
    st.just(json.loads(BEGIN)),
    st.just(json.loads(END)),
    st.builds(lambda kind, pad: {"messages": [{"kind": kind}], **pad}, st.sampled_from(["mulligan", "state"]), PADS),
    st.builds(lambda pads: {"messages": [{"kind": "mulligan"}], "more": pads}, st.lists(PADS, max_size=4)),
)
SAID = st.one_of(
    st.builds(lambda block, indent: json.dumps(block, indent=indent), BLOCKS, st.sampled_from([None, 1])),
    st.builds(lambda size: "[Logger] " + "w" * size, st.integers(0, 600)),
)


@given(st.lists(SAID, max_size=10), st.lists(st.integers(1, 250), min_size=1, max_size=8))
def test_blocks_are_read_alike_in_whatever_pieces_they_come_also_where_lines_are_too_long(
    said: list[str], sizes: list[int]
) -> None:
    data = "".join(one + "\n" for one in said).encode()
    reader, position, turn = DUEL.reader(), 0, 0
    while position < len(data):
        reader.feed(data[position : position + sizes[turn % len(sizes)]])
        position, turn = position + sizes[turn % len(sizes)], turn + 1
    assert told(reader.reading(settled=True)) == told(read(*data.split(b"\n")[:-1]))


def test_the_rest_of_an_object_whose_line_is_too_long_is_given_up_with_it() -> None:
    blob = b'  "blob": "' + b"x" * 700 + b'",'
    reader = DUEL.reader()
    data = b"".join(line + b"\n" for line in (BEGIN, b"{", blob, b'  "n": 1', b"}", END))
    for start in range(0, len(data), 97):
        reader.feed(data[start : start + 97])
    reading = reader.reading(settled=True)
    assert (kinds(reading), codes(reading)) == ([["begin", "finish"]], ["line-too-long"])


def test_an_object_that_is_cut_off_is_reported_where_it_stops() -> None:
    reading = read(BEGIN, b'{"room": {"state":', b"[Logger] next", END)
    (trouble,) = reading.troubles
    assert (trouble.code, trouble.message) == (
        "object-cut-off",
        "line 3: the object before it stops in the middle.",
    )


def test_a_key_that_has_dots_itself_is_found_as_it_is() -> None:
    assert Paths({"a.b": 1, "a": {"b": 2}})["a.b"] == 1


# One object a line


LINES = """
name = "ferry"
title = "The Ferry"
format = "json-lines"
[files]
patterns = ["ferry.log"]
[line]
time = "head.at"
type = "head.kind"
[session]
identity = ["Board.who.name"]
[session.outcome]
port = "Land.place.port"
[[session.kind]]
start = [{ type = "Board", where = { "who.role" = "captain" } }]
end = [{ type = "Land", where = { "crew.*.state" = "ashore" } }]
key = "who.trip"
facts = { ship = "ship.kind" }
[privacy]
names = ["Talk.from.0.name", "Talk.to.*.name"]
[take.Catch]
item = "what.0.fish"
amount = "what.0.weight"
fields = ["what.-1.fish"]
who = "by.name"
[take.Talk]
fields = ["about"]
"""
FERRY = RecipeTracker(_line_recipe(LINES))


def ferried(kind: str, **fields: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    return json.dumps({"head": {"at": "2026-03-01T20:00:00Z", "kind": kind}, **fields}).encode() + b"\n"


BOARD = ferried("Board", who={"role": "captain", "name": "Ann Vexmoor", "trip": "t1"}, ship={"kind": "barge"})


def on_the_ferry(*lines: bytes) -> Found:
    reader = FERRY.reader()
    reader.feed(b"".join(lines))
    (found,) = reader.reading(settled=True).found
    return found


def test_time_type_and_condition_of_a_line_have_paths() -> None:
    assert on_the_ferry(ferried("Board", who={"role": "cook"}), BOARD).started_at == EIGHT


def test_a_line_is_named_by_a_path() -> None:
    found = on_the_ferry(BOARD)
    assert (found.identity, found.session.facts) == ("Ann Vexmoor", {"ship": "barge"})


def test_the_key_of_a_session_has_a_path() -> None:
    assert on_the_ferry(BOARD).session.natural_key.startswith("session/")
    assert len({on_the_ferry(BOARD.replace(b"t1", key)).id for key in (b"t1", b"t2")}) == 2


def test_the_end_and_the_outcome_have_paths() -> None:
    found = on_the_ferry(
        BOARD, ferried("Land", crew=[{"state": "aboard"}, {"state": "ashore"}], place={"port": "Ostra"})
    )
    assert (found.end is not None, found.session.facts["port"]) == (True, "Ostra")


def test_what_is_taken_has_paths() -> None:
    found = on_the_ferry(
        BOARD, ferried("Catch", what=[{"fish": "cod", "weight": 2}, {"fish": "eel"}], by={"name": "Bo"})
    )
    event = found.session.events[1]
    assert (event.item, event.amount, event.fields) == ("cod", 2, {"what.-1.fish": "eel"})
    assert event.participant is not None


@pytest.mark.parametrize("name", ["Ann Vexmoor", "Hob Quill", "Zed Orrin", "Una Orrin"])
def test_nobody_who_is_named_by_a_path_is_in_what_is_sent(name: str) -> None:
    talk = ferried(
        "Talk",
        about=f"it is {name}",
        **{"from": [{"name": "Hob Quill"}]},
        to=[{"name": "Zed Orrin"}, {"name": "Una Orrin"}],
    )
    found = on_the_ferry(BOARD, talk)
    document = prepare(found, end_by(EndRule.SILENCE, "silence"), only_grows=True).document
    assert holding(document, name) == []
    assert holding(document, "it is") == []


# Paths


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
