from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.playing import Focus, When, is_playing

NOWHERE = Focus()
UNKNOWN = Focus(unknown="nobody tells")


@pytest.mark.parametrize(
    ("when", "games", "focus", "played"),
    [
        (When.OFF, [7], Focus(pid=7), False),
        (When.RUNNING, [], Focus(pid=7), False),
        (When.RUNNING, [7], NOWHERE, True),
        (When.FOREGROUND, [7], Focus(pid=7), True),
        (When.FOREGROUND, [6, 7], Focus(pid=7), True),
        (When.FOREGROUND, [7], Focus(pid=8), False),
        (When.FOREGROUND, [7], NOWHERE, False),
        (When.FOREGROUND, [7], UNKNOWN, True),
        (When.FOREGROUND, [], UNKNOWN, False),
    ],
)
def test_what_counts_as_playing(when: When, games: list[int], focus: Focus, *, played: bool) -> None:
    assert is_playing(when, games, focus) is played


@given(st.sampled_from(When), st.integers(), st.booleans())
def test_without_a_game_nothing_ever_waits(when: When, pid: int, unknown: object) -> None:
    assert not is_playing(when, [], UNKNOWN if unknown else Focus(pid=pid))
