"""The spool as the keeper of what its owner decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.identities import Binding, Player
from logferry_daemon.core.policy import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A player whose sessions there are for a destination."""

    destination: str
    player: Player
    sessions: int
    waiting: int
    """Of these, how many have a pending delivery."""


class Choices(Protocol):
    """The spool as the keeper of what its owner decided."""

    async def grants(self) -> Mapping[str, Grant]:
        """Destination -> agreement."""
        ...

    async def grant(self, grant: Grant) -> None:
        """Record an agreement; what was written on other terms and not sent is forgotten, and written again."""
        ...

    async def revoke(self, destination: str) -> None:
        """Take it back."""
        ...

    async def keep_only(self, groups: Collection[Group]) -> None:
        """Forget every text that was kept for a destination, but of these groups: none of it is left in the files."""
        ...

    async def enlist(self, destination: str, place: str, now: datetime) -> int:
        """A delivery of every session to a destination that has none of it yet; how many there were.

        `place` stands for the address behind the name. When it is another one than before, what was uploaded there is
        filed under `earlier(...)` and counts for nothing here; when it is one of before, it counts again.
        """
        ...

    async def dismiss(self, destination: str) -> None:
        """Forget the unsent deliveries and the agreement of a destination that is gone, and file the uploaded ones."""
        ...

    async def note(self, key: str) -> str | None:
        """A small fact that survives a restart."""
        ...

    async def set_note(self, key: str, value: str | None) -> None:
        """Remember it, or forget it."""
        ...


class Roster(Protocol):
    """The spool as it knows who played, and whose sessions may go where."""

    async def seen(self) -> Sequence[Seen]:
        """Every player of a session that is for a destination, by destination and player."""
        ...

    async def bindings(self) -> Sequence[Binding]:
        """Everything the owner said of players, by destination, tracker and identity."""
        ...

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Remember answers in place of those that they make void."""
        ...

    async def unbind(self, destination: str, tracker: str, identity: str) -> int:
        """Forget the answers that one about these would make void; how many there were."""
        ...
