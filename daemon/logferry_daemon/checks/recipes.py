"""Can all of the owner's own recipes be used?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from logferry_daemon.checks.check import Check
from logferry_daemon.core.reading import Trouble


@dataclass(frozen=True, slots=True)
class RecipesCheck:
    """Looks at what was wrong with them when the daemon started."""

    troubles: Sequence[Trouble]

    async def run(self) -> AsyncIterator[Check]:
        """One finding for each that is broken."""
        hint = "Mend it, try it with: logferry recipe test --recipe FILE, and start the daemon again."
        for trouble in self.troubles:
            yield Check(name="recipes", level="problem", message=trouble.message, hint=hint)
