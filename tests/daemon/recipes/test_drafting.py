from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.bounds import MAX_PARTICIPANTS
from logferry_daemon.core.reading import EndRules, Found, Raw, Reading
from logferry_model.session import EndRule, Participant, Session
from tests.daemon.recipes.fights import (
    FIGHT,
    FIGHT_OUT,
    FILE,
    MICE,
    START,
    TOWER,
    TOWER_OUT,
    at,
    bite,
    counted,
    hit,
    log,
    read,
)
from tests.daemon.recipes.small import told
from tests.daemon.recutting import cut, joined, measured, twin
from tests.daemon.texts import holding
from tests.privacy import prepare

WORDS = [TOWER, TOWER_OUT, FIGHT, FIGHT_OUT, hit("Pip", 5), bite("Nib", 7), "LOGIN as=Pip", "NOISE x"]
LOGS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 900)), max_size=40)


def made(steps: list[tuple[str, int]]) -> bytes:
    second, lines = 0, []
    for what, pause in steps:
        second += pause
        lines.append(at(second, what))
    return b"".join(lines)


def ends(reading: Reading) -> list[EndRule | None]:
    return [found.end.rule if found.end else None for found in reading.found]


def types(found: Found) -> list[str]:
    return [event.type for event in found.session.events]


def people(session: Session) -> dict[str | None, Participant]:
    return {one.name: one for one in session.participants}


def test_a_small_session_inside_a_large_one_is_part_of_it() -> None:
    reading = read(log(TOWER, FIGHT, hit("Pip", 1), FIGHT_OUT, TOWER_OUT))
    (found,) = reading.found
    assert (types(found), ends(reading)) == (
        ["tower_start", "fight_start", "hit", "fight_end", "tower_end"],
        [EndRule.EXPLICIT],
    )


def test_a_large_session_ends_a_small_one_that_did_not_say_its_end() -> None:
    assert ends(read(log(FIGHT, TOWER, TOWER_OUT))) == [EndRule.NEXT_START, EndRule.EXPLICIT]


def test_another_session_of_the_same_kind_ends_the_one_before() -> None:
    assert ends(read(log(FIGHT, FIGHT, FIGHT_OUT))) == [EndRule.NEXT_START, EndRule.EXPLICIT]


def test_an_end_of_another_kind_ends_nothing() -> None:
    assert ends(read(log(TOWER, FIGHT_OUT))) == [None]


def test_lines_between_sessions_belong_to_none() -> None:
    reading = read(log(hit("Pip", 1), FIGHT, FIGHT_OUT, hit("Pip", 1), FIGHT, FIGHT_OUT))
    assert [types(found) for found in reading.found] == [["fight_start", "fight_end"]] * 2


def test_a_line_after_a_long_pause_belongs_to_no_session_that_was_open_before_it() -> None:
    (found,) = read(at(0, FIGHT) + at(601, hit("Pip", 1))).found
    assert found.end is not None
    assert (found.end.rule, types(found)) == (EndRule.SILENCE, ["fight_start"])
    assert found.end.evidence == "line 2: nothing was written for 0:10:01 before it"


def test_a_pause_that_is_just_allowed_ends_nothing() -> None:
    assert ends(read(at(0, FIGHT) + at(600, hit("Pip", 1)))) == [None]


def test_what_the_game_calls_a_session_makes_it_the_same_in_every_copy() -> None:
    early, late = (read(at(second, TOWER)).found[0].id for second in (0, 77))
    assert early == late


def test_without_a_name_of_its_own_a_session_is_known_by_its_beginning() -> None:
    first, second, again = (read(at(second, FIGHT)).found[0].id for second in (0, 1, 0))
    assert (first == again, first == second) == (True, False)


def test_a_later_line_tells_how_it_went() -> None:
    assert read(log(FIGHT, FIGHT_OUT)).found[0].session.facts == {"boss": "Owl", "won": 1}


def test_whoever_logged_in_plays_the_sessions_after_it() -> None:
    reading = read(log("LOGIN as=Pip", FIGHT, FIGHT_OUT, "LOGIN as=Nib", FIGHT))
    assert [found.identity for found in reading.found] == ["Pip", "Nib"]


def test_the_player_of_the_log_is_one_of_the_participants() -> None:
    session = read(log("LOGIN as=Pip", FIGHT, hit("Nib", 3), hit("Pip", 4, crit=True))).found[0].session
    assert people(session) == {
        "Nib": Participant(id="p1", name="Nib", figures={"damage_dealt": 3.0, "hits": 1.0}),
        "Pip": Participant(id="p2", name="Pip", local=True, figures={"damage_dealt": 4.0, "hits": 1.0}),
    }
    assert [(event.participant, event.critical) for event in session.events[1:]] == [("p1", False), ("p2", True)]


def test_a_line_that_only_counts_makes_no_event() -> None:
    found = read(log(FIGHT, bite("Nib", 7), bite("Nib", 1), hit("Nib", 2))).found[0]
    assert (types(found), found.events, found.weight) == (["fight_start", "hit"], 2, 4)
    assert [one.value for one in found.statistics().measures] == [10.0, pytest.approx(10 / 3)]


