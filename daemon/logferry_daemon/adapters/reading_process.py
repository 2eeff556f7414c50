"""Reads and prepares in the workshop's process what is large; what is small costs less where it is."""

from __future__ import annotations

from logferry_daemon.adapters.work_process import ProcessWorkshop
from logferry_daemon.core.carried import Opaque, carried, reading_of
from logferry_daemon.core.losses import file_lost
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order
from logferry_daemon.core.reading import Document, DocumentTracker, Found, Reading
from logferry_daemon.ports import ReadingRoom
from logferry_daemon.recipes.match.tracker import MatchTracker
from logferry_daemon.workshop.messages import Held, Prepare, Prepared, Read

LEAST = 64 * 2**10
"""Bytes: less than this is done in some milliseconds, and starting a worker takes a fifth of a second."""
OF_AN_EVENT = 128
"""Bytes of one that a log tells, more or less."""


class ProcessReadingRoom:
    """Done by the workshop's worker, who does one thing at a time; where there can be none, `here`."""

    def __init__(self, workshop: ProcessWorkshop, here: ReadingRoom, *, least: int = LEAST) -> None:
        self._workshop = workshop
        self._here = here
        self._least = least

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        """What the document holds."""
        if len(document.data) + sum(map(len, document.beside.values())) >= self._least:
            answer = await self._workshop.answer(lambda: read_task(tracker, document), file_lost)
            if isinstance(answer, Held):
                return reading_of(answer.reading)
        return await self._here.read(tracker, document)

    async def prepare(self, order: Order) -> NewSession:
        """The session as it may be kept."""
        if self._is_large(order.found):
            answer = await self._workshop.answer(lambda: prepare_task(order), file_lost)
            if isinstance(answer, Prepared):
                return answer.new
        return await self._here.prepare(order)

    def _is_large(self, found: Found) -> bool:
        """What was read by a worker was large, and its bytes are there to be handed back."""
        return isinstance(found.raw, Opaque) or OF_AN_EVENT * found.events >= self._least


def read_task(tracker: DocumentTracker, document: Document) -> Read:
    """To read that."""
    recipe = tracker.recipe if isinstance(tracker, MatchTracker) else None
    return Read(tracker=tracker.name, recipe=recipe, document=document)


def prepare_task(order: Order) -> Prepare:
    """To prepare that."""
    privacy = order.privacy
    return Prepare(
        found=carried(order.found),
        end=order.end,
        only_grows=order.only_grows,
        names_player=order.names_player,
        beside=order.beside,
        slots=privacy.slots,
        listing=privacy.listing,
        keeps=privacy.keeps,
        secrets=privacy.secrets,
    )
