"""A key is told to be good or not as soon as it is given, by a real collector; and it is kept where nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import ACCOUNT, DESTINATION, CollectorHome, DaemonHome, Said, daemon_home, free_port
from tests.leaks import HUNT

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

WRONG = "lf_0123456789abcdef_" + "s3cret-wrong".ljust(43, "x")


@pytest.fixture
def daemon(tmp_path: Path, collector: CollectorHome) -> Iterator[DaemonHome]:
    HUNT.secrets.add(WRONG)
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(destinations={DESTINATION: collector.url, "nobody": f"http://127.0.0.1:{free_port()}"})
        daemon.start()
        yield daemon


def log_in(daemon: DaemonHome, key: str, to: str = DESTINATION) -> Said:
    return daemon.command("login", to, "--stdin", "--insecure-storage", typed=f"{key}\n")


def test_before_consent_a_key_is_kept_and_not_tried(daemon: DaemonHome, collector: CollectorHome) -> None:
    said = log_in(daemon, collector.key)
    assert said.code == 0, said
    assert "It was not checked: nothing goes there before you agree to it." in said.out
    assert "/auth/validate" not in collector.programs.words


def test_a_good_key_and_a_wrong_one_are_told_apart_at_once(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.command("consent", "grant", DESTINATION, "--yes")
    said = log_in(daemon, WRONG)
    assert said.code == 1, said
    assert "does not take it" in said.err
    said = log_in(daemon, collector.key)
    assert (said.code, f"{DESTINATION} takes it, as {ACCOUNT}." in said.out) == (0, True), said
    tested = daemon.command("destinations", "test", DESTINATION)
    assert (tested.code, "key taken" in tested.out) == (0, True), tested
    assert f"key of {DESTINATION}: The destination takes it, as {ACCOUNT}." in daemon.command("doctor").out
    assert "/auth/validate" in collector.programs.words


def test_where_nobody_answers_the_key_is_kept_and_that_is_said(daemon: DaemonHome, collector: CollectorHome) -> None:
    daemon.command("consent", "grant", "nobody", "--yes")
    said = log_in(daemon, collector.key, "nobody")
    assert said.code == 0, said
    assert "The secret for nobody is kept." in said.out
    assert "It was not checked" in said.out
    assert "Later: logferry destinations test nobody" in said.out
