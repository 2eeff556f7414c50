"""Writes letters: the copy in the spool, as one destination may have it, in that destination's dialect.

The courier sends what it writes and a preview shows it: there is no other way out, so the two cannot differ.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from logferry_daemon.core.addressing import Terms, Tokens, is_key
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Letter, Parcel
from logferry_daemon.core.gate import Access
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.offer import Offer
from logferry_daemon.core.packing import unpacked
from logferry_daemon.core.policy import NOTHING_LISTED, Listing
from logferry_daemon.core.writing import Errand, Written, withheld
from logferry_daemon.ports import Claimed, Clock, Credentials, Outbox, Workshop
from logferry_model.errors import Unreachable

log = logging.getLogger(__name__)

KEY = "pseudonyms"
"""The name of the installation's own key in the keyring."""
KEY_NOTE = "pseudonyms-key"
RENEWED_NOTE = "pseudonyms-renewed"
"""Since when tokens are made with another key than before: an ISO time."""

UNKNOWN = Offer()
"""Of whoever was not asked yet."""


class Scribe:
    """One for all destinations."""

    def __init__(
        self,
        credentials: Credentials,
        outbox: Outbox,
        clock: Clock,
        listing: Callable[[str], Listing | None],
        workshop: Workshop,
        *,
        destinations: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._credentials = credentials
        self._outbox = outbox
        self._clock = clock
        self._listing = listing
        self._workshop = workshop
        self._destinations = destinations
        self._tokens: dict[str, Tokens] = {}
        """By destination, as it is known there and where that is; the key they are made of is not held."""

    async def write(
        self, claimed: Claimed, destination: Destination, dialect: Dialect, offer: Offer = UNKNOWN
    ) -> Written:
        """The letter, packed as is offered; Refused `would-leak` when something private is left.

        Unreachable while there is no key yet, Damaged when the work of it cannot be done.
        """
        if claimed.leaks:
            raise withheld(claimed.leaks)
        terms = await self._terms(claimed.parcel, destination)
        errand = Errand(
            # Beside the session and not in it: it may be an e-mail, which is a leak anywhere else.
            parcel=replace(claimed.parcel, account=destination.account),
            terms=terms,
            removed=claimed.removed,
            secrets=await self._secrets(destination),
            encodings=offer.encodings,
        )
        return await self._workshop.write(errand, dialect)

    async def check(self, letter: Letter, destination: Destination) -> None:
        """Refused `would-leak` when a key stands in a letter that was written before that key was given."""
        secrets = Secrets(await self._secrets(destination))
        if await asyncio.to_thread(lambda: secrets.stand_in_bytes(unpacked(letter.body, letter.headers))):
            raise withheld(("a key in what was written",))

    async def _secrets(self, destination: Destination) -> tuple[str, ...]:
        """Those of all destinations: none of them belongs into any letter."""
        names = sorted({destination.name, *self._destinations()})
        return tuple([secret for name in names if (secret := await self._credentials.secret(name))])

    async def _terms(self, parcel: Parcel, destination: Destination) -> Terms:
        kept: Mapping[str, str] = {}
        if destination.privacy.kept:
            kept = await self._outbox.kept(parcel.document)
        tokens = await self._tokens_for(destination, parcel.install_id) if destination.privacy.needs_key else None
        # A recipe that is gone lists nothing any more, so none of its fields leave.
        listing = self._listing(parcel.tracker) or NOTHING_LISTED
        return Terms(policy=destination.privacy, listing=listing, tokens=tokens, kept=kept)

    async def _tokens_for(self, destination: Destination, install_id: str) -> Tokens | None:
        # One address may be two destinations, with two accounts that nobody is to join.
        place = f"{destination.place}\n{install_id}"
        if place in self._tokens:
            return self._tokens[place]
        access, key = await self._credentials.make_own_key(KEY)
        if access is Access.ABSENT:
            return None
        if key is None:
            raise Unreachable("no-token-key", f"names wait for their tokens: the keyring is {access.value}")
        if not is_key(key):
            hint = "Take the entry for pseudonyms out of the keyring; another key is made then."
            raise Unreachable("no-token-key", "names wait for their tokens: the keyring has no usable key", hint=hint)
        await self._notice(key)
        return self._tokens.setdefault(place, Tokens.of(key, place))

    async def _notice(self, key: str) -> None:
        """Tell when it is another key than before: the same players have other tokens from now on."""
        mark = hashlib.sha256(f"mark\n{key}".encode()).hexdigest()[:16]
        known = await self._outbox.note(KEY_NOTE)
        if known == mark:
            return
        await self._outbox.set_note(KEY_NOTE, mark)
        if known is not None:
            log.warning("tokens are made with a new key", extra={"action": "tokens"})
            await self._outbox.set_note(RENEWED_NOTE, self._clock.now().isoformat())


def renewed_at(note: str | None) -> datetime | None:
    """The time in the note."""
    return None if note is None else datetime.fromisoformat(note)
