"""How a Logferry collector is asked to delete a report, and what its answers prove. The contract is docs/wire.md. Pure.

A missing page proves nothing: an old collector and a wrong address say 404 as well. What counts is a whole answer that
names the report, or the collector's own word that there is none.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from logferry_daemon.core.exchange import (
    Acked,
    Erased,
    ErasingConversation,
    Erasure,
    GoneByOwner,
    Later,
    Parked,
    Report,
    Request,
    Response,
)
from logferry_daemon.dialects.status import DELETED, outcome_of_failure
from logferry_model.envelope import Deletion, Problem, decode_receipt
from logferry_model.errors import Damaged

REPORTS = "/api/v1/encounters/"
RECEIPTS = "/api/v1/receipts/"
STILL_COMING = timedelta(minutes=2)
"""After this the collector has worked off a request whose sender hung up."""


def erasing(report: Report, now: datetime) -> ErasingConversation:
    """Find out its name where no receipt came; then have it deleted."""
    name = report.report_id
    if not name:
        found = yield from _name_of(report, now)
        if not isinstance(found, str):
            return found
        name = found
    response = yield Request(method="DELETE", path=REPORTS + quote(name, safe=""))
    if response.status == 404 and _code(response) == "report-unknown":
        return (yield from _not_ours(name))
    return _outcome(name, response, now)


def _name_of(report: Report, now: datetime) -> Generator[Request, Response, str | Erasure]:
    response = yield Request(method="GET", path=RECEIPTS + quote(report.idempotency_key, safe=""))
    if response.status == 404 and _code(response) == "not-found":
        if report.age >= STILL_COMING:
            return Erased(note="it never arrived")
        return Later(reason="it has not arrived so far", floor=STILL_COMING, trouble=False)
    if response.status != 200:
        return erasure_of_failure(response, now)
    try:
        receipt = decode_receipt(response.body)
    except Damaged:
        return Later(reason=f"the answer ({response.status}) was not a receipt")
    if receipt.idempotency_key != report.idempotency_key:
        return Later(reason="the receipt is for another delivery")
    return receipt.report_id


def _not_ours(name: str) -> ErasingConversation:
    """The account of this key has no such report. Whoever has its address can see whether anybody has."""
    response = yield Request(method="HEAD", path=f"/r/{quote(name, safe='')}.json")
    if response.status == 404:
        return Erased(note="it was not there any more")
    if response.status == 200:
        return Parked(reason="it is still there, but belongs to another account than this key")
    return Later(reason=f"the collector did not say whether it is still there ({response.status})")


def _outcome(name: str, response: Response, now: datetime) -> Erasure:
    if response.status == 410 and _code(response) == DELETED:
        return Erased(note="it had been deleted there before")
    if response.status in {404, 405, 410, 501}:
        return Parked(reason=f"nothing at this address deletes reports ({response.status})")
    if response.status != 200:
        return erasure_of_failure(response, now)
    try:
        told = msgspec.json.decode(response.body, type=Deletion)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return erasure_of_failure(response, now)
    return Erased() if told.report_id == name else Later(reason="the answer is about another report")


def erasure_of_failure(response: Response, now: datetime) -> Erasure:
    """What an answer that says nothing about the report means."""
    found = outcome_of_failure(response, now)
    if isinstance(found, Acked | GoneByOwner):
        return Later(reason=f"the answer ({response.status}) says nothing about the report")
    return found


def _code(response: Response) -> str:
    try:
        return msgspec.json.decode(response.body, type=Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
