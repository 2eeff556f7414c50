"""`ledger`, `receipts`, `verify` and `sessions open`: what a person reads, and what a program does."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry.pages import report_page
from logferry.views.overview import status as status_view
from logferry_daemon.home import HOME_VARIABLE, Home
from logferry_ipc.messages import (
    Attempt,
    Attention,
    Counts,
    DaemonState,
    Delivery,
    DeliveryState,
    DestinationInfo,
    DestinationMetrics,
    DestinationStatus,
    Ledger,
    LedgerLine,
    LedgerTrouble,
    Metrics,
    ReceiptInfo,
    SessionSummary,
    Status,
    Verified,
)
from logferry_model.errors import LogferryError
from tests.cli.conftest import Command
from tests.conftest import only_on
from tests.fake_control import START
from tests.ipc.serving import ThreadedDaemon

FIRST, SECOND = "aaaa1111bbbb2222", "bbbb1133cccc4444"
URL = "https://place0.example"


@pytest.fixture
def sessions(daemon: ThreadedDaemon) -> None:
    control = daemon.control
    first = control.find(FIRST, DeliveryState.UPLOADED, DeliveryState.FAILED, error="Not a session (422)")
    up, down = first.deliveries
    control.found[FIRST] = replace(first, deliveries=(replace(up, report_url=f"{URL}/r/report"), down))
    control.find(SECOND, DeliveryState.HELD, DeliveryState.PENDING)
    control.places["place0"] = DestinationInfo(name="place0", dialect="logferry", url=URL)


@pytest.mark.usefixtures("sessions")
def test_the_ledger_shows_days_and_reasons(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.do(lambda: daemon.control.trouble(Attention(code="empty", message="the file is empty.")))
    ran = logferry("ledger")
    assert ran.code == Exit.DONE
    assert "Ledger from the beginning: 2 sessions found" in ran.out
    assert "2026-03-01" in ran.out
    wanted = ["Skipped", "not-asked", "Refused", "Not a session (422)", "Waiting", "queued", "Uploaded"]
    assert [word for word in wanted if word not in ran.out] == []
    assert [ran.out.index(word) for word in ("Skipped", "Refused", "Waiting", "Uploaded")] == sorted(
        ran.out.index(word) for word in ("Skipped", "Refused", "Waiting", "Uploaded")
    )
    assert f"{URL}/r/report" in ran.out
    assert "main: a.log: the file is empty." in ran.out


@pytest.mark.usefixtures("sessions")
def test_the_ledger_by_source_and_as_json(logferry: Command) -> None:
    table = logferry("ledger", "--by", "source").out
    assert "source" in table
    assert "main" in table
    told = logferry("ledger", "--json").json
    assert told["counts"]["found"] == sum(line["count"] for line in told["lines"]) == 4
    assert set(told) == {
        *("since", "until", "sessions", "counts", "days", "sources", "lines", "uploads", "deleted", "troubles"),
    }


def test_a_period_is_told_to_the_daemon_with_its_zone(logferry: Command, daemon: ThreadedDaemon) -> None:
    before = datetime.now(UTC)
    assert logferry("ledger", "--since", "7d").code == Exit.DONE
    (asked,) = (datetime.fromisoformat(one) for one, _ in daemon.control.ledgers)
    assert abs(before - timedelta(days=7) - asked) < timedelta(minutes=1)
    assert logferry("ledger", "--since", "2026-02-01").out.startswith("Ledger since 2026-02-01 00:00")
    assert logferry("ledger", "--since", "soon").code == Exit.USAGE


def test_a_period_has_an_end_where_one_is_named(logferry: Command, daemon: ThreadedDaemon) -> None:
    said = logferry("ledger", "--since", "2026-02-01", "--until", "2026-02-08").out
    (asked,) = daemon.control.ledgers
    assert [datetime.fromisoformat(one).astimezone().isoformat()[:16] for one in asked] == [
        "2026-02-01T00:00",
        "2026-02-08T00:00",
    ]
    assert said.startswith("Ledger since 2026-02-01 00:00 until ")
    assert " until " not in logferry("ledger").out


@pytest.mark.usefixtures("sessions")
def test_receipts_are_listed_with_digest_and_report(logferry: Command) -> None:
    ran = logferry("receipts", "list")
    assert [word in ran.out for word in (FIRST[:8], "place0", "cdcdcdcdcdcd", f"{URL}/r/report")] == [True] * 4
    (one,) = logferry("receipts", "list", "--json").json["receipts"]
    assert (one["session"], one["payload_digest"]) == (FIRST, "cd" * 32)


def test_without_receipts_that_is_said(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "No receipts yet" in logferry("receipts", "list").out
    ran = logferry("verify")
    assert (ran.code, "no receipt to verify" in ran.err) == (Exit.FAILED, True)


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("verified", Exit.DONE),
        ("missing", Exit.FAILED),
        ("different", Exit.FAILED),
        ("unclear", Exit.WAITING),
    ],
)
def test_what_was_verified_is_the_exit_code(logferry: Command, daemon: ThreadedDaemon, state: str, code: Exit) -> None:
    daemon.control.proofs[f"{FIRST}-0"] = state
    of_one = logferry("verify", FIRST[:6])
    ran = logferry("verify")
    assert (of_one.code, of_one.out) == (ran.code, ran.out)
    assert (ran.code, f"{state:10}" in ran.out) == (code, True)
    assert ("1 of 1 verified." in ran.out) is (state == "verified")
    (one,) = logferry("verify", "--json").json["deliveries"]
    assert (one["state"], one["payload_digest"]) == (state, "cd" * 32)
    if state == "different":
        assert f"sent:  {'ab' * 32}" in ran.out


def test_many_are_verified_some_at_a_time(logferry: Command, daemon: ThreadedDaemon) -> None:
    for number in range(23):
        daemon.control.find(f"{number:016x}", DeliveryState.UPLOADED)
    assert "23 of 23 verified." in logferry("verify").out
    assert daemon.control.calls.count("verify") == 3


def test_a_session_is_shown_with_its_tries(logferry: Command, daemon: ThreadedDaemon) -> None:
    found = daemon.control.find(FIRST, DeliveryState.FAILED)
    tries = tuple(
        Attempt(number=number, started_at=START, outcome="later", reason=f"error {number}", took_ms=1234, bytes=99)
        for number in range(1, 15)
    )
    daemon.control.found[FIRST] = replace(found, deliveries=(replace(found.deliveries[0], history=tries),))
    shown = logferry("sessions", "show", FIRST).out
    assert ["error 14" in shown, "error 5" in shown, "error 4" in shown, "1,234 ms" in shown] == [
        True,
        True,
        False,
        True,
    ]
    told = logferry("sessions", "show", FIRST, "--json").json["session"]["deliveries"][0]["history"]
    assert [one["number"] for one in told] == list(range(1, 15))


@pytest.mark.usefixtures("sessions")
@only_on("linux")
def test_a_report_is_opened_in_the_browser(tmp_path: Path, home: Home) -> None:
    opened = tmp_path / "opened"
    write = f"import sys, pathlib; pathlib.Path({str(opened)!r}).write_text(sys.argv[1])"
    browser = shlex.join([sys.executable, "-c", write, "%s"])
    environment = {"PATH": "/usr/bin:/bin", HOME_VARIABLE: str(home.runtime.parent), "BROWSER": browser}
    command = [sys.executable, "-m", "logferry", "sessions", "open", FIRST[:6]]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (Exit.DONE, f"{URL}/r/report\n", "")
    assert opened.read_text() == f"{URL}/r/report"


def place(name: str = "home", url: str = URL) -> DestinationInfo:
    return DestinationInfo(name=name, dialect="logferry", url=url)


def session(*reports: tuple[str, str], revision: int = 1) -> SessionSummary:
    deliveries = tuple(
        Delivery(
            id=str(number), destination=to, revision=revision + number, state=DeliveryState.UPLOADED, report_url=url
        )
        for number, (to, url) in enumerate(reports)
    )
    return SessionSummary(
        id=FIRST, tracker="artemis", source="x", started_at=START, ended_at=START, events=1, revision=1,
        deliveries=deliveries,
    )  # fmt: skip


@pytest.mark.parametrize(
    "report",
    [
        "https://elsewhere.example/r/1",
        "http://place0.example/r/1",
        "https://place0.example:444/r/1",
        "https://place0.example@evil.example/r/1",
        "https://mila@place0.example/r/1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[",
    ],
)
def test_only_a_page_at_the_destinations_own_origin_is_opened(report: str) -> None:
    with pytest.raises(LogferryError) as error:
        report_page(session(("home", report)), [place()], None)
    assert error.value.code == "report-elsewhere"


@pytest.mark.parametrize(
    "name", ["artemis-20260301T200000Z-ab12.json", "\u00e4.json", "../x.json", "%2e%2e.json", "x.exe"]
)
def test_of_a_folder_the_file_right_in_it_is_opened_and_no_other(name: str) -> None:
    folder = DestinationInfo(name="disk", dialect="folder", url="file:///home/mila/out")
    page = f"file:///home/mila/out/{name}"
    if name.startswith("artemis"):
        assert report_page(session(("disk", page)), [folder], None) == page
        return
    with pytest.raises(LogferryError) as error:
        report_page(session(("disk", page)), [folder], None)
    assert error.value.code == "report-elsewhere"


def test_the_page_of_the_newest_revision_is_opened_at_the_place_that_was_named() -> None:
    found = session(("home", f"{URL}/r/1"), ("home", f"{URL}:443/r/2"), ("club", "http://localhost:8000/r/3"))
    places = [place(), place("club", "http://localhost:8000")]
    assert report_page(found, places, "home") == f"{URL}:443/r/2"
    assert report_page(found, places, "club") == "http://localhost:8000/r/3"
    with pytest.raises(LogferryError, match="reports at club, home"):
        report_page(found, places, None)
    with pytest.raises(LogferryError, match="no report at nowhere"):
        report_page(found, places, "nowhere")
    with pytest.raises(LogferryError, match="not at an address of"):
        report_page(session(("home (earlier address)", f"{URL}/r/1")), places, None)


def test_the_status_tells_how_many_went_where() -> None:
    sent = DestinationMetrics(name="home", counts=Counts(), uploaded=1234, failed=7)
    now = Status(
        state=DaemonState.IDLE,
        version="1",
        counts=Counts(),
        destinations=(DestinationStatus(name="home", state="ready"), DestinationStatus(name="club", state="held")),
        metrics=Metrics(destinations=(sent,)),
    )
    text = str(list(status_view(now)))
    assert "1,234" in text
    assert "'7'" in text


PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")
EXAMPLES = [json.loads(one) for one in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize(
    ("field", "shape"),
    [("receipts", ReceiptInfo), ("deliveries", Verified), ("lines", LedgerLine), ("troubles", LedgerTrouble)],
)
def test_the_page_shows_every_field_of_what_is_told_as_json(field: str, shape: type[msgspec.Struct]) -> None:
    (shown,) = (one[field] for one in EXAMPLES if field in one)
    assert set(shown[0]) == set(shape.__struct_fields__)


def test_the_page_shows_every_field_of_a_ledger() -> None:
    (shown,) = (one for one in EXAMPLES if "lines" in one)
    assert set(shown) == set(Ledger.__struct_fields__)
