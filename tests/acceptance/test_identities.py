"""What is played under another name than its owner agreed to is held, asked about, and goes or stays as they answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.delivery import DENIED_REASON, UNKNOWN_REASON
from tests.acceptance.proxy import Proxy
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, make_quiet, until
from tests.conftest import only_on
from tests.factories import cast, journal

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

BEGAN = datetime(2026, 1, 20, 19, 0, tzinfo=UTC)
OWN, SIBLING, GUEST = 1, 2, 5
"""Seeds of flights whose commanders differ."""


@pytest.fixture
def daemon(tmp_path: Path, proxy: Proxy) -> Iterator[DaemonHome]:
    (tmp_path / "flights").mkdir()
    with daemon_home(tmp_path / "daemon") as daemon:
        sources = {"flights": ("elite-dangerous", tmp_path / "flights")}
        daemon.configure(sources=sources, destinations={DESTINATION: proxy.url}, settle=0.2, busy=0.2)
        yield daemon


def fly(folder: Path, seed: int, number: int) -> str:
    """One finished flight; who flew."""
    flight = journal(seed, start=BEGAN + number * timedelta(hours=2), last_newline=True)
    (folder / flight.name).write_bytes(flight.encode())
    make_quiet(folder / flight.name)
    return cast(seed).commander


def counts(daemon: DaemonHome) -> dict[str, int]:
    told = json.loads(daemon.command("status", "--json").out)["counts"]
    assert told["found"] == sum(number for state, number in told.items() if state != "found")
    return {state: number for state, number in told.items() if number and state != "found"}


def reasons(daemon: DaemonHome) -> set[str]:
    listed = json.loads(daemon.command("sessions", "list", "--json").out)["sessions"]
    return {each["reason"] for session in listed for each in session["deliveries"]} - {""}


def test_an_unknown_commander_is_held_asked_about_and_goes_or_stays_as_its_owner_says(
    tmp_path: Path, collector: CollectorHome, daemon: DaemonHome, proxy: Proxy
) -> None:
    folder = tmp_path / "flights"
    own = fly(folder, OWN, 1)
    daemon.start()
    until(lambda: daemon.client.status().counts.found == 1, "the first flight found")
    granted = daemon.command("consent", "grant", DESTINATION, "--yes")
    assert f"Sessions of: {own} (1)" in granted.out
    typed = f"{collector.key}\n"
    assert daemon.command("login", DESTINATION, "--stdin", "--insecure-storage", typed=typed).code == 0
    daemon.settled(1)

    sibling, guest = fly(folder, SIBLING, 2), fly(folder, GUEST, 3)
    fly(folder, OWN, 4)
    assert len({own, sibling, guest}) == 3
    until(lambda: counts(daemon) == {"uploaded": 2, "held": 2}, "two flights of others held")
    daemon.command("upload", "--all", "--no-wait")
    assert (counts(daemon), len(proxy.keys)) == ({"uploaded": 2, "held": 2}, 2)
    assert reasons(daemon) == {UNKNOWN_REASON}
    status = daemon.command("status").out
    assert status.count("somebody new (Elite Dangerous)") == 2
    assert not [name for name in (own, sibling, guest) if name in status + daemon.command("sessions", "list").out]
    asked = daemon.command("identities", "list").out
    assert f'1 session was played as "{sibling}" (Elite Dangerous). May it go to {DESTINATION}?' in asked
    assert f"logferry identities deny {DESTINATION} '{guest}'" in asked

    assert daemon.command("identities", "allow", DESTINATION, sibling).code == 0
    until(lambda: counts(daemon) == {"uploaded": 3, "held": 1}, "the allowed flight uploaded")
    assert daemon.command("identities", "deny", DESTINATION, guest).code == 0
    assert counts(daemon) == {"uploaded": 3, "excluded": 1}
    assert reasons(daemon) == {DENIED_REASON}
    assert daemon.command("upload", "--all").code == 0
    assert len(proxy.keys) == 3

    assert daemon.command("identities", "allow", DESTINATION, guest).code == 0
    daemon.settled(4)
    everything = "".join(request.text.decode("utf-8") for request in proxy.requests)
    assert not [name for name in (own, sibling, guest) if name in everything]
    assert not [name for name in (own, sibling, guest) if name in daemon.own_words()]
