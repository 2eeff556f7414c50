"""Several sessions in one request, and the same sessions from two computers of one account: each is stored once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.delivered import stored_in
from tests.acceptance.playground import Playground, hunts
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, collector_home, daemon_home, tell

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

SESSIONS = 60


def machine(daemon: DaemonHome, playground: Playground, collector: CollectorHome, players: str) -> None:
    """Follows the folder, and may send; other players leave as tokens of this machine, or not at all."""
    daemon.configure(sources=playground.sources, destinations={DESTINATION: collector.url})
    with daemon.home.settings_file.open("a", encoding="utf-8") as settings:
        settings.write(f'privacy = {{ players = "{players}" }}\n')
    daemon.start()
    daemon.agree(collector.key)


@pytest.mark.parametrize(("players", "contents"), [("drop", 1), ("token", 2)])
def test_files_that_are_copied_renamed_and_read_by_two_machines_are_stored_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], players: str, contents: int
) -> None:
    here, there = Playground(tmp_path / "here"), Playground(tmp_path / "there")
    plays = list(hunts(SESSIONS))
    here.put(plays)
    here.put([(f"session-copy-of-{name}", content) for name, content in plays[:20]])
    there.put([(f"session-9{number:03}.json", content) for number, (_, content) in enumerate(plays)])
    with (
        collector_home(tmp_path / "collector") as collector,
        daemon_home(tmp_path / "first") as first,
        daemon_home(tmp_path / "second") as second,
    ):
        machine(first, here, collector, players)
        machine(second, there, collector, players)
        for daemon in (first, second):
            daemon.settled(SESSIONS, seconds=120)
        stored = stored_in(collector.database)
        together, alone = requests(collector, "/api/v1/ingest/batch"), requests(collector, "/api/v1/ingest")
    reports = Counter(one.report for one in stored)
    figures = f"{len(reports)} reports, {len(stored)} contents, {together} requests with several and {alone} with one"
    tell(capsys, f"{2 * SESSIONS} uploads of {SESSIONS} sessions by two machines, players {players}: {figures}")
    assert len(reports) == SESSIONS
    assert set(reports.values()) == {contents}, "tokens are another machine's, and all else is the same"
    assert together > 0
    assert together + alone < SESSIONS


def requests(collector: CollectorHome, route: str) -> int:
    """How many its log tells of."""
    return sum(f"route={route} " in line for line in collector.programs.words.splitlines())
