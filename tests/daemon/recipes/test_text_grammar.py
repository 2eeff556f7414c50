from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.reading import NOWHERE, About
from logferry_daemon.recipes.grammar import Glance, Tallied
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Recipe
from logferry_daemon.recipes.text_grammar import TextLines, compiled
from logferry_model.session import EndRule
from tests.daemon.recipes.harbour import HARBOUR, PATH, TEXT, fields, read
from tests.daemon.recipes.small import codes, kinds, told

SAIL, MOOR = b"20:00:00 <SAIL> from Ostrand under Oriana", b"20:10:00 <MOOR>"
CATCH = b'20:05:00 <NET>,own-7,"Oriana",fish,12.5,3'


def log(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


def test_a_line_is_of_the_type_of_its_word() -> None:
    assert kinds(read(log(SAIL, CATCH, MOOR))) == [["sail", "catch", "moor"]]


def test_a_line_of_no_type_says_nothing() -> None:
    assert kinds(read(log(SAIL, b"20:01:00 <WAVE> high", b"20:02:00 no word", MOOR))) == [["sail", "moor"]]


def test_a_word_in_another_place_is_none() -> None:
    assert kinds(read(log(SAIL, b"20:01:00 said <NOTE> <MOOR>", MOOR))) == [["sail", "moor"]]


def test_a_line_without_a_word_may_be_known_by_what_it_contains() -> None:
    assert kinds(read(log(SAIL, b"20:01:00 ahoy Hob", MOOR))) == [["sail", "hail", "moor"]]


def test_a_line_whose_pattern_does_not_fit_is_none() -> None:
    assert kinds(read(log(b"20:00:00 <SAIL> towards Ostrand"))) == []


def test_a_line_without_a_time_that_can_be_says_nothing() -> None:
    assert kinds(read(log(SAIL, b"25:00:00 <MOOR>", MOOR))) == [["sail", "moor"]]


def test_several_words_may_be_of_one_type() -> None:
    assert kinds(read(log(SAIL, CATCH, CATCH.replace(b"NET", b"ROD")))) == [["sail", "catch", "catch"]]


def test_columns_are_counted_from_either_end() -> None:
    assert fields(log(SAIL, CATCH))[1] == {"type": "catch", "amount": 12.5, "value": 3}


@pytest.mark.parametrize("last", [b"fair", b"foul"])
def test_a_last_column_of_later_releases_is_not_counted(last: bytes) -> None:
    assert fields(log(SAIL, CATCH + b"," + last))[1] == {"type": "catch", "amount": 12.5, "value": 3}


def test_another_last_column_is_one() -> None:
    assert fields(log(SAIL, CATCH + b",calm"))[1] == {"type": "catch", "amount": 3, "value": None}


def test_a_column_that_begins_otherwise_is_of_another_type() -> None:
    assert kinds(read(log(SAIL, CATCH.replace(b"own-", b"far-"), MOOR))) == [["sail", "moor"]]


def test_a_comma_in_quotes_parts_no_columns() -> None:
    line = CATCH.replace(b"fish,", b'"fish, large, red",')
    assert fields(log(SAIL, line))[1] == {"type": "catch", "amount": 12.5, "value": 3}


def test_a_line_with_too_few_columns_has_fewer_fields() -> None:
    assert fields(log(SAIL, b"20:05:00 <NET>,own-7"))[1]["value"] is None


@pytest.mark.parametrize(
    ("written", "weight"), [(b"12", 12), (b"-1.5", -1.5), (b"012", None), (b"1e5", None), (b"x", None), (b"", None)]
)
def test_a_number_is_read_as_one_when_it_is_written_as_one(written: bytes, weight: float | None) -> None:
    assert fields(log(SAIL, CATCH.replace(b"12.5", written)))[1]["amount"] == weight


def test_a_name_stays_a_text_where_it_looks_like_a_number() -> None:
    assert read(log(SAIL.replace(b"Oriana", b"4711"))).found[0].identity == "4711"


def test_a_text_in_another_code_page_is_read_and_said() -> None:
    reading = read(log(SAIL.replace(b"Oriana", b"Ren\xe9e")))
    assert (reading.found[0].identity, codes(reading)) == ("Renée", ["not-utf-8"])


def test_a_text_in_another_code_page_is_read_as_the_recipe_says() -> None:
    reading = read(b"20:00:00 <SAIL> from Ostrand under \x8cuvre \x80\n")
    assert reading.found[0].identity == "\u0152uvre \u20ac"


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        (b"20:05:00 <MOOR> at Ostrand", True),
        (b"20:05:00 <MOOR>", True),
        (b"20:05:00 <MOO", False),
        (b"20:05:00 <NET>,own-7,Ann,4,1,2", False),
        (b"20:05:0 <MOOR> at Ostrand", False),
        (b"20:05:00 <SAIL> from Ostrand under Hob, m", False),
    ],
)
def test_a_last_line_that_ends_a_session_counts_without_its_newline_once_the_file_is_quiet(
    last: bytes, counts: bool
) -> None:
    reading = read(b"20:00:00 <SAIL> from Ostrand under Ann\n" + last)
    assert (reading.found[0].end is not None, reading.unfinished) == (counts, not counts)


