"""A queue that holds no more while its destination is down: nothing in it goes, and the rest is read afterwards (R-D22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.delivered import judge
from tests.acceptance.matrix.world import SESSIONS, world
from tests.faults import scripts

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]
MOST = 10


def test_a_queue_that_holds_ten_catches_up_with_thirty(tmp_path: Path) -> None:
    with world(tmp_path, extra={"LOGFERRY_QUEUE__MAX_SESSIONS": str(MOST)}) as w:
        w.broken(scripts.always(scripts.problem(503, "Busy")))
        w.hears("The queue is full", within=15)
        held = {one.id for one in w.daemon.client.sessions().sessions}
        assert len(held) == MOST
        w.daemon.client.upload_all()
        assert {one.id for one in w.daemon.client.sessions().sessions} == held
        w.heal()
        w.drained()
        assert held <= {one.id for one in w.daemon.client.sessions().sessions}
        assert not [one for one in w.daemon.client.status().attention if "The queue is full" in one.message]
        verdict = judge(w.truth, w.collector)
        assert verdict.exactly_once, verdict
        assert verdict.expected == SESSIONS
