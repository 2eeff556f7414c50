"""What a destination has of the sessions around one of them."""

from __future__ import annotations

from collections.abc import Sequence

from logferry_daemon.core.evening import REACH, Told
from tests.fake_spool.shelves import Shelves, ended_at


class Evenings(Shelves):
    """The part of the spool that knows what was played together."""

    async def told_about(self, delivery: str) -> Sequence[Told]:
        about = self._deliveries[delivery].row
        start = self._sessions[about.session].new.session.started_at
        found = []
        for one in self._all():
            new = self._sessions[one.row.session].new.session
            if one.row.destination == about.destination and one.receipt and abs(new.started_at - start) <= REACH:
                until = ended_at(self._sessions[one.row.session])
                told = Told(session=new.id, started_at=new.started_at, ended_at=until, report_id=one.receipt.report_id)
                found.append((new.started_at, new.id, one.row.revision, told))
        return [told for *_, told in sorted(found, key=lambda row: row[:3])]
