from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.recipes.engine import RecipeTracker
from logferry_daemon.recipes.parsing import parse_recipe
from logferry_daemon.recipes.recipe import Pattern, parse_duration
from logferry_daemon.recipes.shipped import shipped_recipes, shipped_texts, tracker_of
from logferry_model.errors import Misconfigured
from tests.daemon.recipes import harbour
from tests.daemon.recipes.small import TAVERN, TEXT


def message_of(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_recipe(text, origin="tavern.toml")
    return caught.value.message


def test_a_whole_recipe_is_read() -> None:
    assert TAVERN.recipe.silence == timedelta(minutes=30)


def test_every_shipped_recipe_is_readable_and_named_as_its_file() -> None:
    assert [f"{tracker.name}.toml" for tracker in shipped_recipes()] == list(shipped_texts())


@pytest.mark.parametrize("name", shipped_texts())
def test_no_two_recipes_share_a_title(name: str) -> None:
    titles = [tracker.title for tracker in shipped_recipes()]
    assert titles.count(tracker_of(shipped_texts()[name], origin=name).title) == 1


@pytest.mark.parametrize("name", shipped_texts())
def test_every_shipped_recipe_knows_where_the_game_writes_on_windows_and_linux(name: str) -> None:
    tracker = tracker_of(shipped_texts()[name], origin=name)
    assert (bool(tracker.usual_paths("windows")), bool(tracker.usual_paths("linux"))) == (True, True)


LINE_LOGS = [tracker for tracker in shipped_recipes() if isinstance(tracker, RecipeTracker)]


@pytest.mark.parametrize("tracker", LINE_LOGS, ids=lambda one: one.name)
def test_every_log_has_an_end_for_a_session_that_says_none(tracker: RecipeTracker) -> None:
    assert tracker.rules("").silence is not None


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


# What is well-formed and cannot work


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('gap = "2h"', 'gap = "soon"', 'session.gap: "soon" is not a duration. Write it like 90s, 30m or 12h.'),
        (
            'silence = "1h"',
            'silence = "1x"',
            'flavour.old.silence: "1x" is not a duration. Write it like 90s, 30m or 12h.',
        ),
        ('type = "hail"', 'type = "a b"', '"a b" cannot be a type: it has a letter first, then letters, digits and _.'),
        ('word = "MOOR"', "", 'the rule for "moor" needs "word", "contains" or "pattern", or every line is one.'),
        ('word_until = ">"', "", '[line] needs "word_after" and "word_until", or no line has a word.'),
        (
            '{ type = "moor" }',
            '{ type = "more" }',
            'session.kind: no [[line.rule]] has the type "more"; did you mean "moor"?',
        ),
        (
            '["sail.captain"]',
            '["sale.captain"]',
            'session.identity: no [[line.rule]] has the type "sale"; did you mean "sail"?',
        ),
        (
            '["sail.captain"]',
            '["sail.capten"]',
            'session.identity: lines of type "sail" have no field "capten"; did you mean "captain"?',
        ),
        ('["hail.captain"]', '["hail.ship"]', 'privacy.names: lines of type "hail" have no field "ship".'),
        ("[take.catch]", "[take.cath]", 'take: no [[line.rule]] has the type "cath"; did you mean "catch"?'),
        ('amount = "weight"', 'amount = "wait|weihgt"', 'take.catch: lines of type "catch" have no field "wait"'),
        (
            'of = ["catch"]',
            'of = ["cach"]',
            'measure weight: no [[line.rule]] has the type "cach"; did you mean "catch"?',
        ),
        (
            'sum = ["catch"]',
            'sum = ["cach"]',
            'figure weight: no [[line.rule]] has the type "cach"; did you mean "catch"?',
        ),
        (
            'port = "port"',
            'port = "prot"',
            'session.kind trip.facts: lines of type "sail" have no field "prot"; did you mean "port"?',
        ),
        (
            'start = [{ type = "sail" }]',
            'key = "prot"\nstart = [{ type = "sail" }]',
            'session.kind trip: lines of type "sail" have no field "prot"; did you mean "port"?',
        ),
        ("(?P<hour>", "(?P<our>", 'line.time: a time has no part "our"; did you mean "hour"?'),
        ("(?P<year>", "(?P<century>", 'line.date_from: a time has no part "century".'),
        ("ahoy (?P<captain>.+)$", "(ahoy", 'the pattern of "hail" is not a pattern that RE2 knows: '),
        ("ahoy (?P<captain>.+)$", r"(?=ahoy)", 'the pattern of "hail" is not a pattern that RE2 knows: '),
        ("ahoy (?P<captain>.+)$", r"(.)\1", 'the pattern of "hail" is not a pattern that RE2 knows: '),
        (
            'ship = "own-"',
            'ships = "own-"',
            'the rule for "catch": begins: it has no column "ships"; did you mean "ship"?',
        ),
        ("drop_last", "drop_lost", 'unknown key "drop_lost" in [line]; did you mean "drop_last"?'),
    ],
)
def test_what_cannot_work_is_named_with_its_place(right: str, wrong: str, says: str) -> None:
    assert right in harbour.TEXT
    assert message_of(harbour.TEXT.replace(right, wrong, 1)).startswith(f"The recipe tavern.toml: {says}")


