"""A daemon with a limit on what leaves in a second, and two destinations that share it."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.hunts import hunt, put
from tests.acceptance.running import DESTINATION, collector_home, daemon_home, tell

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

KIB = 1024
LIMIT = 16 * KIB
SESSIONS = 3


def play(folder: Path) -> None:
    folder.mkdir()
    for number in range(SESSIONS):
        put(folder, hunt(number, events=4000, apart=timedelta(hours=20)))


def test_all_that_is_sent_to_all_destinations_takes_its_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    play(games)
    with collector_home(tmp_path / "collector") as collector, daemon_home(tmp_path / "daemon") as daemon:
        daemon.extra["LOGFERRY_UPLOAD__LIMIT"] = f"{LIMIT // KIB} KiB/s"
        places = {DESTINATION: collector.url, "too": f"{collector.url}/"}
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations=places)
        daemon.start()
        began = time.monotonic()
        for place in places:
            daemon.agree(collector.key, place)
        sent = daemon.settled(2 * SESSIONS, seconds=200).metrics.bytes_sent
        took = time.monotonic() - began
    tell(capsys, f"{sent} bytes at {LIMIT} a second: {took:.1f} s, at least {sent / LIMIT:.1f} s")
    assert sent > 4 * LIMIT, "too little to tell a limit from a slow start"
    assert took >= sent / LIMIT
