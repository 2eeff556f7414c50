"""Holds what the owner agreed to: destination by destination, and to which text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from logferry_daemon.core.consent import Grant, holds
from logferry_daemon.core.destination import Destination
from logferry_daemon.ports import Choices

_VOID = ""
"""No text has this digest."""


class Consents:
    """One for all destinations."""

    def __init__(self, choices: Choices, changed: Callable[[], None]) -> None:
        self._choices = choices
        self._changed = changed
        self._grants: Mapping[str, Grant] = {}
        self._looked: dict[str, tuple[Destination, Grant | None, bool]] = {}
        """What came of the last look at each: it is asked at every delivery, and the text is long."""

    async def load(self) -> None:
        """Read what the owner decided before."""
        self._grants = await self._choices.grants()

    def given(self, destination: Destination) -> bool:
        """Whether its owner agreed to exactly this destination and text."""
        grant = self._grants.get(destination.name)
        looked = self._looked.get(destination.name)
        if looked is None or looked[0] is not destination or looked[1] is not grant:
            looked = self._looked[destination.name] = destination, grant, holds(grant, destination.policy)
        return looked[2]

    def of(self, destination: str) -> Grant | None:
        """The agreement on record, of whatever text."""
        return self._grants.get(destination)

    async def agreed(self, grant: Grant) -> None:
        """The owner said yes."""
        await self._choices.grant(grant)
        await self._reload()

    async def outdated(self, destination: str) -> None:
        """What was agreed to is not what it is any more: it is asked for anew, also when it becomes that again."""
        grant = self._grants.get(destination)
        if grant is not None and grant.policy_digest != _VOID:
            # Not revoked: what was agreed to is shown beside what is to be agreed to.
            await self._choices.grant(replace(grant, policy_digest=_VOID))
            await self._reload()

    async def withdrawn(self, destination: str) -> None:
        """The owner said no."""
        await self._choices.revoke(destination)
        await self._reload()

    async def _reload(self) -> None:
        await self.load()
        self._changed()
