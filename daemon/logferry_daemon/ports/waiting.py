"""The spool as the place where waits are written down by the clock on the wall."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Waiting(Protocol):
    """What is tried again at a time: deliveries, and what is to be deleted."""

    async def see_through(self, now: datetime) -> int:
        """What waits since a moment that is in the future now waits once more from now on; how much that is.

        What is followed since then is followed since now: else whatever is played until then would count as old.
        """
        ...
