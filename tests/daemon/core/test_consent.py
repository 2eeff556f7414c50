from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.consent import POLICY_VERSION, Grant, holds, policy_digest, policy_text
from logferry_daemon.core.policy import STANDARD, Group, Policy, Treatment

USUAL = {"name": "home", "dialect": "logferry", "url": "https://collector.example/logs"}


def text(policy: Policy = STANDARD, changed: Mapping[str, str] = USUAL) -> str:
    name, dialect, url = ({**USUAL, **changed}).values()
    return policy_text(name=name, dialect=dialect, url=url, policy=policy)


TEXT = text()
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
    assert not holds(GRANT, text(changed=changed))


@pytest.mark.parametrize("group", Group)
@pytest.mark.parametrize("treatment", Treatment)
def test_other_terms_void_the_agreement_and_only_they_do(group: Group, treatment: Treatment) -> None:
    changed = Policy(treatments={**STANDARD.treatments, group: treatment})
    assert holds(GRANT, text(changed)) is (treatment is STANDARD.of(group))


def test_fewer_fields_void_the_agreement() -> None:
    assert not holds(GRANT, text(Policy(only={"artemis": frozenset({"paused_ms"})})))


def test_another_wording_voids_the_agreement() -> None:
    assert not holds(GRANT, TEXT.replace("raw log lines", "log lines"))


@pytest.mark.parametrize("value", USUAL.values())
def test_the_text_names_where_it_goes(value: str) -> None:
    assert value in TEXT


def test_the_text_says_who_he_is_there_and_a_name_voids_the_agreement() -> None:
    named = policy_text(**USUAL, policy=STANDARD, account="mila@example.org")
    assert "Who you are there: mila@example.org." in named
    assert "Who you are there: nobody by name." in TEXT
    assert not holds(GRANT, named)


@given(st.text(max_size=30))
def test_no_account_breaks_the_text(account: str) -> None:
    assert f"there: {account or 'nobody by name'}." in policy_text(**USUAL, policy=STANDARD, account=account)


@given(st.text(max_size=30))
def test_no_address_breaks_the_text(url: str) -> None:
    assert f"at {url} (logferry)" in text(changed={"url": url})
