"""Names by strangers become harmless text on one line; identifiers and numbers become words."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logferry_collector.words import (
    NAME_LENGTH,
    clean,
    clock_length,
    clock_words,
    date_words,
    duration_words,
    event_words,
    label_words,
    money,
    number,
    percent,
    tracker_words,
)

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\u202e\u2066\u2069\u200b\u200d\ufeff\u0301\u0489\u00ad\x07\x1b\n\t\ud800\U000e0041 a<&"),
    ),
    max_size=300,
)


@given(HOSTILE)
def test_cleaning_leaves_only_visible_text(text: str) -> None:
    kinds = {unicodedata.category(character)[0] for character in clean(text)}
    assert "C" not in kinds
    assert clean(text) == clean(text).strip()


@given(HOSTILE)
@example("0\r\x1b\r0")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(HOSTILE, st.integers(1, 80))
def test_a_cleaned_name_keeps_its_length(text: str, length: int) -> None:
    bases = [character for character in clean(text, length) if unicodedata.category(character)[0] != "M"]
    assert len(bases) <= length


@given(HOSTILE)
def test_no_character_carries_a_tower_of_marks(text: str) -> None:
    run = 0
    for character in clean(text):
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        assert run <= 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Atrox Provider", "Atrox Provider"),
        ("Ærøskøbing Café 東京", "Ærøskøbing Café 東京"),
        ("\u202egnp.exe", "gnp.exe"),
        ("pay\u200bpal", "paypal"),
        (" a \n\n b\t", "a b"),
        ("Z" + "\u0301" * 10_000, "Z" + "\u0301" * 3),
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 63 + "…"),
        ("\u0301\u0301", ""),
        ("\ud800", ""),
    ],
)
def test_a_name_is_cleaned(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_name_of_megabytes_is_cut_at_once() -> None:
    assert len(clean("ab" * 1_000_000)) == NAME_LENGTH


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("damage_dealt", "Damage dealt"),
        ("skill_gain", "Skill gain"),
        ("FSDJump", "FSD jump"),
        ("FSSSignalDiscovered", "FSS signal discovered"),
        ("ReceiveText", "Receive text"),
        ("hof", "Hall of fame"),
        ("afk_on", "Away"),
        ("SAAScanComplete", "SAA scan complete"),
        ("", ""),
    ],
)
def test_an_event_type_is_put_in_words(kind: str, words: str) -> None:
    assert event_words(kind) == words


@pytest.mark.parametrize(
    ("tracker", "words"),
    [
        ("artemis", ("Artemis", "Entropia Universe")),
        ("elite-dangerous", ("Elite Dangerous", "")),
        ("elite_dangerous", ("Elite Dangerous", "")),
        ("guild-wars-2-arcdps", ("arcdps", "Guild Wars 2")),
        ("swg-bot", ("Bot log", "Star Wars Galaxies")),
        ("swtor", ("Star Wars: The Old Republic", "")),
        ("path-of-exile", ("Path of exile", "")),
    ],
)
def test_a_tracker_is_named_for_people(tracker: str, words: tuple[str, str]) -> None:
    assert tracker_words(tracker) == words


def test_words_in_capitals_stay_so() -> None:
    assert label_words("server_IP") == "Server IP"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_482, "1,482"),
        (61_438.4, "61,438.40"),
        (-6.95, "−6.95"),  # noqa: RUF001 -- the minus that is as wide as a plus
        (18_734_220, "18.73 M"),
        (3e9, "3.00 bn"),
        (5e12, "5.00 tn"),
        (1e300, "1.00e+300"),
    ],
)
def test_a_number_is_readable(value: float, text: str) -> None:
    assert number(value) == text


def test_money_has_two_decimals_even_when_whole() -> None:
    assert (money(18), money(1_234.5), money(2e7)) == ("18.00", "1,234.50", "20.00 M")


def test_a_ratio_is_a_percentage() -> None:
    assert (percent(0.871), percent(1)) == ("87.1 %", "100 %")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=48), "48 min"),
        (timedelta(minutes=2, seconds=5), "2 min 5 s"),
        (timedelta(hours=2, minutes=14, seconds=9), "2 h 14 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(days=1), "1 d"),
    ],
)
def test_a_duration_has_two_units(duration: timedelta, words: str) -> None:
    assert duration_words(duration) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00:00"),
        (75.448, "0:01:15"),
        (3_912, "1:05:12"),
        (360_000, "100:00:00"),
        (-61, "−0:01:01"),  # noqa: RUF001 -- a minus
        (1e300, "1.00e+300"),
        (float("nan"), "nan"),
    ],
)
def test_a_length_of_time_is_as_on_a_stopwatch(seconds: float, words: str) -> None:
    assert clock_length(seconds) == words


def test_days_and_times_are_in_utc() -> None:
    moment = datetime(2026, 11, 19, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert (date_words(moment), clock_words(moment)) == ("18 November 2026", "23:30")
    assert date_words(datetime(2026, 1, 2, tzinfo=UTC)) == "2 January 2026"
