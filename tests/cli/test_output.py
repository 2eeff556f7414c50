import re

import pytest

from logferry.blocks import Grid, Span, Tone, line
from logferry.output import Output
from logferry.printable import printable
from logferry_model.errors import Misconfigured
from tests.cli.streams import on_terminal, piped

GREEN = line(Span("fine", Tone.GOOD))


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Whatever this machine says about colours does not count."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def test_a_terminal_gets_colours(plain_environment: pytest.MonkeyPatch) -> None:
    out, stream = on_terminal()
    out.blocks([GREEN])
    assert "\x1b[32m" in stream.getvalue()


def test_no_color_is_honoured(plain_environment: pytest.MonkeyPatch) -> None:
    plain_environment.setenv("NO_COLOR", "1")
    out, stream = on_terminal()
    out.blocks([GREEN])
    assert "\x1b[32m" not in stream.getvalue()


def test_a_pipe_gets_none(plain_environment: pytest.MonkeyPatch) -> None:
    out, stream = piped()
    out.blocks([GREEN])
    assert stream.getvalue() == "fine\n"


def test_a_pipe_gets_whole_lines_and_cells() -> None:
    """Also what is indented, as the text that somebody agrees to."""
    out, stream = piped()
    url = "http://127.0.0.1:8765/r/" + "x" * 1500
    words = "all that a tracker may tell of, " * 40
    out.blocks([line(url), line(url, indent=2), line(words, indent=2), Grid(("url", "words"), ((url, words),))])
    assert (stream.getvalue().count(url), stream.getvalue().count(words.strip())) == (3, 2)


WIDE = Grid(
    ("session", "state", "report"),
    (("5b1d0c9e", "held", "http://127.0.0.1:8765/r/qXUQjX8mtdezTjtg9uenpA"), ("4a47729a", "uploaded", "")),
    whole=frozenset({"session", "report"}),
    indent=0,
)
"""Sixty-seven characters, with two between its columns."""


@pytest.mark.parametrize(("columns", "rows"), [("80", 3), ("66", 3), ("40", 7)])
def test_a_table_loses_no_column_and_no_letter_on_a_narrow_terminal(
    plain_environment: pytest.MonkeyPatch, columns: str, rows: int
) -> None:
    """Its columns are closer together, or its rows become lists without what is empty."""
    plain_environment.setenv("COLUMNS", columns)
    plain_environment.setenv("NO_COLOR", "1")
    out, stream = on_terminal()
    out.blocks([WIDE])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert (shown.count("state") > 0, len(shown.splitlines())) == (True, rows)
    assert max(map(len, shown.splitlines())) <= int(columns)
    for row in WIDE.rows:
        for cell in row:
            assert str(cell) in re.sub(r"\s", "", shown)


def test_square_brackets_are_words_and_no_markup() -> None:
    out, stream = piped()
    out.say("[bold]loot[/bold] [7]")
    assert stream.getvalue() == "[bold]loot[/bold] [7]\n"


STEERING = "\t\n\v\f\r\x1b\x85\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff\U000e0041"


@pytest.mark.parametrize("character", STEERING, ids=ascii)
def test_a_character_in_a_name_makes_no_line_and_hides_nothing(character: str) -> None:
    name = f"a{character}b"
    out, stream = piped()
    out.say("file ", Span(name, Tone.STRONG))
    out.blocks([line(name), Grid(("name",), ((name,),), indent=0)])
    shown = "a\N{REPLACEMENT CHARACTER}b"
    assert [row.strip() for row in stream.getvalue().split("\n")] == [f"file {shown}", shown, "name", shown, ""]


def test_trouble_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    Output.of_process(as_json=False).trouble("no file a\nlogferry: all is well", "look at a\nb")
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "bell\x07", "\x9b31m", "over\rwritten", "\u202ereversed"])
def test_nobody_elses_words_steer_the_terminal(text: str) -> None:
    out, stream = piped()
    out.error(Misconfigured("code", text))
    out.say(text)
    assert text not in stream.getvalue()
    assert "\N{REPLACEMENT CHARACTER}" in printable(text)


def test_progress_is_shown_to_a_person_only(plain_environment: pytest.MonkeyPatch) -> None:
    for (out, stream), seen in ((on_terminal(), True), (piped(), False)):
        with out.progress("reading") as step:
            step(1, 2, "a file")
        assert bool(stream.getvalue()) == seen


def test_json_is_the_value_and_nothing_else() -> None:
    out, stream = piped(as_json=True)
    out.show({"state": "idle"}, lambda _: pytest.fail("a view was asked for"))
    assert stream.getvalue() == '{\n  "state": "idle"\n}\n'
