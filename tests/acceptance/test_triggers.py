"""A real daemon and a real collector: sessions wait for their time, their program or their owner, also over restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, make_quiet, until
from tests.acceptance.test_app_close import PROGRAM, Tavern
from tests.conftest import only_on
from tests.daemon.recipes.small import TEXT as TAVERN
from tests.factories import START, artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, only_on("linux", "darwin"), pytest.mark.timeout(300)]

HUNTS = 5


@pytest.fixture
def daemon(tmp_path: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as home:
        hunts = tmp_path / "hunts"
        hunts.mkdir()
        for number in range(HUNTS):
            document = artemis_document(number, start=START + number * timedelta(hours=1), events=2)
            (hunts / file_name(document)).write_bytes(encode_document(document))
            make_quiet(hunts / file_name(document))
        home.configure(sources={"hunts": ("artemis", hunts)}, destinations={DESTINATION: collector.url}, settle=0.2)
        yield home


def waits(daemon: DaemonHome) -> bool:
    """Everything is found, and nothing is sent or being sent."""
    counts = daemon.client.status().counts
    return counts.found == counts.pending == HUNTS and not counts.uploaded


def test_what_is_over_goes_when_its_owner_asks(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.extra["LOGFERRY_UPLOAD__WHEN"] = "demand"
    daemon.start()
    daemon.agree(collector.key)
    until(lambda: waits(daemon), "all of them wait")
    (place,) = daemon.client.status().destinations
    assert place.reason == f"{HUNTS} waiting: each goes when you ask: logferry upload"
    first = daemon.client.sessions().sessions[0].id
    assert daemon.command("upload", first).code == 0
    assert daemon.client.status().counts.uploaded == 1
    assert daemon.command("upload", "--all").code == 0
    daemon.settled(HUNTS)


def test_what_is_over_goes_at_its_time_also_when_nobody_was_there_just_then(
    daemon: DaemonHome, collector: CollectorHome
) -> None:
    soon = (datetime.now().astimezone() + timedelta(seconds=90)).replace(second=0, microsecond=0)
    daemon.extra["LOGFERRY_UPLOAD__WHEN"] = "schedule"
    daemon.extra["LOGFERRY_UPLOAD__SCHEDULE"] = f'["{soon:%H:%M}"]'
    program = daemon.start()
    daemon.agree(collector.key)
    until(lambda: waits(daemon), "all of them wait")
    status = daemon.client.status()
    assert status.destinations[0].next_attempt == soon
    said = daemon.command("status")
    assert f"{soon:%H:%M}" in said.out
    program.kill()
    time.sleep(max(soon.timestamp() - time.time(), 0))
    daemon.start()
    daemon.settled(HUNTS)


def test_a_session_that_its_log_has_ended_goes_when_its_program_has(tmp_path: Path, collector: CollectorHome) -> None:
    tavern = Tavern(tmp_path / "games")
    with daemon_home(tmp_path / "inn") as daemon:
        places = {DESTINATION: collector.url}
        daemon.configure(sources={"inn": ("tavern", tavern.logs)}, destinations=places, settle=0.2, busy=0.2)
        daemon.home.recipes_folder.mkdir(parents=True)
        (daemon.home.recipes_folder / "tavern.toml").write_text(TAVERN.replace("tavern.exe", PROGRAM), "utf-8")
        daemon.extra["LOGFERRY_UPLOAD__WHEN"] = "app-close"
        daemon.start()
        daemon.agree(collector.key)
        with tavern.open():
            tavern.write("Enter", guest="Sir Bertram", table=3)
            tavern.write("Drink", brand="Ale", cups=2, price=4)
            tavern.write("Leave")
            until(lambda: daemon.client.status().counts.pending == 1, "it is over and waits")
            assert "program has ended" in daemon.client.sessions().sessions[0].deliveries[0].reason
        daemon.settled(1)
