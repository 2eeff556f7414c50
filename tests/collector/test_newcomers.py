"""So many new installations may come from one address in an hour, and no other address is slowed by that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.newcomers import HOUR, Newcomers, address_of
from logferry_model.errors import Refused

from .factories import START

SECOND = timedelta(seconds=1)


def comes(newcomers: Newcomers, address: str = "192.0.2.1", *, after: timedelta = timedelta()) -> bool:
    try:
        newcomers.check(address, START + after)
    except Refused:
        return False
    newcomers.count(address, START + after)
    return True


def test_so_many_and_no_more() -> None:
    newcomers = Newcomers(3)
    assert [comes(newcomers) for _ in range(5)] == [True, True, True, False, False]
    assert comes(newcomers, "192.0.2.2")


def test_an_hour_later_the_first_is_forgotten() -> None:
    newcomers = Newcomers(2)
    assert [comes(newcomers, after=after) for after in (0 * SECOND, HOUR - SECOND)] == [True, True]
    assert not comes(newcomers, after=HOUR - SECOND)
    assert [comes(newcomers, after=HOUR) for _ in range(2)] == [True, False]


def test_who_is_one_too_many_is_told_what_to_do() -> None:
    newcomers = Newcomers(0)
    newcomers.count("192.0.2.1", START)
    with pytest.raises(Refused, match="from one address") as refused:
        newcomers.check("192.0.2.1", START)
    assert (refused.value.code, bool(refused.value.hint)) == ("too-many-newcomers", True)


def test_a_look_counts_nothing() -> None:
    newcomers = Newcomers(1)
    for _ in range(5):
        newcomers.check("192.0.2.1", START)
    assert comes(newcomers)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    newcomers = Newcomers(1)
    assert comes(newcomers)
    assert comes(newcomers, after=-2 * HOUR)


def test_what_is_remembered_is_bounded() -> None:
    newcomers = Newcomers(1, addresses=3)
    assert [comes(newcomers, f"192.0.2.{number}") for number in range(5)] == [True, True, True, False, False]
    assert comes(newcomers, "192.0.2.9", after=HOUR)


@pytest.mark.parametrize(
    ("remote", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("somewhere", "somewhere"),
    ],
)
def test_a_net_of_ipv6_is_one_address(remote: str | None, counts_as: str) -> None:
    assert address_of(remote) == counts_as


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 600)), max_size=80))
def test_in_no_hour_more_come_than_may(visits: list[tuple[str, int]]) -> None:
    newcomers, came = Newcomers(4), list[tuple[str, int]]()
    minute = 0
    for address, minutes in visits:
        minute += minutes % 20
        if comes(newcomers, address, after=timedelta(minutes=minute)):
            came.append((address, minute))
    for address, minute in came:
        assert sum(one == address and minute - 60 < at <= minute for one, at in came) <= 4
