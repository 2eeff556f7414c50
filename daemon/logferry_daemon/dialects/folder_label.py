"""Which session a file in a folder is, by what it says itself and by its name. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from logferry_daemon.dialects.native import slug

SUFFIX = ".json"


class _Inside(msgspec.Struct):
    id: str


class Label(msgspec.Struct):
    """Of a file that Logferry wrote, which session it is."""

    tracker: str
    natural_key: str
    revision: int
    install_id: str
    started_at: datetime
    payload: _Inside

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{slug(self.tracker)}-{self.started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}{ending(self.payload.id)}"


def label_of(body: bytes) -> Label | None:
    """Which session a file is; None where Logferry did not write it."""
    try:
        return msgspec.json.decode(body, type=Label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def ending(session: str) -> str:
    """What the names of its files end with."""
    return f"-{session}{SUFFIX}"


def is_session(there: Label | None, session: str) -> bool:
    """Whether Logferry wrote it of this session."""
    return there is not None and there.payload.id == session


def is_of(there: Label | None, label: Label) -> bool:
    """Whether it is the same session, of whatever revision."""
    return there is not None and (there.payload.id, there.natural_key) == (label.payload.id, label.natural_key)


def overtakes(there: Label | None, label: Label) -> bool:
    """Whether the same installation wrote a newer revision: another one counts its own."""
    return (
        there is not None
        and is_of(there, label)
        and there.install_id == label.install_id
        and there.revision > label.revision
    )
