"""Where a collector keeps its database when nobody says. Computes a path; creates nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HOME_VARIABLE = "LOGFERRY_HOME"
"""The folder that keeps everything of one installation; the daemon looks at the same variable."""


def default_database(environ: Mapping[str, str]) -> Path:
    """Below LOGFERRY_HOME when it is set, else where the system wants such files: never in the current folder."""
    if home := environ.get(HOME_VARIABLE):
        root = Path(home).expanduser().absolute()
    else:
        from platformdirs import user_data_path  # noqa: PLC0415 -- LOGFERRY_HOME users need not wait for it

        root = user_data_path("logferry", appauthor=False)
    return root / "collector" / "collector.sqlite3"
