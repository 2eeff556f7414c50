"""One request a key at a time, whatever the store is doing; nothing stays claimed that is not being worked on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from logferry_collector.access import Account, ApiKey, StoredKey
from logferry_collector.headers import Head
from logferry_collector.ingest import Decision, Parcel, receipt_for
from logferry_collector.intake import AT_ONCE, Intake
from logferry_collector.limits import Limits
from logferry_collector.queries import Naming
from logferry_collector.stored import Taken
from logferry_model.envelope import Joined, Receipt
from logferry_model.errors import LogferryError, Unreachable

from .factories import KEY, START, document_of, tiny_session

MILA, NOA = Account(id=1, name="mila"), Account(id=2, name="noa")
WIRE = document_of(tiny_session())


class Gate:
    """A shelf that takes parcels only once it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.reached = asyncio.Event()
        self.broken = False

    async def take(self, account: Account, parcel: Parcel, naming: Naming) -> Taken:
        self.reached.set()
        await self.open.wait()
        if self.broken:
            raise Unreachable("database-unavailable", "Away.")
        receipt = receipt_for(
            parcel, receipt_id=naming.new_id(), report_id="r", report_url="u", duplicate=False, now=naming.now
        )
        return Taken(decision=Decision.NEW_REPORT, receipt=receipt)

    async def key(self, public_id: str) -> StoredKey | None:
        return None

    async def welcome(self, key: ApiKey, now: datetime) -> tuple[StoredKey, bool]:
        raise NotImplementedError

    async def join(self, account: Account, key: ApiKey, now: datetime) -> Joined:
        raise NotImplementedError

    async def receipt(self, account: Account, key: str) -> Receipt | None:
        return None


@asynccontextmanager
async def intake_on(gate: Gate) -> AsyncIterator[Intake]:
    with ThreadPoolExecutor(2) as workers:
        yield Intake(gate, Limits(), workers, now=lambda: START, new_id=lambda: "id", report_url=str)


def head(key: str = KEY, wire: bytes = WIRE) -> Head:
    return Head(idempotency_key=key, digest=hashlib.sha256(wire).digest(), encoding="identity")


async def test_a_twin_of_a_running_request_is_turned_away() -> None:
    gate = Gate()
    async with intake_on(gate) as intake:
        running = asyncio.create_task(intake.take(MILA, head(), WIRE))
        await gate.reached.wait()
        with pytest.raises(Unreachable) as refused:
            await intake.take(MILA, head(), WIRE)
        gate.open.set()
        assert (await running).receipt.idempotency_key == KEY
    assert refused.value.code == "in-flight"


async def test_other_keys_and_other_accounts_do_not_wait() -> None:
    gate = Gate()
    async with intake_on(gate) as intake:
        running = [
            asyncio.create_task(intake.take(account, head(key), WIRE))
            for account, key in ((MILA, KEY), (NOA, KEY), (MILA, KEY[::-1]))
        ]
        gate.open.set()
        assert len(await asyncio.gather(*running)) == 3


async def test_a_request_that_failed_may_be_repeated() -> None:
    gate = Gate()
    gate.open.set()
    async with intake_on(gate) as intake:
        gate.broken = True
        with pytest.raises(Unreachable):
            await intake.take(MILA, head(), WIRE)
        gate.broken = False
        assert (await intake.take(MILA, head(), WIRE)).decision is Decision.NEW_REPORT


async def test_a_refused_body_does_not_reach_the_store() -> None:
    gate = Gate()
    async with intake_on(gate) as intake:
        with pytest.raises(LogferryError):
            await intake.take(MILA, head(wire=b"other"), WIRE)
    assert not gate.reached.is_set()


async def test_an_unknown_key_is_nobody() -> None:
    async with intake_on(Gate()) as intake:
        with pytest.raises(LogferryError) as refused:
            await intake.account({"X-API-Key": "lf_0123456789abcdef_" + "x" * 43})
    assert refused.value.code == "credential-invalid"


async def test_only_a_few_uploads_are_unpacked_at_once() -> None:
    gate = Gate()
    taken: list[str] = []

    class Counting(Gate):
        async def take(self, account: Account, parcel: Parcel, naming: Naming) -> Taken:
            taken.append(parcel.idempotency_key)
            return await gate.take(account, parcel, naming)

    async with intake_on(Counting()) as intake:
        running = [asyncio.create_task(intake.take(MILA, head(f"idempotency-{at:04}"), WIRE)) for at in range(20)]
        await gate.reached.wait()
        await asyncio.sleep(0.1)
        assert len(taken) <= AT_ONCE
        gate.open.set()
        await asyncio.gather(*running)
    assert len(taken) == 20
