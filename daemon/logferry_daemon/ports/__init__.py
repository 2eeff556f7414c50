"""What the daemon needs of the world, one small Protocol a role. Every adapter and its fake passes the same tests."""

from logferry_daemon.ports.choices import Choices, Roster, Seen
from logferry_daemon.ports.credentials import Credentials, KeyNote
from logferry_daemon.ports.intake import Admitted, FileRow, Intake, NewSession, heard_of, version_of
from logferry_daemon.ports.ledger import (
    Backlog,
    History,
    Ledger,
    ReceiptRow,
    Recutting,
    Sent,
    SessionRow,
    StillRuns,
    Totals,
    UnknownSession,
)
from logferry_daemon.ports.machine import (
    CLOSED,
    Chance,
    Clock,
    Databases,
    FileSeen,
    LogFiles,
    Processes,
    Program,
    Watcher,
)
from logferry_daemon.ports.network import Discovery, Fingerprints, NetworkNews, Sender
from logferry_daemon.ports.notes import (
    UNASKED,
    destination_note,
    earlier,
    followed,
    own_key_note,
    place_note,
    source_note,
    terms_note,
    trackers_in,
    trackers_note,
    trackers_text,
)
from logferry_daemon.ports.outbox import Claimed, DeliveryRow, Outbox
from logferry_daemon.ports.removals import CopyRow, DeletedRow, Removals, Removed
from logferry_daemon.ports.spool import Spool
from logferry_daemon.ports.storage import Storage
from logferry_daemon.ports.withholding import KeysInSight, Withheld, Withholding
from logferry_daemon.ports.workshop import Workshop

__all__ = [
    "CLOSED",
    "UNASKED",
    "Admitted",
    "Backlog",
    "Chance",
    "Choices",
    "Claimed",
    "Clock",
    "CopyRow",
    "Credentials",
    "Databases",
    "DeletedRow",
    "DeliveryRow",
    "Discovery",
    "FileRow",
    "FileSeen",
    "Fingerprints",
    "History",
    "Intake",
    "KeyNote",
    "KeysInSight",
    "Ledger",
    "LogFiles",
    "NetworkNews",
    "NewSession",
    "Outbox",
    "Processes",
    "Program",
    "ReceiptRow",
    "Recutting",
    "Removals",
    "Removed",
    "Roster",
    "Seen",
    "Sender",
    "Sent",
    "SessionRow",
    "Spool",
    "StillRuns",
    "Storage",
    "Totals",
    "UnknownSession",
    "Watcher",
    "Withheld",
    "Withholding",
    "Workshop",
    "destination_note",
    "earlier",
    "followed",
    "heard_of",
    "own_key_note",
    "place_note",
    "source_note",
    "terms_note",
    "trackers_in",
    "trackers_note",
    "trackers_text",
    "version_of",
]
