"""A process that hands over one large letter with the daemon's own parts, and may be killed at any moment.

`python -m tests.acceptance.uploader SPOOL URL BYTES [SECONDS]`: what another such process began, it goes on with; it gives
up what does not move for so many seconds.
"""

from __future__ import annotations

import asyncio
import base64
import random
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from logferry_daemon.adapters.clock_system import SystemClock
from logferry_daemon.adapters.send_http import Patience, open_sender
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Later
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.handover import Handover
from logferry_daemon.offers import Offers
from logferry_daemon.ports import Claimed, Spool
from tests.contracts.spooling import FACTS, HOME, admit, found
from tests.fakes import FixedChance

DIALECT = LogferryDialect()


async def main(path: Path, url: str, size: int, seconds: float) -> int:
    """Tries until it has arrived; 1 when it is refused."""
    clock = SystemClock()
    patience = Patience(answer=timedelta(seconds=seconds))
    destination = Destination(name=HOME, dialect="logferry", url=url)
    async with open_spool(path, FixedChance(), FACTS) as spool, open_sender("logferry/0", patience) as sender:
        handover = Handover(spool, sender, Offers(spool, sender, clock))
        if not await spool.sessions():
            await admit(spool, found(), now=clock.now())
            await spool.release(None, None)
        while claimed := await spool.claim(HOME, clock.now(), 1, backfill=1):
            (one,) = claimed
            one = await written(spool, one, size)
            assert one.letter is not None
            now = clock.now()
            outcome = await handover.hand(one, one.letter, destination, DIALECT, proofs_of=lambda _: {}, now=now)
            sys.stdout.write(f"{type(outcome).__name__} {getattr(outcome, 'reason', '')}\n")
            sys.stdout.flush()
            if isinstance(outcome, Acked):
                await spool.acked(one.row.id, outcome.receipt, "", clock.now(), timedelta())
            elif isinstance(outcome, Later):
                await spool.deferred(one.row.id, outcome.reason, clock.now(), counts=True)
            else:
                return 1
    return 0


async def written(spool: Spool, claimed: Claimed, size: int) -> Claimed:
    """With its letter, whose body is of about that size: nothing packs what is random."""
    if claimed.letter is not None:
        return claimed
    document = b'"' + base64.b64encode(random.Random(size).randbytes(size)) + b'"'
    letter = DIALECT.write(replace(claimed.parcel, document=document, encodings=("zstd",)))
    await spool.keep_letter(claimed.row.id, letter)
    return replace(claimed, letter=letter)


if __name__ == "__main__":
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 30.0
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), seconds)))
