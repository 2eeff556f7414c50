"""A letter that costs workers is set aside after three of its own, and no other is for that."""

from __future__ import annotations

from logferry_daemon.core.exchange import Later, Parked
from logferry_daemon.core.losses import TRIES, Losses, worker_lost

LOST = worker_lost("it was ended by signal 9")


def test_it_is_tried_again_twice_and_then_waits_for_a_person_who_is_told_what_to_do() -> None:
    losses = Losses()
    for _ in range(TRIES - 1):
        later = losses.outcome("one", "aa", LOST)
        assert isinstance(later, Later)
        assert not later.trouble
        assert "signal 9" in later.reason
    parked = losses.outcome("one", "aa", LOST)
    assert isinstance(parked, Parked)
    assert "signal 9" in parked.reason
    assert f"{TRIES} times" in parked.reason
    assert "logferry retry aa" in parked.reason


def test_only_its_own_count() -> None:
    losses = Losses()
    outcomes = [losses.outcome(str(number), "aa", LOST) for number in range(10 * TRIES)]
    assert all(isinstance(one, Later) for one in outcomes)


def test_what_was_made_in_between_begins_anew_and_so_does_what_is_asked_for_again() -> None:
    losses = Losses()
    for _ in range(TRIES):
        losses.outcome("one", "aa", LOST)
    for _ in range(5):
        assert isinstance(losses.outcome("one", "aa", LOST), Later)
        losses.forget("one")
