"""`sessions delete`: a person sees what will be gone, and nothing is deleted that nobody said yes to."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry.views.words import moment
from logferry_ipc.messages import Copy, DeletedSession, Delivery, DeliveryState
from tests.cli.conftest import Command
from tests.fake_control import START
from tests.ipc.serving import ThreadedDaemon

FIRST, RUNS, GONE = "aaaa1111bbbb2222", "bbbb1133cccc4444", "cccc1133cccc4444"


@pytest.fixture(autouse=True)
def sessions(daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADED, DeliveryState.PENDING)
    daemon.control.play(RUNS)
    copies = (
        Copy(destination="place0", state="failed", last_error="not yours", report_url="http://there/r/x"),
        Copy(destination="place1", state="kept", certain=False),
        Copy(
            destination="place2", state="failed", certain=False, pieces=True, until=START, last_error="not taken back"
        ),
        Copy(destination="place3", state="pending", certain=False, pieces=True),
    )
    daemon.control.gone[GONE] = DeletedSession(id=GONE, tracker="artemis", deleted_at=START, copies=copies)


def test_without_a_person_or_a_yes_nothing_is_deleted(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("sessions", "delete", FIRST[:6], "--remote")
    assert ran.code == Exit.WAITING
    assert f"logferry sessions delete {FIRST} --remote --yes" in ran.err
    assert "delete" not in daemon.control.calls


def test_with_a_yes_it_is_shown_and_gone_and_the_copy_is_named(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("sessions", "delete", FIRST[:6], "--yes")
    assert ran.code == Exit.DONE
    assert "A copy stays at place0; --remote deletes it there, too." in ran.out
    assert "1 session deleted." in ran.out
    assert FIRST not in daemon.control.found


def test_remote_says_what_is_waited_for(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("sessions", "delete", FIRST, "--remote", "--yes")
    assert "place0 will be told to delete it, too." in ran.out
    assert "Asked for at place0" in ran.out
    assert daemon.control.gone[FIRST].copies[0].state == "pending"
    assert "Deleted here, not yet there" in logferry("sessions", "list").out


def test_a_destination_that_never_answered_may_have_a_copy_and_is_named(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    found = daemon.control.found[FIRST]
    tried = Delivery(id="t", destination="club", revision=1, state=DeliveryState.PENDING, last_attempt=START)
    daemon.control.found[FIRST] = replace(found, deliveries=(*found.deliveries, tried))
    assert "A copy may be at club, where it was tried; --remote" in logferry("sessions", "delete", FIRST).out
    assert (
        "A copy may be at club, where it was tried; that is told to"
        in logferry("sessions", "delete", FIRST, "--remote").out
    )


def test_one_that_runs_can_be_deleted(logferry: Command) -> None:
    ran = logferry("sessions", "delete", RUNS, "--yes")
    assert (ran.code, "still runs" in ran.out) == (Exit.DONE, True)


def test_a_deleted_one_is_shown_with_its_copies_and_can_be_asked_for_again(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    shown = logferry("sessions", "show", GONE[:5]).out
    assert ["not yours" in shown, "http://there/r/x" in shown, "may not be there" in shown] == [True] * 3
    assert shown.count("what arrived of an upload that was not ended: part of no report") == 2
    assert f"it lies there until {moment(START)}" in shown
    assert "nobody said how long it lies there" in shown
    assert logferry("sessions", "show", GONE, "--json").json["id"] == GONE
    assert "failed: not yours" in logferry("sessions", "list").out
    assert logferry("sessions", "delete", GONE, "--remote", "--yes").code == Exit.DONE
    assert daemon.control.gone[GONE].copies[0].state == "pending"


def test_an_unknown_one_is_refused(logferry: Command) -> None:
    assert logferry("sessions", "delete", "ffffffff", "--yes").code == Exit.FAILED
