"""What to say where a part of Logferry was not installed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from logferry_model.errors import Misconfigured

EXTRAS: Mapping[str, str] = {
    "PIL": "tray",
    "alembic": "collector",
    "jinja2": "collector",
    "psycopg": "postgres",
    "pystray": "tray",
    "sqlalchemy": "collector",
}
"""Modules that the daemon needs none of, and the extra that brings each."""


def not_installed(error: ModuleNotFoundError) -> Misconfigured | None:
    """The trouble behind a missing module; None where that is a mistake of ours."""
    module = (error.name or "").partition(".")[0]
    if module not in EXTRAS:
        return None
    return Misconfigured(
        "not-installed",
        f"This part of Logferry is not installed: {module} is missing.",
        hint=f'Install it with: pip install "logferry[{EXTRAS[module]}]"',
    )
