"""Where secrets are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from logferry_daemon.core.gate import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNote:
    """One thing that the owner should know about where a key is. Never holds the key."""

    code: str
    message: str
    hint: str


class Credentials(Protocol):
    """Secrets of destinations. Only the daemon touches them."""

    async def access(self, destination: str) -> Access:
        """Whether there is one and it can be had."""
        ...

    async def secret(self, destination: str) -> str | None:
        """The secret, or None unless `access` is available."""
        ...

    async def keep(self, destination: str, secret: str, *, insecure: bool) -> None:
        """Store it and read it back; Misconfigured says why it could not be kept."""
        ...

    async def forget(self, destination: str, *, quiet: bool = False) -> None:
        """Delete it everywhere it may be; `quiet` where nobody is there to unlock anything."""
        ...

    async def origin(self, destination: str) -> str:
        """Who laid this destination's key down, in words; empty where it was given to Logferry itself."""
        ...

    async def notes(self, destinations: Sequence[str]) -> Sequence[KeyNote]:
        """What the owner should know about where the keys of these are."""
        ...

    async def own_key(self, name: str) -> tuple[Access, str | None]:
        """A key of the installation itself, 64 hex digits; None unless it is there and can be had."""
        ...

    async def make_own_key(self, name: str) -> tuple[Access, str | None]:
        """As `own_key`; made up and kept where there is none. Still absent: there is nowhere to keep it."""
        ...
