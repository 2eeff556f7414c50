"""What was there before, and a recut, on the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry.times import since
from logferry.verbs.sessions import time_within
from logferry_ipc.messages import DeliveryState, RecutRequest
from logferry_model.errors import Misconfigured
from tests.cli.conftest import Command
from tests.fake_control import START
from tests.ipc.serving import ThreadedDaemon

FIRST, SECOND = "aaaa1111bbbb2222", "cccc1133cccc4444"
DAY = timedelta(days=1)


def waiting(daemon: ThreadedDaemon, name: str, *, age: timedelta) -> None:
    """A session that was there before."""
    found = daemon.control.find(name, DeliveryState.HELD)
    delivery = replace(found.deliveries[0], backlog=True, reason="found before")
    daemon.control.found[name] = replace(
        found, started_at=START - age, ended_at=START - age + timedelta(hours=1), deliveries=(delivery,)
    )


def states(daemon: ThreadedDaemon) -> dict[str, str]:
    return {name: one.deliveries[0].state.value for name, one in daemon.control.found.items()}


# Upload


def test_the_list_says_how_many_wait_and_how_to_send_them(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "from before" not in logferry("sessions", "list").out
    waiting(daemon, FIRST, age=DAY)
    waiting(daemon, SECOND, age=DAY)
    out = logferry("sessions", "list").out
    assert "2 sessions from before" in out
    assert "logferry upload --all" in out


def test_upload_all_sends_what_was_there_before(logferry: Command, daemon: ThreadedDaemon) -> None:
    waiting(daemon, FIRST, age=DAY)
    waiting(daemon, SECOND, age=9 * DAY)
    ran = logferry("upload", "--all")
    assert (ran.code, states(daemon)) == (Exit.DONE, {FIRST: "uploaded", SECOND: "uploaded"})
    assert daemon.control.since is None


def test_upload_of_one_session_sends_it_alone(logferry: Command, daemon: ThreadedDaemon) -> None:
    waiting(daemon, FIRST, age=DAY)
    waiting(daemon, SECOND, age=9 * DAY)
    assert logferry("upload", SECOND).code == Exit.DONE
    assert states(daemon) == {FIRST: "held", SECOND: "uploaded"}


@pytest.mark.parametrize("extra", [(), ("--no-wait",)], ids=str)
def test_since_sends_what_ended_since_and_waits_for_no_other(
    logferry: Command, daemon: ThreadedDaemon, extra: tuple[str, ...]
) -> None:
    waiting(daemon, FIRST, age=DAY)
    waiting(daemon, SECOND, age=9 * DAY)
    ran = logferry("upload", "--all", "--since", (START - 2 * DAY).isoformat(), *extra)
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert states(daemon) == {FIRST: "uploaded", SECOND: "held"}
    assert daemon.control.since == START - 2 * DAY


def test_since_without_all_is_a_mistake(logferry: Command, daemon: ThreadedDaemon) -> None:
    waiting(daemon, FIRST, age=DAY)
    ran = logferry("upload", FIRST, "--since", "2026-01-01")
    assert ran.code == Exit.USAGE
    assert "--all" in ran.err
    assert states(daemon) == {FIRST: "held"}


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "7", "7w", "-7d", "9999999999999d", "0001-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no time"):
        since(text)


def test_a_time_is_a_length_a_day_or_a_moment() -> None:
    now = datetime.now().astimezone()
    assert timedelta() <= now - 7 * DAY - since("7d") + timedelta(minutes=1) < timedelta(minutes=2)
    assert since("2026-01-01") == datetime(2026, 1, 1).astimezone()
    assert since("2026-01-01T10:00:00+02:00") == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert since("Yesterday").date() == (now - DAY).date()
    assert (since("today").hour, since("today").minute) == (0, 0)


# Recut


def test_a_recut_shows_the_parts_before_and_after(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST)
    ran = logferry("sessions", "recut", FIRST[:6], "--at", "2026-03-01T20:30:00+00:00")
    assert ran.code == Exit.DONE
    assert daemon.control.recuts == [RecutRequest(at=(START + timedelta(minutes=30),))]
    before, _, after = ran.out.partition("After")
    assert FIRST[:8] in before
    assert FIRST[:8] in after
    assert "Nothing was changed" not in ran.out


def test_a_dry_run_says_that_nothing_was_changed(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST)
    daemon.control.find(SECOND)
    ran = logferry("sessions", "recut", FIRST, SECOND, "--merge", "--dry-run")
    assert daemon.control.recuts == [RecutRequest(merge=(SECOND,), dry_run=True)]
    assert "Nothing was changed" in ran.out


def test_a_recut_as_json_is_the_daemons_own_answer(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST)
    told = logferry("sessions", "recut", FIRST, "--at", "2026-03-01T20:30:00Z", "--json").json
    assert told.keys() == {"before", "after", "dry_run"}
    assert len(told["after"]) == 2


@pytest.mark.parametrize(
    "argv", [(FIRST,), (FIRST, SECOND, "--at", "20:30"), (FIRST, "--at", "20:30", "--merge"), ("--merge",)], ids=str
)
def test_a_recut_is_either_a_split_of_one_or_a_join_of_several(
    logferry: Command, daemon: ThreadedDaemon, argv: tuple[str, ...]
) -> None:
    daemon.control.find(FIRST)
    daemon.control.find(SECOND)
    assert logferry("sessions", "recut", *argv).code == Exit.USAGE
    assert daemon.control.recuts == []


def test_a_clock_time_is_one_of_the_sessions_day_also_after_midnight() -> None:
    began = datetime(2026, 3, 1, 23, 30).astimezone()
    assert time_within("23:45", began) == began + timedelta(minutes=15)
    assert time_within("23:45:30", began) == began + timedelta(minutes=15, seconds=30)
    assert time_within("0:15:00", began) == began + timedelta(minutes=45)
    assert time_within("9:05", began.replace(hour=8)) == began.replace(hour=9, minute=5)
    assert time_within("2026-03-02T00:15:00", began) == began + timedelta(minutes=45)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-99-01"])
def test_what_is_no_time_of_a_cut_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="is no time"):
        time_within(text, START)
