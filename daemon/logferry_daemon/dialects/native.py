"""The envelope as bytes, and names made from what is in it: for files that hold one. Pure."""

from __future__ import annotations

import re

import msgspec

from logferry_daemon.core.exchange import Parcel
from logferry_model.envelope import SCHEMA_VERSION, Envelope

_NO_NAME = re.compile(r"[^a-z0-9]+")


def envelope_of(parcel: Parcel) -> bytes:
    """The same as a collector gets, not packed."""
    return msgspec.json.encode(
        Envelope(
            schema_version=SCHEMA_VERSION,
            tracker=parcel.tracker,
            natural_key=parcel.natural_key,
            revision=parcel.revision,
            started_at=parcel.started_at,
            ended_at=parcel.ended_at,
            install_id=parcel.install_id,
            account=parcel.account,
            app_version=parcel.app_version,
            platform=parcel.platform,
            payload=msgspec.Raw(parcel.document),
            partial=parcel.partial,
        )
    )


def slug(text: str) -> str:
    """A part of a file's name, on any system."""
    return _NO_NAME.sub("-", text.lower()).strip("-")[:60] or "session"
