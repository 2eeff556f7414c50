"""Two letters of a thousand that nobody can deliver: they are parked alone, with what was said of them (R-D25)."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_ipc.messages import RetryRequest
from logferry_model.envelope import Envelope
from tests.acceptance.playground import BEGAN, Playground, hunts
from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import DESTINATION, DaemonHome, collector_home, daemon_home, tell, until
from tests.faults import scripts
from tests.packed import unpacked

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

SESSIONS = 1_000
INVALID, BROKEN = "It is against the rules of this house", "Something broke over here"


POISONED = {123: scripts.problem(422, INVALID), 456: scripts.problem(500, BROKEN)}
"""By the number of the session: always, whatever is tried."""
STARTS = {BEGAN + number * timedelta(hours=1): said for number, said in POISONED.items()}
"""By the hour in which they began: one an hour does."""
TRIES, FAILED = 20, 1
A_DAY = 25 * 3_600_000
"""Milliseconds: nothing is given up for the other side's trouble before it is a day old."""
NOBODY = RetryRequest(ids=("nobody",))
"""Gates are opened again, and no delivery that failed goes."""


def answer(number: int, request: bytes) -> bytes | None:
    """What a server says to letters that it cannot take; None to all others."""
    head, _, body = request.partition(b"\r\n\r\n")
    if not head.startswith(b"POST ") or not body:
        return None
    began = msgspec.json.decode(unpacked(body), type=Envelope).started_at
    return STARTS.get(began.replace(minute=0, second=0, microsecond=0))


def grow_old(daemon: DaemonHome) -> None:
    """A day passes in the queue of a daemon that does not run: its clock is this computer's, which stays as it is."""
    with closing(sqlite3.connect(daemon.home.spool_file)) as spool:
        spool.execute("UPDATE deliveries SET created_at = created_at - ? WHERE state = 'pending'", (A_DAY,))
        spool.commit()


def failed(daemon: DaemonHome) -> dict[str, str]:
    """Session -> why its delivery failed."""
    sessions = daemon.client.sessions().sessions
    return {one.id: each.reason for one in sessions for each in one.deliveries if each.state == "failed"}


def tries(daemon: DaemonHome) -> int:
    """Of the one delivery that still waits; it is due now, and somebody may go there."""
    daemon.client.retry(NOBODY)
    daemon.client.upload_all()
    waiting = [
        each
        for one in daemon.client.sessions().sessions
        for each in one.deliveries
        if each.state in {"pending", "uploading"}
    ]
    return waiting[0].attempts if waiting else 0


def test_two_of_a_thousand_that_cannot_be_delivered_are_parked_and_998_arrive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        collector_home(tmp_path / "collector") as collector,
        proxy_to(collector.port) as proxy,
        daemon_home(tmp_path / "daemon") as daemon,
    ):
        playground, proxy.answers = Playground(tmp_path / "games"), answer
        daemon.configure(sources=playground.sources, destinations={DESTINATION: proxy.url})
        program = daemon.start()
        daemon.agree(collector.key)
        playground.put(list(hunts(SESSIONS)))
        began = time.monotonic()
        until(lambda: daemon.client.status().counts.uploaded == SESSIONS - 2, "998 uploaded", seconds=300, every=0.5)
        took = time.monotonic() - began
        ((invalid, why),) = failed(daemon).items()
        assert INVALID in why
        until(lambda: tries(daemon) >= TRIES, "twenty tries", seconds=120, every=0.1)
        assert list(failed(daemon)) == [invalid]
        assert program.stop() == 0
        grow_old(daemon)
        daemon.start()
        until(lambda: tries(daemon) == 0, "parked", seconds=60, every=0.1)
        parked = failed(daemon)
        (broken,) = parked.keys() - {invalid}
        assert INVALID in parked[invalid]
        assert BROKEN in parked[broken]
        said = "\n".join(one.message for one in daemon.client.status().attention)
        assert INVALID in said
        assert BROKEN in said
        tell(capsys, f"998 of {SESSIONS} uploaded in {took:.1f} s, 2 parked: {parked[invalid]!r}, {parked[broken]!r}")
        # One again while it is still refused, one by its id, and the rest when all is well.
        again = daemon.command("retry", invalid)
        assert again.code == FAILED
        assert INVALID in again.err
        proxy.answers = None
        assert daemon.command("retry", broken).code == 0
        until(lambda: list(failed(daemon)) == [invalid], "the one that was named", seconds=30)
        assert daemon.command("retry", "--all").code == 0
        daemon.settled(SESSIONS)
        verdict = playground.judge(collector)
        tell(capsys, f"after the retry: {verdict}")
        assert verdict.exactly_once, verdict
