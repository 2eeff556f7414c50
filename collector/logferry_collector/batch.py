"""Many uploads in one request: each is taken as if it had come alone, and none is another one's matter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from multidict import CIMultiDict

from logferry_collector.access import Account, Newcomer
from logferry_collector.headers import read_head
from logferry_collector.ingest import CREATED
from logferry_collector.intake import Intake
from logferry_collector.limits import Limits
from logferry_collector.rejections import problem
from logferry_model.batch import BatchAnswer, Batched, Part, split_parts
from logferry_model.errors import Damaged, LogferryError, Refused

log = logging.getLogger(__name__)


class Batches(Struct, frozen=True, kw_only=True):
    """Takes them."""

    intake: Intake
    limits: Limits
    now: Callable[[], datetime]

    async def take(self, sender: Account | Newcomer, content_type: str, body: bytes, request_id: str) -> BatchAnswer:
        """What became of each, in their order, or Refused when they cannot be told apart."""
        try:
            parts = split_parts(content_type, body, most=self.limits.batch_parts)
        except Damaged as error:
            raise Refused("batch-unreadable", error.message) from error
        taken = await asyncio.gather(*(self._one(sender, part, request_id) for part in parts))
        return BatchAnswer(results=tuple(taken))

    async def _one(self, sender: Account | Newcomer, part: Part, request_id: str) -> Batched:
        key = part.headers.get("idempotency-key", "").strip('"')
        try:
            head = read_head(CIMultiDict(part.headers), self.limits)
            taken = await self.intake.take(sender, head, part.body)
        except LogferryError as error:
            return self._refused(key, error, request_id)
        except Exception:
            log.exception("part of a batch failed", extra={"request_id": request_id})
            return self._refused(key, Refused("internal", "The request id finds it in the log."), request_id)
        status = 201 if taken.decision in CREATED else 200
        return Batched(idempotency_key=key, status=status, receipt=taken.receipt)

    def _refused(self, key: str, error: LogferryError, request_id: str) -> Batched:
        told = problem(error, request_id=request_id, now=self.now())
        return Batched(idempotency_key=key, status=told.status, problem=told)
