"""What sources hand to the spool: sessions, positions and papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.identities import UNSURE
from logferry_daemon.core.new_session import NewSession, summarised, version_of
from logferry_daemon.core.papers import Journaled, changes
from logferry_daemon.core.reading import Paper
from logferry_daemon.core.revision import is_news
from logferry_daemon.ports import NO_SUMMARIES, Admitted, FileRow
from tests.fake_spool.recutting import RecuttingInMemory
from tests.fake_spool.room import Room


class IntakeInMemory(RecuttingInMemory, Room):
    """The intake."""

    async def files(self, source: str) -> Sequence[FileRow]:
        return [row for row in self._files.values() if row.source == source]

    async def forget_file(self, source: str, path: str, now: datetime) -> None:
        self._writable()
        self._note_papers((source, path), (), now)
        self._files.pop((source, path), None)

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
        self._writable()
        self._check_room(sessions)
        if papers is not None:
            self._note_papers((row.source, row.path), papers, now)
        admitted = [self._admit(row.source, one, destinations, now, summaries) for one in sessions]
        self._files[row.source, row.path] = row
        self.no_room = None if sessions else self.no_room
        return [one for some in admitted for one in some]

    def _admit(
        self,
        source: str,
        new: NewSession,
        destinations: Sequence[str],
        now: datetime,
        summaries: Mapping[str, int],
    ) -> list[Admitted]:
        if new.session.id in self._deleted:
            return []
        known = self._sessions.get(new.session.id)
        name = next((name for name, plan in self._plans.items() if new.session.id in plan.originals), None)
        told = known if name is None else self._plans[name].originals[new.session.id]
        before = told.new.identity if told else None
        new = replace(new, identity=new.identity or before or (UNSURE if new.names_player else None))
        if told:
            told.new = replace(told.new, identity=new.identity)
        if known and told and not is_news(version_of(told.new), version_of(new)):
            return [Admitted(session=new.session.id, revision=known.revision, new=False)]
        if name is not None and told:
            told.new = new
            self._keep_texts(new)
            return self._carry_out(name, destinations, now, leaks=new.leaks)
        first = [] if known else summarised(new, destinations, summaries)
        return [self._keep(source, new, destinations, now, first=first)]

    def _note_papers(self, file: tuple[str, str], papers: Sequence[Paper], now: datetime) -> None:
        before = self._papers.get(file, ())
        for change in changes(before, papers):
            number = len(self._journal) + 1
            self._journal.append(Journaled(seq=number, source=file[0], path=file[1], change=change, at=now))
        self._papers[file] = tuple(papers)
