"""Takes one upload from its bytes to its receipt: the pure pipeline on a worker thread, then the store.

Knows no HTTP. Holds the one thing that is neither in the request nor in the database: which
requests are being worked on right now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from logferry_collector.access import (
    NOBODY,
    Account,
    ApiKey,
    Newcomer,
    StoredKey,
    account_of,
    no_anonymous,
    parse_key,
    presented_key,
)
from logferry_collector.headers import Head
from logferry_collector.ingest import OPERATION, Parcel, in_flight, open_parcel
from logferry_collector.limits import Limits
from logferry_collector.newcomers import Newcomers
from logferry_collector.queries import Naming
from logferry_collector.stored import Taken
from logferry_model.envelope import Joined, Receipt
from logferry_model.errors import Refused

AT_ONCE = 3
"""Uploads between the first look at their body and their commit: this, not the number of clients, bounds memory.

Without it the workers would run ahead of the one writer and take the interpreter from it.
"""

Claim = tuple[int | str, str, str]
"""Account or new key, operation, idempotency key: what a repetition is recognised by."""


class Shelf(Protocol):
    """Where parcels go; every method raises Unreachable when that place is away."""

    async def take(self, account: Account, parcel: Parcel, naming: Naming) -> Taken:
        """Store a parcel once and for all."""
        ...

    async def key(self, public_id: str) -> StoredKey | None:
        """The key with this public id."""
        ...

    async def welcome(self, key: ApiKey, now: datetime) -> tuple[StoredKey, bool]:
        """The key and its account, made where they are not there yet, and whether they were."""
        ...

    async def join(self, account: Account, key: ApiKey, now: datetime) -> Joined:
        """What was sent with this key is this account's from now on, or Refused."""
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
        newcomers: Newcomers | None = None,
    ) -> None:
        self._shelf = shelf
        self._limits = limits
        self._workers = workers
        self._now = now
        self._new_id = new_id
        self._report_url = report_url
        self._newcomers = newcomers
        """None where nobody comes in by a key of his own making."""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._in_flight: set[Claim] = set()

    async def account(self, headers: Mapping[str, str]) -> Account:
        """Whose request this is, or Refused."""
        presented = presented_key(headers)
        stored = await self._shelf.key(presented.public_id)
        if presented.own and stored is None:
            if self._newcomers is None:
                raise no_anonymous()
            return NOBODY
        return account_of(presented, stored)

    async def sender(self, headers: Mapping[str, str], address: str) -> Account | Newcomer:
        """Who wants to upload something, or Refused; a key that its holder made is taken only where that is allowed."""
        account, key = await self.account(headers), presented_key(headers)
        if key.own and self._newcomers is None:
            raise no_anonymous()
        if account is not NOBODY or self._newcomers is None:
            return account
        self._newcomers.check(address, self._now())
        return Newcomer(key, address)

    async def named(self, headers: Mapping[str, str]) -> Account:
        """The account of this request, where the operator made it, or Refused: no other takes anything over."""
        account = await self.account(headers)
        if presented_key(headers).own:
            raise _nothing_to_join()
        return account

    async def join(self, account: Account, key: str) -> Joined:
        """Take what was sent with a key of its holder's own making into this account, or Refused."""
        own = parse_key(key)
        if own is None or not own.own:
            raise _nothing_to_join()
        return await self._shelf.join(account, own, self._now())

    async def take(self, sender: Account | Newcomer, head: Head, wire: bytes) -> Taken:
        """Check an upload, store it, and return the receipt; a twin of a running request is turned away."""
        who = sender.id if isinstance(sender, Account) else sender.key.public_id
        with self._claimed((who, OPERATION, head.idempotency_key)):
            async with self._turns:
                loop = asyncio.get_running_loop()
                parcel = await loop.run_in_executor(self._workers, open_parcel, head, wire, self._limits)
                naming = Naming(now=self._now(), new_id=self._new_id, report_url=self._report_url)
                account = sender if isinstance(sender, Account) else await self._welcomed(sender)
                return await self._shelf.take(account, parcel, naming)

    async def _welcomed(self, newcomer: Newcomer) -> Account:
        """His account, now that there is something to put into it."""
        now = self._now()
        if self._newcomers is None:
            raise no_anonymous()
        # Once more: others may have come while his body was read.
        self._newcomers.check(newcomer.address, now)
        stored, is_new = await self._shelf.welcome(newcomer.key, now)
        if is_new:
            self._newcomers.count(newcomer.address, now)
        return account_of(newcomer.key, stored)

    async def receipt(self, account: Account, key: str) -> Receipt:
        """The receipt for an idempotency key (bare, without quotes) of this account, or Refused."""
        receipt = await self._shelf.receipt(account, key)
        if receipt is None:
            raise Refused("not-found", "This account has no receipt under that key.")
        return receipt

    async def receipts(self, account: Account, keys: Sequence[str]) -> tuple[Receipt, ...]:
        """Those that this account has under these keys."""
        found = [await self._shelf.receipt(account, key) for key in keys]
        return tuple(one for one in found if one is not None)

    @contextmanager
    def _claimed(self, claim: Claim) -> Iterator[None]:
        if claim in self._in_flight:
            raise in_flight()
        self._in_flight.add(claim)
        try:
            yield
        finally:
            self._in_flight.discard(claim)


def _nothing_to_join() -> Refused:
    return Refused(
        "join-refused",
        "An account takes over what was sent with a key of its sender's own making, and nothing else.",
        hint="Send the request with the account's key, and the other one in it.",
    )
