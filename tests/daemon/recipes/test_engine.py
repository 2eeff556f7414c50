from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import EndRules, Found
from logferry_model.session import EndRule, Event
from tests.daemon.recipes.small import TAVERN, codes, fed, kinds, line, log, read, told
from tests.daemon.texts import holding
from tests.privacy import prepare

ENTER, DRINK, LEAVE = line("Enter", 1), line("Drink", 2), line("Leave", 3)
DRINK_AT_ONCE, LEAVE_AT_ONCE = line("Drink", 1), line("Leave", 1)
SECRET = "Oriana Quellmont"


def only(*blocks: bytes) -> Found:
    (found,) = read(*blocks).found
    return found


def event_of(kind: str, **fields: Any) -> Event:  # noqa: ANN401 -- any JSON value
    return only(log(ENTER, line(kind, 2, **fields))).session.events[1]


def sent(found: Found) -> bytes:
    return prepare(found, found.end or end_by(EndRule.SILENCE, "silence"), only_grows=True).document


def rule_of(found: Found) -> EndRule | None:
    return found.end.rule if found.end else None


# What a session is made of


def test_a_session_begins_with_its_starting_line() -> None:
    assert only(log(line("Drink"), ENTER, DRINK)).session.started_at == datetime(2026, 3, 1, 20, 1, tzinfo=UTC)


def test_a_session_reaches_to_its_last_event() -> None:
    assert only(log(ENTER, DRINK)).last_at == datetime(2026, 3, 1, 20, 2, tzinfo=UTC)


def test_lines_before_the_first_start_belong_to_no_session() -> None:
    assert kinds(read(log(line("Greet"), line("Drink"), ENTER, DRINK))) == [["Enter", "Drink"]]


def test_lines_between_two_sessions_belong_to_none() -> None:
    reading = read(log(ENTER, LEAVE, line("Greet", 4), line("Sound", 4), line("Enter", 5), line("Drink", 6)))
    assert kinds(reading) == [["Enter", "Leave"], ["Enter", "Drink"]]


def test_the_same_lines_inside_a_session_belong_to_it() -> None:
    assert kinds(read(log(ENTER, line("Greet", 2), line("Sound", 2)))) == [["Enter", "Greet", "Sound"]]


def test_the_fields_of_the_starting_line_that_the_recipe_names_are_facts() -> None:
    assert only(log(line("Enter", table=7, hat="red"))).session.facts == {"table": 7}


def test_the_player_is_named_by_the_starting_line() -> None:
    assert only(log(line("Enter", guest=SECRET))).identity == SECRET


@pytest.mark.parametrize("guest", [5, None, ["a"]])
def test_a_player_whose_name_is_no_text_is_unknown(guest: object) -> None:
    assert only(log(line("Enter", guest=guest))).identity is None


def test_two_sessions_of_the_same_second_are_told_apart_by_their_facts() -> None:
    one, other = read(log(line("Enter", table=1), line("Enter", table=2))).found
    assert one.session.id != other.session.id


@pytest.mark.parametrize("between", [(), (DRINK_AT_ONCE,), (LEAVE_AT_ONCE,)])
def test_a_start_that_is_told_twice_begins_one_session(between: tuple[bytes, ...]) -> None:
    reading = read(log(line("Enter", 1, table=1), *between, line("Enter", 1, table=1), LEAVE))
    assert kinds(reading) == [["Enter", *(json.loads(one)["kind"] for one in between), "Enter", "Leave"]]
    assert rule_of(reading.found[0]) is EndRule.EXPLICIT


def test_the_key_of_a_session_depends_on_nothing_but_its_start_and_facts() -> None:
    one, other = only(log(ENTER, DRINK)), only(log(line("Greet"), ENTER, LEAVE))
    assert one.session.natural_key == other.session.natural_key


def test_the_figures_that_the_recipe_asks_for_are_counted() -> None:
    reading = read(log(ENTER, line("Drink", 2, price=3), line("Drink", 2, price=1.5)))
    assert [one.value for one in reading.found[0].session.statistics.measures] == [2.0, 4.5]


def test_the_end_rules_of_the_tracker_are_those_of_the_recipe() -> None:
    assert TAVERN.rules("tavern-1.log") == EndRules(silence=timedelta(minutes=30), processes=("tavern.exe",))


