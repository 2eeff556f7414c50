"""A destination's key that somebody's log holds is not kept, and not for long what was kept before it was given.

With real daemons, real files of the spool, keys in files and in a real keyring.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from logferry_daemon.core.places import key_variable
from logferry_ipc.messages import ConsentGrant, IdentityDecision, Login
from tests.acceptance.desktop import Desktop, desktop_session
from tests.acceptance.hunts import hunt, put
from tests.acceptance.running import DESTINATION, CollectorHome, DaemonHome, daemon_home, until
from tests.conftest import needs, only_on
from tests.packed import found_packed

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

KEY = "s3cret lantern of brass"
"""Nothing but that it is known tells it from a thing in a game."""
PLACE = "would leak: events."


@pytest.fixture
def games(tmp_path: Path) -> Path:
    folder = tmp_path / "games"
    folder.mkdir()
    return folder


def play(folder: Path) -> None:
    """A finished hunt in which something is called like the key."""
    document = hunt(1)
    document["events"][-1] |= {"type": "loot", "itemName": f"Hat of {KEY}"}
    put(folder, document)


@pytest.fixture
def daemon(tmp_path: Path, games: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})
        yield daemon


def agree(daemon: DaemonHome) -> None:
    """Consent, and no key."""
    shown = daemon.client.consent(DESTINATION)
    daemon.client.decide_identity(IdentityDecision(destination=DESTINATION, identity="*", allowed=True))
    daemon.client.grant(DESTINATION, ConsentGrant(policy_digest=shown.policy_digest))


def lay_down(file: Path, key: str = KEY) -> None:
    file.touch(mode=0o600)
    file.write_text(f"{key}\n")


def in_spool(daemon: DaemonHome) -> bool:
    """Whether the key is in any file of the spool, also in what can be unpacked out of it from any place on."""
    return any(KEY.encode() in part for part in _readable(daemon.home.spool_file))


def _readable(spool: Path) -> Iterator[bytes]:
    for file in spool.parent.glob(f"{spool.name}*"):
        data = file.read_bytes()
        yield data
        yield from found_packed(data)


def stopped(daemon: DaemonHome) -> bool:
    """Whether the one session failed, and says where."""
    listed = json.loads(daemon.command("sessions", "list", "--json").out)["sessions"]
    states = [(each["state"], each["reason"]) for one in listed for each in one["deliveries"]]
    return len(states) == 1 and states[0][0] == "failed" and states[0][1].startswith(PLACE)


def arrived(collector: CollectorHome) -> int:
    with closing(sqlite3.connect(collector.database)) as database:
        count: int = database.execute("SELECT count(*) FROM revisions").fetchone()[0]
    return count


def test_a_session_that_holds_a_key_that_is_laid_down_is_not_kept(
    tmp_path: Path, games: Path, daemon: DaemonHome, collector: CollectorHome
) -> None:
    lay_down(tmp_path / "key")
    daemon.extra[key_variable(DESTINATION)] = str(tmp_path / "key")
    play(games)
    daemon.start()
    agree(daemon)
    until(lambda: stopped(daemon), "the session failed, and the field is named", every=0.2)
    assert not in_spool(daemon)
    assert arrived(collector) == 0


def test_a_key_that_is_given_later_is_taken_out_of_the_spool(
    games: Path, daemon: DaemonHome, collector: CollectorHome
) -> None:
    play(games)
    program = daemon.start()
    agree(daemon)
    until(lambda: daemon.client.status().counts.held == 1, "the session waits for a key")
    assert in_spool(daemon)
    daemon.client.login(DESTINATION, Login(secret=KEY, insecure_storage=True))
    until(lambda: stopped(daemon), "the session failed, and the field is named", every=0.2)
    until(lambda: not in_spool(daemon), "no file holds the key", every=0.2)
    assert arrived(collector) == 0
    # Nor does the log, read once more by another daemon, bring it back.
    program.stop()
    daemon.start()
    daemon.client.upload_all()
    assert (stopped(daemon), in_spool(daemon)) == (True, False)


def test_a_key_that_is_laid_down_later_is_noticed(
    tmp_path: Path, games: Path, daemon: DaemonHome, collector: CollectorHome
) -> None:
    daemon.extra[key_variable(DESTINATION)] = str(tmp_path / "key")
    play(games)
    daemon.start()
    agree(daemon)
    until(lambda: daemon.client.status().counts.held == 1, "the session waits for a key")
    assert in_spool(daemon)
    lay_down(tmp_path / "key")
    until(lambda: not in_spool(daemon), "no file holds the key", seconds=90, every=0.5)
    until(lambda: stopped(daemon), "the session failed, and the field is named", seconds=90, every=0.5)
    assert arrived(collector) == 0


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    with desktop_session() as desktop:
        yield desktop


@only_on("linux")
@needs("dbus-daemon", "gnome-keyring-daemon")
def test_what_was_read_while_the_keyring_was_locked_is_searched_when_it_is_unlocked(
    games: Path, daemon: DaemonHome, collector: CollectorHome, desktop: Desktop
) -> None:
    daemon.extra |= desktop.environment
    desktop.start_bus()
    desktop.start_keyring()
    program = daemon.start()
    agree(daemon)
    said = daemon.command("login", DESTINATION, "--stdin", typed=f"{KEY}\n")
    assert "is kept" in said.out, said.err
    program.stop()
    desktop.lock()
    play(games)
    daemon.start()
    until(lambda: daemon.client.status().counts.held == 1, "the session waits for the keyring")
    assert in_spool(daemon)
    assert "cannot be looked for in what is read" in daemon.command("doctor").out
    desktop.unlock()
    until(lambda: not in_spool(daemon), "no file holds the key", seconds=90, every=0.5)
    until(lambda: stopped(daemon), "the session failed, and the field is named", seconds=90, every=0.5)
    assert arrived(collector) == 0
