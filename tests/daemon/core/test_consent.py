from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.consent import (
    POLICY_VERSION,
    Grant,
    field_lines,
    holds,
    policy_digest,
    policy_text,
    time_lines,
)
from logferry_daemon.core.policy import STANDARD, Group, Listing, Policy, Treatment
from logferry_daemon.trackers.catalogue import all_trackers

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


INN = Listing(
    fields=frozenset({"table", "song"}),
    groups={"room": Group.LOCATIONS, "words": Group.TEXTS},
    events={"whisper": Group.COMMUNICATIONS},
    measures={"whispers": Group.COMMUNICATIONS},
    types=frozenset({"drink"}),
)
OTHERS: Mapping[str, Mapping[str, Listing]] = {
    "one more field": {"inn": replace(INN, fields=INN.fields | {"bill"})},
    "one less": {"inn": replace(INN, fields=frozenset({"table"}))},
    "a field of another group": {"inn": replace(INN, groups={**INN.groups, "words": Group.LOCATIONS})},
    "an event of no group": {"inn": replace(INN, events={})},
    "a figure of another group": {"inn": replace(INN, measures={"whispers": Group.PLAYERS})},
    "another word for an event": {"inn": replace(INN, types=frozenset({"drink", "fight"}))},
    "any word for an event": {"inn": replace(INN, types=None)},
    "one more tracker": {"inn": INN, "barn": Listing()},
    "one less tracker": {},
}


def of_fields(listings: Mapping[str, Listing]) -> str:
    return policy_text(**USUAL, policy=STANDARD, fields=field_lines(listings))


@pytest.mark.parametrize("other", OTHERS)
def test_what_a_tracker_may_tell_is_a_part_of_what_is_agreed_to(other: str) -> None:
    before = of_fields({"inn": INN})
    grant = replace(GRANT, policy_digest=policy_digest(before))
    assert holds(grant, of_fields({"inn": replace(INN)}))
    assert not holds(grant, of_fields(OTHERS[other]))


def test_the_text_names_each_field_in_one_line_a_tracker() -> None:
    (line,) = [row for row in of_fields({"inn": INN}).splitlines() if row.startswith("- of inn: ")]
    told = "room (locations), song, table, words (free-text), that there was whisper (communications)"
    assert line.startswith(f"- of inn: {told}, the figure whispers (communications) [")


def test_every_tracker_that_comes_along_is_named_and_the_text_stays_one_that_is_read() -> None:
    trackers = all_trackers()
    made = of_fields({name: tracker.listing for name, tracker in trackers.items()})
    assert all(f"\n- of {name}: " in made for name in trackers)
    assert len(made) - len(TEXT) < 4_000


@given(st.text(max_size=30))
def test_no_account_breaks_the_text(account: str) -> None:
    assert f"there: {account or 'nobody by name'}." in policy_text(**USUAL, policy=STANDARD, account=account)


@given(st.text(max_size=30))
def test_no_address_breaks_the_text(url: str) -> None:
    assert f"at {url} (logferry)" in text(changed={"url": url})


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("summary", [False, True])
def test_when_a_session_is_sent_is_a_part_of_what_is_agreed_to(*, running: bool, summary: bool) -> None:
    said = policy_text(**USUAL, policy=STANDARD, times=time_lines(running=running, summary=summary))
    assert "finished" not in said
    assert ("\n- while it still runs, too," in said, "\n- before its events," in said) == (running, summary)
    assert holds(GRANT, said) is not (running or summary)


@pytest.mark.parametrize("name", ["x\n\nYou need not agree", "\x1b[2K", "x. Nothing is sent", "\u202eevil"])
def test_no_name_goes_on_with_the_text(name: str) -> None:
    for listing in (
        Listing(fields=frozenset({name})),
        Listing(groups={name: Group.TEXTS}),
        Listing(events={name: Group.TEXTS}),
        Listing(measures={name: Group.TEXTS}),
    ):
        (line,) = field_lines({"inn": listing})
        assert (name in line, line.isprintable(), json.dumps(name) in line) == ("Nothing" in name, True, True)