@pytest.mark.parametrize(("system", "paths"), [("linux", ("~/tavern",)), ("windows", ()), ("amiga", ())])
def test_the_usual_paths_are_those_of_the_system(system: str, paths: tuple[str, ...]) -> None:
    assert TAVERN.usual_paths(system) == paths


# How it ends


def test_a_session_without_any_end_is_left_to_the_rules_outside() -> None:
    assert only(log(ENTER, DRINK)).end is None


def test_an_ending_line_ends_the_session_and_says_where_it_stands() -> None:
    assert only(log(ENTER, DRINK, LEAVE)).end == end_by(EndRule.EXPLICIT, "line 3: Leave")


def test_an_ending_line_with_a_condition_ends_the_session() -> None:
    end = only(log(ENTER, line("Sound", 2, track="street"))).end
    assert end == end_by(EndRule.EXPLICIT, "line 2: Sound street")


def test_an_ending_line_whose_condition_is_not_met_ends_nothing() -> None:
    assert only(log(ENTER, line("Sound", 2, track="lute"))).end is None


def test_the_next_start_ends_a_session_that_did_not_end_itself() -> None:
    reading = read(log(ENTER, DRINK, line("Enter", 5)))
    assert reading.found[0].end == end_by(EndRule.NEXT_START, "line 3: Enter begins another session")


def test_the_next_start_does_not_replace_an_explicit_end() -> None:
    reading = read(log(ENTER, LEAVE, line("Enter", 5)))
    assert rule_of(reading.found[0]) is EndRule.EXPLICIT


def test_an_event_after_the_end_opens_the_session_again() -> None:
    assert only(log(ENTER, LEAVE, line("Drink", 4))).end is None


def test_a_session_that_went_on_after_its_end_keeps_all_its_events() -> None:
    assert kinds(read(log(ENTER, LEAVE, line("Drink", 4)))) == [["Enter", "Leave", "Drink"]]


def test_a_session_that_went_on_can_end_again() -> None:
    assert only(log(ENTER, LEAVE, line("Drink", 4), line("Leave", 5))).end == end_by(EndRule.EXPLICIT, "line 4: Leave")


# What leaves


def test_only_what_the_recipe_takes_of_a_line_leaves() -> None:
    assert event_of("Toast", words="Cheers", loudness=3.5, to="All", hat="red").fields == {
        "words": "Cheers",
        "loudness": 3.5,
    }


def test_a_line_that_the_recipe_does_not_list_leaves_with_its_time_and_type_alone() -> None:
    one = event_of("Sing", words=SECRET, amount=5)
    assert one == Event(at=one.at, type="Sing")


def test_a_field_without_a_name_is_never_taken() -> None:
    one = event_of("Toast", **{"": SECRET, "words": "Cheers"})
    assert one.item is None


@pytest.mark.parametrize("kind", ["Oriana Quellmont", "", "1st", "a-b", "x" * 65, "<b>"])
def test_a_type_that_does_not_look_like_one_could_be_anything(kind: str) -> None:
    assert event_of(kind).type == "other"


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({"brand": "Ale", "kind_of_drink": "Beer"}, "Ale"),
        ({"kind_of_drink": "Beer"}, "Beer"),
        ({"brand": 5}, None),
        ({}, None),
    ],
)
def test_the_first_of_two_fields_that_is_there_is_taken(fields: dict[str, Any], item: str | None) -> None:
    assert event_of("Drink", **fields).item == item


@pytest.mark.parametrize("price", [True, "5", None, [], {}, 1e300, -1e300, 2**62])
def test_what_is_no_reasonable_number_is_not_taken_for_one(price: object) -> None:
    assert event_of("Drink", price=price).value is None


@pytest.mark.parametrize("words", [["a"], {"a": 1}, None])
def test_what_is_no_plain_value_is_left_out(words: object) -> None:
    assert event_of("Toast", words=words).fields == {}


def test_a_long_text_is_cut() -> None:
    assert event_of("Toast", words="x" * 250).fields == {"words": "x" * 200}


def test_every_name_that_the_log_gives_is_known() -> None:
    found = only(log(line("Greet", host="Hob"), line("Enter", guest=SECRET), line("Toast", 2, others=["Ann", 5, "Bo"])))
    assert found.names == {"Hob", SECRET, "Ann", "Bo"}


