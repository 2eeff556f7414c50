"""Hands over one letter: in one post, or in pieces where it is large or the network does not let a post through.

How far it has come is on the disk before the next request, so another daemon goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from logferry_daemon.conversing import Keep, Proofs, exchange
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.evening import Gathering, reports_of
from logferry_daemon.core.exchange import (
    Dialect,
    Later,
    Letter,
    Outcome,
    Parked,
    Resuming,
    Upload,
)
from logferry_daemon.core.offer import MIB, SMALLEST, Offer
from logferry_daemon.core.tus import CUT, FINEST
from logferry_daemon.offers import Offering
from logferry_daemon.ports import Claimed, Outbox, Sender
from logferry_model.errors import Unreachable

LARGE = 4 * MIB
"""Bytes above which a letter goes in pieces."""
CUTS = 2
"""Posts that the network cut, after which it goes in pieces too."""


class _DeletedMeanwhile(Exception):
    """Its owner deleted the session: nothing more of it may go."""


class Handover:
    """To one destination."""

    def __init__(self, outbox: Outbox, sender: Sender, offers: Offering) -> None:
        self._outbox = outbox
        self._sender = sender
        self._offers = offers

    async def hand(
        self,
        claimed: Claimed,
        letter: Letter,
        destination: Destination,
        dialect: Dialect,
        *,
        proofs_of: Proofs,
        now: datetime,
    ) -> Outcome:
        """What comes of it; Unreachable when there was no whole answer."""
        upload, keep = claimed.upload, self._keeper(claimed.row.id)
        offer = await self._offers.of(destination, dialect) if _is_long(letter, upload) else Offer()
        talk, in_pieces = dialect.deliver(letter, url=destination.url, now=now), False
        if isinstance(dialect, Gathering):
            reports = reports_of(claimed.parcel, await self._outbox.told_about(claimed.row.id), dialect.apart)
            talk = dialect.gather(letter, reports, url=destination.url, now=now)
        if isinstance(dialect, Resuming) and _is_taken_in_pieces(letter, offer):
            tracker, in_pieces = claimed.parcel.tracker, True
            talk = dialect.resume(letter, upload, offer, tracker=tracker, url=destination.url, now=now)
        try:
            outcome = await exchange(self._sender, destination, proofs_of, talk, keep)
        except _DeletedMeanwhile:
            return Later(reason="it was deleted meanwhile", trouble=False, free=True)
        except Unreachable as error:
            if not in_pieces and error.code in CUT and len(letter.body) > SMALLEST:
                await keep(replace(upload, cuts=upload.cuts + 1))
            raise
        if isinstance(outcome, Later) and outcome.refused_encoding:
            await self._offers.refused(destination, claimed.row.id, outcome.refused_encoding)
        if isinstance(outcome, Parked) and outcome.too_big and not _is_long(letter, upload):
            return await _smaller(outcome, letter, await self._offers.of(destination, dialect), keep)
        return outcome

    def _keeper(self, delivery: str) -> Keep:
        async def keep(upload: Upload) -> None:
            if not await self._outbox.keep_upload(delivery, upload):
                raise _DeletedMeanwhile

        return keep


def _is_long(letter: Letter, upload: Upload) -> bool:
    """Whether one post is too much for it, as far as anybody can tell."""
    return bool(upload.path) or upload.cuts >= CUTS or len(letter.body) > LARGE


def _is_taken_in_pieces(letter: Letter, offer: Offer) -> bool:
    pieces = offer.pieces
    return pieces is not None and (pieces.most is None or len(letter.body) <= pieces.most)


async def _smaller(refused: Parked, letter: Letter, offer: Offer, keep: Keep) -> Outcome:
    """In pieces the next time, where any of them is smaller than the post that was refused; that once."""
    pieces = offer.pieces
    if pieces is None or pieces.smallest >= len(letter.body) or not _is_taken_in_pieces(letter, offer):
        return refused
    # Nobody says how much would be taken, so the pieces are the smallest ones that are offered.
    await keep(Upload(cuts=FINEST))
    return Later(reason=f"{refused.reason}; it goes in pieces", trouble=False)
