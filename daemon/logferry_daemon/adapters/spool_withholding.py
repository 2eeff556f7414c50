"""Looks for keys in the spool's database and takes away what they stand in: some rows at a time, so others have turns.

Where a key may stand is listed here: documents, those of recut sessions as their logs told them, texts that are kept
for a destination, letters that were not sent, where uploads of them lie, and who played. What a frame is stands in
core/preparing.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from logferry_daemon.adapters import spool_rows as rows
from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_removals import write_anew
from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import UNSURE
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.packing import unpacked
from logferry_daemon.core.preparing import withheld
from logferry_daemon.core.shelved import Unreadable, unshelved
from logferry_daemon.ports import Withheld
from logferry_model.session import SessionId

SOME = 32
"""Rows that are looked at before somebody else has a turn."""


@dataclass(slots=True)
class _Taken:
    """What was found so far."""

    sessions: list[SessionId] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    sent: int = 0
    anything: bool = False


class WithholdingInSqlite:
    """The part of the spool that looks for keys in itself."""

    database: Database

    async def withhold(self, secrets: Secrets) -> Withheld:
        """Frames in place of sessions with a key in them; see the port."""
        taken = _Taken()
        texts = await self.database.read("withholding_texts")
        told = {row["slot"]: row["text"] for row in texts if secrets.stand_in(row["text"])}
        search = _Search(secrets, told, taken)
        await self._each("withholding_sessions", search.session)
        await self._each("withholding_originals", search.original)
        await self._each("withholding_letters", search.letter)
        await self._each("withholding_remnants", search.remnant)
        # Last: a search that is broken off begins anew, and must find them again.
        await self._in_turns(list(told), search.text)
        return Withheld(
            sessions=tuple(taken.sessions), stopped=tuple(taken.stopped), sent=taken.sent, anything=taken.anything
        )

    async def forget_letters(self, deliveries: Sequence[str]) -> None:
        """Written anew."""

        def work() -> None:
            with self.database.writing() as query:
                for one in deliveries:
                    write_anew(query, one, "withhold_letter")

        await self.database.run(work)

    async def _each(self, name: str, look: Callable[[Query, str], None]) -> None:
        await self._in_turns([row["id"] for row in await self.database.read(name)], look)

    async def _in_turns(self, ids: Sequence[str], look: Callable[[Query, str], None]) -> None:
        for begin in range(0, len(ids), SOME):
            some = ids[begin : begin + SOME]

            def work(some: Sequence[str] = some) -> None:
                with self.database.writing() as query:
                    for one in some:
                        look(query, one)

            await self.database.run(work)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: what for, and what it took away."""

    secrets: Secrets
    told: Mapping[str, str]
    """Slot -> text in which there is a key."""
    taken: _Taken

    def session(self, query: Query, session: str) -> None:
        """A frame in its place, and nothing of it to be sent."""
        for row in query("withholding_session", id=session):
            document = _whole(row["document"])
            places = [*self.secrets.places(document, self.told)]
            if any(self.secrets.stand_in(row[one] or "") for one in ("identity", "told")):
                places.append("identity")
                query("withhold_player", session=session, unsure=UNSURE)
            if places:
                left = withheld(rows.document(row["document"]), places)
                removed = "[]" if self.secrets.stand_in(row["removed"]) else row["removed"]
                values = rows.frame_values(left) | {"removed": removed}
                query("withhold_session", **values)
                query("drop_kept", session=session)
                self.taken.sessions.append(SessionId(session))
                self._stop(query, session)

    def _stop(self, query: Query, session: str) -> None:
        self._take(query)
        for row in query("withholding_deliveries", session=session):
            if row["state"] == State.UPLOADED:
                self.taken.sent += 1
            else:
                write_anew(query, row["id"], "withhold_letter")
                self.taken.stopped.append(row["id"])

    def original(self, query: Query, session: str) -> None:
        """The same of a session as its log tells it; what its plan made of it is searched by itself."""
        for row in query("withholding_original", id=session):
            if places := self.secrets.places(_whole(row["document"]), self.told):
                query("keep_original", **rows.original_values(withheld(rows.document(row["document"]), places)))
                query("drop_kept", session=session)
                self._take(query)

    def letter(self, query: Query, delivery: str) -> None:
        """One of an earlier revision may hold what the document does not: it is written anew."""
        for row in query("withholding_letter", id=delivery):
            body = unpacked(row["body"], json.loads(row["headers"]))
            # The path is a word of the other side, which knows the destination's key.
            if self.secrets.stand_in_bytes(body) or self.secrets.stand_in(row["upload_path"]):
                write_anew(query, delivery, "withhold_letter")
                self.taken.stopped.append(delivery)
                self._take(query)

    def remnant(self, query: Query, remnant: str) -> None:
        """The path, too, is a word of the other side: what lies there expires by itself."""
        for row in query("withholding_remnant", id=remnant):
            if self.secrets.stand_in(row["path"]):
                query("drop_remnant", id=remnant)
                self._take(query)

    def text(self, query: Query, slot: str) -> None:
        """Forgotten, for whatever sessions it was kept."""
        query("forget_text", slot=slot)
        self._take(query)

    def _take(self, query: Query) -> None:
        query("want_scrub")
        self.taken.anything = True


def _whole(document: bytes) -> bytes:
    try:
        return unshelved(document)
    except Unreadable:
        return b"{}"  # what is damaged is set aside when it is claimed