def test_a_name_that_another_field_repeats_is_not_sent() -> None:
    found = only(
        log(line("Greet", host="Hob"), line("Enter", guest=SECRET), line("Toast", 2, words=f"To {SECRET}, Hob!"))
    )
    assert holding(sent(found), SECRET) + holding(sent(found), "Hob") == []


def test_a_name_is_looked_for_without_its_title_too() -> None:
    found = only(log(line("Enter", guest=f"Sir {SECRET}"), line("Toast", 2, words=f"To {SECRET}!")))
    assert holding(sent(found), SECRET) == []


# Lines that are none


@pytest.mark.parametrize(
    ("noise", "code"),
    [
        (b"hello", "not-json"),
        (b"\0\0\0\0", "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[1, 2]", "not-an-event"),
        (b"5", "not-an-event"),
        (b"{}", "not-an-event"),
        (b'{"kind": "Drink"}', "not-an-event"),
        (b'{"time": "2026-03-01T20:00:00Z"}', "not-an-event"),
        (b'{"time": "soon", "kind": "Drink"}', "not-an-event"),
        (b'{"time": 5, "kind": "Drink"}', "not-an-event"),
        (b'{"time": "0001-01-01T00:00:00+23:59", "kind": "Drink"}', "not-an-event"),
        (b'{"a": 1, "a": 2}', "duplicate-key"),
        (b'{"a": 99999999999999999999}', "number-too-big"),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "too-deep"),
        (b'{"a": "' + b"x" * 500 + b'"}', "line-too-long"),
    ],
)
def test_a_line_that_is_no_event_is_reported_and_the_rest_is_read(noise: bytes, code: str) -> None:
    reading = read(log(ENTER, noise, DRINK, LEAVE))
    assert (kinds(reading), codes(reading)) == ([["Enter", "Drink", "Leave"]], [code])


def test_a_value_that_had_to_be_repaired_is_reported_and_its_line_is_read() -> None:
    reading = read(log(ENTER, line("Drink", 2, price=float("nan"))))
    assert (kinds(reading), codes(reading)) == ([["Enter", "Drink"]], ["repaired"])


def test_a_trouble_names_the_line() -> None:
    assert read(log(ENTER, b"hello")).troubles[0].message.startswith("line 2: ")


def test_many_lines_like_it_are_counted_in_one_trouble() -> None:
    message = read(log(ENTER, b"hello", b"bye", b"what")).troubles[0].message
    assert message.endswith(", and 2 more line(s) like it.")


def test_no_trouble_quotes_the_log() -> None:
    reading = read(log(ENTER, SECRET.encode(), b'{"%s": 1, "%s": 2}' % ((SECRET.encode(),) * 2)) + SECRET.encode())
    assert [trouble for trouble in reading.troubles if "Oriana" in trouble.message] == []


@pytest.mark.parametrize("blank", [b"", b"  ", b"\r", b"\t"])
def test_a_blank_line_is_no_trouble(blank: bytes) -> None:
    assert read(log(ENTER, blank, DRINK)).troubles == ()


def test_a_mark_of_the_byte_order_is_no_trouble() -> None:
    assert kinds(read(b"\xef\xbb\xbf" + log(ENTER, DRINK))) == [["Enter", "Drink"]]


@pytest.mark.parametrize("data", [b"", b"\n\r\n"])
def test_an_empty_log_says_so(data: bytes) -> None:
    assert codes(read(data)) == ["empty"]


def test_a_log_without_a_start_says_so() -> None:
    assert codes(read(log(DRINK))) == ["no-session"]


# How bytes come in


def test_a_whole_last_line_without_its_newline_counts_once_the_log_has_settled() -> None:
    assert rule_of(only(log(ENTER) + LEAVE)) is EndRule.EXPLICIT


def test_a_last_line_without_its_newline_does_not_count_while_the_log_is_written() -> None:
    assert kinds(fed(log(ENTER) + LEAVE).reading(settled=False)) == [["Enter"]]


def test_a_last_line_that_stops_in_the_middle_is_waited_for() -> None:
    reading = read(log(ENTER) + LEAVE[:-3])
    assert (kinds(reading), reading.unfinished, codes(reading)) == ([["Enter"]], True, ["cut-off"])


def test_a_line_that_is_too_long_and_has_no_end_is_waited_for() -> None:
    reading = read(log(ENTER) + b"x" * 1000)
    assert (reading.unfinished, codes(reading)) == (True, ["cut-off"])


