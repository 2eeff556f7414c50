"""The ledger adds up whatever is in it, and each delivery has one rule."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.delivery import State, public_state
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.identities import Standing
from logferry_daemon.core.ledger import EXAMPLES, MOST_LINES, Entry, Rule, book, why

HELD = Gate(open=False, held=True, state="held", reason="no consent")
OFFLINE = Gate(open=False, state="offline", reason="cannot be reached")
DAY = date(2026, 3, 1)
STATES = ("pending", "uploading", "uploaded", "failed", "held", "excluded")

entries = st.builds(
    Entry,
    day=st.integers(0, 3).map(lambda number: DAY + timedelta(days=number)),
    source=st.sampled_from(["hunts", "logs"]),
    session=st.sampled_from("abcdefgh"),
    destination=st.sampled_from(["home", "club", ""]),
    state=st.sampled_from(STATES),
    rule=st.sampled_from(Rule),
    reason=st.integers(0, 400).map(str),
)


@given(st.lists(entries, max_size=300))
def test_every_delivery_is_in_one_day_one_source_and_one_line(found: list[Entry]) -> None:
    told = book(found)
    assert sum(told.by_state.values()) == len(found)
    for groups in (told.days, told.sources):
        assert all(sum(group.by_state[state] for group in groups) == told.by_state[state] for state in told.by_state)
    assert all(
        sum(line.count for line in told.lines if line.state == state) == told.by_state.get(state, 0) for state in STATES
    )
    assert told.sessions == len({one.session for one in found})


def entry(number: int, *, reason: str = "full") -> Entry:
    return Entry(
        day=DAY + timedelta(days=number % 3),
        source="hunts",
        session=f"s{number}",
        destination="home",
        state="failed",
        rule=Rule.REFUSED,
        reason=reason,
    )


def test_the_latest_day_and_the_most_frequent_reason_come_first() -> None:
    told = book([entry(0, reason="a"), entry(1, reason="b"), entry(2, reason="b")])
    assert [group.name for group in told.days] == ["2026-03-03", "2026-03-02", "2026-03-01"]
    assert [(line.reason, line.count) for line in told.lines] == [("b", 2), ("a", 1)]


def test_a_line_names_some_of_its_sessions() -> None:
    (line,) = book([entry(number) for number in range(9)]).lines
    assert (line.count, line.sessions) == (9, tuple(f"s{number}" for number in range(EXAMPLES)))


def test_too_many_reasons_end_in_one_line_that_counts_the_rest() -> None:
    told = book([entry(number, reason=f"error {number}") for number in range(MOST_LINES + 7)])
    assert len(told.lines) == MOST_LINES + 1
    assert (told.lines[-1].rule, told.lines[-1].reason, told.lines[-1].count) == (Rule.OTHERS, "7 other reasons", 7)


@given(
    st.sampled_from(State),
    st.sampled_from([OPEN, HELD, OFFLINE]),
    st.sampled_from(Standing),
    st.integers(0, 3),
    st.sampled_from(["", "503", "superseded by revision 2", "merged into abc", "too short"]),
)
def test_the_state_is_the_one_of_all_counts_and_no_rule_is_without_words(
    state: State, gate: Gate, standing: Standing, attempts: int, note: str
) -> None:
    public, _, reason = why(state, gate, standing, attempts=attempts, note=note)
    assert public == public_state(state, gate, standing)[0]
    assert reason


@pytest.mark.parametrize(
    ("state", "gate", "standing", "note", "told"),
    [
        (State.BACKLOG, OPEN, Standing.ALLOWED, "", Rule.NOT_ASKED),
        (State.BACKLOG, OPEN, Standing.DENIED, "", Rule.IDENTITY_DENIED),
        (State.PENDING, HELD, Standing.ALLOWED, "", Rule.DESTINATION),
        (State.PENDING, OFFLINE, Standing.ALLOWED, "", Rule.DESTINATION),
        (State.PENDING, OPEN, Standing.UNKNOWN, "", Rule.IDENTITY_UNKNOWN),
        (State.PENDING, OPEN, Standing.ALLOWED, "", Rule.QUEUED),
        (State.PENDING, OPEN, Standing.ALLOWED, "503", Rule.RETRY),
        (State.UPLOADING, OPEN, Standing.ALLOWED, "", Rule.UNDER_WAY),
        (State.UPLOADED, OPEN, Standing.DENIED, "", Rule.UPLOADED),
        (State.FAILED, OPEN, Standing.ALLOWED, "422", Rule.REFUSED),
        (State.FAILED, OPEN, Standing.DENIED, "422", Rule.IDENTITY_DENIED),
        (State.EXCLUDED, OPEN, Standing.ALLOWED, "superseded by revision 3", Rule.SUPERSEDED),
        (State.EXCLUDED, OPEN, Standing.ALLOWED, "merged into aa", Rule.MERGED),
        (State.EXCLUDED, OPEN, Standing.ALLOWED, "too short", Rule.EXCLUDED),
    ],
)
def test_each_has_its_rule(state: State, gate: Gate, standing: Standing, note: str, told: Rule) -> None:
    assert why(state, gate, standing, attempts=1, note=note)[1] is told


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text("utf-8")
    assert [rule for rule in Rule if f"| `{rule}` |" not in page] == []


def test_a_refusal_is_told_in_the_words_of_the_other_side() -> None:
    assert why(State.FAILED, OPEN, Standing.ALLOWED, attempts=1, note="Not a session (422)")[2] == "Not a session (422)"
