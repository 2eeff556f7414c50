"""Takes away what a key stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from logferry_daemon.core.delivery import State
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.packing import unpacked
from logferry_daemon.core.preparing import withheld
from logferry_daemon.ports import (
    Withheld,
)
from logferry_model.session import SessionId
from tests.fake_spool.copies import Copies


class WithholdingInMemory(Copies):
    """The part of the spool that looks for keys in itself."""

    async def withhold(self, secrets: Secrets) -> Withheld:
        self._writable()
        told = {slot: text for (slot, _), text in self._kept.items() if secrets.stand_in(text)}
        self._kept = {key: text for key, text in self._kept.items() if key[0] not in told}
        found: list[SessionId] = []
        stopped: list[str] = []
        sent = 0
        for plan in self._plans.values():
            for original in plan.originals.values():
                if places := secrets.places(original.new.document, told):
                    original.new = withheld(original.new.session, places)
        for kept in self._sessions.values():
            if places := secrets.places(kept.new.document, told):
                left = withheld(kept.new.session, places)
                kept.new = replace(left, identity=kept.new.identity, last_at=kept.new.last_at)
                found.append(kept.new.session.id)
        for one in self._all():
            if one.row.session in found and one.row.state is State.UPLOADED:
                sent += 1
            elif one.row.session in found or (
                one.letter
                and (
                    secrets.stand_in_bytes(unpacked(one.letter.body, one.letter.headers))
                    or secrets.stand_in(one.upload.path)
                )
            ):
                stopped.append(one.row.id)
        await self.forget_letters(stopped)
        spoilt = [key for key, left in self._remnants.items() if secrets.stand_in(left.path)]
        for key in spoilt:
            del self._remnants[key]
        anything = bool(told or found or stopped or spoilt)
        self.dirty = self.dirty or anything
        return Withheld(sessions=tuple(found), stopped=tuple(stopped), sent=sent, anything=anything)

    async def forget_letters(self, deliveries: Sequence[str]) -> None:
        self._writable()
        for one in self._all():
            if one.row.id in deliveries and one.row.state is not State.UPLOADED:
                self._write_anew(one)
