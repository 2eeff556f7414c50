"""What sources hand to the spool: sessions, positions and papers, each time in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database
from logferry_daemon.adapters.papers_sqlite import forget_papers, note_papers
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_room import Room
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.reading import Paper
from logferry_daemon.ports import NO_SUMMARIES, Admitted, FileRow


class IntakeInSqlite:
    """The intake, over the database that the rest of the spool is in."""

    database: Database
    _filing: Filing
    _room: Room

    async def files(self, source: str) -> Sequence[FileRow]:
        """Everything remembered about a source's files."""
        return [rows.file_row(row) for row in await self.database.read("files_of_source", source=source)]

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        """The file is gone, and the papers in it; its sessions stay."""

        def work() -> None:
            with self.database.writing() as query:
                forget_papers(self.database.opened(), source, path, now)
                query("forget_file", source=source, path=path)

        await self.database.run(work)

    async def admit(
        self,
        row: FileRow,
        sessions: Sequence[NewSession],
        destinations: Sequence[str],
        now: datetime,
        papers: Sequence[Paper] | None = None,
        *,
        summaries: Mapping[str, int] = NO_SUMMARIES,
    ) -> Sequence[Admitted]:
        """Sessions, deliveries, papers and position in one transaction."""

        def work() -> list[Admitted]:
            with self.database.writing() as query:
                self._room.check(query, sessions)
                filing, source, to = self._filing, row.source, destinations
                admitted = [filing.admit(query, source, one, to, now, summaries=summaries) for one in sessions]
                if papers is not None:
                    note_papers(self.database.opened(), row.source, row.path, papers, now)
                query("keep_file", **rows.file_values(row))
            self._room.taken(sessions)
            return [one for some in admitted for one in some]

        return await self.database.run(work)
