"""The spool as the place where keys are looked for, and the keys as whoever reads logs needs them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from logferry_daemon.core.known_secrets import Secrets
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What a search found and took away."""

    sessions: tuple[SessionId, ...] = ()
    """Only an empty frame of each is left."""
    stopped: tuple[str, ...] = ()
    """Deliveries whose letters must not be sent any more, also when they are under way."""
    sent: int = 0
    """Of the sessions' deliveries, how many had arrived before."""
    anything: bool = False
    """Whether anything at all was taken away: `scrub` is to follow."""


class Withholding(Protocol):
    """The spool as the place where keys are looked for."""

    async def withhold(self, secrets: Secrets) -> Withheld:
        """Make an empty frame, which is never sent, of each session in which one of these stands.

        Texts and letters with one in them are forgotten. The spool answers others meanwhile.
        """
        ...

    async def forget_letters(self, deliveries: Sequence[str]) -> None:
        """These are written anew, under other keys, but for what has arrived."""
        ...


class KeysInSight(Protocol):
    """The keys of all destinations that can be had without asking anybody."""

    def reading(self) -> AbstractAsyncContextManager[Secrets]:
        """For whoever reads and keeps until it is left."""
        ...
