"""Who owns this computer, as its logs may give it away."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

from logferry_daemon.core.detectors import Surroundings


def surroundings() -> Surroundings:
    """The account, the computer and the home folder; empty where the system does not tell."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # the latter below Python 3.13
        user = ""
    try:
        home = str(Path.home())
    except RuntimeError:
        home = ""
    return Surroundings(user=user, host=socket.gethostname().partition(".")[0], home=home)
