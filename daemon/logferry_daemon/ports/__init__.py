"""What the daemon needs of the world, one small Protocol a role. Every adapter and its fake passes the same tests."""

from logferry_daemon.ports.choices import Choices, Roster, Seen
from logferry_daemon.ports.credentials import Credentials, KeyNote
from logferry_daemon.ports.intake import (
    NO_SUMMARIES,
    Admitted,
    FileRow,
    Intake,
)
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
    Foreground,
    LogFiles,
    Processes,
    Program,
    Watcher,
)
from logferry_daemon.ports.network import Discovery, Fingerprints, NetworkNews, Sender
from logferry_daemon.ports.notes import (
    HEEDED,
    UNASKED,
    destination_note,
    earlier,
    followed,
    own_key_lost_note,
    own_key_note,
    place_note,
    since_at_most,
    source_note,
    terms_note,
    trackers_in,
    trackers_note,
    trackers_text,
)
from logferry_daemon.ports.outbox import Claimed, DeliveryRow, Outbox
from logferry_daemon.ports.reading_room import ReadingRoom
from logferry_daemon.ports.remnants import RemnantRow, Remnants
from logferry_daemon.ports.removals import CopyRow, DeletedRow, Removals, Removed
from logferry_daemon.ports.spool import Spool
from logferry_daemon.ports.storage import Storage
from logferry_daemon.ports.waiting import Waiting
from logferry_daemon.ports.withholding import KeysInSight, Withheld, Withholding
from logferry_daemon.ports.workshop import Workshop

__all__ = [
    "CLOSED",
    "HEEDED",
    "NO_SUMMARIES",
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
    "Foreground",
    "History",
    "Intake",
    "KeyNote",
    "KeysInSight",
    "Ledger",
    "LogFiles",
    "NetworkNews",
    "Outbox",
    "Processes",
    "Program",
    "ReadingRoom",
    "ReceiptRow",
    "Recutting",
    "RemnantRow",
    "Remnants",
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
    "Waiting",
    "Watcher",
    "Withheld",
    "Withholding",
    "Workshop",
    "destination_note",
    "earlier",
    "followed",
    "own_key_lost_note",
    "own_key_note",
    "place_note",
    "since_at_most",
    "source_note",
    "terms_note",
    "trackers_in",
    "trackers_note",
    "trackers_text",
]
