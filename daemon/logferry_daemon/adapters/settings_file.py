"""Edits the settings file as its owner would: adds and removes one table, leaves comments and order alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import tomlkit
from tomlkit.items import InlineTable

from logferry_daemon.settings import Settings, parse_settings
from logferry_model.errors import Misconfigured


class SettingsFile:
    """The one settings file; every change is checked as a whole before it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, section: str, name: str, values: Mapping[str, str | Sequence[str]]) -> Settings:
        """The settings with `[section.name]`; Misconfigured when they would not be valid."""
        document = self._document()
        if section not in document:
            document[section] = tomlkit.table(is_super_table=True)
        table = tomlkit.table()
        table.update({key: _item(value) for key, value in values.items()})
        document[section][name] = table
        return self._write(document)

    def change(
        self, section: str, name: str, values: Mapping[str, str | Sequence[str] | Mapping[str, str]]
    ) -> Settings:
        """The settings with these values in `[section.name]`, which is there; the rest of it stays.

        A mapping among them is a table in that table, of which the rest stays, too.
        """
        document = self._document()
        self._require(document, section, name)
        table = document[section][name]
        for key, value in values.items():
            if not isinstance(value, Mapping):
                table[key] = _item(value)
            else:
                # A table that was written on one line can only hold others of its kind.
                empty = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table()
                if key not in table:
                    table[key] = empty
                table[key].update(value)
        return self._write(document)

    def remove(self, section: str, name: str) -> Settings:
        """The settings without `[section.name]`."""
        document = self._document()
        self._require(document, section, name)
        del document[section][name]
        return self._write(document)

    def _require(self, document: tomlkit.TOMLDocument, section: str, name: str) -> None:
        if name not in document.get(section, {}):
            said = f'"{name}" is not in the settings file; it may be set in the environment.'
            raise Misconfigured("not-in-file", said, hint="Change or remove it where it was set.")

    def _document(self) -> tomlkit.TOMLDocument:
        try:
            return tomlkit.parse(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return tomlkit.document()
        except (OSError, ValueError) as error:
            raise self._unusable(f"cannot be read: {error}") from error

    def _write(self, document: tomlkit.TOMLDocument) -> Settings:
        text = tomlkit.dumps(document)
        settings = parse_settings(text, self._path)
        try:
            self._replace(text)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from error
        return settings

    def _replace(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._path)

    def _unusable(self, what: str) -> Misconfigured:
        hint = f"Mend {self._path} and try again."
        return Misconfigured("settings-unreadable", f"The settings file {what}.", hint=hint)


def _item(value: str | Sequence[str]) -> str | list[str]:
    """As the file holds it."""
    return value if isinstance(value, str) else list(value)
