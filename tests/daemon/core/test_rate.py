from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.rate import KIB, SLOWEST, Rate, parse_rate

LIMIT = 500 * KIB
Asked = Sequence[tuple[float, int]]
"""Seconds since the one before, and bytes."""


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 64 * KIB)), min_size=1, max_size=200))
def test_so_many_bytes_never_take_less_than_their_time(asked: Asked) -> None:
    rate, at, goes = Rate(per_second=LIMIT), 1000.0, list[tuple[float, int]]()
    for seconds, size in asked:
        at += seconds
        rate, wait = rate.take(size, at)
        goes.append((at + wait, size))
    for first in range(len(goes)):
        began = goes[first][0] - goes[first][1] / LIMIT
        for last in range(first, len(goes)):
            total = sum(size for _, size in goes[first : last + 1])
            assert goes[last][0] - began >= total / LIMIT - 1e-6


@given(st.lists(st.integers(1, 64 * KIB), min_size=1, max_size=200))
def test_what_is_asked_for_together_goes_in_turn_and_no_slower_than_it_may(sizes: Sequence[int]) -> None:
    rate, waits = Rate(per_second=LIMIT), []
    for size in sizes:
        rate, wait = rate.take(size, 1000.0)
        waits.append(wait)
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(sum(sizes) / LIMIT)


def test_nothing_is_saved_up_while_nothing_goes() -> None:
    rate, _ = Rate(per_second=LIMIT).take(KIB, 0.0)
    assert rate.take(LIMIT, 10_000.0)[1] == pytest.approx(1.0)


@pytest.mark.parametrize(("per_second", "piece"), [(SLOWEST, 2 * KIB), (LIMIT, 64_000), (KIB, KIB), (10**9, 64 * KIB)])
def test_a_piece_is_an_eighth_of_a_second_within_bounds(per_second: float, piece: int) -> None:
    assert Rate(per_second=per_second).piece == piece


@pytest.mark.parametrize(
    ("text", "per_second"),
    [
        ("500 KiB/s", 512_000),
        ("500KiB/s", 512_000),
        ("2 MB/s", 2_000_000),
        ("1.5 MiB/s", 1_572_864),
        ("64 kB/s", 64_000),
        ("65536 B/s", 65_536),
        ("1 GiB/s", 2**30),
        ("off", None),
    ],
)
def test_a_speed_is_read_as_people_write_it(text: str, per_second: float | None) -> None:
    assert parse_rate(text) == per_second


@pytest.mark.parametrize("text", ["500", "500 KiB", "-5 MB/s", "1e9 B/s", "5 Mbit/s", "5 kiB/s", "5 iB/s", "", "Off"])
def test_what_is_no_speed_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='"500 KiB/s"'):
        parse_rate(text)


@pytest.mark.parametrize("text", ["0 MB/s", "15 KiB/s", "1 B/s"])
def test_a_speed_at_which_servers_hang_up_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at least 16 KiB/s"):
        parse_rate(text)
