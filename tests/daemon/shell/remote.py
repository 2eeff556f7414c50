"""A destination that says what it offers, and may take letters in pieces; and an office that asks it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from logferry_daemon.core.exchange import Dialect, Letter, Parcel, Response
from logferry_daemon.core.offer import MIB
from logferry_daemon.core.tus import PATH
from logferry_daemon.dialects.health import PATH as HEALTH
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.offers import Offers
from logferry_model.envelope import Envelope, Receipt, ReceiptStatus, sha256_hex
from logferry_model.errors import LogferryError, Unreachable
from tests.daemon.shell.office import Office, answer, stored
from tests.fakes import Answer, Sent
from tests.packed import unpacked
from tests.tus_model import ModelTus

RECEIPT = "/api/v1/receipts/"
TUS = {"version": "1.0.0", "extensions": ["creation"], "chunk_bytes": {"default": MIB}}
INFO: Mapping[str, object] = {"encodings": ["zstd", "gzip", "identity"]}


def info(**more: object) -> Response:
    return answer(200, msgspec.json.encode({**INFO, **more}))


class Padded(LogferryDialect):
    """Letters of any size: what is added does not pack."""

    def __init__(self, size: int) -> None:
        self._noise = random.Random(size).randbytes(size).hex()

    def write(self, parcel: Parcel) -> Letter:
        return super().write(replace(parcel, platform=self._noise))


async def office(script: Answer, *, size: int = 0, dialect: Dialect | None = None) -> Office:
    """One that asks what is offered."""
    desk = Office(script, dialect=dialect or (Padded(size) if size else None))
    desk.offers = Offers(desk.spool, desk.sender, desk.clock)
    desk.open_again()
    await desk.find("aa")
    await desk.agree()
    return desk


def asked(desk: Office) -> list[str]:
    """Method and path of everything that was sent but of questions whether it is there, without the names of uploads and receipts."""
    named = re.compile(f"(?<={PATH}/).+|(?<={RECEIPT}).+")
    these = [sent.request for sent in desk.sender.sent if sent.request.path != HEALTH]
    return [f"{one.method} {named.sub('', one.path)}" for one in these]


def answering(tell: Callable[[], Answer], rest: Answer = stored) -> Answer:
    """Somebody who says what he offers."""

    return lambda sent: told(tell() if sent.request.path == "/info" else rest, sent)


def told(one: Answer, sent: Sent) -> Response:
    if isinstance(one, LogferryError):
        raise one
    return one if isinstance(one, Response) else one(sent)


class Remote(ModelTus):
    """A destination that takes pieces, and posts up to a size."""

    offered: bool = True
    post_cut: int = 10**9
    """A post with more bytes than that is cut."""

    def say(self, sent: Sent) -> Response:
        """For a scripted sender."""
        request = sent.request
        if request.path == "/info":
            return info(tus=TUS) if self.offered else info()
        if request.path == HEALTH:
            return stored(sent)
        if request.path.startswith(PATH):
            return self.send(request)
        if request.method == "GET":
            return receipt_of(self.finished[-1], request.path.rpartition("/")[2])
        if len(request.body) > self.post_cut:
            raise Unreachable("cut", "the connection broke")
        return stored(sent)


def receipt_of(body: bytes, key: str, **changes: object) -> Response:
    envelope = msgspec.json.decode(unpacked(body), type=Envelope)
    receipt = Receipt(
        receipt_id="receipt",
        report_id="report",
        report_url="https://elsewhere.example/r/report",
        status=ReceiptStatus.STORED,
        natural_key=envelope.natural_key,
        revision=envelope.revision,
        received_digest=sha256_hex(body),
        payload_digest=sha256_hex(bytes(envelope.payload)),
        idempotency_key=key,
        created_at=envelope.started_at,
    )
    return answer(200, msgspec.json.encode(msgspec.structs.replace(receipt, **changes)))


LARGE, MIDDLE, SMALL = 5 * MIB, MIB, 1_000
