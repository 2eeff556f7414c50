"""One destination over fakes: its courier runs by the stage's clock, and the other side says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec

from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.consent import POLICY_VERSION, Grant, policy_digest
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Response
from logferry_daemon.courier import Courier
from logferry_daemon.dialects.health import PATH
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.gates import Gates
from logferry_daemon.offers import NothingOffered, Offering
from logferry_daemon.ports import DeliveryRow, Workshop
from logferry_daemon.road import Road
from logferry_model.envelope import (
    Envelope,
    Problem,
    Receipt,
    ReceiptStatus,
    sha256_hex,
)
from logferry_model.errors import Unreachable
from tests.contracts.spooling import HOME, admit, found, rows_of
from tests.fake_spool import MemorySpool
from tests.fakes import Answer, FixedChance, ManualClock, MemoryCredentials, ScriptedSender, Sent
from tests.packed import unpacked
from tests.privacy import scribe

DESTINATION = Destination(name=HOME, dialect="logferry", url="https://collector.example")
SECOND = timedelta(seconds=1)
OUTAGE = Unreachable("refused", "no connection: connection refused")
TEN = tuple(f"{number:02}" for number in range(10))


class Office:
    """A courier, its gate, and the world around them."""

    def __init__(
        self, *script: Answer, dialect: Dialect | None = None, jitter: float = 0.5, longest: timedelta = CAP
    ) -> None:
        self.clock = ManualClock()
        self.spool = MemorySpool()
        self.sender = ScriptedSender(*(script or (stored,)))
        self.credentials = MemoryCredentials(home="s3cret")
        self.chance = FixedChance(jitter)
        self.dialect = dialect or LogferryDialect()
        self.longest = longest
        self.told: list[str] = []
        self.offers: Offering = NothingOffered()
        self.workshop: Workshop | None = None
        self.open_again()

    def open_again(self) -> None:
        """Another daemon over the same spool and keyring."""
        self.gates = Gates(self.clock, self.spool, self.credentials, self._wake, longest=self.longest)
        road = Road(
            clock=self.clock,
            chance=self.chance,
            outbox=self.spool,
            sender=self.sender,
            credentials=self.credentials,
            scribe=scribe(self.credentials, self.spool, self.clock, self.workshop),
            offers=self.offers,
            longest=self.longest,
        )
        self.courier = Courier(DESTINATION, self.dialect, road, self.gates, self.told.append)

    def _wake(self) -> None:
        self.courier.wake()

    async def agree(self) -> None:
        await self.gates.consents.agreed(
            Grant(
                destination=HOME,
                policy_digest=policy_digest(DESTINATION.policy),
                policy_version=POLICY_VERSION,
                granted_at=self.clock.now(),
            )
        )

    async def find(self, *names: str) -> None:
        """Sessions turn up, each older than the next."""
        sessions = [found(name, age=len(names) - place) for place, name in enumerate(names)]
        await admit(self.spool, *sessions, now=self.clock.now())
        self.courier.wake()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        await self.gates.load()
        task = asyncio.ensure_future(self.courier.run())
        await self.clock.idle()
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def work(self, duration: timedelta = timedelta()) -> None:
        """Let the courier run for so long."""
        async with self.running():
            await self.clock.advance(duration)

    async def rows(self) -> Mapping[str, DeliveryRow]:
        """Session -> its delivery."""
        return {one.session: one for one in await rows_of(self.spool)}

    async def states(self) -> Mapping[str, str]:
        return {session: one.state.value for session, one in (await self.rows()).items()}


async def office(*script: Answer, names: tuple[str, ...] = ("aa",), agreed: bool = True) -> Office:
    """With these sessions, and its owner's consent."""
    made = Office(*script)
    await made.find(*names)
    if agreed:
        await made.agree()
    return made


def stored(sent: Sent, **changes: Any) -> Response:  # noqa: ANN401 -- fields of a receipt
    """A collector that keeps what it is sent and proves it, and is there for whoever asks."""
    if sent.request.path == PATH:
        return answer(200, b'{"status": "ok"}')
    envelope = msgspec.json.decode(unpacked(sent.request.body), type=Envelope)
    receipt = Receipt(
        receipt_id="receipt",
        report_id="report",
        report_url=f"/r/{envelope.natural_key}",
        status=ReceiptStatus.STORED,
        natural_key=envelope.natural_key,
        revision=envelope.revision,
        received_digest=sha256_hex(sent.request.body),
        payload_digest=sha256_hex(bytes(envelope.payload)),
        idempotency_key=sent.request.headers["Idempotency-Key"].strip('"'),
        created_at=envelope.started_at,
    )
    return answer(201, msgspec.json.encode(msgspec.structs.replace(receipt, **changes)))


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    """An answer; `retry_after="7"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-type": "application/json", **named}, body=body)


def problem(status: int, *, code: str = "no", title: str = "No", **headers: str) -> Response:
    """An answer that says what is wrong."""
    return answer(status, msgspec.json.encode(Problem(title=title, status=status, code=code)), **headers)


def name_of(sent: Sent) -> str:
    """Which session this letter is about."""
    envelope = msgspec.json.decode(unpacked(sent.request.body), type=Envelope)
    return envelope.natural_key.removeprefix("session-").partition("@")[0]
