"""`run` and `tray`: the programs that stay, in the foreground."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import home
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb


def add(verbs: Verbs) -> None:
    """The programs that stay."""
    verb(verbs, "run", "run the daemon in the foreground", run)
    verb(verbs, "tray", "show the tray icon", tray)


def run(_: Namespace, _out: Output) -> Exit:
    """The daemon, until Ctrl-C."""
    from logferry_daemon.compose import run as run_daemon

    return Exit(run_daemon(home()))


def tray(_: Namespace, _out: Output) -> Exit:
    """The tray icon, until its menu says so."""
    from logferry_tray.app import main as run_tray

    return Exit(run_tray(home().runtime))
