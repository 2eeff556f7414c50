"""Holds what decides whether a destination may be sent to, and asks the core. One object for all destinations.

Facts come from three places: the owner (consent, pause), the keyring, and the destination's own answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from logferry_daemon.core.backoff import CAP, RETRY_AFTER_CAP
from logferry_daemon.core.breaker import CLOSED, Breaker
from logferry_daemon.core.consent import Grant, holds, policy_text, time_lines
from logferry_daemon.core.gate import Access, Block, Facts, Gate, asked_again, gate_of
from logferry_daemon.core.identity import content_mark
from logferry_daemon.core.places import is_folder
from logferry_daemon.core.policy import STANDARD, Policy
from logferry_daemon.core.retries import EVERY, Retries
from logferry_daemon.core.sending import USUAL, Sending
from logferry_daemon.ports import Choices, Clock, Credentials, own_key_lost_note, own_key_note, place_note
from logferry_model.errors import LogferryError
from logferry_model.fingerprint import Fingerprint

log = logging.getLogger(__name__)

_PAUSE = "paused-until"
_FOREVER = "resumed"
_NO_PLACE = "-"
"""In the place of one: no key was given yet, so one that is there is somebody else's."""
_VOID = ""
"""No text has this digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A configured place to send to."""

    name: str
    dialect: str
    url: str
    pin: Fingerprint | None = None
    """The key that whoever answers there must hold, in place of an authority's word."""
    privacy: Policy = STANDARD
    """What it is sent of people and places."""
    upload_hosts: tuple[str, ...] = ()
    """Whom else its owner lets it name: pieces are put there, its key never."""
    token_url: str = ""
    """Where tokens are made of its key, where its owner named such an address."""
    trackers: tuple[str, ...] = ()
    """Whose sessions it is sent; empty for all of them."""
    account: str = ""
    """What he is called there; empty where he is anonymous."""
    fields: Sequence[str] = ()
    """What trackers may tell besides what all do, as lines of the text."""
    sending: Sending = USUAL
    """When it is sent what."""
    takes_partials: bool = False
    """Whether it can have a session while that runs."""
    takes_summaries: bool = False
    """Whether it can have what a session adds up to before its events."""

    @property
    def keyless(self) -> bool:
        """Whether nobody asks for a key there: a folder of this computer."""
        return is_folder(self.url)

    @property
    def place(self) -> str:
        """Stands for where it really is: another address under the same name is another destination."""
        # The key was given for where it goes: another address for tokens is another destination, too.
        return content_mark(self.dialect, self.url, *filter(None, [self.token_url]))

    @property
    def while_it_runs(self) -> bool:
        """Whether it is sent a session before that is over."""
        return self.takes_partials and self.sending.while_it_runs

    @property
    def summary_from(self) -> int | None:
        """With so many events it is sent a summary first; None is never."""
        return self.sending.summary_from if self.takes_summaries else None

    @property
    def times(self) -> Sequence[str]:
        """When it is sent a session, as lines of the text."""
        return time_lines(running=self.while_it_runs, summary=self.summary_from is not None)

    @property
    def policy(self) -> str:
        """What its consent is about: pin, account, fields and when it is sent too, so another one voids it."""
        where = f"{self.url}, pinned to {self.pin}," if self.pin else self.url
        if self.upload_hosts:
            where += f", and to {' or '.join(self.upload_hosts)} where it says so"
        if self.token_url:
            where += f", and the key alone to {self.token_url} for tokens that last a while"
        return policy_text(
            name=self.name,
            dialect=self.dialect,
            url=where,
            policy=self.privacy,
            account=self.account,
            fields=self.fields,
            times=self.times,
        )

    @property
    def terms(self) -> tuple[str, ...]:
        """What of it is about times, people, places and fields, line by line."""
        return (*(f"sent {line}" for line in self.times), *self.privacy.lines(), *self.fields)


