import threading
from datetime import timedelta

import pytest

from logferry.exits import Exit
from logferry.verbs.overview import watch
from logferry_daemon.home import Home
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import Attention, DaemonState, DeliveryState, EventKind
from tests.cli.conftest import Command
from tests.cli.streams import piped
from tests.fake_control import START
from tests.ipc.serving import ThreadedDaemon


def test_status_as_json_has_the_promised_shape(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find("a" * 16, DeliveryState.UPLOADED, DeliveryState.HELD)
    told = logferry("status", "--json").json
    assert told.keys() >= {"state", "version", "counts", "destinations", "attention", "metrics"}
    assert told["state"] == "idle"
    assert told["counts"] == {
        "found": 2,
        "pending": 0,
        "uploading": 0,
        "uploaded": 1,
        "failed": 0,
        "held": 1,
        "excluded": 0,
    }


def test_status_names_attention_and_destinations_with_their_keys(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", "http://127.0.0.1:1")
    daemon.do(lambda: daemon.control.trouble(Attention(code="c", message="m", hint="h")))
    told = logferry("status", "--json").json
    assert told["attention"] == [{"code": "c", "message": "m", "hint": "h"}]
    assert told["destinations"][0].keys() >= {"name", "state", "reason"}


def test_status_for_people_says_state_counts_and_what_to_do(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find("a" * 16, DeliveryState.FAILED)
    attention = Attention(code="c", message="home refused a session.", hint="Log in again.")
    daemon.do(lambda: daemon.control.trouble(attention))
    ran = logferry("status")
    assert ran.code == Exit.DONE
    assert ran.out.startswith("! attention")
    assert "home refused a session." in ran.out
    assert "Log in again." in ran.out
    assert ran.out.split("found")[1].split()[:6] == ["pending", "uploading", "uploaded", "failed", "held", "excluded"]


def test_status_fits_eighty_columns(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", "http://127.0.0.1:1")
    assert max(map(len, logferry("status").out.splitlines())) <= 80


def test_paused_for_a_time_says_until_when(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("pause", "--for", "30m")
    until = (START + timedelta(minutes=30)).astimezone()
    assert f"paused until {until:%Y-%m-%d %H:%M}" in logferry("status").out


def test_watching_shows_every_change_and_ends_with_the_daemon(home: Home, daemon: ThreadedDaemon) -> None:
    out, read = piped(as_json=True)
    ended: list[Exit] = []
    thread = threading.Thread(target=lambda: ended.append(watch(DaemonClient(home.runtime), out)))
    thread.start()
    read.wait_for('"idle"')
    daemon.do(lambda: setattr(daemon.control, "state", DaemonState.OFFLINE))
    daemon.do(lambda: daemon.control.log.publish(EventKind.STATE_CHANGED, at=START))
    read.wait_for('"offline"')
    daemon.do(lambda: daemon.control.log.close(at=START))
    thread.join(60)
    assert ended == [Exit.NO_DAEMON]
    assert len(read.lines) == 2, "one line of JSON for each state"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_doctor_tells_every_check(logferry: Command, daemon: ThreadedDaemon, flags: tuple[str, ...]) -> None:
    ran = logferry("doctor", *flags)
    assert ran.code == Exit.DONE
    assert "The clock is right." in ran.out


def test_doctor_as_json_has_a_list_of_checks(logferry: Command, daemon: ThreadedDaemon) -> None:
    told = logferry("doctor", "--json").json
    assert told["checks"] == [{"name": "clock", "level": "ok", "message": "The clock is right.", "hint": ""}]


def test_a_daemon_that_waits_for_a_game_offers_no_resume(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.state = DaemonState.PAUSED
    said = logferry("status").out
    assert "uploads wait while you play" in said
    assert "resume" not in said
