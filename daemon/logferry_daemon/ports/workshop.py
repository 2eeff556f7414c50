"""Where letters are made."""

from __future__ import annotations

from typing import Protocol

from logferry_daemon.core.exchange import Dialect
from logferry_daemon.core.writing import Errand, Written


class Workshop(Protocol):
    """Does the work of a delivery, off the event loop. The same errand makes the same bytes in each of them."""

    async def write(self, errand: Errand, dialect: Dialect) -> Written:
        """The letter; Refused `would-leak` when something private is left.

        Damaged `worker-lost` when the process that was to make it is gone over it.
        """
        ...
