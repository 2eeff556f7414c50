"""A pause is written down so that it lasts over a restart, and no longer than it was to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.pause import Pause, decode, encode
from tests.fakes import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("pause", [None, Pause(), Pause(NOON, NOON + HOUR), Pause(None, NOON + HOUR)])
def test_a_pause_comes_back_as_it_was_written_down(pause: Pause | None) -> None:
    assert decode(*encode(pause)) == pause


@given(st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=9000)))
def test_a_pause_never_lasts_longer_than_it_was_to(jump: timedelta) -> None:
    now = NOON + jump
    left = Pause(NOON, NOON + HOUR).as_of(now).until
    assert left is not None
    assert left - now <= HOUR + timedelta(minutes=1)
    assert left > now or jump >= HOUR


def test_a_pause_without_an_end_has_none_whatever_the_clock_says() -> None:
    assert Pause().as_of(NOON) == Pause()
