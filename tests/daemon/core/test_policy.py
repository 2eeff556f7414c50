from __future__ import annotations

import pytest

from logferry_daemon.core.policy import DEFAULT, NOTHING_LISTED, STANDARD, TITLES, Group, Listing, Policy, Treatment


def test_every_group_has_a_title_and_a_usual_treatment() -> None:
    assert set(TITLES) == set(DEFAULT) == set(Group)


def test_only_places_leave_as_the_log_says_them_unless_their_owner_says_otherwise() -> None:
    assert STANDARD.kept == {Group.LOCATIONS}


@pytest.mark.parametrize("group", Group)
def test_a_group_that_is_not_named_is_treated_as_usual(group: Group) -> None:
    assert Policy(treatments={}).of(group) is DEFAULT[group]


@pytest.mark.parametrize("group", Group)
@pytest.mark.parametrize("treatment", Treatment)
def test_a_group_is_treated_as_its_owner_says(group: Group, treatment: Treatment) -> None:
    policy = Policy(treatments={group: treatment})
    assert policy.of(group) is treatment
    assert (group in policy.kept) is (treatment is Treatment.KEEP)


def test_what_becomes_no_token_needs_no_key() -> None:
    assert not Policy(treatments=dict.fromkeys(Group, Treatment.DROP)).needs_key
    assert STANDARD.needs_key


@pytest.mark.parametrize("group", Group)
def test_what_is_agreed_to_names_every_group_with_its_treatment(group: Group) -> None:
    changed = Policy(treatments={group: Treatment.KEEP if DEFAULT[group] is not Treatment.KEEP else Treatment.DROP})
    (line,) = set(changed.lines()) - set(STANDARD.lines())
    assert line == f"{changed.of(group)}: {TITLES[group]} ({group})"


def test_what_is_agreed_to_names_the_only_fields_that_go() -> None:
    policy = Policy(only={"swtor": frozenset({"mode", "area"}), "elite": frozenset()})
    assert list(policy.lines())[-2:] == ["of elite only these fields: none", "of swtor only these fields: area, mode"]


def test_nothing_is_listed_by_whom_nobody_knows() -> None:
    assert not NOTHING_LISTED.lists("ship")


def test_a_field_of_a_group_is_listed_too() -> None:
    listing = Listing(fields=frozenset({"mode"}), groups={"Body": Group.LOCATIONS})
    assert [listing.lists(name) for name in ("mode", "Body", "ship")] == [True, True, False]


def test_a_word_that_the_log_made_up_is_not_the_trackers_own() -> None:
    assert not Listing(types=frozenset({"loot"})).is_own("Mila")
    assert Listing().is_own("Mila")
