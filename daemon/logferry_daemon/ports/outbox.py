"""The spool as the delivery worker sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from logferry_daemon.core.delivery import State
from logferry_daemon.core.evening import Told
from logferry_daemon.core.exchange import Letter, Parcel, Upload
from logferry_daemon.core.identities import Standing
from logferry_daemon.core.sanitise import TakenOut
from logferry_model.envelope import Receipt
from logferry_model.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery as the spool has it."""

    id: str
    session: SessionId
    destination: str
    revision: int
    state: State
    attempts: int
    created_at: datetime
    last_error: str = ""
    last_attempt: datetime | None = None
    next_attempt: datetime | None = None
    report_url: str | None = None
    stuck: int = 0
    """Answers that got it nowhere since it was written or somebody asked for it; told where it is claimed alone."""
    stuck_since: datetime | None = None
    """When the first of them came."""
    asked: bool = False
    """Whether no time is waited for: it was let go, or its owner asked for it."""
    standing: Standing = Standing.ALLOWED
    """Whether its player's sessions may go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that the worker now has: its letter if one was written before, else the parcel to write it from."""

    row: DeliveryRow
    parcel: Parcel
    letter: Letter | None
    upload: Upload = field(default_factory=Upload)
    """How far the letter has come."""
    backfill: bool = False
    """Whether it was there before it was asked for."""
    leaks: tuple[str, ...] = ()
    """Where something private was left, which is why only a frame of it is kept."""
    removed: TakenOut = field(default_factory=dict)
    """What was taken out before it was kept."""


class Outbox(Protocol):
    """The spool as the delivery worker sees it."""

    async def claim(
        self,
        destination: str,
        now: datetime,
        limit: int,
        *,
        backfill: int,
        only_asked: bool = False,
        longest_untried: bool = False,
        but: Collection[str] = (),
    ) -> Sequence[Claimed]:
        """The oldest deliveries that are due, marked as uploading; at most so many of a backfill, and those last.

        Never one of a player who is not allowed there; with `only_asked`, none that was neither let go nor asked for.
        With `longest_untried`, of those that were never tried, else of the one that was tried the longest time ago.
        None of `but` that waits for a time, whatever the clock says; what was hastened since waits for none.
        """
        ...

    async def keep_letter(self, delivery: str, letter: Letter) -> None:
        """The bytes, before they are sent for the first time."""
        ...

    async def keep_upload(self, delivery: str, upload: Upload) -> bool:
        """How far they have come; False where the delivery was deleted meanwhile, and nothing more of it may go."""
        ...

    async def acked(self, delivery: str, receipt: Receipt | None, note: str, now: datetime, took: timedelta) -> None:
        """Uploaded. No receipt: the owner deleted it over there."""
        ...

    async def deferred(
        self,
        delivery: str,
        reason: str,
        next_attempt: datetime,
        *,
        counts: bool,
        now: datetime | None = None,
        anew: bool = False,
        stuck: bool = False,
    ) -> None:
        """Back to pending; `now` is when that was known, for its history and as the beginning of the wait.

        `anew`: the bytes are not taken as they are, so they are written once more, under another key.
        `stuck`: it is one of the answers after so many of which it is given up. They are counted from none again once
        it is written anew or a person asks for it.
        """
        ...

    async def released(self, deliveries: Sequence[str]) -> None:
        """Those of them that are still being sent are pending again: sending was broken off."""
        ...

    async def hastened(self, deliveries: Sequence[str]) -> None:
        """Those of them that are pending are due now."""
        ...

    async def parked(self, delivery: str, reason: str, now: datetime) -> None:
        """Failed: a person decides."""
        ...

    async def kept(self, document: bytes) -> Mapping[str, str]:
        """Slot -> text, of those slots in a document that some destination is sent as the log says them."""
        ...

    async def told_about(self, delivery: str) -> Sequence[Told]:
        """What its destination has of the sessions around this one, in the order in which they were played."""
        ...

    async def note(self, key: str) -> str | None:
        """A small fact that survives a restart."""
        ...

    async def set_note(self, key: str, value: str | None) -> None:
        """Remember it, or forget it with None."""
        ...

    async def next_due(
        self,
        destination: str,
        now: datetime,
        *,
        backfill: bool,
        only_asked: bool = False,
        but: Collection[str] = (),
    ) -> datetime | None:
        """When the earliest pending delivery that may go is due, of a backfill or of what goes by itself.

        Long ago means now. A wait that was written down before the clock was set back begins once more at `now`; those
        of `but` that wait for a time are left out.
        """
        ...

    async def let_go(self, destination: str, tracker: str | None) -> int:
        """The time of a destination has come: what is pending goes, of one tracker or of all; how much that is."""
        ...

    async def heed_only(self, destinations: Collection[str]) -> None:
        """Only these go at times: of all others it is forgotten which were heeded, so none is made up for later."""
        ...

    async def unasked(self, destination: str) -> Sequence[str]:
        """The trackers of what is pending and was neither let go nor asked for."""
        ...