@dataclass(slots=True)
class _Standing:
    """What is known of one destination."""

    block: Block | None = None
    breaker: Breaker = field(default=CLOSED)
    retries: Retries = field(default_factory=Retries)
    doubtful: bool = False
    """The network failed, and no whole answer came since."""
    trouble: str = ""
    """What was wrong the last time."""
    access: Access | None = None
    origin: str = ""
    """Who laid down the key that this was said of."""
    asked_at: datetime | None = None
    without: int = 0
    """How often in a row the secret could not be had."""

    def ask_in(self, now: datetime) -> timedelta | None:
        """How long the last word of the credential store still holds; None when it is to be asked now."""
        if self.access is None or self.asked_at is None:
            return None
        valid, age = asked_again(self.access, self.without), now - self.asked_at
        # Younger than nothing: the clock was set back.
        return valid - age if timedelta() <= age <= valid else None

    def not_before(self, until: datetime, reason: str) -> None:
        """It asked for silence until then; what holds longer stays."""
        if self.block is None or (self.block.until is not None and self.block.until < until):
            self.block = Block(reason=f"does not work at the moment: {reason}", until=until)

    def try_anew(self) -> None:
        """The network is another one: nothing of what the old one did counts."""
        self.breaker, self.retries = self.breaker.at_once(), Retries(every=self.retries.every)
        if self.block and (self.block.offline or self.block.by_network):
            self.block = None

    def forget_impossible(self, now: datetime) -> None:
        """Drop waits that are longer than any wait can be: the clock was set back since."""
        if self.breaker.until and self.breaker.until - now > CAP:
            self.breaker = CLOSED
        if self.block and self.block.until and self.block.until - now > RETRY_AFTER_CAP:
            self.block = None


