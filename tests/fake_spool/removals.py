"""Forgets sessions, and remembers that it did and where else they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.delivery import State
from logferry_daemon.core.removal import NEXT as COPY_NEXT
from logferry_daemon.core.removal import CopyState, CopyStep
from logferry_daemon.ports import (
    DeletedRow,
    Removed,
    UnknownSession,
)
from logferry_model.session import SessionId
from tests.fake_spool.outcomes import Outcomes
from tests.fake_spool.shelves import KeptSession


class RemovalsInMemory(Outcomes):
    """The part of the spool that forgets."""

    async def delete(self, session: str, tracker: str, now: datetime, *, ask: Collection[str]) -> Removed:
        self._writable()
        kept = self._sessions.get(session)
        if kept and kept.merged_into:
            raise UnknownSession(session, kept.merged_into)
        self.dirty = True
        siblings = {key: one for key, one in self._sessions.items() if kept and kept.plan and one.plan == kept.plan}
        siblings.pop(session, None)
        gone = [session, *sorted(key for key, one in siblings.items() if one.merged_into)]
        texts = {slot: text for (slot, _), text in self._kept.items()}
        stopped = [one for key in gone for one in self._drop(key, now)]
        plan = self._plans.pop(kept.plan, None) if kept and kept.plan else None
        self._file_texts({*siblings, *(plan.originals if plan else ())}, texts, siblings)
        for key in (*gone, *(plan.originals if plan else ())):
            row = DeletedRow(session=SessionId(key), tracker=tracker, deleted_at=now, copies=())
            self._deleted.setdefault(key, row)
        outdated = []
        for key, one in sorted(siblings.items()):
            if not one.merged_into:
                one.plan = None
                held_up, sent = self._detach(key, one.revision)
                stopped += held_up
                outdated += [SessionId(key)] if sent else []
        for copy in [copy for copy in self._copies.values() if copy.session in gone]:
            what = CopyStep.ASK if ask else CopyStep.LEAVE
            if (copy.destination in ask or not ask) and (copy.state, what) in COPY_NEXT:
                self._copy(copy.id, what, attempts=0, last_error="", next_attempt=None)
        for key in gone:
            self._ask_for_remnants(key, ask)
        return Removed(
            sessions=tuple(map(SessionId, gone)),
            stopped=tuple(stopped),
            copies=tuple(one for key in gone for one in self._copies_of(key)),
            remnants=tuple(one for key in gone for one in self._remnants_of(key)),
            outdated=tuple(outdated),
        )

    async def deleted(self) -> Sequence[DeletedRow]:
        there = [row for key, row in self._deleted.items() if key not in self._sessions]
        newest = sorted(there, key=lambda row: (-row.deleted_at.timestamp(), row.session))
        return [
            replace(row, copies=tuple(self._copies_of(row.session)), remnants=tuple(self._remnants_of(row.session)))
            for row in newest
        ]

    async def may_be_at(self, session: str, destination: str) -> bool:
        rows = [one for one in self._all() if (one.row.session, one.row.destination) == (session, destination)]
        sent = any(
            one.receipt if one.row.state is State.UPLOADED else one.written and one.row.last_attempt for one in rows
        )
        copies = [one for one in self._copies_of(session) if one.destination == destination]
        return sent or any(one.state is not CopyState.DELETED for one in copies)

    async def scrub(self) -> None:
        self._writable()
        for one in self._all():
            if one.row.state is State.EXCLUDED:
                one.letter = None
        self.dirty = False

    async def unscrubbed(self) -> bool:
        return self.dirty

    def _file_texts(self, holders: Collection[str], texts: Mapping[str, str], left: Mapping[str, KeptSession]) -> None:
        self._kept = {key: text for key, text in self._kept.items() if key[1] not in holders}
        for key, one in left.items():
            found = {slot for slot in texts if slot.encode() in one.new.document and not one.merged_into}
            self._kept |= {(slot, key): texts[slot] for slot in found}

    def _drop(self, session: str, now: datetime) -> Sequence[str]:
        these = [one for one in self._all() if one.row.session == session]
        known: set[str] = set()
        for one in sorted(these, key=lambda one: (one.row.state is not State.UPLOADED, -one.row.revision)):
            uploaded = one.row.state is State.UPLOADED
            tried = one.written and one.row.last_attempt is not None
            if uploaded or (tried and one.row.destination not in known):
                known.add(one.row.destination)
                if one.receipt or not uploaded:
                    self._note_copy(session, one, now)
        for key, copy in self._copies.items():
            if copy.session == session and not copy.report_id and copy.state is CopyState.KEPT:
                self._copies[key] = replace(copy, stopped_at=now)
        for one in these:
            self._leave_upload(one)
            del self._deliveries[one.row.id]
        self._sessions.pop(session, None)
        self._kept = {key: text for key, text in self._kept.items() if key[1] != session}
        return [one.row.id for one in these]

    def _detach(self, session: str, revision: int) -> tuple[list[str], bool]:
        older = [one for one in self._all() if one.row.session == session and one.row.revision < revision]
        under_way = [one for one in older if one.row.state is State.UPLOADING]
        self._recover(under_way)
        return [one.row.id for one in under_way], any(one.row.state is State.UPLOADED for one in older)