def test_the_newline_that_comes_later_is_no_line() -> None:
    reader = fed(log(ENTER) + DRINK)
    reader.reading(settled=True)
    reader.feed(b"\r\n" + log(LEAVE))
    assert told(reader.reading(settled=True)) == told(read(log(ENTER, DRINK + b"\r", LEAVE)))


def test_lines_that_end_in_the_way_of_windows_are_the_same_lines() -> None:
    lines = (line("Greet"), ENTER, DRINK, LEAVE)
    assert kinds(read(log(*lines, newline=b"\r\n"))) == kinds(read(log(*lines)))


@pytest.mark.parametrize("size", [399, 400])
def test_a_line_as_long_as_allowed_is_read(size: int) -> None:
    padded = line("Drink", 2, pad="")
    padded = line("Drink", 2, pad="x" * (size - len(padded)))
    assert kinds(read(log(ENTER, padded))) == [["Enter", "Drink"]]


def test_a_line_that_is_too_long_is_left_out_also_when_it_comes_in_one_piece() -> None:
    long = line("Drink", 2, pad="x" * 400)
    assert kinds(read(log(ENTER, long))) == [["Enter"]]


LINES = st.sampled_from(
    [
        ENTER,
        DRINK,
        LEAVE,
        line("Greet", 4, host="Hob"),
        line("Sound", 4, track="street"),
        line("Toast", 5, words="Prost, Пётр 榊原"),
        line("Enter", 6, table=2, guest="Ann"),
        b"noise",
        b"\0\0",
        b"",
        b"y" * 500,
        line("Drink", 7, pad="z" * 450),
    ]
)
LOGS = st.builds(
    lambda lines, newline, end: log(*lines, newline=newline)[: -len(newline) if end else None],
    st.lists(LINES, min_size=1, max_size=12),
    st.sampled_from((b"\n", b"\r\n")),
    st.booleans(),
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 5000), max_size=8)


@given(LOGS, CUTS)
def test_a_log_is_read_alike_in_whatever_pieces_it_comes(data: bytes, cuts: list[int]) -> None:
    assert told(read(*pieces(data, cuts))) == told(read(data))


@given(LOGS)
def test_a_log_is_read_alike_byte_by_byte(data: bytes) -> None:
    assert told(read(*(bytes([byte]) for byte in data))) == told(read(data))


@given(LOGS, CUTS)
def test_a_log_that_is_looked_at_while_it_grows_is_read_alike(data: bytes, cuts: list[int]) -> None:
    reader = TAVERN.reader()
    for piece in pieces(data, cuts):
        reader.feed(piece)
        reader.reading(settled=False)
    assert told(reader.reading(settled=True)) == told(read(data))


@given(LOGS)
def test_reading_twice_is_as_reading_once(data: bytes) -> None:
    reader = fed(data)
    assert reader.reading(settled=True) == reader.reading(settled=True)


def read_on(data: bytes, last: Found) -> Found:
    """The last session as it is found by a reader that begins where it is said to be."""
    reader = TAVERN.reader(offset=last.offset, line=last.line)
    reader.feed(data[last.offset :])
    (found,) = reader.reading(settled=True).found
    return found


@given(LOGS)
def test_the_last_session_is_found_again_from_where_it_is_said_to_be(data: bytes) -> None:
    for last in read(data).found[-1:]:
        assert read_on(data, last) == last


def test_who_reads_on_meets_the_names_that_stand_before_the_start() -> None:
    data = log(ENTER, LEAVE, line("Greet", 4, host="Hob"), line("Enter", 5), line("Toast", 6, words="To Hob"))
    assert read_on(data, read(data).found[-1]).names == {"Hob"}


def test_what_is_read_on_is_sent_in_the_same_bytes() -> None:
    data = log(line("Greet", 0, host="Hob"), ENTER, line("Toast", 2, words="To Hob"), LEAVE)
    last = read(data).found[-1]
    assert sent(read_on(data, last)) == sent(last)


def test_sessions_that_the_spool_has_are_forgotten() -> None:
    reader = fed(log(ENTER, LEAVE, line("Enter", 5)))
    reader.forget(reader.reading(settled=True).found[-1].offset)
    assert [found.session.started_at.minute for found in reader.reading(settled=True).found] == [5]


def test_the_first_time_in_the_log_is_that_of_its_first_event() -> None:
    assert read(log(b"noise", line("Greet", 0), ENTER)).first_at == datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
