"""Hands a request to whoever carries such addresses: a folder of this computer, or the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.places import is_folder
from logferry_daemon.ports import Sender
from logferry_model.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class SenderByScheme:
    """The port `Sender`, by two others."""

    network: Sender
    folder: Sender

    async def send(
        self, url: str, request: Request, secret: Mapping[str, str], pin: Fingerprint | None = None
    ) -> Response:
        """What the right one answers."""
        sender = self.folder if is_folder(url) else self.network
        return await sender.send(url, request, secret, pin)
