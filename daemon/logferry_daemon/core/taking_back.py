"""Takes back an upload in pieces that was begun and will not be ended: tus 1.0's `termination`. Pure.

Only who says that it has that extension is asked for it: of anybody else a 404 would say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta

from logferry_daemon.core.exchange import Erased, Erasure, Later, Parked, Request, Response
from logferry_daemon.core.offer import TUS, Offer

GONE = frozenset({404, 410})
NOT_THERE = frozenset({405, 412, 501})
NOT_OFFERED = "it takes no upload back"
UNKNOWN = Later(reason="it does not say whether it takes an upload back", floor=timedelta(minutes=1), trouble=False)


def taking_back(
    path: str,
    asking: Generator[Request, Response, Offer | None],
    *,
    failure: Callable[[Response], Erasure],
) -> Generator[Request, Response, Erasure]:
    """Ask what is offered, then have the upload at `path` deleted; who has it no more is asked for nothing else."""
    offer = yield from asking
    if offer is None:
        return UNKNOWN
    if offer.pieces is None or not offer.pieces.takes_back:
        return Parked(reason=NOT_OFFERED)
    answer = yield Request(method="DELETE", path=path, headers={"Tus-Resumable": TUS})
    if answer.status in GONE:
        return Erased(note="it was not there any more")
    if answer.status == 204:
        return Erased()
    if answer.status in NOT_THERE:
        return Parked(reason=f"{NOT_OFFERED} ({answer.status})")
    if answer.status == 403:
        # This is about the upload: what the key may do besides is no business of its.
        return Parked(reason=f"it does not let this key take an upload back ({answer.status})")
    return failure(answer)
