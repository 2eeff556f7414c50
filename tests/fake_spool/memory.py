"""All parts of the spool in memory, as `spool_sqlite.py` joins those in SQLite."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fake_spool.choices import ChoicesInMemory
from tests.fake_spool.claiming import Claiming
from tests.fake_spool.clock import Waits
from tests.fake_spool.evenings import Evenings
from tests.fake_spool.intake import IntakeInMemory
from tests.fake_spool.ledger import LedgerInMemory
from tests.fake_spool.notes import Notes
from tests.fake_spool.orders import Orders
from tests.fake_spool.partials import Partials
from tests.fake_spool.removals import RemovalsInMemory
from tests.fake_spool.withholding import WithholdingInMemory


@dataclass
class MemorySpool(
    IntakeInMemory,
    Partials,
    Claiming,
    Waits,
    Evenings,
    LedgerInMemory,
    Orders,
    ChoicesInMemory,
    Notes,
    RemovalsInMemory,
    WithholdingInMemory,
):
    """Intake, outbox, ledger, history, choices, roster, removals and withholding, in dictionaries."""

    def restart(self) -> None:
        """The daemon was ended and started."""
        self._recover(self._all())