def test_when_the_newline_of_such_a_line_comes_nothing_is_told_twice() -> None:
    reader = HARBOUR.reader(About(path=PATH))
    reader.feed(b"20:00:00 <SAIL> from Ostrand under Ann\n20:05:00 <MOOR> at Ostrand")
    before = told(reader.reading(settled=True))
    reader.feed(b"\n")
    assert told(reader.reading(settled=True)) == before
    reader.feed(b"20:06:00 <SAIL> from Ostrand under Ann\n")
    assert [found.line for found in reader.reading(settled=True).found] == [1, 3]


def test_a_name_that_is_hailed_is_known() -> None:
    assert read(log(SAIL, b"20:01:00 ahoy Hob")).found[0].names == {"Oriana", "Hob"}


def test_a_date_in_the_name_dates_every_line() -> None:
    assert read(log(SAIL)).found[0].started_at.isoformat() == "2026-03-01T20:00:00+00:00"


def test_a_gap_parts_two_sessions() -> None:
    reading = read(
        log(SAIL, CATCH, b"22:30:00 <NET>,own-7,Oriana,fish,1,1", b"22:31:00 <SAIL> from Ostrand under Oriana")
    )
    assert [found.end.rule if found.end else None for found in reading.found] == [EndRule.SILENCE, None]


def test_a_flavour_has_its_own_silence() -> None:
    assert [str(HARBOUR.rules(where).silence) for where in ("logs/old/harbour.log", "logs/harbour.log")] == [
        "1:00:00",
        "0:30:00",
    ]


def test_a_number_may_go_on_so_a_last_line_without_its_end_is_waited_for() -> None:
    reading = read(log(SAIL) + CATCH)
    assert (kinds(reading), codes(reading)) == ([["sail"]], ["cut-off"])


def test_a_line_that_is_too_long_is_reported_inside_a_session() -> None:
    assert codes(read(log(SAIL, b"20:01:00 <WAVE> " + b"x" * 500, MOOR))) == ["line-too-long"]


# What a first look at a line is worth

DATED = TEXT.replace("^(?P<hour>", r"^(?P<month>\d\d)/(?P<day>\d\d) (?P<hour>")
"""Only where every line has its date may lines be left out: else a midnight would be missed."""
COUNTING = DATED.replace("[take.catch]", "[take.catch]\ncount_only = true")


def grammar(text: str) -> TextLines:
    recipe = parse_recipe(text, origin="harbour.toml")
    assert isinstance(recipe, Recipe)
    return TextLines(compiled(recipe), NOWHERE)


def test_a_line_that_makes_an_event_must_be_read() -> None:
    assert grammar(TEXT).glance(CATCH) is Glance.LOOK


def test_a_line_that_is_asked_for_its_outcome_must_be_read() -> None:
    assert grammar(COUNTING).glance(CATCH) is Glance.LOOK


def test_a_line_that_only_counts_need_not_be_read() -> None:
    assert isinstance(grammar(COUNTING.replace('weight = "catch.weight"', "")).glance(CATCH), Tallied)


def test_the_texts_of_lines_that_begin_a_session_are_known() -> None:
    assert list(grammar(DATED).beginnings) == [b"SAIL"]


def test_without_dates_no_line_is_left_out() -> None:
    assert (list(grammar(TEXT).beginnings), grammar(TEXT).glances, grammar(DATED).glances) == ([], False, True)


def test_whoever_names_the_player_is_awaited_too_unless_such_lines_only_count() -> None:
    told = DATED.replace('identity = ["sail.captain"]', 'identity = ["hail.captain"]')
    counting = told.replace("[take.catch]", "[take.hail]\ncount_only = true\n[take.catch]")
    assert [list(grammar(text).beginnings) for text in (told, counting)] == [[b"SAIL", b"ahoy"], [b"SAIL"]]


def test_where_any_line_may_begin_a_session_every_line_is_read() -> None:
    text = TEXT.replace('{ type = "sail" }', '{ type = "*" }').replace('[session.kind.facts]\nport = "port"', "")
    assert list(grammar(text).beginnings) == []


LINES = st.sampled_from(
    [
        SAIL,
        MOOR,
        CATCH,
        b"20:20:00 ahoy Hob",
        b"noise",
        b"",
        b"\xff\xfe",
        CATCH + b",fair",
        b"x" * 500,
        b"20:00:00 <NET>,,,",
    ]
)


@given(st.lists(LINES, max_size=12), st.lists(st.integers(0, 2000), max_size=6))
def test_a_log_is_read_alike_in_whatever_pieces_it_comes(lines: list[bytes], cuts: list[int]) -> None:
    data = log(*lines)
    reader = HARBOUR.reader()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        reader.feed(data[start:end])
    whole = HARBOUR.reader()
    whole.feed(data)
    assert told(reader.reading(settled=True)) == told(whole.reading(settled=True))


@given(st.binary(max_size=300))
def test_no_bytes_break_anything(data: bytes) -> None:
    assert read(data).found == ()
