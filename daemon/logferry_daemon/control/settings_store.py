"""The settings file, as commands change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from logferry_daemon.settings import Settings

Value = str | Sequence[str]
"""A text, or a list of them."""


class SettingsStore(Protocol):
    """The settings file, as a command changes it."""

    def add(self, section: str, name: str, values: Mapping[str, Value]) -> Settings:
        """The settings with one more table."""
        ...

    def change(self, section: str, name: str, values: Mapping[str, Value | Mapping[str, str]]) -> Settings:
        """The settings with these values in a table that is there; a mapping is a table in it."""
        ...

    def remove(self, section: str, name: str) -> Settings:
        """The settings without it."""
        ...
