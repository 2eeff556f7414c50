"""Takes one upload from its bytes to its receipt: the pure pipeline on a worker thread, then the store.

Knows no HTTP. Holds the one thing that is neither in the request nor in the database: which
requests are being worked on right now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from logferry_collector.access import Account, StoredKey, account_of, presented_key
from logferry_collector.headers import Head
from logferry_collector.ingest import OPERATION, Parcel, in_flight, open_parcel
from logferry_collector.limits import Limits
from logferry_collector.queries import Naming
from logferry_collector.stored import Taken
from logferry_model.envelope import Receipt
from logferry_model.errors import Refused

AT_ONCE = 3
"""Uploads between the first look at their body and their commit: this, not the number of clients, bounds memory.

Without it the workers would run ahead of the one writer and take the interpreter from it.
"""

Claim = tuple[int, str, str]
"""Account, operation, idempotency key: what a repetition is recognised by."""


class Shelf(Protocol):
    """Where parcels go; every method raises Unreachable when that place is away."""

    async def take(self, account: Account, parcel: Parcel, naming: Naming) -> Taken:
        """Store a parcel once and for all."""
        ...

    async def key(self, public_id: str) -> StoredKey | None:
        """The key with this public id."""
        ...

    async def receipt(self, account: Account, key: str) -> Receipt | None:
        """The receipt this account got under this idempotency key."""
        ...


class Intake:
    """The way in."""

    def __init__(
        self,
        shelf: Shelf,
        limits: Limits,
        workers: Executor,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        report_url: Callable[[str], str],
    ) -> None:
        self._shelf = shelf
        self._limits = limits
        self._workers = workers
        self._now = now
        self._new_id = new_id
        self._report_url = report_url
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._in_flight: set[Claim] = set()

    async def account(self, headers: Mapping[str, str]) -> Account:
        """Whose request this is, or Refused."""
        presented = presented_key(headers)
        return account_of(presented, await self._shelf.key(presented.public_id))

    async def take(self, account: Account, head: Head, wire: bytes) -> Taken:
        """Check an upload, store it, and return the receipt; a twin of a running request is turned away."""
        with self._claimed((account.id, OPERATION, head.idempotency_key)):
            async with self._turns:
                loop = asyncio.get_running_loop()
                parcel = await loop.run_in_executor(self._workers, open_parcel, head, wire, self._limits)
                naming = Naming(now=self._now(), new_id=self._new_id, report_url=self._report_url)
                return await self._shelf.take(account, parcel, naming)

    async def receipt(self, account: Account, key: str) -> Receipt:
        """The receipt for an idempotency key (bare, without quotes) of this account, or Refused."""
        receipt = await self._shelf.receipt(account, key)
        if receipt is None:
            raise Refused("not-found", "This account has no receipt under that key.")
        return receipt

    @contextmanager
    def _claimed(self, claim: Claim) -> Iterator[None]:
        if claim in self._in_flight:
            raise in_flight()
        self._in_flight.add(claim)
        try:
            yield
        finally:
            self._in_flight.discard(claim)
