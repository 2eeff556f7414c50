from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from logferry_daemon.core.gate import OPEN, Access, Block, Facts, Gate, gate_of

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SOON, BEFORE = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)
FREE = Facts(now=NOW, consented=True, access=Access.AVAILABLE)

REASONS: dict[str, Facts] = {
    "no consent": replace(FREE, consented=False),
    "paused": replace(FREE, paused=True),
    "playing": replace(FREE, playing=True),
    "no key": replace(FREE, access=Access.ABSENT),
    "key refused": replace(FREE, block=Block(reason="key refused")),
    "cannot be reached": replace(FREE, breaker_until=SOON),
    "fails too often: 503": replace(FREE, spent_until=SOON, trouble="503"),
}
"""Reason -> facts that give no other reason, the strongest first."""
CHANGED = {
    "no consent": "consented",
    "paused": "paused",
    "playing": "playing",
    "no key": "access",
    "key refused": "block",
    "cannot be reached": "breaker_until",
    "fails too often: 503": "spent_until",
}


def gate(facts: Facts) -> Gate:
    return gate_of("home", facts)


def test_with_consent_key_and_no_trouble_the_gate_is_open() -> None:
    assert gate(FREE) == OPEN


@pytest.mark.parametrize(("reason", "facts"), REASONS.items())
def test_each_reason_alone_closes_the_gate_and_is_named(reason: str, facts: Facts) -> None:
    answer = gate(facts)
    assert (answer.open, answer.reason) == (False, reason)


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations(REASONS, 2)))
def test_of_two_reasons_the_stronger_is_named(stronger: str, weaker: str) -> None:
    field = CHANGED[weaker]
    both = replace(REASONS[stronger], **{field: getattr(REASONS[weaker], field)})
    assert gate(both).reason == stronger


@pytest.mark.parametrize("reason", ["no consent", "paused", "playing", "no key", "key refused"])
def test_what_waits_for_a_person_is_held(reason: str) -> None:
    assert gate(REASONS[reason]).held


def test_a_destination_that_cannot_be_reached_is_not_held() -> None:
    assert not gate(REASONS["cannot be reached"]).held


@pytest.mark.parametrize(
    ("access", "reason"),
    [
        (Access.ABSENT, "no key"),
        (Access.LOCKED, "keyring locked"),
        (Access.DENIED, "keyring denied access"),
        (Access.REFUSED, "secret file refused"),
        (Access.STUCK, "keyring does not answer"),
    ],
)
def test_each_way_of_having_no_key_has_its_own_reason(access: Access, reason: str) -> None:
    assert gate(replace(FREE, access=access)).reason == reason


@pytest.mark.parametrize("access", [access for access in Access if access is not Access.AVAILABLE])
def test_each_way_of_having_no_key_says_what_to_do(access: Access) -> None:
    assert gate(replace(FREE, access=access)).hint


def test_a_hint_names_the_destination() -> None:
    assert gate(REASONS["no consent"]).hint.endswith("logferry consent grant home")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (REASONS["no consent"], "held"),
        (REASONS["paused"], "paused"),
        (REASONS["no key"], "held"),
        (REASONS["key refused"], "held"),
        (replace(FREE, block=Block(reason="limit reached", until=SOON)), "waiting"),
        (replace(FREE, block=Block(reason="a web page", until=SOON, offline=True)), "offline"),
        (REASONS["cannot be reached"], "offline"),
        (FREE, "ready"),
    ],
)
def test_each_kind_of_reason_has_its_word(facts: Facts, state: str) -> None:
    assert gate(facts).state == state


def test_a_pause_with_an_end_says_when() -> None:
    assert gate(replace(FREE, paused=True, paused_until=SOON)).until == SOON


def test_a_block_with_an_end_delays_and_does_not_hold() -> None:
    answer = gate(replace(FREE, block=Block(reason="limit reached", until=SOON)))
    assert (answer.held, answer.until) == (False, SOON)


@pytest.mark.parametrize("until", [BEFORE, NOW])
def test_a_block_whose_time_is_over_is_none(until: datetime) -> None:
    assert gate(replace(FREE, block=Block(reason="limit reached", until=until))) == OPEN


@pytest.mark.parametrize("until", [BEFORE, NOW])
def test_a_breaker_whose_time_is_over_lets_through(until: datetime) -> None:
    assert gate(replace(FREE, breaker_until=until)) == OPEN


def test_while_one_try_finds_out_how_things_are_it_is_open_and_said_to_be_away() -> None:
    told = gate(replace(FREE, probing=True, trouble="no answer in time"))
    assert (told.open, told.state, told.reason) == (True, "offline", "does not work at the moment: no answer in time")
