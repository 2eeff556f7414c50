"""Sees to it that no destination's key is in the spool, neither in what is read nor in what was read before.

Whoever reads gets the keys that can be had without asking anybody, and they are let go of soon. A key that is new is
looked for in all that was kept. A keyring that is locked stops no reading: what is kept meanwhile is searched later.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from logferry_daemon.core.gate import Access
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.ports import Chance, Clock, Credentials, Spool, Withheld
from logferry_daemon.wake import Wake
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
"""As often as the gates ask for keys."""
NOTE = "keys-searched"
"""Destination -> mark of the key that all in the spool was searched for."""
_ROUNDS = 100_000
"""Whoever has the spool must not be able to try keys against their marks at leisure."""
_SLOW = frozenset({Access.STUCK})


@dataclass(frozen=True, slots=True)
class _Looked:
    """What there was at one moment."""

    keys: Mapping[str, str] = field(repr=False)
    secrets: Secrets
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What the vigil is about."""

    spool: Spool
    destinations: Callable[[], Sequence[str]]
    hold: Callable[[Collection[str]], Awaitable[None]]
    """Breaks off these deliveries."""
    told: Callable[[], None]
    """Something was stopped."""


class Vigil:
    """One for the daemon."""

    def __init__(self, clock: Clock, chance: Chance, credentials: Credentials, guarded: Guarded) -> None:
        self._clock = clock
        self._chance = chance
        self._credentials = credentials
        self._guarded = guarded
        self._wake = Wake(clock)
        self._asking = asyncio.Lock()
        self._held: _Looked | None = None
        self._readers: set[asyncio.Future[None]] = set()
        self._marks: dict[str, str] | None = None
        """As in the note; None until it was read."""
        self._seen: dict[str, bytes] = {}
        """The same of this run of the daemon, cheap to make and kept nowhere."""
        self._run_key = chance.token().encode()
        self.out_of_sight: Mapping[str, Access] = {}
        """Destinations whose keys could not be had the last time although there may be some."""

    @property
    def in_sight(self) -> Secrets:
        """The keys that somebody reads with just now."""
        return self._held.secrets if self._held else NO_SECRETS

    def key_given(self) -> None:
        """There may be a new one: look soon."""
        self._held = None
        self._wake.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Secrets]:
        """The keys, for whoever reads and keeps until this is left; a search for new ones waits for that."""
        looked = await self._look(anew=False)
        reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._readers.add(reader)
        try:
            yield looked.secrets
        finally:
            self._readers.discard(reader)
            reader.set_result(None)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.look_for_new()
            except LogferryError as error:
                log.warning("spool not searched for keys yet", extra={"action": "vigil", "code": error.code})
            except Exception:  # the next round may do; reading and sending go on
                log.exception("vigil failed", extra={"action": "vigil"})
            await self._wake.wait(EVERY)

    async def look_for_new(self) -> None:
        """Search the spool for every key that it was not searched for yet."""
        looked = await self._look(anew=True)
        marks = await self._marked(looked.keys)
        if any(marks[name] != (self._marks or {}).get(name) for name in marks):
            # They may still keep what they read before there was this key.
            if self._readers:
                await asyncio.wait(set(self._readers))
            await self._search(looked.secrets)
        if marks != self._marks:
            await self._remember(marks)
        self._seen = {name: self._fast(key) for name, key in looked.keys.items()}
        if not self._readers:
            self._held = None

    async def _search(self, secrets: Secrets) -> None:
        spool = self._guarded.spool
        found = await spool.withhold(secrets)
        if not found.anything:
            return
        await self._guarded.hold(found.stopped)
        await spool.forget_letters(found.stopped)  # one may have been written in that very moment
        self._guarded.told()
        _tell(found)
        await spool.scrub()

    async def _look(self, *, anew: bool) -> _Looked:
        async with self._asking:
            held = self._held
            if held is None or anew or self._clock.steady() - held.at > EVERY:
                held = self._held = await self._ask()
            return held

    async def _ask(self) -> _Looked:
        keys: dict[str, str] = {}
        missing: dict[str, Access] = {}
        for name in self._guarded.destinations():
            access, key = await self._ask_for(name, stuck=not _SLOW.isdisjoint(missing.values()))
            if key:
                keys[name] = key
            elif access is not Access.ABSENT:
                missing[name] = access
        self.out_of_sight = missing
        await self._doubt(keys)
        return _Looked(keys, Secrets(keys.values()), self._clock.steady())

    async def _ask_for(self, name: str, *, stuck: bool) -> tuple[Access, str | None]:
        if stuck and not await self._credentials.origin(name):
            return Access.STUCK, None  # one wait for a keyring that does not answer is enough
        access = await self._credentials.access(name)
        return access, await self._credentials.secret(name) if access is Access.AVAILABLE else None

    async def _doubt(self, keys: Mapping[str, str]) -> None:
        """What is kept while a key is not in sight is not searched for it: all is to be searched when it is back."""
        if self._marks is None:
            note = await self._guarded.spool.note(NOTE)
            self._marks = msgspec.json.decode(note, type=dict[str, str]) if note else {}
        known = {name: mark for name, mark in self._marks.items() if name in keys}
        if known != self._marks:
            await self._remember(known)

    async def _remember(self, marks: dict[str, str]) -> None:
        await self._guarded.spool.set_note(NOTE, msgspec.json.encode(marks).decode())
        self._marks = marks
        self._seen = {name: seen for name, seen in self._seen.items() if name in marks}

    async def _marked(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Destination -> mark; the known one where the key is the same."""
        return {name: await self._mark(name, key) for name, key in keys.items()}

    async def _mark(self, name: str, key: str) -> str:
        known = (self._marks or {}).get(name, "")
        if known and self._seen.get(name) == self._fast(key):
            return known
        salt = known.partition(":")[0]
        if known and await asyncio.to_thread(_slow, salt, key) == known:
            return known
        return await asyncio.to_thread(_slow, self._chance.token(), key)

    def _fast(self, key: str) -> bytes:
        return hmac.digest(self._run_key, key.encode("utf-8", "surrogatepass"), "sha256")


def _slow(salt: str, key: str) -> str:
    made = hashlib.pbkdf2_hmac("sha256", key.encode("utf-8", "surrogatepass"), salt.encode(), _ROUNDS)
    return f"{salt}:{made.hex()[:32]}"


def _tell(found: Withheld) -> None:
    log.warning(
        "a destination's key was in what is kept: it is stopped",
        extra={"action": "vigil", "sessions": len(found.sessions), "sent": found.sent},
    )
