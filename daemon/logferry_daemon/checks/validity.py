"""Do the destinations take the keys that are kept for them?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from logferry_daemon.checks.check import Check
from logferry_daemon.core.validity import Invalid, Valid, Validity
from logferry_daemon.fleet import Fleet
from logferry_daemon.key_trial import KeyTrial


@dataclass(frozen=True, slots=True)
class ValidityCheck:
    """Asks those that can be asked, all at once: somebody waits."""

    fleet: Fleet
    trial: KeyTrial

    async def run(self) -> AsyncIterator[Check]:
        """One finding for each of them."""
        names = [name for name in self.fleet.destinations() if self.trial.can_be_asked(name)]
        for name, said in zip(names, await asyncio.gather(*map(self.trial.of, names)), strict=True):
            yield _check(name, said)


def _check(name: str, said: Validity) -> Check:
    about = f"key of {name}"
    match said:
        case Valid():
            whose = f", as {said.account}" if said.account else ""
            return Check(name=about, level="ok", message=f"The destination takes it{whose}.")
        case Invalid():
            hint = said.hint or f"Give it another one: logferry login {name}"
            return Check(
                name=about, level="problem", message=f"The destination does not take it: {said.reason}.", hint=hint
            )
    return Check(name=about, level="advice", message=f"It could not be checked: {said.reason}.")
