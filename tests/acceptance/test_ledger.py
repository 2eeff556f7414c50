"""What became of everything, and the proof of it: with a real daemon, a real collector and the real command."""

from __future__ import annotations

import http.client
import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from logferry.exits import Exit
from logferry_ipc import endpoint
from logferry_ipc.messages import PauseRequest
from tests.acceptance.hunts import hunt, put
from tests.acceptance.running import DESTINATION, HOST, CollectorHome, DaemonHome, daemon_home, until
from tests.daemon.control.test_exposition import parse

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]


@pytest.fixture
def games(tmp_path: Path) -> Path:
    folder = tmp_path / "games"
    folder.mkdir()
    for number in (1, 2):
        put(folder, hunt(number))
    return folder


@pytest.fixture
def daemon(tmp_path: Path, games: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})
        yield daemon


def told(daemon: DaemonHome, *words: str, code: int = 0) -> Any:  # noqa: ANN401 -- any JSON value
    said = daemon.command(*words, "--json")
    assert said.code == code, said.err
    return json.loads(said.out)


def rules(ledger: Any) -> dict[str, int]:  # noqa: ANN401
    return {line["rule"]: line["count"] for line in ledger["lines"]}


def proofs(daemon: DaemonHome, code: int) -> list[str]:
    return sorted(one["state"] for one in told(daemon, "verify", code=code)["deliveries"])


def test_the_ledger_and_the_proofs(daemon: DaemonHome, collector: CollectorHome, games: Path) -> None:
    daemon.start()
    until(lambda: daemon.client.status().counts.found == 2, "two sessions found")
    assert rules(told(daemon, "ledger")) == {"destination": 2}
    daemon.agree(collector.key)
    daemon.settled(2)

    book = told(daemon, "ledger", "--since", "1d")
    assert rules(book) == {"uploaded": 2}
    assert [(one["destination"], one["report_url"].startswith(f"{collector.url}/r/")) for one in book["uploads"]] == [
        (DESTINATION, True)
    ] * 2
    assert book["counts"]["found"] == sum(book["counts"].values()) - book["counts"]["found"] == 2
    (day,) = book["days"]
    assert (day["sessions"], [one["name"] for one in book["sources"]]) == (2, ["hunts"])

    listed = told(daemon, "receipts", "list")["receipts"]
    with closing(sqlite3.connect(collector.database)) as database:
        digests = {row[0] for row in database.execute("SELECT payload_digest FROM revisions")}
    assert {one["payload_digest"] for one in listed} == digests
    one = told(daemon, "sessions", "show", listed[0]["session"])["session"]["deliveries"][0]
    assert [(tried["number"], tried["outcome"]) for tried in one["history"]] == [(1, "uploaded")]

    assert proofs(daemon, Exit.DONE) == ["verified", "verified"]
    delete(collector, listed[0]["report_id"])
    assert proofs(daemon, Exit.FAILED) == ["missing", "verified"]
    said = daemon.command("verify", listed[1]["session"])
    assert (said.code, "1 of 1 verified." in said.out) == (Exit.DONE, True), said
    collector.programs.clear_away()
    assert set(proofs(daemon, Exit.WAITING)) == {"unclear"}


def delete(collector: CollectorHome, report: str) -> None:
    """Its owner deletes it over there."""
    connection = http.client.HTTPConnection(HOST, collector.port, timeout=10)
    connection.request("DELETE", f"/api/v1/encounters/{report}", headers={"Authorization": f"Bearer {collector.key}"})
    assert connection.getresponse().status == http.HTTPStatus.OK
    connection.close()


def test_metrics_are_read_over_http_as_prometheus_does(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.start()
    daemon.agree(collector.key)
    daemon.settled(2)
    place = endpoint.read(daemon.home.runtime)
    assert place is not None
    connection = http.client.HTTPConnection(HOST, place.port, timeout=10)
    connection.request("GET", "/v1/metrics", headers={"Authorization": f"Bearer {place.keys.token}"})
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    samples, _ = parse(answer.read().decode())
    connection.close()
    sent = frozenset({("destination", DESTINATION), ("state", "uploaded")})
    assert samples["logferry_destination_deliveries", sent] == 2
    assert samples["logferry_uploaded_bytes", frozenset({("destination", DESTINATION)})] > 100


@pytest.mark.parametrize("how", ["asked", "signalled"])
def test_what_waits_is_said_when_it_ends_and_goes_on_afterwards(
    daemon: DaemonHome, collector: CollectorHome, how: str
) -> None:
    program = daemon.start()
    until(lambda: daemon.client.status().counts.found == 2, "two sessions found")
    daemon.agree(collector.key)
    daemon.settled(2)
    daemon.client.pause(PauseRequest())
    games = Path(daemon.client.sources().sources[0].path)
    put(games, hunt(3))
    daemon.client.upload_all()
    until(lambda: daemon.client.status().counts.found == 3, "one more found")
    if how == "asked":
        stopped = daemon.client.stop()
        assert (stopped.counts.found, stopped.counts.uploaded, bool(stopped.note)) == (3, 2, True)
    else:
        program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(60) == 0
    ends = [line for line in daemon.own_words().splitlines() if "daemon ends: 1 " in line]
    assert len(ends) == 1, daemon.own_words()
    daemon.start()
    daemon.client.resume()
    daemon.settled(3)
