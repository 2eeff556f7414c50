"""What the spool and the gates hold, in the words of the local API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from logferry_daemon.control import views
from logferry_daemon.core.delivery import State
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.identities import Standing
from logferry_daemon.ports import Sent, earlier
from logferry_ipc.messages import Counts, DaemonState, DeliveryState
from logferry_model.session import EndRule
from tests.daemon.control.rows import GATES, HELD, NOW, OFFLINE, PLAYED, UNSURE, row, session_row, totals

gates = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(tuple(GATES.values())))
tables = st.dictionaries(st.tuples(st.sampled_from("abcde"), st.sampled_from(State)), st.integers(0, 10**6))


@given(tables, gates, st.integers(0, 10**6))
def test_found_is_the_sum_of_all_other_counts(
    table: dict[tuple[str, State], int], closed: dict[str, Gate], homeless: int
) -> None:
    counted = asdict(views.counts(totals(table, homeless=homeless), closed))
    assert counted.pop("found") == sum(counted.values())


def test_a_delivery_that_no_state_has_shows_as_missing() -> None:
    counted = asdict(views.counts(replace(totals({("home", State.PENDING): 2}), found=3), {}))
    assert counted.pop("found") == sum(counted.values()) + 1


@given(tables, gates, st.data())
def test_whoever_is_barred_is_counted_once_and_never_as_pending(
    table: dict[tuple[str, State], int], closed: dict[str, Gate], data: st.DataObject
) -> None:
    barred: dict[tuple[str, State, Standing], int] = {}
    for (place, state), number in table.items():
        unknown = data.draw(st.integers(0, number))
        barred[place, state, Standing.UNKNOWN] = unknown
        barred[place, state, Standing.DENIED] = data.draw(st.integers(0, number - unknown))
    free = views.counts(totals(table), closed)
    told = views.counts(replace(totals(table), barred=barred), closed)
    assert told.found == free.found == sum(table.values())
    assert min(asdict(told).values()) >= 0
    may_go = sum(
        number - barred[place, state, Standing.UNKNOWN] - barred[place, state, Standing.DENIED]
        for (place, state), number in table.items()
        if state is State.PENDING and not closed.get(place, OPEN).held
    )
    assert told.pending == may_go


@pytest.mark.parametrize(
    ("standing", "state"), [(Standing.UNKNOWN, DeliveryState.HELD), (Standing.DENIED, DeliveryState.EXCLUDED)]
)
def test_a_delivery_says_how_its_player_stands(standing: Standing, state: DeliveryState) -> None:
    told = views.delivery(row(State.PENDING, standing=standing), {"home": OPEN})
    assert told.state is state
    assert "identity" in told.reason


@pytest.mark.parametrize("state", [state for state in State if state is not State.BACKLOG])
def test_each_state_is_counted_under_its_own_name(state: State) -> None:
    assert getattr(views.counts(totals({("home", state): 3}), {"home": OPEN}), state) == 3


def test_what_was_there_before_is_counted_as_held() -> None:
    assert views.counts(totals({("home", State.BACKLOG): 3}), {"home": OPEN}).held == 3


def test_backlog_alone_is_nothing_that_needs_a_person() -> None:
    found = views.counts(totals({("home", State.BACKLOG): 3}), {"home": OPEN})
    assert views.daemon_state(found, {"home": OPEN}, {}, paused=False) is DaemonState.IDLE


def test_a_delivery_of_what_was_there_before_says_so() -> None:
    told = views.delivery(row(State.BACKLOG, last_error=""), {"home": HELD})
    assert (told.state, told.backlog) == (DeliveryState.HELD, True)
    assert "logferry upload --all" in told.reason


def test_what_waits_behind_a_held_gate_is_counted_as_held() -> None:
    assert views.counts(totals({("home", State.PENDING): 3}), {"home": HELD}) == Counts(found=3, held=3)


def test_what_waits_for_the_network_is_counted_as_pending() -> None:
    assert views.counts(totals({("home", State.PENDING): 3}), {"home": OFFLINE}) == Counts(found=3, pending=3)


def test_a_session_without_a_destination_is_counted_as_held() -> None:
    assert views.counts(totals(homeless=2), {}) == Counts(found=2, held=2)


def test_a_delivery_to_a_destination_that_is_gone_is_counted_as_it_is_stored() -> None:
    assert views.counts(totals({("gone", State.PENDING): 1}), {}).pending == 1


def test_a_held_delivery_says_why() -> None:
    shown = views.delivery(row(State.PENDING), {"home": HELD})
    assert (shown.state, shown.reason) == (DeliveryState.HELD, "no consent")


@pytest.mark.parametrize("state", [State.FAILED, State.EXCLUDED])
def test_a_delivery_that_goes_no_further_says_why(state: State) -> None:
    assert views.delivery(row(state), {"home": OPEN}).reason == "Not a session (422)"


@pytest.mark.parametrize("state", [State.PENDING, State.UPLOADING, State.UPLOADED])
def test_a_delivery_on_its_way_gives_no_reason_for_it(state: State) -> None:
    assert views.delivery(row(state), {"home": OPEN}).reason == ""


def test_a_delivery_keeps_its_last_error_while_it_is_tried_again() -> None:
    assert views.delivery(row(State.PENDING), {"home": OPEN}).last_error == "Not a session (422)"


def test_a_session_is_shown_with_its_deliveries() -> None:
    summary = views.session(session_row(), [row(), row(id="d2", destination="club")], {"home": OPEN})
    assert [one.destination for one in summary.deliveries] == ["home", "club"]


def test_a_session_is_shown_with_its_end() -> None:
    end = views.session(session_row(), [], {}).end
    assert end is not None
    assert end.rule is EndRule.EXPLICIT


def test_a_running_session_is_shown_without_an_end() -> None:
    assert views.session(session_row(end_rule=""), [], {}).end is None


def test_metrics_count_failures_over_all_destinations() -> None:
    table = {("home", State.FAILED): 2, ("club", State.FAILED): 3, ("home", State.UPLOADED): 7}
    told = views.metrics(totals(table), {})
    assert (told.failed, [(one.name, one.failed) for one in told.destinations]) == (5, [("club", 3), ("home", 2)])


def test_a_failed_delivery_of_a_denied_player_is_excluded_and_no_failure() -> None:
    table = {("home", State.FAILED): 3}
    barred = {("home", State.FAILED, Standing.DENIED): 2}
    told = views.metrics(replace(totals(table), barred=barred), {})
    assert (told.failed, told.destinations[0].failed, told.destinations[0].counts.excluded) == (1, 1, 2)


def test_metrics_by_destination_are_of_what_was_sent_there_and_at_its_earlier_addresses() -> None:
    sent = {
        "home": Sent(uploaded=2, bytes_sent=10, timed=2, took=timedelta(seconds=3), last_upload=NOW),
        "home~x": Sent(uploaded=1, bytes_sent=5, timed=0, took=timedelta(), last_upload=None),
        "home~y": Sent(uploaded=1, bytes_sent=5, timed=1, took=timedelta(seconds=1), last_upload=NOW),
    }
    table = {("home", State.UPLOADED): 2, ("home~x", State.UPLOADED): 1, ("home~y", State.UPLOADED): 1}
    quiet, home, before = views.metrics(replace(totals(table), sent=sent), {"club": OPEN, "home": OPEN}).destinations
    assert (quiet.name, quiet.uploaded, quiet.average_upload_ms) == ("club", 0, None)
    assert (home.uploaded, home.bytes_sent, home.average_upload_ms, home.last_upload) == (2, 10, 1500.0, NOW)
    assert (before.name, before.uploaded, before.average_upload_ms) == ("home (earlier address)", 2, 1000.0)


def test_metrics_tell_what_was_sent() -> None:
    shown = views.metrics(totals(), {})
    assert (shown.uploaded, shown.bytes_sent, shown.average_upload_ms, shown.last_upload) == (7, 1000, 12.5, NOW)


def test_each_destination_is_shown_with_what_it_waits_for() -> None:
    shown = [(one.name, one.state, one.reason, one.next_attempt) for one in views.destinations(GATES, totals())]
    assert shown == [
        ("open", "ready", "", None),
        ("held", "held", "no consent", None),
        ("paused", "paused", "paused", None),
        ("offline", "offline", "cannot be reached", NOW),
    ]


@pytest.mark.parametrize(
    ("found", "gate", "paused", "state"),
    [
        (Counts(), OPEN, False, DaemonState.IDLE),
        (Counts(uploading=1), OPEN, False, DaemonState.WORKING),
        (Counts(pending=1), OPEN, False, DaemonState.WORKING),
        (Counts(pending=1), OFFLINE, False, DaemonState.OFFLINE),
        (Counts(), OFFLINE, False, DaemonState.IDLE),
        (Counts(uploading=1, pending=1), OFFLINE, False, DaemonState.WORKING),
        (Counts(failed=1, uploading=1), OPEN, False, DaemonState.ATTENTION),
        (Counts(uploading=1), HELD, False, DaemonState.ATTENTION),
        (Counts(failed=1, uploading=1), HELD, True, DaemonState.PAUSED),
        (Counts(held=1), PLAYED, False, DaemonState.PAUSED),
        (Counts(held=1), UNSURE, False, DaemonState.PAUSED),
        (Counts(held=1, failed=1), PLAYED, False, DaemonState.ATTENTION),
    ],
)
def test_the_daemon_shows_the_most_urgent_thing_that_is_true(
    found: Counts, gate: Gate, paused: bool, state: DaemonState
) -> None:
    assert views.daemon_state(found, {"home": gate}, {"hunts": "watching"}, paused=paused) is state


def test_a_folder_that_is_not_there_needs_a_person() -> None:
    assert views.daemon_state(Counts(), {"home": OPEN}, {"hunts": "gone"}, paused=False) is DaemonState.ATTENTION


def test_a_destination_that_a_person_can_mend_needs_one_although_it_is_tried_again() -> None:
    tls = Gate(open=False, state="waiting", reason="its certificate is not trusted", hint="Check it.", until=NOW)
    assert views.daemon_state(Counts(pending=1), {"home": tls}, {}, paused=False) is DaemonState.ATTENTION


def test_a_delivery_to_an_earlier_address_says_so() -> None:
    filed = replace(row(), destination=earlier("home", "0123456789ab"))
    assert views.delivery(filed, {}).destination == "home (earlier address)"


def test_what_a_destination_holds_up_is_what_is_not_sent_yet() -> None:
    by_state = {
        ("home", State.PENDING): 3,
        ("home", State.UPLOADING): 1,
        ("home", State.UPLOADED): 9,
        ("home", State.FAILED): 4,
    }
    assert views.waiting(totals(by_state), {"home": OPEN}) == {"home": 4}
