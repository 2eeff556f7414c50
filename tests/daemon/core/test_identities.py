"""Whose sessions may go where."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.identities import (
    ANY,
    UNSURE,
    Binding,
    Player,
    Standing,
    decided,
    known_as,
    standing,
    together,
    void,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MILA = Player("elite-dangerous", "MILA")
names = st.sampled_from(["MILA", "OLE", ANY])
trackers = st.sampled_from(["elite-dangerous", "swtor", ANY])


def binding(allowed: bool = True, *, to: str = "home", tracker: str = ANY, identity: str = "MILA") -> Binding:
    return Binding(destination=to, tracker=tracker, identity=identity, allowed=allowed, decided_at=NOW)


def of(*bindings: Binding, to: str = "home", player: Player | None = MILA) -> Standing:
    return standing(decided(bindings), to, player)


def test_nobody_was_asked_about_a_new_player() -> None:
    assert of() is Standing.UNKNOWN


def test_a_session_that_names_nobody_may_go_also_where_nobody_may() -> None:
    assert of(binding(False, identity=ANY), player=None) is Standing.ALLOWED


@pytest.mark.parametrize("tracker", [MILA.tracker, ANY])
@pytest.mark.parametrize("identity", [MILA.identity, ANY])
@pytest.mark.parametrize(("allowed", "said"), [(True, Standing.ALLOWED), (False, Standing.DENIED)])
def test_an_answer_holds_for_whom_it_is_about(tracker: str, identity: str, allowed: bool, said: Standing) -> None:
    assert of(binding(allowed, tracker=tracker, identity=identity)) is said


@pytest.mark.parametrize(
    "other",
    [binding(to="away"), binding(tracker="swtor"), binding(identity="OLE"), binding(identity="mila")],
    ids=["destination", "tracker", "name", "case"],
)
def test_an_answer_about_something_else_says_nothing(other: Binding) -> None:
    assert of(other) is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("strong", "weak"),
    [
        (binding(tracker=MILA.tracker), binding(False)),
        (binding(), binding(False, tracker=MILA.tracker, identity=ANY)),
        (binding(tracker=MILA.tracker, identity=ANY), binding(False, identity=ANY)),
    ],
)
def test_what_is_more_about_a_player_counts(strong: Binding, weak: Binding) -> None:
    assert of(strong, weak) is of(weak, strong) is Standing.ALLOWED


def test_an_answer_for_all_trackers_takes_the_place_of_those_for_single_ones() -> None:
    kept = [binding(tracker="swtor"), binding(), binding(identity="OLE"), binding(to="away"), binding(identity=ANY)]
    assert void(kept, "home", ANY, "MILA") == kept[:2]
    assert void(kept, "home", "swtor", "MILA") == kept[:1]


@given(st.lists(st.tuples(trackers, names, st.booleans())), names.filter(lambda name: name != ANY), st.booleans())
def test_the_last_word_about_a_name_counts_whatever_was_said_before(
    before: list[tuple[str, str, bool]], name: str, allowed: bool
) -> None:
    kept: list[Binding] = []
    for tracker, identity, yes in (*before, (ANY, name, allowed)):
        gone = void(kept, "home", tracker, identity)
        kept = [one for one in kept if one not in gone] + [binding(yes, tracker=tracker, identity=identity)]
    said = of(*kept, player=Player("swtor", name))
    assert said is (Standing.ALLOWED if allowed else Standing.DENIED)


def test_nobody_is_called_like_a_sign() -> None:
    assert known_as(ANY) == '"*"'
    assert known_as(UNSURE) == '"?"'
    assert of(binding(identity=str(known_as(ANY))), player=MILA) is Standing.UNKNOWN


def test_where_a_log_names_two_somebody_played() -> None:
    assert known_as(None, unsure=True) == UNSURE
    assert known_as("MILA", unsure=True) == "MILA"


@pytest.mark.parametrize(("told", "known"), [(None, None), ("", None), ("MILA", "MILA"), (" MILA ", " MILA ")])
def test_a_name_is_kept_in_the_logs_own_words(told: str | None, known: str | None) -> None:
    assert known_as(told) == known


@pytest.mark.parametrize(
    ("these", "joined"),
    [
        ((), None),
        ((None, None), None),
        (("MILA", None, "MILA"), "MILA"),
        (("OLE", "MILA"), "MILA + OLE"),
    ],
)
def test_two_players_joined_are_somebody_else(these: tuple[str | None, ...], joined: str | None) -> None:
    assert together(these) == joined
