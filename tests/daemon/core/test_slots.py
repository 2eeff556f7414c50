from __future__ import annotations

import hashlib
import hmac
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.policy import Group
from logferry_daemon.core.slots import HEX, Slots, keyed, same, slot_of

KEY, OTHER_KEY = b"one key", b"another key"
SLOTS = Slots(KEY)
names = st.text(min_size=1, max_size=20)


@given(names, st.sampled_from(Group))
def test_a_slot_says_its_group_and_half_of_an_hmac_sha256(name: str, group: Group) -> None:
    digest = hmac.new(KEY, f"{group}\n{same(name)}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    assert SLOTS.slot(group, name) == f"@{group}:{digest[:32]}"


def test_a_slot_keeps_128_bits() -> None:
    assert HEX * 4 >= 128
    assert len(keyed(KEY, "a")) == HEX


@given(names, st.sampled_from(Group))
def test_a_slot_stands_for_itself(name: str, group: Group) -> None:
    slot = SLOTS.slot(group, name)
    assert SLOTS.slot(group, slot) == slot
    assert slot_of(slot) is not None


@given(names)
def test_two_keys_make_two_slots(name: str) -> None:
    assert SLOTS.slot(Group.PLAYERS, name) != Slots(OTHER_KEY).slot(Group.PLAYERS, name)


@given(names)
def test_two_groups_have_two_slots(name: str) -> None:
    assert len({SLOTS.slot(group, name) for group in Group}) == len(Group)


@given(names)
def test_however_a_name_is_composed_or_spaced_it_has_one_slot(name: str) -> None:
    ways = {name, f" {name}\t", *(normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")), name.casefold()}
    assert len({SLOTS.slot(Group.PLAYERS, way) for way in ways}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MILA", "mila"),
        ("Straße", "STRASSE"),
        ("\uff2dila", "Mila"),
        ("José", "Jose\u0301"),
        ("\ufb01x", "FIX"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_one_name_written_in_two_ways_is_one_name(one: str, other: str) -> None:
    assert SLOTS.slot(Group.PLAYERS, one) == SLOTS.slot(Group.PLAYERS, other)


@given(st.text())
def test_what_is_the_same_is_the_same_as_itself(text: str) -> None:
    assert same(same(text)) == same(text)


@pytest.mark.parametrize(
    "text", ["", "@players:", f"@players:{'g' * 32}", f"@nobody:{'a' * 32}", f"x@players:{'a' * 32}"]
)
def test_any_other_text_is_no_slot(text: str) -> None:
    assert slot_of(text) is None


def test_the_key_is_not_shown() -> None:
    assert "key" not in repr(SLOTS)
