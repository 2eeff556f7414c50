"""All roles of the spool together."""

from __future__ import annotations

from typing import Protocol

from logferry_daemon.ports.choices import Choices, Roster
from logferry_daemon.ports.intake import Intake
from logferry_daemon.ports.ledger import History, Ledger
from logferry_daemon.ports.outbox import Outbox
from logferry_daemon.ports.remnants import Remnants
from logferry_daemon.ports.removals import Removals
from logferry_daemon.ports.storage import Storage
from logferry_daemon.ports.waiting import Waiting
from logferry_daemon.ports.withholding import Withholding


class Spool(
    Intake, Outbox, Ledger, History, Choices, Roster, Removals, Remnants, Withholding, Storage, Waiting, Protocol
):
    """All eleven; one adapter, one database, one writer."""
