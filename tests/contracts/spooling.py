"""What tests put into a spool, and a spool that can be restarted, in memory or on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.settle import Signature
from logferry_daemon.ports import Claimed, DeliveryRow, FileRow, Spool
from logferry_model.envelope import Receipt, ReceiptStatus, encode_session, sha256_hex
from logferry_model.session import EndRule
from tests.factories import START, event, session
from tests.fake_spool import MemorySpool
from tests.fakes import FixedChance

FACTS = SenderFacts(app_version="1.2.3", platform="linux")
NOW = START + timedelta(days=1)
PLACE = "here"
"""Stands for an address."""
HOME = "home"
SECOND = timedelta(seconds=1)
LETTER = Letter(body=b"the letter", headers={"Idempotency-Key": '"k"'}, payload_digest="ab" * 32)
RECEIPT = Receipt(
    receipt_id="receipt",
    report_id="report",
    report_url="/r/report",
    status=ReceiptStatus.STORED,
    natural_key="key",
    revision=1,
    received_digest="cd" * 32,
    payload_digest="ab" * 32,
    idempotency_key="k",
    created_at=NOW,
)


class Bench(Protocol):
    """A spool on the bench."""

    spool: Spool

    async def restart(self) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self._memory = MemorySpool()
        self.spool: Spool = self._memory

    async def restart(self) -> None:
        self._memory.restart()


class DiskBench:
    """Opens and closes the real one."""

    def __init__(self, path: Path, stack: AsyncExitStack) -> None:
        self._path = path
        self._chance = FixedChance()
        self._stack = stack
        self.spool: Spool

    async def close(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.close()
        self.spool = await self._stack.enter_async_context(open_spool(self._path, self._chance, FACTS))


def found(
    identity: str = "aa",
    *,
    events: int = 3,
    age: int = 0,
    only_grows: bool = False,
    mark: str = "",
    rule: EndRule = EndRule.EXPLICIT,
    player: str | None = None,
    names_player: bool = False,
) -> NewSession:
    """A session with so many events; a larger `age` is an older one, another `mark` another content."""
    start = START - age * timedelta(hours=1)
    happened = tuple(event(item=f"{mark}{number}", after=number * SECOND, start=start) for number in range(events))
    made = session(identity, start=start, events=happened, end=end_by(rule, "seen"))
    document = encode_session(made)
    return NewSession(
        session=made,
        document=document,
        events=len(made.events),
        fingerprint=sha256_hex(document),
        weight=len(made.events),
        only_grows=only_grows,
        identity=player,
        names_player=names_player,
    )


def so_far(identity: str = "aa", *, events: int = 3, age: int = 0) -> NewSession:
    """The same while it runs: as `found` has it, without an end."""
    new = found(identity, events=events, age=age, only_grows=True)
    running = msgspec.structs.replace(new.session, end=None, ended_at=None)
    document = encode_session(running)
    last_at = START - age * timedelta(hours=1) + max(events - 1, 0) * SECOND
    return replace(new, session=running, document=document, fingerprint=sha256_hex(document), last_at=last_at)


def row(path: str = "a.log", *, source: str = "game", offset: int = 0, trouble: str | None = None) -> FileRow:
    return FileRow(
        source=source,
        path=path,
        signature=Signature(offset + 10, 1_772_000_000_123_456_789, 2**64 - 1, 2**63),
        head="ef" * 32,
        head_size=min(offset + 10, 1024),
        offset=offset,
        line=offset // 10 + 1,
        first_at=START,
        running=bool(offset),
        troubles=(Trouble(code=trouble, message=f"{trouble}!"),) if trouble else (),
    )


async def admit(
    spool: Spool, *sessions: NewSession, to: Sequence[str] = (HOME,), at: FileRow | None = None, now: datetime = NOW
) -> None:
    await spool.admit(at or row(), sessions, to, now)


async def claim(
    spool: Spool, to: str = HOME, *, now: datetime = NOW, limit: int = 10, backfill: int = 10, wary: bool = False
) -> Sequence[Claimed]:
    return await spool.claim(to, now, limit, backfill=backfill, longest_untried=wary)


async def rows_of(spool: Spool) -> Sequence[DeliveryRow]:
    """Every delivery there is."""
    return [one for _, deliveries in await spool.sessions() for one in deliveries]


async def states(spool: Spool) -> dict[tuple[str, int, str], str]:
    """(session, revision, destination) -> state"""
    return {(one.session, one.revision, one.destination): one.state.value for one in await rows_of(spool)}
