"""What a server says may name no host: its addresses are read as paths at the destination that its owner chose (R-D28)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Acked, Stop
from logferry_daemon.dialects.origin import on_origin
from tests.daemon.dialects.test_logferry import JSON, URL, receipt, told

ORIGIN = "https://collector.example:8443"

EVIL = {
    "another host": ("https://evil.example/r/p1", f"{ORIGIN}/r/p1"),
    "metadata": ("http://169.254.169.254/latest/meta-data", f"{ORIGIN}/latest/meta-data"),
    "file": ("file:///etc/passwd", f"{ORIGIN}/etc/passwd"),
    "user name": ("https://collector.example:8443@evil.example/r/p1", f"{ORIGIN}/r/p1"),
    "another port": ("https://collector.example:22/r/p1", f"{ORIGIN}/r/p1"),
    "no scheme": ("//evil.example/r/p1", f"{ORIGIN}/r/p1"),
    "backslashes": ("/\\evil.example/r/p1", f"{ORIGIN}/%5Cevil.example/r/p1"),
    "a script": ("javascript:alert(1)", f"{ORIGIN}/alert(1)"),
    "no encryption": ("http://collector.example:8443/r/p1", f"{ORIGIN}/r/p1"),
    "no address": ("https://[evil/r/p1", f"{ORIGIN}/"),
}


@pytest.mark.parametrize("how", EVIL)
def test_a_report_is_shown_at_the_destination_itself(how: str) -> None:
    said, shown = EVIL[how]
    outcome = told(receipt(report_url=said))
    assert isinstance(outcome, Acked)
    assert outcome.receipt.report_url == shown


@pytest.mark.parametrize("how", EVIL)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_location_leads_nowhere(how: str, status: int) -> None:
    """No second request is yielded, and the destination is held until its owner has looked."""
    outcome = told(b"", status=status, headers={**JSON, "location": EVIL[how][0]})
    assert isinstance(outcome, Stop)
    assert outcome.wait is None or outcome.wait > timedelta()


def test_a_location_beside_a_receipt_leads_nowhere_either() -> None:
    outcome = told(receipt(), headers={**JSON, "location": "http://169.254.169.254/"})
    assert isinstance(outcome, Acked)
    assert "169.254" not in str(outcome)


def test_an_address_without_end_is_none() -> None:
    assert on_origin(URL, "/r/" + "x" * 2_000) == f"{ORIGIN}/"


@given(st.text())
def test_whatever_is_said_stays_on_the_origin(said: str) -> None:
    parts = urlsplit(on_origin(URL, said))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "collector.example:8443", "", "")
