"""The network: requests, keys that are shown, who says to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from logferry_daemon.core.discovery import Candidate
from logferry_daemon.core.exchange import Request, Response
from logferry_model.fingerprint import Fingerprint


class Sender(Protocol):
    """Carries one request to a destination and brings back the whole answer."""

    async def send(
        self, url: str, request: Request, secret: Mapping[str, str], pin: Fingerprint | None = None
    ) -> Response:
        """Unreachable when there is no whole answer; follows nothing, keeps nothing.

        With a pin nothing is written to anybody but the holder of this key: Unreachable `pin-changed` tells of another.
        """
        ...


class Fingerprints(Protocol):
    """Which keys are shown where."""

    async def look(self, url: str) -> Fingerprint:
        """Of the key at this https address now, without a request; Unreachable when there is none."""
        ...


class NetworkNews(Protocol):
    """Tells that this computer's network may be another one. A hint: nothing depends on it but how soon."""

    def changes(self) -> AsyncIterator[None]:
        """One item for every burst of changes, until cancelled; ends where nobody tells."""
        ...


class Discovery(Protocol):
    """Who on the local network says to be a collector."""

    async def browse(self, duration: timedelta) -> Sequence[Candidate]:
        """Everybody who answers in that time; proves nothing. Unreachable when nobody can be asked."""
        ...
