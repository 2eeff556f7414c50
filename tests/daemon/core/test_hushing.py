from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Erased, GoneByOwner, Later, Parked, Stop
from logferry_daemon.core.hushing import hushed

SECRET = "user-hash:api-key-7:abc"
SAID = "No: user-hash:api-key-7:abc, user-hash, api-key-7, abc"


@pytest.mark.parametrize("outcome", [GoneByOwner(reason=SAID), Later(reason=SAID), Parked(reason=SAID)])
def test_neither_a_key_nor_a_part_of_it_is_repeated(outcome: GoneByOwner | Later | Parked) -> None:
    assert hushed(outcome, SECRET).reason == "No: ***, ***, ***, abc"


def test_all_else_stays_as_it_was() -> None:
    stop = Stop(reason="api-key-7 expired", hint="Make another", wait=timedelta(seconds=3))
    assert hushed(stop, SECRET) == Stop(reason="*** expired", hint="Make another", wait=timedelta(seconds=3))


def test_a_deletion_that_is_done_has_nothing_to_hide() -> None:
    assert hushed(Erased(note="gone"), SECRET) == Erased(note="gone")
