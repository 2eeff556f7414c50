import argparse
import subprocess
import sys
from collections.abc import Iterator

import pytest

from logferry.__main__ import command_line
from logferry.exits import Exit
from tests.cli.conftest import Command
from tests.ipc.serving import ThreadedDaemon

READING = (
    ("status",),
    ("doctor",),
    ("sources", "list"),
    ("destinations", "list"),
    ("consent", "show", "home"),
    ("sessions", "list"),
    ("sessions", "show", "0123"),
)
DOING = (
    ("upload", "--all"),
    ("retry", "--all"),
    ("pause",),
    ("resume",),
    ("sources", "add", "artemis", "--path", "."),
    ("sources", "remove", "main"),
    ("destinations", "add", "home", "--dialect", "logferry", "--url", "http://127.0.0.1:1"),
    ("destinations", "remove", "home"),
    ("consent", "grant", "home", "--yes"),
    ("consent", "revoke", "home"),
    ("logout", "home"),
)


@pytest.mark.parametrize("argv", READING + DOING, ids=" ".join)
def test_without_a_daemon_the_exit_code_is_three_and_the_hint_says_what_to_do(
    logferry: Command, argv: tuple[str, ...]
) -> None:
    ran = logferry(*argv)
    assert (ran.code, ran.out) == (Exit.NO_DAEMON, "")
    assert "not running" in ran.err
    assert "logferry run" in ran.err


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        (("statsu",), "status"),
        (("inspct", "."), "inspect"),
        (("sessions", "lst"), "list"),
        (("collector", "kyes"), "keys"),
        (("collector", "keys", "creat", "me"), "create"),
    ],
)
def test_a_misspelt_verb_is_guessed(logferry: Command, wrong: tuple[str, ...], meant: str) -> None:
    ran = logferry(*wrong)
    assert ran.code == Exit.USAGE
    assert f'Did you mean "{meant}"?' in ran.err


def test_a_word_like_no_verb_is_answered_with_the_verbs(logferry: Command) -> None:
    ran = logferry("sources", "xyzzy")
    assert ran.code == Exit.USAGE
    assert "Known: list, add, test, remove." in ran.err


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("sources",),
        ("sources", "add"),
        ("recipe", "test"),
        ("upload",),
        ("retry",),
        ("upload", "abcd", "--all"),
        ("status", "--js"),
        ("pause", "--for", "soon"),
        ("pause", "--for", "0m"),
        ("pause", "--for", "9" * 5000 + "d"),
        ("login", "home", "hunter2"),
        ("login", "home", "--secret", "hunter2"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_is_usage(logferry: Command, argv: tuple[str, ...]) -> None:
    assert logferry(*argv).code == Exit.USAGE


def arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Of it and all its verbs."""
    for one in parser._actions:
        if isinstance(one, argparse._SubParsersAction):
            for inner in one.choices.values():
                yield from arguments(inner)
        else:
            yield parser.prog, one


def test_help_explains_every_argument_of_every_verb() -> None:
    known = list(arguments(command_line()))
    assert len(known) > 100
    assert [f"{prog} {one.dest}" for prog, one in known if not one.help] == []


@pytest.mark.parametrize("length", ["31d", "99999999999999d", "9" * 100 + "h", "2592001s"])
def test_a_pause_beyond_a_month_is_usage_with_the_limit(logferry: Command, length: str) -> None:
    ran = logferry("pause", "--for", length)
    assert ran.code == Exit.USAGE
    assert "at most 30 days" in ran.err


@pytest.mark.parametrize("argv", [("--help",), ("sessions", "--help"), ("--version",)], ids=" ".join)
def test_help_and_version_are_no_mistakes(logferry: Command, argv: tuple[str, ...]) -> None:
    ran = logferry(*argv)
    assert ran.code == Exit.DONE
    assert "logferry" in ran.out


@pytest.mark.parametrize("argv", [("status",), ("sources", "list"), ("sessions", "list"), ("doctor",)], ids=" ".join)
def test_nothing_is_coloured_in_a_pipe(logferry: Command, daemon: ThreadedDaemon, argv: tuple[str, ...]) -> None:
    ran = logferry(*argv)
    assert ran.code == Exit.DONE
    assert "\x1b" not in ran.out + ran.err


def test_the_servers_trouble_is_told_with_its_hint(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("sources", "add", "astemis", "--path", ".")
    assert ran.code == Exit.FAILED
    assert "There is no tracker astemis." in ran.err
    assert "See recipe list." in ran.err


def test_a_verb_imports_nothing_heavy_before_it_is_needed() -> None:
    heavy = ("aiohttp", "rich", "sqlalchemy", "psutil", "pydantic", "asyncio", "logferry_collector", "PIL")
    program = (
        "import sys, logferry.__main__ as m; m.command_line().parse_args(['status']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_it_runs_as_a_module_and_as_a_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "logferry", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("logferry ")
