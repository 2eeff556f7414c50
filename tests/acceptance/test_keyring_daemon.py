"""A real daemon and a real keyring that is locked, or comes late: uploads wait for it and go on by themselves."""

from __future__ import annotations

import json
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_ipc import endpoint
from logferry_ipc.line import Line
from logferry_ipc.messages import ConsentGrant
from logferry_ipc.routes import ROUTES
from logferry_model.errors import LogferryError
from tests.acceptance.delivered import judge, plays_in
from tests.acceptance.desktop import Desktop, desktop_session
from tests.acceptance.running import (
    DESTINATION,
    LOGFERRY,
    CollectorHome,
    DaemonHome,
    daemon_home,
    make_quiet,
    tell,
    until,
)
from tests.conftest import needs, only_on
from tests.factories import artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, only_on("linux"), needs("dbus-daemon", "gnome-keyring-daemon")]

BEGAN = datetime(2026, 1, 20, 19, 0, tzinfo=UTC)


@pytest.fixture
def hunts(tmp_path: Path) -> Path:
    folder = tmp_path / "hunts"
    folder.mkdir()
    return folder


def put_hunt(folder: Path, number: int) -> None:
    """One more finished hunt."""
    document = artemis_document(number, start=BEGAN + number * timedelta(hours=2))
    draft = folder.parent / file_name(document)
    draft.write_bytes(encode_document(document))
    make_quiet(draft.rename(folder / draft.name))


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    with desktop_session() as desktop:
        yield desktop


@pytest.fixture
def daemon(tmp_path: Path, hunts: Path, collector: CollectorHome, desktop: Desktop) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.extra |= desktop.environment
        daemon.configure(sources={"hunts": ("artemis", hunts)}, destinations={DESTINATION: collector.url})
        yield daemon


def agree(daemon: DaemonHome) -> None:
    """Consent, and no key."""
    shown = daemon.client.consent(DESTINATION)
    daemon.client.grant(DESTINATION, ConsentGrant(policy_digest=shown.policy_digest))


def log_in(daemon: DaemonHome, key: str) -> None:
    said = daemon.command("login", DESTINATION, "--stdin", typed=f"{key}\n")
    assert said.code == 0, said.err


def held(daemon: DaemonHome, reason: str) -> None:
    """Returns when something waits for exactly this, in `status` and in the list."""

    def waits() -> bool:
        status = daemon.client.status()
        return status.counts.held == 1 and [one.reason for one in status.destinations] == [reason]

    until(waits, f"held: {reason}", every=0.1)
    listed = json.loads(daemon.command("sessions", "list", "--json").out)["sessions"]
    states = [(each["state"], each["reason"]) for one in listed for each in one["deliveries"]]
    assert ("held", reason) in states


def test_uploads_wait_for_a_keyring_that_is_locked_and_go_on_when_it_is_unlocked(
    hunts: Path, desktop: Desktop, daemon: DaemonHome, collector: CollectorHome, capsys: pytest.CaptureFixture[str]
) -> None:
    desktop.start_bus()
    desktop.start_keyring()
    put_hunt(hunts, 1)
    program = daemon.start()
    agree(daemon)
    log_in(daemon, collector.key)
    daemon.settled(1)
    own, key = (f"Password for 'logferry' on 'logferry:{name}'" for name in ("own:pseudonyms", "home"))
    assert sorted(desktop.labels()) == sorted([own, key])

    desktop.lock()
    put_hunt(hunts, 2)
    held(daemon, "keyring locked")
    assert desktop.locked, "it was unlocked behind its owner's back"
    assert daemon.client.status().counts.uploaded == 1

    began = time.monotonic()
    desktop.unlock()
    daemon.settled(2)
    tell(capsys, f"keyring unlocked: uploads went on after {time.monotonic() - began:.1f} s")
    assert program.process.poll() is None
    assert judge(plays_in(hunts), collector).exactly_once
    assert not daemon.home.secrets_file.exists()
    assert daemon.command("logout", DESTINATION).code == 0
    assert desktop.labels() == [own], "tokens stay what they are"


def test_a_keyring_that_is_not_there_at_the_start_is_found_when_it_comes(
    hunts: Path, desktop: Desktop, daemon: DaemonHome, collector: CollectorHome, capsys: pytest.CaptureFixture[str]
) -> None:
    desktop.start_bus()
    desktop.start_keyring()
    first = daemon.start()
    agree(daemon)
    log_in(daemon, collector.key)
    assert first.stop() == 0
    desktop.end()

    put_hunt(hunts, 1)
    program = daemon.start()
    held(daemon, "no key")
    desktop.start_bus()
    held(daemon, "no key")
    began = time.monotonic()
    desktop.start_keyring()
    daemon.settled(1)
    tell(capsys, f"keyring started: uploads went on after {time.monotonic() - began:.1f} s")
    assert program.process.poll() is None
    assert judge(plays_in(hunts), collector).exactly_once
    assert not daemon.home.secrets_file.exists()


