"""Who is to blame when something fails: the item itself, or its destination."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.blame import ALONE, Blame

ITEMS = st.sampled_from("abcdef")
HISTORIES = st.lists(st.tuples(ITEMS, st.booleans()))


def after(*events: tuple[str, bool]) -> Blame:
    """An item and whether it succeeded, one after the other."""
    blame = Blame()
    for item, good in events:
        blame = blame.succeeded(item) if good else blame.failed(item)
    return blame


def test_what_fails_while_nothing_succeeds_says_something_of_the_destination() -> None:
    assert not any(after(("a", False), ("b", False), ("a", False)).is_its_own(item) for item in "ab")


def test_what_failed_before_something_else_succeeded_is_at_fault_itself() -> None:
    blame = after(("a", False), ("b", True))
    assert (blame.is_its_own("a"), blame.is_its_own("b")) == (True, False)


def test_what_failed_and_then_succeeded_itself_is_not() -> None:
    assert after(("a", False), ("a", True)) == Blame()
    assert after(("a", False), ("b", True), ("a", True)) == Blame()


@given(HISTORIES)
def test_an_item_is_blamed_when_and_only_when_another_one_succeeded_since_it_failed(
    history: list[tuple[str, bool]],
) -> None:
    blame = after(*history)
    for item in "abcdef":
        own = [good for name, good in history if name == item]
        last_success = max((place for place, (name, good) in enumerate(history) if name == item and good), default=-1)
        fails = [place for place, (name, _) in enumerate(history) if name == item and place > last_success]
        first = fails[0] if own and fails else None
        others = first is not None and any(good and name != item for name, good in history[first:])
        assert blame.is_its_own(item) is others


@given(HISTORIES)
def test_all_are_held_the_longer_the_more_items_fail_and_never_longer_than_anything(
    history: list[tuple[str, bool]],
) -> None:
    blame = after(*history)
    longer = blame.failed("another")
    assert ALONE <= blame.longest_pause() <= longer.longest_pause() <= CAP
    assert blame.longest_pause(timedelta(seconds=1)) == timedelta(seconds=1)


def test_one_item_holds_all_for_half_a_minute_at_most() -> None:
    assert after(("a", False), ("a", False)).longest_pause() == ALONE
    assert after(("a", False), ("b", False)).longest_pause() == 2 * ALONE
    assert after(*((str(number), False) for number in range(99))).longest_pause() == CAP
