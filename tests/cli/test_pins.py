"""Finding a collector, comparing its key and pinning it, at the command line."""

from __future__ import annotations

import io

import pytest

from logferry.exits import Exit
from logferry_ipc.messages import Candidate
from logferry_model.fingerprint import fingerprint_of
from tests.cli.conftest import Command
from tests.ipc.serving import ThreadedDaemon

URL = "https://192.168.1.20:8765"
OLD, NEW = str(fingerprint_of(b"old")), str(fingerprint_of(b"new"))
ADD = ("destinations", "add", "home", "--dialect", "logferry", "--url", URL)


class Typed(io.StringIO):
    """What a person types into a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def collector(daemon: ThreadedDaemon) -> ThreadedDaemon:
    """A daemon that sees one collector."""
    daemon.control.neighbours = (Candidate(name="Games", url=URL, fingerprint=OLD),)
    daemon.control.keys = {URL: OLD}
    return daemon


def test_who_answers_is_shown_with_the_command_that_adds_it(logferry: Command, collector: ThreadedDaemon) -> None:
    ran = logferry("discover", "--seconds", "3")
    assert ran.code == Exit.DONE
    assert "Games" in ran.out
    assert OLD in ran.out
    assert f"logferry destinations add NAME --dialect logferry --url {URL} --pin" in ran.out
    assert collector.control.searched == 3.0
    assert collector.control.places == {}


def test_who_answers_as_json(logferry: Command, collector: ThreadedDaemon) -> None:
    told = logferry("discover", "--json").json
    assert told == {"candidates": [{"name": "Games", "url": URL, "fingerprint": OLD}]}
    assert collector.control.searched == 10.0


def test_nobody_is_a_failure_and_says_what_else_to_do(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("discover")
    assert ran.code == Exit.FAILED
    assert "--tls --announce" in ran.out


def test_a_fingerprint_that_was_compared_is_pinned_without_a_question(
    logferry: Command, collector: ThreadedDaemon
) -> None:
    assert logferry(*ADD, "--pin", OLD).code == Exit.DONE
    assert collector.control.places["home"].pin == OLD
    assert "fingerprint" not in collector.control.calls
    assert OLD in logferry("destinations", "list").out


def test_without_a_person_the_key_is_shown_and_nothing_is_added(logferry: Command, collector: ThreadedDaemon) -> None:
    ran = logferry(*ADD, "--pin")
    assert ran.code == Exit.WAITING
    assert OLD in ran.err
    assert f"--url {URL} --pin {OLD}" in ran.err
    assert collector.control.places == {}


@pytest.mark.parametrize(("answer", "code"), [("y\n", Exit.DONE), ("n\n", Exit.WAITING), ("\n", Exit.WAITING)])
def test_a_person_compares(
    logferry: Command, collector: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch, answer: str, code: Exit
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ran = logferry(*ADD, "--pin")
    assert ran.code == code
    assert OLD in ran.err
    assert [place.pin for place in collector.control.places.values()] == ([OLD] if code == Exit.DONE else [])


def test_without_pin_nothing_is_looked_at(logferry: Command, collector: ThreadedDaemon) -> None:
    assert logferry(*ADD).code == Exit.DONE
    assert collector.control.places["home"].pin == ""
    assert "fingerprint" not in collector.control.calls


def test_the_same_key_is_told_as_such(logferry: Command, collector: ThreadedDaemon) -> None:
    logferry(*ADD, "--pin", OLD.replace(":", ""))
    ran = logferry("destinations", "pin", "home")
    assert ran.code == Exit.DONE
    assert f"now:    {OLD}" in ran.out


def test_another_key_is_a_failure_with_both_and_is_not_accepted(logferry: Command, collector: ThreadedDaemon) -> None:
    logferry(*ADD, "--pin", OLD)
    collector.control.keys[URL] = NEW
    ran = logferry("destinations", "pin", "home")
    assert ran.code == Exit.FAILED
    assert OLD in ran.out
    assert NEW in ran.out
    assert f"logferry destinations pin home --accept {NEW}" in ran.err
    assert collector.control.places["home"].pin == OLD


def test_accepting_a_key_asks_for_consent_anew(logferry: Command, collector: ThreadedDaemon) -> None:
    logferry(*ADD, "--pin", OLD)
    ran = logferry("destinations", "pin", "home", "--accept", NEW)
    assert ran.code == Exit.DONE
    assert "logferry consent grant home" in ran.out
    assert collector.control.places["home"].pin == NEW


def test_only_what_is_there_has_a_pin(logferry: Command, collector: ThreadedDaemon) -> None:
    assert logferry("destinations", "pin", "nope").code == Exit.FAILED
