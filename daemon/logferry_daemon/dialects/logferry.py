"""The native dialect: one post to Logferry's own collector, or pieces of what is large. The contract is docs/wire.md.

Pure; no sockets.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec.structs import replace

from logferry_daemon.core.exchange import (
    Acked,
    Alone,
    Conversation,
    ErasingConversation,
    Later,
    Letter,
    Outcome,
    Parcel,
    Parked,
    Report,
    Request,
    Response,
    Stop,
    Upload,
)
from logferry_daemon.core.giving_up import PARKS_AFTER, PARKS_AGE
from logferry_daemon.core.offer import Offer, Pieces, read_offer
from logferry_daemon.core.own_keys import TakingOver
from logferry_daemon.core.packing import pack
from logferry_daemon.core.proof import ProvingConversation
from logferry_daemon.core.taking_back import taking_back
from logferry_daemon.core.tus import Arrived, NotOffered, upload_in_pieces
from logferry_daemon.core.validity import ValidatingConversation
from logferry_daemon.dialects.erasing import erasing, erasure_of_failure
from logferry_daemon.dialects.health import probing
from logferry_daemon.dialects.joining import joining
from logferry_daemon.dialects.native import envelope_of
from logferry_daemon.dialects.native_batch import batched, recalled
from logferry_daemon.dialects.origin import on_origin
from logferry_daemon.dialects.status import ACCEPTED, ASK_AGAIN, outcome_of_failure, unproven
from logferry_daemon.dialects.validating import validating
from logferry_daemon.dialects.verifying import verifying
from logferry_model.envelope import (
    MEDIA_TYPE,
    SCHEMA_VERSION,
    Receipt,
    ReceiptStatus,
    content_digest,
    decode_receipt,
    sha256_hex,
)
from logferry_model.errors import Damaged

PATH = "/api/v1/ingest"
RECEIPTS = "/api/v1/receipts"


class LogferryDialect:
    """Envelope, packed, under a key and its digest; believes only a receipt that echoes both digests and the key."""

    name = "logferry"
    takes_partials = True
    takes_summaries = True

    def write(self, parcel: Parcel) -> Letter:
        """The envelope round the session, compressed once."""
        body, encoding = pack(envelope_of(parcel), parcel.encodings)
        headers = {
            "Content-Type": MEDIA_TYPE,
            **({"Content-Encoding": encoding} if encoding else {}),
            "Content-Digest": content_digest(body),
            "Idempotency-Key": f'"{parcel.idempotency_key}"',
            "X-Schema-Version": str(SCHEMA_VERSION),
        }
        return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """As dialects/erasing.py has it."""
        return erasing(report, now)

    def take_back(self, path: str, *, now: datetime) -> ErasingConversation:
        """By tus, where `/info` offers that."""
        return taking_back(path, self.ask(), failure=lambda answer: erasure_of_failure(answer, now))

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """As dialects/verifying.py has it."""
        return verifying(receipt, now)

    def join(self, key: str, *, now: datetime) -> TakingOver:
        """As dialects/joining.py has it."""
        return joining(key, now)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A bearer key."""
        return {"Authorization": f"Bearer {secret}"}

    def validate(self, *, now: datetime) -> ValidatingConversation:
        """As dialects/validating.py has it."""
        return validating(now)

    def probe(self, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
        """`GET /health`."""
        return probing("GET", url=url, now=now)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        return at_home(url, outcome(letter, response, now))

    def most_together(self, offer: Offer) -> int:
        """As `/info` says."""
        return offer.batch

    def together(
        self, letters: Sequence[Letter], *, url: str, now: datetime
    ) -> Generator[Request, Response, Sequence[Outcome | Alone]]:
        """By dialects/native_batch.py: what became of each is what a post of its own would have been answered."""
        return batched(letters, lambda letter, answer: at_home(url, outcome(letter, answer, now)), now=now)

    def recall(
        self, letters: Sequence[Letter], *, url: str, now: datetime
    ) -> Generator[Request, Response, Sequence[Acked | None]]:
        """`POST /api/v1/receipts`."""
        return recalled(letters, lambda letter, answer: at_home(url, outcome(letter, answer, now)))

    def ask(self) -> Generator[Request, Response, Offer | None]:
        """`GET /info`. Also a 404 is no word of it: a proxy says so while its collector starts."""
        response = yield Request(method="GET", path="/info")
        return read_offer(response.body) if response.status == 200 else None

    def resume(
        self, letter: Letter, upload: Upload, offer: Offer, *, tracker: str, url: str, now: datetime
    ) -> Conversation:
        """By tus, and the receipt for the whole by its key."""
        pieces = offer.pieces or Pieces()
        end = yield from upload_in_pieces(
            letter, upload, pieces, tracker=tracker, url=url, failure=lambda answer: failure(letter, answer, now)
        )
        if isinstance(end, NotOffered):
            if len(letter.body) > offer.post:
                return Parked(reason=f"too big for one post of {offer.post} bytes, and not taken in pieces")
            return (yield from self.deliver(letter, url=url, now=now))
        if not isinstance(end, Arrived):
            return end
        response = yield Request(method="GET", path=f"{RECEIPTS}/{quote(key_of(letter), safe='')}", keep=end.upload)
        if response.status == 404:
            reason = "every byte arrived, and there is no receipt yet"
            return Later(reason=reason, floor=ASK_AGAIN, trouble=False, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)
        return at_home(url, outcome(letter, response, now))


def key_of(letter: Letter) -> str:
    """The idempotency key, without its quotes."""
    return letter.headers["Idempotency-Key"].strip('"')


def at_home(url: str, found: Outcome) -> Outcome:
    """The same outcome; its report is at the destination itself."""
    if isinstance(found, Acked):
        return Acked(receipt=replace(found.receipt, report_url=on_origin(url, found.receipt.report_url)))
    return found


def failure(letter: Letter, response: Response, now: datetime) -> Outcome:
    """What an answer that is no receipt means for this letter."""
    packed = letter.headers.get("Content-Encoding", "")
    if response.status == 415 and packed == "zstd":
        reason = f"{packed} is not taken there after all: packed anew"
        return Later(reason=reason, trouble=False, free=True, refused_encoding=packed)
    return outcome_of_failure(response, now)


def outcome(letter: Letter, response: Response, now: datetime) -> Outcome:
    """What the answer to the post means."""
    if response.status not in {200, 201, 202}:
        return failure(letter, response, now)
    if "html" in response.headers.get("content-type", ""):
        return outcome_of_failure(response, now)
    try:
        receipt = decode_receipt(response.body)
    except Damaged:
        return unproven(f"the answer ({response.status}) was not a receipt")
    if receipt.received_digest != sha256_hex(letter.body) or receipt.payload_digest != letter.payload_digest:
        return unproven("the receipt is for other bytes than were sent")
    if receipt.idempotency_key != key_of(letter):
        return unproven("the receipt is for another delivery")
    if receipt.status is ReceiptStatus.ACCEPTED:
        return ACCEPTED
    return Acked(receipt=receipt)
