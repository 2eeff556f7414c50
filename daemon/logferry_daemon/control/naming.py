"""What a person may call a source or a destination, and what he hears of a name that nothing has."""

from __future__ import annotations

from collections.abc import Container

from logferry_daemon.core.places import reason_against_name
from logferry_model.errors import Misconfigured, Refused


def unknown(kind: str, name: str, command: str) -> Misconfigured:
    """There is none; `command` lists those that there are."""
    return Misconfigured(f"{kind}-unknown", f'There is no {kind} "{name}".', hint=f"See: {command}")


def check_name(name: str, taken: Container[str], kind: str) -> None:
    """Misconfigured where nothing can be called so, Refused where something is."""
    if reason := reason_against_name(name):
        raise Misconfigured("name-unusable", f'"{name}" cannot be the name of a {kind}.', hint=f"Please {reason}.")
    if name in taken:
        raise Refused("name-taken", f'There is a {kind} "{name}" already.', hint="Choose another name.")
