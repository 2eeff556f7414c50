"""Which destinations there are and what their owner agreed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import State
from logferry_daemon.core.policy import Group
from logferry_daemon.core.removal import CopyState, CopyStep
from logferry_daemon.core.slots import slot_of
from logferry_daemon.ports import (
    destination_note,
    earlier,
    place_note,
    terms_note,
    trackers_note,
)
from tests.fake_spool.copies import Copies
from tests.fake_spool.filing import Filing
from tests.fake_spool.remnants import NOBODY


class ChoicesInMemory(Filing, Copies):
    """The part of the spool that knows what its owner wants."""

    async def grants(self) -> Mapping[str, Grant]:
        return dict(self._grants)

    async def grant(self, grant: Grant) -> None:
        self._writable()
        note = terms_note(grant.destination)
        if self._notes.get(note, grant.policy_digest) != grant.policy_digest:
            for one in self._all():
                if one.row.destination == grant.destination and one.row.state is not State.UPLOADED and one.letter:
                    self._write_anew(one, cuts=one.upload.cuts)
        self._notes[note] = grant.policy_digest
        self._grants[grant.destination] = grant

    async def revoke(self, destination: str) -> None:
        self._writable()
        self._grants.pop(destination, None)

    async def keep_only(self, groups: Collection[Group]) -> None:
        self._writable()
        self._kept = {key: text for key, text in self._kept.items() if (of := slot_of(key[0])) and of[0] in groups}

    async def enlist(self, destination: str, place: str, now: datetime) -> int:
        self._writable()
        self._move(destination, place, now)
        has = {(one.row.session, one.row.revision) for one in self._all() if one.row.destination == destination}
        strangers = [
            key
            for key, kept in self._sessions.items()
            if (key, kept.revision) not in has and not kept.merged_into and not kept.runs
        ]
        for key in strangers:
            self._deliver(key, destination, now, self._before(destination, (key,)))
        return len(strangers)

    async def dismiss(self, destination: str) -> None:
        self._writable()
        self._move(destination, None)
        self._grants.pop(destination, None)

    def _move(self, destination: str, place: str | None, now: datetime | None = None) -> None:
        before = self._notes.get(place_note(destination))
        if place is None or before not in {None, place}:
            for one in self._all():
                if one.row.destination == destination and one.row.state is not State.UPLOADED:
                    del self._deliveries[one.row.id]
            self._bindings = [one for one in self._bindings if one.destination != destination]
            for copy in self._copies_at(destination, CopyState.PENDING):
                self._copy(copy.id, CopyStep.REFUSE, last_error=NOBODY, next_attempt=None)
            self._give_up_remnants(destination)
            self._rename(destination, earlier(destination, before or ""))
            self._notes.pop(f"install-id:{destination}", None)
            self._notes.pop(place_note(destination), None)
            self._notes.pop(destination_note(destination), None)
            self._notes.pop(trackers_note(destination), None)
        if place is not None and now is not None and before != place:
            self._rename(earlier(destination, place), destination)
            self._notes[place_note(destination)] = place
            self._notes[destination_note(destination)] = now.isoformat()

    def _rename(self, destination: str, to: str) -> None:
        for one in self._all():
            if one.row.destination == destination:
                one.row = replace(one.row, destination=to)
        for copy in self._copies_at(destination):
            self._copies[copy.id] = replace(copy, destination=to)
        self._rename_remnants(destination, to)
