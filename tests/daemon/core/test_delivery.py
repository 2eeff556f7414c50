from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from logferry_daemon.core.delivery import (
    BACKLOG_REASON,
    DENIED_REASON,
    FIRST,
    NEXT,
    UNKNOWN_REASON,
    IllegalStep,
    State,
    Step,
    diagram,
    first_state,
    public_state,
    step,
)
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.identities import Standing
from logferry_ipc.messages import DeliveryState

DOCUMENT = Path(__file__).parents[3] / "docs" / "deliveries.md"
HELD = Gate(open=False, held=True, reason="no consent")
WAITING = Gate(open=False, reason="limit reached")
ILLEGAL = [pair for pair in product(State, Step) if pair not in NEXT]


@pytest.mark.parametrize(("state", "what"), ILLEGAL, ids=str)
def test_a_step_that_is_not_in_the_table_is_refused(state: State, what: Step) -> None:
    with pytest.raises(IllegalStep):
        step(state, what)


@pytest.mark.parametrize(("pair", "after"), NEXT.items(), ids=str)
def test_a_step_that_is_in_the_table_leads_where_it_says(pair: tuple[State, Step], after: State) -> None:
    assert step(*pair) is after


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = set(FIRST)
    for _ in State:
        reached |= {after for (before, _), after in NEXT.items() if before in reached}
    assert reached == set(State)


def test_nothing_leads_away_from_what_was_uploaded() -> None:
    assert not [what for state, what in NEXT if state is State.UPLOADED]


def test_only_a_proof_makes_a_delivery_uploaded() -> None:
    assert [pair for pair, after in NEXT.items() if after is State.UPLOADED] == [(State.UPLOADING, Step.ACK)]


def test_what_is_being_sent_is_not_superseded() -> None:
    assert (State.UPLOADING, Step.SUPERSEDE) not in NEXT


def test_a_pending_delivery_behind_a_held_gate_is_held_and_says_why() -> None:
    assert public_state(State.PENDING, HELD) == ("held", "no consent")


def test_a_pending_delivery_that_waits_for_a_time_is_pending() -> None:
    assert public_state(State.PENDING, WAITING) == ("pending", "")


@pytest.mark.parametrize("state", [state for state in State if state not in FIRST])
def test_a_held_gate_changes_no_other_state(state: State) -> None:
    assert public_state(state, HELD) == (state.value, "")


@pytest.mark.parametrize("gate", [OPEN, HELD, WAITING])
def test_what_was_there_before_is_held_whatever_its_destination_says_and_tells_the_way_on(gate: Gate) -> None:
    state, reason = public_state(State.BACKLOG, gate)
    assert state == "held"
    assert "logferry upload --all" in reason


def test_a_delivery_of_an_unknown_player_is_held_and_says_so() -> None:
    assert public_state(State.PENDING, OPEN, Standing.UNKNOWN) == ("held", UNKNOWN_REASON)
    assert public_state(State.PENDING, WAITING, Standing.UNKNOWN) == ("held", UNKNOWN_REASON)


def test_what_else_holds_it_comes_first() -> None:
    assert public_state(State.PENDING, HELD, Standing.UNKNOWN) == ("held", "no consent")
    assert public_state(State.BACKLOG, OPEN, Standing.UNKNOWN) == ("held", BACKLOG_REASON)


@pytest.mark.parametrize("state", [State.BACKLOG, State.PENDING, State.FAILED])
@pytest.mark.parametrize("gate", [OPEN, HELD, WAITING])
def test_what_was_not_sent_of_a_denied_player_is_excluded(state: State, gate: Gate) -> None:
    assert public_state(state, gate, Standing.DENIED) == ("excluded", DENIED_REASON)


@pytest.mark.parametrize("state", [State.UPLOADING, State.UPLOADED, State.EXCLUDED])
@pytest.mark.parametrize("standing", Standing)
def test_a_player_changes_nothing_of_what_is_on_its_way_or_over(state: State, standing: Standing) -> None:
    assert public_state(state, OPEN, standing) == (state.value, "")


def test_backlog_goes_nowhere_unless_it_is_asked_for_or_pointless() -> None:
    assert {what for state, what in NEXT if state is State.BACKLOG} == {Step.RELEASE, Step.SUPERSEDE}
    assert [state for state, what in NEXT if what is Step.RELEASE] == [State.BACKLOG]


@pytest.mark.parametrize("before", [None, *State])
def test_what_is_new_never_waits_to_be_asked_for(before: State | None) -> None:
    assert first_state(old=False, unasked=False, before=before) is State.PENDING


@pytest.mark.parametrize("before", [None, State.BACKLOG, State.EXCLUDED])
def test_what_is_old_waits_unless_nobody_has_to_ask(before: State | None) -> None:
    assert first_state(old=True, unasked=False, before=before) is State.BACKLOG
    assert first_state(old=True, unasked=True, before=before) is State.PENDING


@pytest.mark.parametrize("before", [State.PENDING, State.UPLOADING, State.UPLOADED, State.FAILED])
def test_another_version_of_what_was_asked_for_need_not_be_asked_for_again(before: State) -> None:
    assert first_state(old=True, unasked=False, before=before) is State.PENDING


@pytest.mark.parametrize("state", State)
def test_every_public_state_is_a_word_of_the_local_api(state: State) -> None:
    assert {public_state(state, gate)[0] for gate in (OPEN, HELD)} <= set(DeliveryState)


def test_the_picture_in_the_documentation_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in DOCUMENT.read_text("utf-8")


@pytest.mark.parametrize("word", [*DeliveryState, *Step])
def test_the_documentation_explains_every_state_and_step(word: str) -> None:
    assert f"\n| {word} | " in DOCUMENT.read_text("utf-8")
