"""What its file holds no more gets some time to turn up elsewhere, and no more than that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.reading import found_whole
from logferry_daemon.intake.orphans import Orphans
from tests.factories import HOUR, session
from tests.fakes import NOON

PATIENCE = timedelta(minutes=2)
LOST = found_whole(session(end=None))


@pytest.mark.parametrize("ahead", [timedelta(), HOUR, 72 * HOUR])
def test_one_that_was_lost_by_a_clock_that_was_ahead_waits_as_long_as_any(ahead: timedelta) -> None:
    orphans = Orphans(PATIENCE, only_grows=True)
    orphans.check("a.log", [LOST], [], NOON + ahead)
    assert not orphans.overdue([], NOON)
    assert list(orphans.waits(NOON)) == [PATIENCE]
    assert [one.found for one in orphans.overdue([], NOON + PATIENCE)] == [LOST]
