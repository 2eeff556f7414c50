"""Only the pinned key may be sent to; what cannot be told is another one."""

from __future__ import annotations

import pytest

from logferry_daemon.core.pins import MAY_SEND, Verdict, reason_against_pin, verdict, wrong_key
from logferry_model.fingerprint import fingerprint_of

PIN, OTHER = fingerprint_of(b"pin"), fingerprint_of(b"other")


def test_the_table_knows_every_verdict_and_lets_one_through() -> None:
    assert set(MAY_SEND) == set(Verdict)
    assert [one for one, may in MAY_SEND.items() if may] == [Verdict.SAME]


def test_the_verdicts() -> None:
    assert verdict(PIN, PIN) is Verdict.SAME
    assert verdict(PIN, OTHER) is Verdict.CHANGED
    assert verdict(PIN, None) is Verdict.UNTOLD


def test_a_wrong_key_is_told_with_both_fingerprints_and_what_to_do() -> None:
    error = wrong_key(PIN, OTHER)
    assert str(PIN) in error.message
    assert str(OTHER) in error.message
    assert "logferry destinations pin home --accept" in error.hint.format(name="home")
    assert "none that can be read" in wrong_key(PIN, None).message


@pytest.mark.parametrize(
    ("pin", "url", "why"),
    [
        (PIN.setting, "http://127.0.0.1:8765", "https"),
        (PIN.digits[:60], "https://192.168.1.20:8765", "64 hex digits"),
        ("", "https://192.168.1.20:8765", "64 hex digits"),
    ],
)
def test_what_can_be_no_pin_is_told(pin: str, url: str, why: str) -> None:
    assert why in (reason_against_pin(pin, url) or "")


def test_a_pin_is_for_an_address_by_https() -> None:
    assert reason_against_pin(str(PIN), "https://192.168.1.20:8765") is None