def test_a_key_stands_in_no_list_of_processes_and_in_no_answer(
    desktop: Desktop, daemon: DaemonHome, collector: CollectorHome, hunts: Path
) -> None:
    desktop.start_bus()
    desktop.start_keyring()
    put_hunt(hunts, 1)
    program = daemon.start()
    agree(daemon)
    with subprocess.Popen(
        (*LOGFERRY, "login", DESTINATION, "--stdin"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=daemon.environment,
        text=True,
    ) as login:
        assert login.stdin is not None
        login.stdin.write(f"{collector.key}\n")
        login.stdin.flush()
        seen = shown_of(login.pid, program.pid)
        while login.poll() is None:
            seen += shown_of(login.pid, program.pid)
    assert login.returncode == 0
    daemon.settled(1)
    seen += shown_of(program.pid)
    assert "login" in seen
    assert "DBUS_SESSION_BUS_ADDRESS" in seen
    assert collector.key not in seen
    assert collector.key not in answers(daemon)


def shown_of(*pids: int) -> str:
    """What every program of the same user can see of these: their arguments and environments, and `ps`."""
    found = [subprocess.run(("ps", "-eww", "-o", "args"), capture_output=True, text=True, check=True).stdout]
    for pid in pids:
        for name in ("cmdline", "environ"):
            try:
                found.append(Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue  # it has ended in the meantime
    return "\n".join(found)


def answers(daemon: DaemonHome) -> str:
    """What every question of the local API brings, byte for byte."""
    announced = endpoint.read(daemon.home.runtime)
    assert announced is not None
    values = {"session": daemon.client.sessions().sessions[0].id, "name": DESTINATION, "after": "0"}
    found = []
    for route in ROUTES:
        if route.method != "GET" or route.stream or route.calls is None:
            continue
        wanted = [values[name] for name in values if f"{{{name}}}" in route.path]
        with closing(Line.to(announced, timeout=timedelta(seconds=60))) as line:
            line.greet()
            try:
                asked = [DESTINATION] * len(route.query)
                found.append(line.ask(route, *wanted, *asked).read().decode())
            except LogferryError as error:
                found.append(repr(error))
    assert len(found) > 5
    return "\n".join(found)


def test_a_key_that_systemd_lays_down_is_used_and_can_be_changed_without_a_restart(
    tmp_path: Path, hunts: Path, daemon: DaemonHome, collector: CollectorHome
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    key = credentials / f"logferry.{DESTINATION}"
    key.write_text(collector.key)
    key.chmod(0o644)
    daemon.extra["CREDENTIALS_DIRECTORY"] = str(credentials)
    put_hunt(hunts, 1)
    daemon.start()
    agree(daemon)
    held(daemon, "secret file refused")
    status = daemon.command("status")
    assert "others can read it" in status.out
    key.chmod(0o400)
    daemon.settled(1)
    gone = daemon.command("logout", DESTINATION)
    assert gone.code != 0
    assert f"the credential logferry.{DESTINATION}" in gone.err
    assert key.read_text() == collector.key


def test_a_key_in_a_file_is_told_in_every_status_and_the_file_is_closed_to_others(
    hunts: Path, daemon: DaemonHome, collector: CollectorHome
) -> None:
    put_hunt(hunts, 1)
    first = daemon.start()
    agree(daemon)
    refused = daemon.command("login", DESTINATION, "--stdin", typed=f"{collector.key}\n")
    assert (refused.code != 0, "--insecure-storage" in refused.err) == (True, True)
    assert not daemon.home.secrets_file.exists(), "no keyring, and it went to a file unasked"
    allowed = daemon.command("login", DESTINATION, "--stdin", "--insecure-storage", typed=f"{collector.key}\n")
    assert allowed.code == 0, allowed.err
    daemon.settled(1)
    assert first.stop() == 0
    daemon.home.secrets_file.chmod(0o644)
    daemon.start()
    for _ in range(2):
        said = " ".join(daemon.command("status").out.split())
        assert f"The key of {DESTINATION} lies in a file" in said
        assert "Others could read secrets.json" in said
    assert stat.S_IMODE(daemon.home.secrets_file.stat().st_mode) == 0o600
    assert "lies in a file" in " ".join(daemon.command("doctor").out.split())
