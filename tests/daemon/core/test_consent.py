from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.consent import POLICY_VERSION, Grant, holds, policy_digest, policy_text

USUAL = {"name": "home", "dialect": "logferry", "url": "https://collector.example/logs"}
TEXT = policy_text(**USUAL)
GRANT = Grant(
    destination="home",
    policy_digest=policy_digest(TEXT),
    policy_version=POLICY_VERSION,
    granted_at=datetime(2026, 3, 1, tzinfo=UTC),
)


def test_an_agreement_holds_for_its_own_text() -> None:
    assert holds(GRANT, TEXT)


def test_without_an_agreement_nothing_holds() -> None:
    assert not holds(None, TEXT)


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "https://collector.example/other"},
        {"url": "http://collector.example/logs"},
        {"dialect": "dps-report"},
        {"name": "elsewhere"},
    ],
)
def test_another_destination_voids_the_agreement(changed: dict[str, str]) -> None:
    assert not holds(GRANT, policy_text(**USUAL | changed))


def test_another_wording_voids_the_agreement() -> None:
    assert not holds(GRANT, TEXT.replace("chat and raw log lines", "raw log lines"))


@pytest.mark.parametrize("value", USUAL.values())
def test_the_text_names_where_it_goes(value: str) -> None:
    assert value in TEXT


@given(st.text(max_size=30))
def test_no_address_breaks_the_text(url: str) -> None:
    assert f"at {url} (logferry)" in policy_text(name="home", dialect="logferry", url=url)
