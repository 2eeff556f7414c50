"""Names are found however they are written, also where somebody hid them; many names cost no more than one."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from logferry_daemon.core.searching import Searched


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Kira Star", "hunt with Kira\u200b Star"),
        ("Kira Star", "Ki\u00adra Star"),
        ("Kira Star", "Kira  Star"),
        ("Kira Star", "kira_star"),
        ("Kira_Star", "KIRA STAR"),
        ("Bo", "Bo"),
        ("Bo", "the hat of Bo"),
        ("Bo", "for (Bo), with love"),
        ("X", "X"),
        ("x.Y_z", "by x.y z!"),
        ("龍馬", "坂本龍馬の刀"),
        ("榊原 Zed", "榊原 Zed"),
    ],
)
def test_a_name_is_found(name: str, text: str) -> None:
    assert Searched([name]).holds(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ann", "Annual"),
        ("Bo", "Bob"),
        ("Bo", "bo"),
        ("Bo", "Bo-Bo's Hat"),
        ("X", "Mark X"),
        ("龍馬x", "龍馬xy"),
        ("Kira Star", "Kira"),
    ],
)
def test_another_word_is_none(name: str, text: str) -> None:
    assert not Searched([name]).holds(text)


@pytest.mark.parametrize(
    ("name", "number", "found"), [("7656119801", 7656119801, True), ("12345", 12345, False), ("Kira", 7, False)]
)
def test_a_number_that_is_somebodys_account_is_found(name: str, number: int, found: bool) -> None:
    assert Searched([name]).has_number(number) is found


def calls(names: int) -> int:
    """Of Python, to look through a text."""
    searched, made = Searched(f"player{number} of the guild" for number in range(names)), 0

    def count(frame: FrameType, *_: object) -> None:
        nonlocal made
        # Not what a collection of garbage calls, which may fall into any test.
        made += str(frame.f_globals.get("__name__", "")).startswith("logferry_")

    sys.setprofile(count)
    try:
        searched.holds("a long text of many words in which nobody is named at all")
    finally:
        sys.setprofile(None)
    return made


def test_many_names_cost_no_more_than_few() -> None:
    assert calls(5_000) <= calls(5)