class Gates:
    """One gate a destination."""

    def __init__(
        self,
        clock: Clock,
        choices: Choices,
        credentials: Credentials,
        changed: Callable[[], None],
        *,
        longest: timedelta = CAP,
    ) -> None:
        self._clock = clock
        self._choices = choices
        self._credentials = credentials
        self._changed = changed
        self._longest = longest
        """Pause between two tries at a destination that does not answer."""
        self._standing: dict[str, _Standing] = {}
        self._grants: Mapping[str, Grant] = {}
        self._pause: str | None = None
        self._playing, self._playing_hint = False, ""

    async def load(self) -> None:
        """Read what the owner decided before."""
        self._grants = await self._choices.grants()
        self._pause = await self._choices.note(_PAUSE)

    async def gate(self, destination: Destination) -> Gate:
        """May anything go there now."""
        consented = self.consented(destination)
        return await self._gate(destination, consented=consented, paused=self.paused, playing=self._playing)

    async def way_to_delete(self, destination: Destination) -> Gate:
        """May its owner's deletions go there now. Neither a revoked consent nor a pause holds them: they take away."""
        return await self._gate(destination, consented=True, paused=False, playing=False)

    async def _gate(self, destination: Destination, *, consented: bool, paused: bool, playing: bool) -> Gate:
        now, standing = self._clock.now(), self._of(destination.name)
        standing.forget_impossible(now)
        return gate_of(
            destination.name,
            Facts(
                now=now,
                consented=consented,
                agreed_before=destination.name in self._grants,
                # A keyring may ask its user something: not for a destination that nothing goes to anyway.
                access=await self.access(destination) if consented else Access.AVAILABLE,
                paused=paused,
                paused_until=self.paused_until,
                playing=playing,
                playing_hint=self._playing_hint,
                block=standing.block,
                breaker_until=standing.breaker.until,
                spent_until=standing.retries.ready(now),
                trouble=standing.trouble,
                probing=standing.breaker.probing(),
            ),
        )

    def consented(self, destination: Destination) -> bool:
        """Whether its owner agreed to exactly this destination and text."""
        return holds(self._grants.get(destination.name), destination.policy)

    def grant_of(self, destination: str) -> Grant | None:
        """The agreement on record, of whatever text."""
        return self._grants.get(destination)

    async def agreed(self, grant: Grant) -> None:
        """The owner said yes."""
        await self._choices.grant(grant)
        await self._reload()

    async def outdated(self, destination: str) -> None:
        """What was agreed to is not what it is any more: it is asked for anew, also when it becomes that again."""
        grant = self._grants.get(destination)
        if grant is not None and grant.policy_digest != _VOID:
            # Not revoked: what was agreed to is shown beside what is to be agreed to.
            await self._choices.grant(replace(grant, policy_digest=_VOID))
            await self._reload()

    async def withdrawn(self, destination: str) -> None:
        """The owner said no."""
        await self._choices.revoke(destination)
        await self._reload()

    async def _reload(self) -> None:
        self._grants = await self._choices.grants()
        self._changed()

    @property
    def paused(self) -> bool:
        """Whether uploads are held by the owner right now."""
        until = self.paused_until
        return self._pause is not None and (until is None or until > self._clock.now())

    @property
    def paused_until(self) -> datetime | None:
        """The end of the pause; None without a pause or with an open end."""
        if self._pause is None or self._pause == _FOREVER:
            return None
        return datetime.fromisoformat(self._pause)

    async def pause(self, length: timedelta | None) -> None:
        """Hold everything, also over a restart."""
        self._pause = _FOREVER if length is None else (self._clock.now() + length).isoformat()
        await self._choices.set_note(_PAUSE, self._pause)
        self._changed()

    async def resume(self) -> None:
        """Go on."""
        self._pause = None
        await self._choices.set_note(_PAUSE, None)
        self._changed()

    def played(self, playing: bool, unknown: str) -> None:  # noqa: FBT001 -- it is told by a callback
        """Whether a game is played that uploads wait for; `unknown` says what the system does not tell about that."""
        hint = ""
        if unknown:
            hint = f"{unknown[:1].upper()}{unknown[1:]}, so a game that runs counts. Uploads go on when it ends."
        if (playing, hint) != (self._playing, self._playing_hint):
            self._playing, self._playing_hint = playing, hint
            self._changed()

    @property
    def playing(self) -> bool:
        """Whether uploads wait for a game."""
        return self._playing

    async def access(self, destination: Destination) -> Access:
        """What the keyring says, not older than half a minute; nobody is asked where no key is needed."""
        if destination.keyless:
            return Access.AVAILABLE
        return await self._access(destination.name, self._of(destination.name))

    async def _access(self, name: str, standing: _Standing) -> Access:
        now = self._clock.now()
        if standing.access is None or standing.ask_in(now) is None or await self._is_another(name, standing):
            standing.origin = await self._credentials.origin(name)
            standing.access = await self._credentials.access(name)
            if standing.access is Access.AVAILABLE:
                standing.access = await self._for_here(name, standing.origin)
            standing.asked_at = now
            standing.without = 0 if standing.access is Access.AVAILABLE else standing.without + 1
        return standing.access

    async def _is_another(self, name: str, standing: _Standing) -> bool:
        """Whether a key that was laid down is taken away again: then there may be one that is for another address."""
        return bool(standing.origin) and await self._credentials.origin(name) != standing.origin

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
        self.doubt_access(name)
        return None

    async def keyed(self, destination: Destination) -> None:
        """Its owner gave a key for it, as it is now."""
        await self._choices.set_note(_key_note(destination.name), destination.place)
        self.forgive(destination.name)

    async def arrived(self, destination: Destination, before: str | None) -> None:
        """It is where it is from now on, and was at the place `before`: neither agreement nor key come along."""
        name = destination.name
        if not self.consented(destination):
            await self.outdated(name)
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

    async def rededicated(self, destination: Destination) -> None:
        """Its owner agreed that the key that is laid down goes to where it is now."""
        if await self._credentials.origin(destination.name):
            await self._choices.set_note(_laid_note(destination.name), destination.place)
            self.forgive(destination.name)

    def doubt_access(self, destination: str) -> None:
        """The secret was not there although it was said to be: ask again at once."""
        self._of(destination).asked_at = None

    def look_again(self, destination: str) -> timedelta:
        """How long the credential store's last word holds."""
        return self._of(destination).ask_in(self._clock.now()) or timedelta()

    def forgive(self, destination: str) -> None:
        """Somebody changed something: the next request decides afresh."""
        self._standing.pop(destination, None)
        self._changed()

    def forgive_all(self) -> None:
        """As `forgive`, for every destination."""
        self._standing.clear()
        self._changed()

    def block(self, destination: str, block: Block) -> None:
        """The destination said something that stops all."""
        standing = self._of(destination)
        standing.block = block
        standing.doubtful = standing.doubtful or block.offline or block.by_network
        self._changed()

    def failed(
        self,
        destination: str,
        reason: str,
        jitter: float,
        *,
        unreached: bool = False,
        floor: timedelta = timedelta(),
    ) -> None:
        """No whole answer (`unreached`), or an answer of trouble, which may ask for silence (`floor`)."""
        now, standing = self._clock.now(), self._of(destination)
        if floor:
            standing.not_before(now + min(floor, RETRY_AFTER_CAP), reason)
        standing.trouble, standing.doubtful = reason, unreached
        standing.breaker = standing.breaker.failed(now, jitter, self._longest)
        standing.retries = standing.retries.failed(now)

    def not_there(self, destination: str, reason: str, jitter: float) -> None:
        """It did not even answer the question whether it is there: offline, without counting first."""
        now, standing = self._clock.now(), self._of(destination)
        standing.trouble, standing.doubtful = reason, True
        standing.breaker = standing.breaker.out_of_reach(now, jitter, self._longest)
        standing.retries = standing.retries.failed(now)
        self._changed()

    def there(self, destination: str) -> None:
        """It answered that question: letters may be tried again."""
        self._of(destination).doubtful = False

    def succeeded(self, destination: str) -> None:
        """A proper answer: the way is free."""
        # A block stays: this answer was on its way when another one said to stop.
        standing = self._of(destination)
        standing.breaker, standing.doubtful = CLOSED, False
        standing.retries = standing.retries.succeeded(self._clock.now())

    def network_changed(self) -> None:
        """Whatever could not be reached is tried at once."""
        doubtful = [one for one in self._standing.values() if one.doubtful]
        for standing in doubtful:
            standing.try_anew()
        if doubtful:
            self._changed()

    def doubtful(self, destination: str) -> bool:
        """Whether the network failed there, and no whole answer came since."""
        return self._of(destination).doubtful

    def probing(self, destination: str) -> bool:
        """Whether only one request at a time makes sense."""
        return self._of(destination).breaker.probing()

    def wary(self, destination: str) -> bool:
        """Whether the next try should be of something else: what failed may be at fault, and not the destination."""
        standing = self._of(destination)
        return standing.breaker.probing() or standing.retries.scarce(self._clock.now())

    def at_once(self, destination: str, most: int) -> int:
        """How many requests make sense together, at most `most`."""
        standing = self._of(destination)
        return 1 if standing.breaker.probing() else max(min(most, standing.retries.left(self._clock.now())), 1)

    def _of(self, name: str) -> _Standing:
        if name not in self._standing:
            self._standing[name] = _Standing(retries=Retries(every=min(EVERY, self._longest)))
        return self._standing[name]


def _key_note(destination: str) -> str:
    """The note that remembers for which place a key was given."""
    return f"key-for:{destination}"


def _laid_note(destination: str) -> str:
    """The same of a key that somebody laid down, which Logferry cannot forget."""
    return f"laid-for:{destination}"
