"""Reads the named queries and the migrations from beside this file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def load_queries(name: str) -> Mapping[str, str]:
    """Name -> statement, from a file of `-- name --` lines each followed by one statement."""
    _, *parts = _NAME.split(files(__package__).joinpath(name).read_text("utf-8"))
    return {title: body.strip().removesuffix(";") for title, body in zip(parts[::2], parts[1::2], strict=True)}


def load_migrations() -> tuple[str, ...]:
    """The scripts in order; the first takes an empty database to version 1."""
    folder = files(__package__).joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text("utf-8") for name in names)
