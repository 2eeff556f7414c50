"""Knows what each destination offers: asks it once a day, remembers it over a restart.

Only somebody whose letters may go there anyway is asked, and no key goes along: `/info` is for everybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from msgspec import Struct

from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Request, Response, Resuming
from logferry_daemon.core.offer import Offer
from logferry_daemon.core.waiting import holds
from logferry_daemon.ports import Clock, Outbox, Sender
from logferry_model.errors import Unreachable

log = logging.getLogger(__name__)

VALID = timedelta(days=1)
PATIENCE = timedelta(seconds=5)
"""For an answer that is only good to know: letters wait meanwhile."""
SILENCE = timedelta(minutes=5)
"""Before somebody who gave no such answer is asked again."""


class Offering(Protocol):
    """What destinations offer."""

    async def of(self, destination: Destination, dialect: Dialect) -> Offer:
        """Not older than a day, where it can be had; else the last one, else what every collector takes."""
        ...

    async def known(self, destination: Destination) -> Offer:
        """The last word, else what every collector takes; nobody is asked for it."""
        ...

    async def for_letter(self, destination: Destination, dialect: Dialect, delivery: str) -> Offer:
        """The same, to write this delivery's letter by: what its owner was shown stays as it was shown."""
        ...

    async def shown(self, destination: Destination, delivery: str) -> Offer:
        """What a preview is written by, and its letter after that; nobody is asked for it."""
        ...

    async def refused(self, destination: Destination, delivery: str, encoding: str) -> None:
        """It said to unpack this, and did not: believe so for a day."""
        ...


class NothingOffered:
    """Nobody is asked, and everybody takes what every collector takes."""

    async def of(self, destination: Destination, dialect: Dialect) -> Offer:
        return Offer()

    async def known(self, destination: Destination) -> Offer:
        return Offer()

    async def for_letter(self, destination: Destination, dialect: Dialect, delivery: str) -> Offer:
        return Offer()

    async def shown(self, destination: Destination, delivery: str) -> Offer:
        return Offer()

    async def refused(self, destination: Destination, delivery: str, encoding: str) -> None:
        """Nothing is remembered."""


class _Known(Struct, frozen=True):
    """As it stands in the spool."""

    place: str
    asked_at: datetime
    offer: Offer


class Offers:
    """One offer a place."""

    def __init__(self, outbox: Outbox, sender: Sender, clock: Clock) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._silent_since: dict[str, datetime] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._heard: dict[str, _Known | None] = {}
        """By destination, what stands in the spool: it is asked for at every letter, and written here alone."""

    async def of(self, destination: Destination, dialect: Dialect) -> Offer:
        """Asks where it has to."""
        if not isinstance(dialect, Resuming):
            return Offer()
        async with self._asking[destination.place]:
            known = await self._known(destination)
            if known is not None and holds(known.asked_at, known.asked_at + VALID, self._clock.now()):
                return known.offer
            silent = self._silent_since.get(destination.place)
            if silent is None or self._clock.steady() - silent >= SILENCE:
                if offer := await self._ask(destination, dialect.ask()):
                    await self._keep(destination, offer)
                    return offer
                self._silent_since[destination.place] = self._clock.steady()
        return known.offer if known else Offer()

    async def for_letter(self, destination: Destination, dialect: Dialect, delivery: str) -> Offer:
        """By what a preview was written by, if there was one."""
        shown = await self._outbox.note(_shown_note(delivery))
        return Offer(encodings=tuple(shown.split())) if shown is not None else await self.of(destination, dialect)

    async def shown(self, destination: Destination, delivery: str) -> Offer:
        """The first preview decides."""
        shown = await self._outbox.note(_shown_note(delivery))
        if shown is not None:
            return Offer(encodings=tuple(shown.split()))
        offer = await self.known(destination)
        await self._outbox.set_note(_shown_note(delivery), " ".join(offer.encodings))
        return offer

    async def known(self, destination: Destination) -> Offer:
        """Of whatever age."""
        known = await self._known(destination)
        return known.offer if known else Offer()

    async def refused(self, destination: Destination, delivery: str, encoding: str) -> None:
        """Until it is asked again."""
        await self._outbox.set_note(_shown_note(delivery), None)
        offer = await self.known(destination)
        left = tuple(one for one in offer.encodings if one != encoding)
        await self._keep(destination, replace(offer, encodings=left))

    async def _ask(self, destination: Destination, talk: Generator[Request, Response, Offer | None]) -> Offer | None:
        request = next(talk)
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                answer = await self._sender.send(destination.url, request, {}, destination.pin)
            talk.send(answer)
        except StopIteration as done:
            offer: Offer | None = done.value
            return offer
        except (Unreachable, TimeoutError) as error:
            log.debug("not told what it offers", extra={"action": "offer", "code": type(error).__name__})
        talk.close()
        return None

    async def _known(self, destination: Destination) -> _Known | None:
        if destination.name not in self._heard:
            note = await self._outbox.note(_note(destination))
            self._heard.setdefault(destination.name, _told(note))
        known = self._heard[destination.name]
        return known if known and known.place == destination.place else None

    async def _keep(self, destination: Destination, offer: Offer) -> None:
        self._silent_since.pop(destination.place, None)
        known = _Known(destination.place, self._clock.now(), offer)
        await self._outbox.set_note(_note(destination), msgspec.json.encode(known).decode())
        self._heard[destination.name] = known


def _told(note: str | None) -> _Known | None:
    """What such a note says; nothing where it is another version's."""
    try:
        return msgspec.json.decode(note or "null", type=_Known | None)
    except msgspec.DecodeError:
        return None


def _shown_note(delivery: str) -> str:
    """The note that remembers by which encodings a preview was written."""
    return f"shown:{delivery}"


def _note(destination: Destination) -> str:
    """The note that remembers what a destination offers."""
    return f"offer:{destination.name}"
