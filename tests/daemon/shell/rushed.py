"""The very moment in which a courier takes something: what the spool gives away, and a deed before anything is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from logferry_daemon.ports import Claimed
from tests.daemon.shell.office import Office
from tests.fake_spool import MemorySpool
from tests.fakes import Answer

HOUR = timedelta(hours=1)
Deed = Callable[[Office, Sequence[Claimed]], Awaitable[None]]


class Rushed(MemorySpool):
    """Something is decided between what the spool gives away and what the courier does with it."""

    deed: Callable[[Sequence[Claimed]], Awaitable[None]]

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
        but: Collection[str] = (),
    ) -> Sequence[Claimed]:
        claimed = await super().claim(
            destination, now, limit, backfill=backfill, only_asked=only_asked, longest_untried=longest_untried, but=but
        )
        await self.deed(claimed)
        return claimed


async def rushed(deed: Deed, *script: Answer, sessions: Sequence[str] = ("aa",)) -> Office:
    """An office that has worked on these sessions, with the deed at every claim."""
    desk, spool = Office(*script), Rushed()
    desk.spool = spool
    desk.open_again()
    spool.deed = partial(deed, desk)
    await desk.find(*sessions)
    await desk.agree()
    await desk.work(HOUR)
    return desk