def test_lines_of_text_need_rules() -> None:
    text = TEXT.replace('format = "json-lines"', 'format = "text-lines"')
    assert message_of(text) == "The recipe tavern.toml: it needs [[line.rule]], or no line has a type."


def test_lines_of_json_need_the_path_of_their_type() -> None:
    message = message_of(TEXT.replace('type = "kind"\n', ""))
    assert message == 'The recipe tavern.toml: [line] needs "type", the path of the type in a line.'


def test_a_block_of_json_that_every_block_would_be_is_refused() -> None:
    text = TEXT.replace('format = "json-lines"', 'format = "json-blocks"').replace(
        "[session]", '[[line.rule]]\ntype = "Enter"\n[session]', 1
    )
    assert message_of(text).endswith('the rule for "Enter" needs "has" or "where", or every block is one.')


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('patterns = ["harbour-*.log"]', "patterns = []", "files.patterns: without a pattern no file is one of"),
        ('patterns = ["harbour-*.log"]', 'patterns = [" "]', "files.patterns: without a pattern no file is one of"),
        ("max_line_bytes = 400", "max_line_bytes = -5", "files.max_line_bytes: -5 is too small: it is at least 1."),
        ("[files]", "[files]\nmax_bytes = 0", "files.max_bytes: 0 is too small: it is at least 1."),
        ('silence = "30m"', 'silence = "0s"', "session.silence: 0s would cut the log at every line."),
        ('gap = "2h"', 'gap = "0m"', "session.gap: 0m would cut the log at every line."),
        ('start = [{ type = "sail" }]', "start = []", "session.kind trip: start is empty, so none begins."),
        ('name = "harbour"', 'name = "Har bour"', 'name: "Har bour" is no name of a recipe: '),
        ('name = "harbour"', 'name = ""', 'name: "" is no name of a recipe: '),
        ('name = "harbour"', f'name = "{"a" * 65}"', "name: "),
        ('sum = "amount"\n', "", 'measure weight: "sum" is missing: '),
        ('of = ["catch"]\n', "", 'measure weight: "of" is missing: the types whose amount is summed.'),
        (
            'sum = "amount"\nof = ["catch"]\n',
            "",
            'measure weight: it needs "count", or "sum" and "of", or it is always 0.',
        ),
        ('of = ["catch"]\n', 'of = ["catch"]\ncount = ["catch"]\n', 'measure weight: it has both "count" and "sum"'),
        (
            '[[figure]]\nname = "weight"\nsum = ["catch"]',
            '[[figure]]\nname = "weight"',
            'figure weight: it needs "count"',
        ),
        (
            "[[figure]]",
            '[[measure]]\nname = "weight"\nlabel = "W"\ncount = ["catch"]\n[[figure]]',
            "measure weight: 2 of them have this name; give each its own.",
        ),
        (
            "[[figure]]",
            '[[figure]]\nname = "weight"\ncount = ["catch"]\n[[figure]]',
            "figure weight: 2 of them have this name; give each its own.",
        ),
        ("[privacy]", "[privacy]\nshapes = ['(oops']", 'privacy.shapes: "(oops" is not a pattern that RE2 knows: '),
        ('amount = "weight"', 'amount = "weight+wort"', 'take.catch: lines of type "catch" have no field "wort"'),
        ("(?P<hour>", "(?:", 'line.time: it needs named groups, at least "hour"'),
    ],
)
def test_a_value_that_can_never_work_is_named_with_its_place(right: str, wrong: str, says: str) -> None:
    assert right in harbour.TEXT
    assert message_of(harbour.TEXT.replace(right, wrong, 1)).startswith(f"The recipe tavern.toml: {says}")


