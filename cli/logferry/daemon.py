"""Reaches the running daemon of this home. Starts none."""

from __future__ import annotations

import os

from logferry_daemon.home import Home
from logferry_ipc.client import DaemonClient

NOT_RUNNING = "daemon-not-running"
"""The code of the error that a missing daemon causes."""


def home() -> Home:
    """Where this installation keeps its things."""
    return Home.find(os.environ)


def daemon() -> DaemonClient:
    """A client of the daemon; it is looked for at the first call."""
    return DaemonClient(home().runtime)
