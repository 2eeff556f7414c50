"""Takes back an upload in pieces that was begun and will not be ended: tus 1.0's `termination`. Pure.

Only who says that it has that extension is asked for it: of anybody else a 404 would say nothing. And only what is in
pieces still is deleted: the last answer may have been lost, and a finished upload is a report, for which its owner has
another command.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta

from logferry_daemon.core.exchange import Erased, Erasure, Later, Parked, Request, Response
from logferry_daemon.core.offer import TUS, Offer
from logferry_daemon.core.tus import count_of

GONE = frozenset({404, 410})
NOT_THERE = frozenset({405, 412, 501})
NOT_OFFERED = "it takes no upload back"
UNKNOWN = Later(reason="it does not say whether it takes an upload back", floor=timedelta(minutes=1), trouble=False)
UNCOUNTED = Later(reason="it does not say how much of the upload it has", floor=timedelta(minutes=1), trouble=False)
WHOLE = Erased(note="it is whole over there, and no pieces are left of it")
_HEADERS = {"Tus-Resumable": TUS}


def taking_back(
    path: str,
    asking: Generator[Request, Response, Offer | None],
    *,
    failure: Callable[[Response], Erasure],
) -> Generator[Request, Response, Erasure]:
    """Ask what is offered and how much is there, then have the upload at `path` deleted unless it is whole."""
    offer = yield from asking
    if offer is None:
        return UNKNOWN
    if offer.pieces is None or not offer.pieces.takes_back:
        return Parked(reason=NOT_OFFERED)
    there = yield Request(method="HEAD", path=path, headers=_HEADERS)
    if not 200 <= there.status < 300:
        return _refusal(there) or failure(there)
    spared = _spared(there)
    if spared is not None:
        return spared
    answer = yield Request(method="DELETE", path=path, headers=_HEADERS)
    if answer.status == 204:
        return Erased()
    return _refusal(answer) or failure(answer)


def _spared(there: Response) -> Erasure | None:
    """Why it is not deleted; None where it is in pieces by the destination's own count."""
    offset, length = (count_of(there.headers.get(name)) for name in ("upload-offset", "upload-length"))
    if there.headers.get("x-report-id") or (offset is not None and offset == length):
        return WHOLE
    if offset is None or length is None or offset > length:
        return UNCOUNTED
    return None


def _refusal(answer: Response) -> Erasure | None:
    """What is about this upload; None where it is about the destination."""
    if answer.status in GONE:
        return Erased(note="it was not there any more")
    if answer.status in NOT_THERE:
        return Parked(reason=f"{NOT_OFFERED} ({answer.status})")
    if answer.status == 403:
        # What the key may do besides is no business of it.
        return Parked(reason=f"it does not let this key take an upload back ({answer.status})")
    return None
