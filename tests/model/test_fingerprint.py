"""A fingerprint is written in groups, read in every way of writing it, and never guessed from a part."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_model.fingerprint import Fingerprint, fingerprint_of, parse_fingerprint

DIGITS = hashlib.sha256(b"key").hexdigest()


def test_it_is_the_digest_of_the_key() -> None:
    assert fingerprint_of(b"key") == Fingerprint(DIGITS)


def test_it_is_shown_in_groups_of_four_and_in_one_word() -> None:
    shown = str(Fingerprint(DIGITS))
    assert [len(group) for group in shown.split(":")] == [4] * 16
    assert shown.replace(":", "") == DIGITS


@given(st.binary())
def test_every_way_of_writing_it_is_read(key: bytes) -> None:
    one = fingerprint_of(key)
    ways = [one.digits, one.digits.upper(), str(one), one.setting, f"SHA256:{one}", str(one).replace(":", " ")]
    assert {parse_fingerprint(way) for way in ways} == {one}


@pytest.mark.parametrize(
    "text",
    [
        "",
        DIGITS[:-1],
        DIGITS + "0",
        DIGITS[:-1] + "g",
        f"sha1:{DIGITS}",
        f"{DIGITS}\x00",
        DIGITS + " " * 300,
        "sha256:",
    ],
)
def test_half_of_one_and_anything_else_is_none(text: str) -> None:
    assert parse_fingerprint(text) is None


@given(st.text(max_size=300))
def test_what_is_read_is_whole(text: str) -> None:
    one = parse_fingerprint(text)
    assert one is None or len(one.digits) == 64


def test_it_cannot_be_made_of_less() -> None:
    with pytest.raises(ValueError, match="64"):
        Fingerprint(DIGITS.upper())
