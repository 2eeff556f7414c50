from __future__ import annotations

import pytest

from logferry_daemon.core.queue_bound import MIB, Bound, Extent, full

BOUND = Bound(sessions=10, bytes=5 * MIB)


@pytest.mark.parametrize(
    ("sessions", "size", "room"),
    [(0, 0, True), (9, 5 * MIB - 1, True), (10, 0, False), (0, 5 * MIB, False), (11, 6 * MIB, False)],
)
def test_either_bound_ends_the_intake(sessions: int, size: int, room: bool) -> None:
    assert BOUND.leaves_room(Extent(sessions=sessions, bytes=size)) is room


def test_the_usual_bound_is_two_gibibytes_or_a_hundred_thousand_sessions() -> None:
    assert Bound() == Bound(sessions=100_000, bytes=2 * 2**30)


def test_a_sentence_names_what_waits_what_may_and_what_becomes_of_new_ones() -> None:
    said = full(Extent(sessions=1234, bytes=3 * MIB), BOUND)
    assert "1,234 sessions with 3 MiB wait" in said
    assert "at most 10 or 5 MiB" in said
    assert "none is dropped" in said
    assert said.count(".") == 1


def test_what_comes_is_added() -> None:
    assert Extent(sessions=1, bytes=2).plus(3, 40) == Extent(sessions=4, bytes=42)