def test_more_people_than_a_session_can_have_still_count() -> None:
    lines = [hit(f"Mouse{number}", 1) for number in range(MAX_PARTICIPANTS + 5)]
    session = read(log(FIGHT, *lines)).found[0].session
    assert len(session.participants) == MAX_PARTICIPANTS + 1  # and the player of the log, who did nothing
    assert session.statistics.measures[0].value == MAX_PARTICIPANTS + 5


@pytest.mark.parametrize(
    ("where", "rules"),
    [
        ("games/mice/mice-1.txt", EndRules(silence=timedelta(minutes=10), processes=("mice.exe",))),
        ("games/_old_/mice-1.txt", EndRules(silence=timedelta(hours=1), processes=("oldmice.exe",))),
    ],
)
def test_the_place_of_a_file_tells_the_flavour_of_its_game(where: str, rules: EndRules) -> None:
    assert MICE.rules(where) == rules


def test_what_is_only_counted_adds_up_when_sessions_are_joined_and_is_left_out_of_parts() -> None:
    session = read(log(FIGHT, hit("Pip", 4), hit("Nib", 2), FIGHT_OUT)).found[0].session
    before, after = measured(session), measured(joined(MICE, session, twin(session)))
    rates = {rule.name for rule in MICE.recipe.measure if rule.per}
    assert rates
    assert after == {name: value if name in rates else 2 * value for name, value in before.items()}
    assert [measured(part) for part in cut(MICE, session, session.started_at + timedelta(milliseconds=1))] == [{}, {}]


@given(LOGS, st.lists(st.integers(0, 2000), max_size=6))
def test_a_log_is_cut_alike_in_whatever_pieces_it_comes(steps: list[tuple[str, int]], cuts: list[int]) -> None:
    data = made(steps)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    assert told(read(*(data[start:end] for start, end in pairwise(edges)))) == told(read(data))


@given(LOGS, st.lists(st.integers(0, 2000), max_size=6))
def test_a_log_that_is_looked_at_and_forgotten_as_it_grows_is_cut_alike(
    steps: list[tuple[str, int]], cuts: list[int]
) -> None:
    data = made(steps)
    seen: dict[str, Raw] = {}
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    reader = MICE.reader(FILE)
    for start, end in pairwise(edges):
        reader.feed(data[start:end])
        reading = reader.reading(settled=False)
        seen |= {found.id: found.raw() for found in reading.found}
        reader.forget(reading.found[-1].offset if reading.found else 0)
    assert seen == {found.id: found.raw() for found in read(data).found}


@given(LOGS)
def test_the_last_session_is_found_again_from_where_it_is_said_to_be(steps: list[tuple[str, int]]) -> None:
    data = made(steps)
    for last in read(data).found[-1:]:
        reader = MICE.reader(FILE, offset=last.offset, line=last.line)
        reader.feed(data[last.offset :])
        (found,) = reader.reading(settled=True).found
        assert (found.id, found.end, found.session.events) == (last.id, last.end, last.session.events)


@given(LOGS)
def test_sessions_do_not_overlap_and_no_line_is_in_two(steps: list[tuple[str, int]]) -> None:
    found = read(made(steps)).found
    assert all(one.last_at <= other.started_at for one, other in pairwise(found))
    assert sum(one.weight for one in found) <= len(steps)


@given(st.lists(st.sampled_from(["Pip", "Oriana-Quellmont", "Ümläut"]), min_size=1, max_size=10))
def test_nobody_who_fights_is_named_in_what_is_sent(names: list[str]) -> None:
    lines = [f"LOGIN as={names[0]}", FIGHT, *(hit(name, 1) for name in names), FIGHT_OUT]
    found = read(b"".join(at(number, what) for number, what in enumerate(lines))).found[0]
    assert found.end is not None
    document = prepare(found, found.end, only_grows=True).document
    assert [text for name in names for text in holding(document, name)] == []


def test_a_line_more_costs_the_same_however_many_there_were() -> None:
    def cost(lines: int) -> int:
        reader = MICE.reader(FILE)
        reader.feed(log(FIGHT, *[hit("Pip", 1)] * lines))
        reader.reading(settled=True)
        more = at(lines + 1, hit("Pip", 1))

        def work() -> None:
            reader.feed(more)
            found = reader.reading(settled=True).found[-1]
            found.statistics()

        return counted(work)

    assert cost(20) == cost(20_000)


def test_lines_outside_of_sessions_are_not_looked_at() -> None:
    """Most of a log lies between its fights: it is searched for beginnings, not read."""
    few, many = (log(FIGHT, FIGHT_OUT, *["NOISE x"] * number) for number in (10, 10_000))

    def cost(data: bytes) -> int:
        reader = MICE.reader(FILE)
        return counted(lambda: reader.feed(data))

    cost(few)  # what is made only once
    assert cost(few) == cost(many)


def test_a_line_that_is_too_long_is_no_news_where_none_was_awaited() -> None:
    assert read(log(FIGHT, FIGHT_OUT) + b"x" * 2**21 + b"\n" + at(9, FIGHT)).troubles == ()


def test_the_first_time_is_that_of_the_first_line_that_says_something() -> None:
    assert read(at(0, "NOISE x") + at(5, hit("Pip", 1))).first_at == START + timedelta(seconds=5)
