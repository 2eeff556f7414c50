from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry_ipc.messages import DeliveryState
from tests.cli.conftest import Command
from tests.ipc.serving import ThreadedDaemon

FIRST, SECOND = "aaaa1111bbbb2222", "aaaa1133cccc4444"


@pytest.fixture(autouse=True)
def sessions(daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADED, DeliveryState.FAILED, error="key-unknown")
    daemon.control.find(SECOND)


def test_the_list_as_json_has_the_promised_shape(logferry: Command) -> None:
    told = logferry("sessions", "list", "--json").json
    first = next(each for each in told["sessions"] if each["id"] == FIRST)
    assert first.keys() >= {"id", "tracker", "started_at", "ended_at", "deliveries"}
    assert first["deliveries"][1].keys() >= {
        "destination",
        "state",
        "reason",
        "attempts",
        "last_error",
        "last_attempt",
        "report_url",
    }
    assert first["deliveries"][1]["state"] == "failed"


def test_the_list_for_people_has_short_ids_and_a_row_a_delivery(logferry: Command) -> None:
    out = logferry("sessions", "list").out
    assert FIRST[:8] in out
    assert FIRST not in out
    assert [word in out for word in ("uploaded", "failed", "held")] == [True] * 3


def test_a_session_that_was_joined_to_another_says_so_although_it_was_sent(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    daemon.control.join(FIRST, SECOND)
    out = logferry("sessions", "list").out
    assert f"merged into {SECOND[:8]}" in out
    assert "uploaded" in out


@pytest.mark.parametrize("prefix", [FIRST, FIRST[:8], FIRST[:7]])
def test_show_takes_the_first_letters_of_an_id(logferry: Command, prefix: str) -> None:
    ran = logferry("sessions", "show", prefix)
    assert ran.code == Exit.DONE
    assert FIRST in ran.out
    assert "key-unknown" in ran.out


def test_show_as_json_is_the_daemons_own_answer(logferry: Command) -> None:
    told = logferry("sessions", "show", FIRST, "--json").json
    assert told["session"]["id"] == FIRST
    assert "statistics" in told


@pytest.fixture
def many(daemon: ThreadedDaemon) -> list[str]:
    """Four, the newest first: uploaded, failed, one without a destination, and an old one that failed."""
    control, names = daemon.control, [letter * 16 for letter in "1234"]
    up, down = DeliveryState.UPLOADED, DeliveryState.FAILED
    states: tuple[tuple[DeliveryState, ...], ...] = ((up,), (down, up), (), (down,))
    control.found.clear()
    for days, (name, has) in enumerate(zip(names, states, strict=True)):
        found = control.find(name, *has)
        at = datetime.now(UTC) - timedelta(days=10 * days)
        control.found[name] = replace(found, started_at=at, ended_at=at)
    return names


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ((), "1234"),
        (("--state", "failed"), "24"),
        (("--state", "held"), "3"),
        (("--since", "15d"), "12"),
        (("--last", "3"), "123"),
        (("--state", "failed", "--last", "1"), "2"),
        (("--state", "uploading"), ""),
    ],
)
def test_of_many_some_are_listed(logferry: Command, many: list[str], asked: tuple[str, ...], shown: str) -> None:
    listed = logferry("sessions", "list", *asked, "--json").json["sessions"]
    assert "".join(sorted(each["id"][0] for each in listed)) == shown
    out = logferry("sessions", "list", *asked).out
    assert [name[0] for name in many if name[:8] in out] == list(shown)
    assert (f"{len(shown)} of 4 sessions" in out) == (0 < len(shown) < 4)
    assert ("No session is like that." in out) == (not shown)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_no_number_of_sessions_is_usage(logferry: Command, number: str) -> None:
    assert logferry("sessions", "list", "--last", number).code == Exit.USAGE


@pytest.mark.parametrize(
    ("prefix", "why"),
    [("aaaa11", "fits 2 ids"), ("ffff", "no session"), ("aa", "too little of an id"), ("ff", "no session")],
)
def test_letters_that_fit_not_exactly_one_session_are_refused(logferry: Command, prefix: str, why: str) -> None:
    ran = logferry("sessions", "show", prefix)
    assert ran.code == Exit.FAILED
    assert why in ran.err
