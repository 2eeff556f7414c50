"""The shipped recipe for MTG Arena: over generated logs and over a stored one."""

from __future__ import annotations

import pytest

from logferry_model.session import EndRule
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, rules, types
from tests.daemon.recipes.small import codes
from tests.factories_cards import OWN_TAG, RIVAL_TAG, SEAT_OF_OWN, arena
from tests.factories_logs import OWN, RIVAL, written

ARENA = Log("mtg-arena", "Player.log")
one_line_or_several = pytest.mark.parametrize("spread", [False, True])


@one_line_or_several
@pytest.mark.parametrize("matches", [0, 1, 3])
def test_every_match_is_a_session(matches: int, spread: bool) -> None:
    assert len(ARENA.read(written(arena(1, matches=matches, spread=spread))).found) == matches


def test_an_object_on_one_line_or_on_several_is_the_same() -> None:
    one, other = (ARENA.read(written(arena(2, spread=spread))).found for spread in (False, True))
    assert [found.session for found in one] == [found.session for found in other]


def test_a_match_is_known_by_the_game_s_own_id_in_both_of_its_files() -> None:
    lines = arena(3, matches=2)
    later = lines[next(number for number, line in enumerate(lines) if "MatchCompleted" in line) :]
    whole, rest = ARENA.read(written(lines)).found, ARENA.read(written(later), path="Player-prev.log").found
    assert rest[-1].id == whole[-1].id


def test_a_match_that_is_entered_again_is_one_match() -> None:
    assert len(ARENA.read(written(arena(4, entered_twice=True))).found) == 2


def test_a_match_ends_where_the_game_says_so() -> None:
    assert rules(ARENA.read(written(arena(5, matches=3, unended=[1, 2])))) == [
        EndRule.EXPLICIT,
        EndRule.NEXT_START,
        None,
    ]


def test_the_player_is_who_the_game_let_in() -> None:
    assert {found.identity for found in ARENA.read(written(arena(6))).found} == {OWN_TAG}


def test_names_are_looked_for_with_and_without_their_numbers() -> None:
    assert ARENA.read(written(arena(6))).found[0].names >= {OWN_TAG, OWN, RIVAL_TAG, RIVAL}


def test_who_won_is_told_by_seats_and_teams() -> None:
    facts = ARENA.read(written(arena(7))).found[0].session.facts
    assert (facts["own_seat"], facts["second_seat"], facts["winning_team"] in {1, 2}) == (
        SEAT_OF_OWN,
        SEAT_OF_OWN,
        True,
    )


def test_the_last_result_is_that_of_the_match() -> None:
    lines = arena(8, matches=1, spread=False)
    said = [line.replace('"winningTeamId": 1', '"winningTeamId": 2') for line in lines]
    (found,) = ARENA.read(written(said)).found
    assert found.session.facts["winning_team"] == 2


def test_a_time_in_ticks_of_dotnet_is_a_time() -> None:
    (found,) = ARENA.read(written(arena(9, matches=1))).found
    assert [event.at for event in found.session.events] == sorted(event.at for event in found.session.events)


def test_an_object_that_was_never_finished_costs_only_itself() -> None:
    lines = arena(10, matches=2)
    start = next(number for number, line in enumerate(lines) if "authenticateResponse" in line)
    header = next(number for number in range(start, len(lines)) if lines[number].startswith("[Unity"))
    reading = ARENA.read(written([*lines[: start + 2], *lines[header:]]))
    assert (codes(reading), len(reading.found)) == (["object-cut-off"], 2)


def test_what_is_no_message_of_a_match_makes_no_event() -> None:
    found = ARENA.read(written(arena(11))).found[0]
    assert types(found).keys() == {"match_start", "mulligan", "match_end"}


def test_a_generated_log_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [document(found) for found in ARENA.read(stored("mtg-arena/Player.log")).found]
    assert made == expected("mtg-arena/sent.json", made)