def test_a_recipe_without_a_kind_of_session_is_refused() -> None:
    kind = TEXT[TEXT.index("[[session.kind]]") : TEXT.index("[privacy]")]
    message = message_of(TEXT.replace(kind, "").replace("[session]", "[session]\nkind = []"))
    assert message == "The recipe tavern.toml: session.kind: without a kind no session begins."


@pytest.mark.parametrize(
    "name", ["cp9999", "base64", "rot13", "idna", "utf-16", "utf-7", "punycode", "unicode_escape", "", "a\\u0000"]
)
def test_an_encoding_that_no_text_lines_have_is_refused(name: str) -> None:
    message = message_of(TEXT.replace("[files]", f'[files]\nencoding = "{name}"', 1))
    assert "files.encoding: " in message


def test_an_encoding_that_is_misspelt_is_guessed() -> None:
    assert message_of(TEXT.replace("[files]", '[files]\nencoding = "window-1252"', 1)).endswith(
        'did you mean "windows-1252"?'
    )


@pytest.mark.parametrize("name", ["utf-8", "cp1252", "latin-1", "cp1251", "shift_jis", "gbk", "euc-kr", "mac_roman"])
def test_an_encoding_of_text_lines_is_taken(name: str) -> None:
    parse_recipe(TEXT.replace("[files]", f'[files]\nencoding = "{name}"', 1), origin="x")


@pytest.mark.parametrize(
    ("right", "wrong", "guess"),
    [
        ('format = "json-lines"', 'format = "json_lines"', "json-lines"),
        ('sum = "value"', 'sum = "valeu"', "value"),
        ('sum = "value"', 'sum = "value"\nper = "minutes"', "minute"),
        ('linux = ["~/tavern"]', 'linus = ["~/tavern"]', "linux"),
    ],
)
def test_a_word_that_is_none_of_a_few_is_guessed(right: str, wrong: str, guess: str) -> None:
    assert message_of(TEXT.replace(right, wrong, 1)).endswith(f'; did you mean "{guess}"?')


def test_a_word_that_is_like_none_of_a_few_is_answered_with_all_of_them() -> None:
    message = message_of(TEXT.replace('format = "json-lines"', 'format = "csv"', 1))
    assert message.endswith("it is one of json-blocks, json-lines, text-lines.")


def test_a_misspelt_decoder_and_a_misspelt_key_of_the_header_are_guessed() -> None:
    text = """
name = "chess"
title = "Chess"
format = "match-file"
[files]
patterns = ["*.game"]
[match]
decoder = "header"
[header]
started = "at"
fields = [{ name = "at", at = 0, type = "u32" }]
"""
    parse_recipe(text, origin="chess.toml")
    assert message_of(text.replace('"header"', '"hedder"')).endswith('did you mean "header"?')
    assert message_of(text.replace("started", "startet")).endswith('"startet" in [header]; did you mean "started"?')
    assert "files.max_bytes: 0 is too small" in message_of(text.replace("[match]", "max_bytes = 0\n[match]"))


@pytest.mark.parametrize("name", ["x\\n\\nWhat is sent: nothing", "\\u001b[2K", "\\u202eevil", " words", "w" * 81, ""])
@pytest.mark.parametrize("place", ['"words", "loudness"', "[session.kind.facts]\n"])
def test_a_name_that_cannot_be_read_in_a_line_is_refused(name: str, place: str) -> None:
    assert place in TEXT
    more = f'"words", "{name}"' if place.startswith('"') else f'{place}"{name}" = "guest"\n'
    assert "cannot be a field or a fact" in message_of(TEXT.replace(place, more, 1))
