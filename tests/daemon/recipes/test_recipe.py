from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Pattern, parse_duration
from logferry_daemon.recipes.shipped import shipped_recipes
from logferry_model.errors import Misconfigured
from tests.daemon.recipes.small import TAVERN, TEXT


def message_of(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_recipe(text, origin="tavern.toml")
    return caught.value.message


def test_a_whole_recipe_is_read() -> None:
    assert TAVERN.recipe.silence == timedelta(minutes=30)


def test_every_shipped_recipe_is_readable() -> None:
    assert [tracker.name for tracker in shipped_recipes()] == ["elite-dangerous"]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('title = "', 'titel = "', 'unknown key "titel" in [recipe]; did you mean "title"?'),
        ("patterns =", "pattern =", 'unknown key "pattern" in [files]; did you mean "patterns"?'),
        ("silence =", "silense =", 'unknown key "silense" in [session]; did you mean "silence"?'),
        ("quantity =", "quantitiy =", 'unknown key "quantitiy" in [take.Drink]; did you mean "quantity"?'),
        ("label =", "lable =", 'unknown key "lable" in [measure]; did you mean "label"?'),
        ('{ type = "Leave" }', '{ tipe = "Leave" }', 'unknown key "tipe" in [session.kind.end]; did you mean "type"?'),
        ('unit = "coins"', 'zzz = "coins"', 'unknown key "zzz" in [measure].'),
    ],
)
def test_an_unknown_key_is_named_with_its_place_and_the_likely_one(right: str, wrong: str, says: str) -> None:
    assert message_of(TEXT.replace(right, wrong, 1)) == f"The recipe tavern.toml: {says}"


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ('time = "time"', "time = 5", "$.line.time"),
        ('patterns = ["tavern-*.log"]', 'patterns = "tavern-*.log"', "$.files.patterns"),
        ('sum = "value"', 'sum = "worth"', "$.measure[1].sum"),
        ("loot = true", 'loot = "yes"', "$.take[...].loot"),
        ('format = "json-lines"', 'format = "csv"', "$.format"),
        ('linux = ["~/tavern"]', 'amiga = ["~/tavern"]', "$.files.paths"),
        ('identity = ["Enter.guest"]', "identity = 1979-05-27", "$.session.identity"),
    ],
)
def test_a_wrong_type_is_named_with_its_file_and_place(right: str, wrong: str, place: str) -> None:
    message = message_of(TEXT.replace(right, wrong, 1))
    assert (message.startswith("The recipe tavern.toml: "), place in message) == (True, True)


@pytest.mark.parametrize("missing", ['name = "tavern"\n', 'start = [{ type = "Enter" }]\n', 'time = "time"\n'])
def test_a_key_that_must_be_there_is_missed(missing: str) -> None:
    assert "missing required field" in message_of(TEXT.replace(missing, "", 1))


@pytest.mark.parametrize("name", ["guest", "Enter.", ".guest", ""])
def test_a_name_to_protect_that_says_no_field_is_refused(name: str) -> None:
    assert "Type.Field" in message_of(TEXT.replace('names = ["Enter.guest"', f'names = ["{name}"', 1))


def test_text_that_is_no_toml_is_refused() -> None:
    assert message_of("name = ").startswith("The recipe tavern.toml: is not TOML")


def test_a_bad_duration_is_named() -> None:
    assert '"soon" is not a duration' in message_of(TEXT.replace('"30m"', '"soon"'))


def test_no_complaint_ends_in_two_stops() -> None:
    assert not message_of(TEXT.replace('"30m"', '"soon"')).endswith("..")


def test_every_complaint_says_what_to_do() -> None:
    with pytest.raises(Misconfigured) as caught:
        parse_recipe("name = ", origin="tavern.toml")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12 h", timedelta(hours=12)),
        (" 2d ", timedelta(days=2)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "5w", "5m3s", "\u0663m", "9" * 400 + "d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_duration(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_recipes(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_recipe(text, origin="x")


def test_a_pattern_fits_lines_of_its_type() -> None:
    assert Pattern(type="Music").fits("Music", {})


@pytest.mark.parametrize(
    ("word", "fields"), [("Sound", {"track": "menu"}), ("Music", {"track": "lute"}), ("Music", {})]
)
def test_a_pattern_with_a_condition_fits_no_other_line(word: str, fields: dict[str, str]) -> None:
    assert not Pattern(type="Music", where={"track": "menu"}).fits(word, fields)
