"""`run` and `tray`: the programs that stay, in the foreground."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress

from logferry.daemon import home
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb


def add(verbs: Verbs) -> None:
    """The programs that stay."""
    verb(verbs, "run", "run the daemon in the foreground", run)
    verb(verbs, "tray", "show the tray icon", tray)


def run(_: Namespace, out: Output) -> Exit:
    """The daemon, until Ctrl-C; who started it by hand is told that it is up, and what waits when it ends."""
    from logferry_daemon.compose import Starter
    from logferry_daemon.compose import run as run_daemon

    place = home()

    def say(*lines: str) -> None:
        with suppress(OSError):  # a terminal that was closed ends no daemon
            for each in lines if out.watched else ():
                out.note(each)

    starter = Starter(
        ready=lambda: say(
            "Logferry runs (Ctrl-C ends it). How things stand: logferry status", f"Its log: {place.log_file}"
        ),
        ended=lambda waits: say(f"Logferry ends: {waits or 'nothing waits.'}"),
    )
    return Exit(run_daemon(place, starter))


def tray(_: Namespace, _out: Output) -> Exit:
    """The tray icon, until its menu says so."""
    from logferry_tray.app import main as run_tray

    return Exit(run_tray(home().runtime))
