"""The spool in SQLite. Each method is one transaction: what it says is done is on the disk when it returns.

Its parts stand in `spool_*.py`, and this file only joins them. SQL stands in sql/, the states a delivery may take in
core/delivery.py, the database's own manners in database_sqlite.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.spool_asking import AskingInSqlite
from logferry_daemon.adapters.spool_choices import ChoicesInSqlite
from logferry_daemon.adapters.spool_claiming import ClaimingInSqlite
from logferry_daemon.adapters.spool_clock import ClockInSqlite
from logferry_daemon.adapters.spool_evenings import EveningsInSqlite
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_history import HistoryInSqlite
from logferry_daemon.adapters.spool_intake import IntakeInSqlite
from logferry_daemon.adapters.spool_ledger import LedgerInSqlite
from logferry_daemon.adapters.spool_notes import NotesInSqlite
from logferry_daemon.adapters.spool_orders import OrdersInSqlite
from logferry_daemon.adapters.spool_outcomes import OutcomesInSqlite
from logferry_daemon.adapters.spool_partials import PartialsInSqlite
from logferry_daemon.adapters.spool_players import PlayersInSqlite
from logferry_daemon.adapters.spool_room import Room
from logferry_daemon.adapters.spool_withholding import WithholdingInSqlite
from logferry_daemon.core.queue_bound import Bound
from logferry_daemon.core.recut import Recount, uncounted
from logferry_daemon.ports import Chance
from logferry_daemon.sql.load import load_migrations, load_queries
from logferry_model.errors import LogferryError

USUAL = Bound()
_PROBE = "probe"


@asynccontextmanager
async def open_spool(
    path: Path,
    chance: Chance,
    sender: rows.SenderFacts,
    recount: Recount = uncounted,
    *,
    bound: Bound = USUAL,
    damaged: Callable[[], None] | None = None,
) -> AsyncIterator[SqliteSpool]:
    """The spool in `path`, made or brought up to date; what was being sent when it was last closed is pending again.

    `recount` counts what is recut; `bound` is how much may wait in it; `damaged` is called, on another thread,
    when its file turns out not to be what was written.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool") as thread:
        database = Database(path, thread, named_queries())
        spool = SqliteSpool(database, chance, sender, Filing(chance, recount), bound=bound)
        database.damaged = damaged or database.damaged
        try:
            await database.run(spool.open)
            yield spool
        finally:
            await database.run(database.close)


def named_queries() -> Mapping[str, str]:
    """Every statement the spool runs, by its name."""
    rooms = ("spool", "identities", "removals", "remnants", "history", "withholding", "evenings", "partials", "filters")
    files = [f"{room}.sql" for room in (*rooms, "asking", "clock")]
    return {name: text for file in files for name, text in load_queries(file).items()}


class SqliteSpool(
    PlayersInSqlite,
    IntakeInSqlite,
    PartialsInSqlite,
    ClaimingInSqlite,
    ClockInSqlite,
    OutcomesInSqlite,
    AskingInSqlite,
    EveningsInSqlite,
    LedgerInSqlite,
    OrdersInSqlite,
    HistoryInSqlite,
    ChoicesInSqlite,
    NotesInSqlite,
    WithholdingInSqlite,
):
    """Intake, outbox, ledger, history, choices, roster, removals and withholding over one database."""

    def __init__(
        self,
        database: Database,
        chance: Chance,
        sender: rows.SenderFacts,
        filing: Filing,
        *,
        bound: Bound = USUAL,
    ) -> None:
        super().__init__(database)
        self._chance = chance
        self._sender = sender
        self._filing = filing
        self._lent: set[str] = set()
        """Deliveries that somebody claimed and has not told the end of."""
        self._room = Room(bound)
        database.unsettled = self._take_back

    def open(self) -> None:
        """Open, migrate, recover. Runs on the database's thread."""
        self.database.open(load_migrations())
        with self.database.writing() as query:
            self._recover(query, query("left_uploading"))

    @property
    def trouble(self) -> LogferryError | None:
        """Why it could not be used the last time; None once something was written since."""
        return self.database.trouble or self._room.trouble

    async def measure(self) -> None:
        """Whether there is room again."""
        await self.database.look(lambda: self._room.measure(self.database.query))

    async def probe(self) -> None:
        """A note that nobody reads."""
        await self.set_note(_PROBE, self._chance.token())

    def _take_back(self) -> None:
        """Claims that nobody heard of: their transaction was said to have failed, and is on the disk all the same."""
        unknown = [row for row in self.database.query("left_uploading") if row["id"] not in self._lent]
        if unknown:
            with self.database.writing() as query:
                self._recover(query, unknown)
