"""The tray program, put together: a view on the main thread, a follower beside it. A process of its own, always."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import Identity, Status
from logferry_tray.clipboard import Clipboard
from logferry_tray.follow import Follower
from logferry_tray.menu import Act, Command, menu
from logferry_tray.view_pystray import NoTray, View, load

ADVICE = 'No system tray here; "logferry status --watch" shows the same.\n'


def main(runtime_dir: Path) -> int:
    """Show the daemon of `runtime_dir` until Quit; 0 also where there is no tray, so that nothing starts it again."""
    try:
        _run(runtime_dir)
    except NoTray:
        sys.stdout.write(ADVICE)
    return 0


def _run(runtime_dir: Path) -> None:
    def show(status: Status | None, players: Sequence[Identity]) -> None:
        view.show(menu(status, players))

    def press(command: Command) -> None:
        if command.act is Act.QUIT:
            view.close()
        else:
            follower.submit(command)

    view = View(load(), press=press)
    daemon = DaemonClient(runtime_dir)
    follower = Follower(daemon, show=show, complain=view.notify, open_page=webbrowser.open, copy=Clipboard().copy)
    try:
        view.run(menu(None), started=follower.start)
    finally:
        follower.stop()
