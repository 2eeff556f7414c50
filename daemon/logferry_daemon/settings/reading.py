"""Reads the tree; whatever is wrong is said with the file, the key and the likely one."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from logferry_daemon.settings.places import DestinationSettings, SourceSettings
from logferry_daemon.settings.tree import Settings
from logferry_model.errors import Misconfigured


def load_settings(file: Path) -> Settings:
    """The tree; a missing file is an empty one. Misconfigured names the file, the key and the likely one."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(file, f"cannot be read: {error}") from error
    return parse_settings(text, file)


def parse_settings(text: str, file: Path) -> Settings:
    """The tree in `text`."""
    try:
        return Settings(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, f"is not TOML: {error}") from error
    except ValidationError as error:
        raise _bad(file, _first(error)) from error
    except SettingsError as error:
        raise Misconfigured(
            "settings-unreadable",
            f"A variable LOGFERRY_... of the environment is not readable: {error}.",
            hint="Correct or remove it and start again.",
        ) from error


def _bad(file: Path, what: str) -> Misconfigured:
    said = what if what.endswith("?") else f"{what.rstrip('.')}."
    return Misconfigured("settings-unreadable", f"The settings file {said}", hint=f"Mend {file} and start again.")


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return f"does not fit together: {first['msg'].removeprefix('Value error, ')}"
    *place, key = [str(part) for part in first["loc"]]
    where = f"[{'.'.join(place)}]" if place else "the top"
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, _fields(Settings, place), n=1)
        guess = f'; did you mean "{near[0]}"?' if near else ""
        return f'has an unknown key "{key}" in {where}{guess}'
    return f'has a wrong "{key}" in {where}: {first["msg"].removeprefix("Value error, ")}'


def _fields(model: type[BaseModel], place: list[str]) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = model.model_fields
    for part in place:
        inner = getattr(fields.get(part), "annotation", None)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            fields = inner.model_fields
    if place and place[0] == "sources":
        return SourceSettings.model_fields
    return DestinationSettings.model_fields if place and place[0] == "destinations" else fields
