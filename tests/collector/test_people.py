"""People are told apart without their names; a figure that nobody has is no column; bars compare within a column."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.listing import MOST_ROWS, Listing
from logferry_collector.people import MOST_COLUMNS, bystanders, fighters, people_names
from logferry_model.session import EpochMs, Event, Participant, Scalar

from .factories import raid_session, tiny_session


def person(number: int, *, facts: dict[str, Scalar] | None = None, **figures: float) -> Participant:
    return Participant(id=f"p{number}", local=number == 1, facts=facts or {}, figures=figures)


def table(*people: Participant) -> Listing:
    found = fighters(tiny_session(participants=people))
    assert found is not None
    return found


def test_nobody_and_a_nameless_player_alone_are_no_table() -> None:
    for people in ((), (Participant(id="me", local=True),)):
        session = tiny_session(participants=people)
        assert (fighters(session), bystanders(session)) == (None, None)


def test_a_token_is_shown_short_and_is_nobodys_name() -> None:
    token, other = f"player-{'0a1b2c3d' * 4}", f"player-{'f00d' * 8}"
    people = (Participant(id="me", name=token, local=True), Participant(id="p1", name=other, facts={"type": "monster"}))
    found = bystanders(tiny_session(participants=people))
    assert found is not None
    assert [line.name for line in found.lines] == ["Player 0a1b2c", "Monster f00df0"]
    assert bystanders(tiny_session(participants=people[:1])) is None


def test_a_name_that_was_not_shared_is_a_number_and_not_an_id() -> None:
    people = (Participant(id="3f9a-token", local=True), Participant(id="p2", name="Mila"), Participant(id="p3"))
    found = bystanders(tiny_session(participants=people))
    assert found is not None
    assert [(line.name, line.badge) for line in found.lines] == [("Player 1", "you"), ("Mila", ""), ("Player 3", "")]
    assert "3f9a-token" not in str(found)


def test_events_that_name_nobody_are_the_players_own() -> None:
    people = (Participant(id="me", local=True), Participant(id="p1"))
    events = tuple(Event(at=EpochMs(0), type="x", participant=who) for who in (None, None, "p1"))
    found = bystanders(tiny_session(participants=people, events=events))
    assert found is not None
    assert [(line.badge, line.cells[0].text) for line in found.lines] == [("you", "2"), ("", "1")]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, "Player 1"),
        ({"type": "pc"}, "Player 1"),
        ({"type": "monster"}, "Monster 1"),
        ({"bot": True}, "Bot 1"),
        ({"bot": False}, "Player 1"),
        ({"type": 7}, "Player 1"),
        ({"type": ""}, "Player 1"),
        ({"type": "ooze"}, "\u2068Ooze\u2069 1"),
    ],
)
def test_the_number_has_a_word_for_what_it_counts(facts: dict[str, Scalar], name: str) -> None:
    assert people_names(tiny_session(participants=(person(1, facts=facts),))) == {"p1": name}


def test_where_nothing_is_told_of_people_their_events_are_counted() -> None:
    people = (Participant(id="a"), Participant(id="b"))
    events = tuple(Event(at=EpochMs(0), type="x", participant=who) for who in ("b", "b", "a", "gone", None))
    found = bystanders(tiny_session(participants=people, events=events))
    assert found is not None
    assert [(line.name, line.cells[0].text) for line in found.lines] == [("Player 2", "2"), ("Player 1", "1")]


def test_who_did_most_is_on_top_and_keeps_the_number() -> None:
    found = fighters(raid_session())
    assert found is not None
    assert [(line.name, line.badge) for line in found.lines] == [
        ("Player 3", ""),
        ("Player 2", "you"),
        ("Player 1", ""),
    ]
    assert found.sorted_by == 0


def test_columns_are_the_figures_that_somebody_has_in_the_words_of_the_field() -> None:
    found = fighters(raid_session())
    assert found is not None
    assert found.columns == ("Damage", "DPS", "Healing", "Taken", "Critical")
    assert [cell.text for cell in found.lines[0].cells] == ["53,887", "898.1", "13,942", "1,200", "25 %"]


def test_bars_are_in_proportion_to_the_largest_of_their_column() -> None:
    found = table(person(1, damage_dealt=25.0, healing=8.0), person(2, damage_dealt=100.0, healing=2.0))
    assert [[cell.share for cell in line.cells] for line in found.lines] == [[100.0, 25.0], [25.0, 100.0]]


def test_counts_have_no_bars() -> None:
    assert [cell.share for cell in table(person(1, damage_dealt=2.0, deaths=1.0)).lines[0].cells] == [100.0, None]


def test_a_figure_of_an_unknown_game_is_a_column_too() -> None:
    found = table(person(1, tiles_laid=4.0, wonders_built=2.0))
    assert found.columns == ("Tiles laid", "Wonders built")


def test_there_are_not_more_columns_than_a_page_is_wide() -> None:
    many = Participant(id="p", figures={f"figure_{at}": 1.0 for at in range(40)})
    assert len(table(many).columns) == MOST_COLUMNS


def test_a_crowd_is_cut_and_says_so() -> None:
    found = table(*(person(at, score=float(at)) for at in range(MOST_ROWS + 3)))
    assert (len(found.lines), found.more) == (MOST_ROWS, 3)


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"class_id": 2, "level": 60}, "Level 60 · Class 2"),
        ({"profession": "mesmer", "subgroup": 1}, "Mesmer · Subgroup 1"),
        ({"player": True, "type": "pc", "initiative": 10.0}, "Initiative 10"),
        ({"leader": True, "away": False, "guild": None, "rank": ""}, "Leader"),
        (dict.fromkeys("abcdefgh", 1), "A 1 · B 1 · C 1 · D 1"),
    ],
)
def test_facts_of_a_participant_are_a_short_line(facts: dict[str, Scalar], note: str) -> None:
    line = table(person(1, facts=facts, score=1.0)).lines[0]
    assert line.note.replace("\u2068", "").replace("\u2069", "") == note


AMOUNTS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.dictionaries(st.sampled_from(["damage_dealt", "hits_dealt", "crit_hits_dealt", "x"]), AMOUNTS)))
def test_no_figure_is_too_absurd_for_the_table(figures: list[dict[str, float]]) -> None:
    people = tuple(Participant(id=str(at), figures=of) for at, of in enumerate(figures))
    found = fighters(tiny_session(participants=people))
    for line in found.lines if found else ():
        assert all(cell.share is None or 0 <= cell.share <= 100 for cell in line.cells)


def test_two_participants_with_one_id_are_one_in_the_figures_and_two_in_the_rows() -> None:
    twins = (person(1, score=1.0), msgspec.structs.replace(person(1, score=3.0), local=False))
    assert len(table(*twins).lines) == 2
