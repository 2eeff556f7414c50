"""Whether there is a key for a destination, and for where it is now. Asks the credential store no more than it must."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.destination import Destination
from logferry_daemon.core.gate import Access, asked_again
from logferry_daemon.ports import Choices, Clock, Credentials, own_key_lost_note, own_key_note, place_note
from logferry_model.errors import LogferryError

log = logging.getLogger(__name__)

_NO_PLACE = "-"
"""In the place of one: no key was given yet, so one that is there is somebody else's."""


@dataclass(slots=True)
class _Word:
    """The credential store's last one about one destination."""

    access: Access | None = None
    origin: str = ""
    """Who laid down the key that this was said of."""
    asked_at: datetime | None = None
    """By the steady clock."""
    without: int = 0
    """How often in a row the secret could not be had."""

    def ask_in(self, now: datetime) -> timedelta | None:
        """How long it still holds; None when the store is to be asked now."""
        if self.access is None or self.asked_at is None:
            return None
        valid, age = asked_again(self.access, self.without), now - self.asked_at
        return valid - age if age <= valid else None


class KeyAccess:
    """One for all destinations."""

    def __init__(self, clock: Clock, choices: Choices, credentials: Credentials) -> None:
        self._clock = clock
        self._choices = choices
        self._credentials = credentials
        self._words: dict[str, _Word] = {}

    async def access(self, destination: Destination) -> Access:
        """What the keyring says, not older than half a minute; nobody is asked where no key is needed."""
        if destination.keyless:
            return Access.AVAILABLE
        return await self._access(destination.name, self._of(destination.name))

    async def _access(self, name: str, word: _Word) -> Access:
        now = self._clock.steady()
        if word.access is None or word.ask_in(now) is None or await self._is_another(name, word):
            word.origin = await self._credentials.origin(name)
            word.access = await self._credentials.access(name)
            if word.access is Access.AVAILABLE:
                word.access = await self._for_here(name, word.origin)
            word.asked_at = now
            word.without = 0 if word.access is Access.AVAILABLE else word.without + 1
        return word.access

    async def _is_another(self, name: str, word: _Word) -> bool:
        """Whether a key that was laid down is taken away again: then there may be one that is for another address."""
        return bool(word.origin) and await self._credentials.origin(name) != word.origin

    async def secret(self, destination: Destination) -> str | None:
        """Its key; empty where none is needed, None where it cannot be had or the gate was asked of another one."""
        if destination.keyless:
            return ""
        name = destination.name
        if await self.access(destination) is not Access.AVAILABLE:
            return None
        secret = await self._credentials.secret(name)
        # Asked last: so it is the origin of what was got.
        if await self._credentials.origin(name) == self._of(name).origin:
            return secret
        self.doubt(name)
        return None

    def doubt(self, destination: str) -> None:
        """The secret was not there although it was said to be: ask again at once."""
        self._of(destination).asked_at = None

    def look_again(self, destination: str) -> timedelta:
        """How long the credential store's last word holds."""
        return self._of(destination).ask_in(self._clock.steady()) or timedelta()

    def forget_word(self, destination: str) -> None:
        """Somebody changed something: the store is asked afresh."""
        self._words.pop(destination, None)

    def forget_words(self) -> None:
        """The same for every destination."""
        self._words.clear()

    async def given(self, destination: Destination) -> None:
        """Its owner gave a key for it, as it is now."""
        await self._choices.set_note(_key_note(destination.name), destination.place)

    async def arrived(self, destination: Destination, before: str | None) -> None:
        """It is where it is from now on, and was at the place `before`: its key does not come along."""
        name = destination.name
        given_for = await self._choices.note(_key_note(name))
        if given_for is None:
            # Nothing was written down yet: a key that is there was given for where it was.
            given_for = before or _NO_PLACE
            await self._choices.set_note(_key_note(name), given_for)
        if given_for not in {_NO_PLACE, destination.place}:
            await self._tell_of_own(name, given_for)
            await self._forget_key(name)

    async def _tell_of_own(self, name: str, given_for: str) -> None:
        """One of Logferry's own making reaches what was sent with it, and nothing else does: nobody was asked here."""
        lost = own_key_lost_note(name)
        if await self._choices.note(own_key_note(name)) == given_for and await self._choices.note(lost) is None:
            await self._choices.set_note(lost, self._clock.now().isoformat())

    async def _forget_key(self, name: str) -> None:
        """Given for another address. While its keyring is away it lies there, unused, until the next start."""
        try:
            await self._credentials.forget(name, quiet=True)
        except LogferryError as error:
            log.warning("key of another address not forgotten yet", extra={"action": "key", "code": error.code})
        else:
            await self._choices.set_note(_key_note(name), _NO_PLACE)

    async def _for_here(self, name: str, origin: str) -> Access:
        """What there is of a key, once one that was given or laid down for another address counts for nothing."""
        place = await self._choices.note(place_note(name))
        if not origin:
            return Access.AVAILABLE if await self._choices.note(_key_note(name)) in {None, place} else Access.ABSENT
        laid_for = await self._choices.note(_laid_note(name))
        if laid_for is None:
            # Whoever laid it down named this destination, and it is here.
            await self._choices.set_note(_laid_note(name), place)
        return Access.AVAILABLE if laid_for in {None, place} else Access.FOREIGN

    async def laid_for_another(self, destination: Destination) -> bool:
        """Whether the key that is laid down for it served another address."""
        laid_for = await self._choices.note(_laid_note(destination.name))
        return laid_for not in {None, destination.place} and bool(await self._credentials.origin(destination.name))

    async def rededicated(self, destination: Destination) -> bool:
        """Its owner agreed that the key that is laid down goes to where it is now; whether there is one."""
        laid = bool(await self._credentials.origin(destination.name))
        if laid:
            await self._choices.set_note(_laid_note(destination.name), destination.place)
        return laid

    def _of(self, name: str) -> _Word:
        return self._words.setdefault(name, _Word())


def _key_note(destination: str) -> str:
    """The note that remembers for which place a key was given."""
    return f"key-for:{destination}"


def _laid_note(destination: str) -> str:
    """The same of a key that somebody laid down, which Logferry cannot forget."""
    return f"laid-for:{destination}"
