"""Whether a destination may be sent to now: has the facts gathered, and asks the core. One object for all destinations.

Facts come from three places: the owner (`consents.py`, `holds.py`), the keyring (`key_access.py`), and the
destination's own answers, which are kept here, by the steady clock. Whoever asks is told times of the one on the wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from logferry_daemon.consents import Consents
from logferry_daemon.core.backoff import CAP, RETRY_AFTER_CAP
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.gate import Access, Block, Facts, Gate, gate_of
from logferry_daemon.core.retries import EVERY, Retries
from logferry_daemon.core.standing import Standing
from logferry_daemon.core.waiting import on_the_wall
from logferry_daemon.holds import Holds
from logferry_daemon.key_access import KeyAccess
from logferry_daemon.ports import Choices, Clock, Credentials


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
        self._changed = changed
        self._longest = longest
        """Pause between two tries at a destination that does not answer."""
        self.consents = Consents(choices, changed)
        self.holds = Holds(clock, choices, changed)
        self.keys = KeyAccess(clock, choices, credentials)
        self._standing: dict[str, Standing] = {}

    async def load(self) -> None:
        """Read what the owner decided before."""
        await self.consents.load()
        await self.holds.load()

    async def gate(self, destination: Destination) -> Gate:
        """May anything go there now."""
        held = self.holds
        consented = self.consents.given(destination)
        return await self._gate(destination, consented=consented, paused=held.paused, playing=held.playing)

    async def way_to_delete(self, destination: Destination) -> Gate:
        """May its owner's deletions go there now. Neither a revoked consent nor a pause holds them: they take away."""
        return await self._gate(destination, consented=True, paused=False, playing=False)

    async def _gate(self, destination: Destination, *, consented: bool, paused: bool, playing: bool) -> Gate:
        # A keyring may ask its user something: not for a destination that nothing goes to anyway.
        access = await self.keys.access(destination) if consented else Access.AVAILABLE
        standing, steady = self._of(destination.name), self._clock.steady()
        gate = gate_of(
            destination.name,
            Facts(
                now=steady,
                consented=consented,
                agreed_before=self.consents.of(destination.name) is not None,
                access=access,
                paused=paused,
                paused_until=self.holds.over_at,
                playing=playing,
                playing_hint=self.holds.playing_hint,
                block=standing.block,
                breaker_until=standing.breaker.until,
                spent_until=standing.retries.ready(steady),
                trouble=standing.trouble,
                probing=standing.breaker.probing(),
            ),
        )
        if gate.until == self.holds.over_at:
            return replace(gate, until=self.holds.paused_until)
        return replace(gate, until=on_the_wall(gate.until, steady=steady, now=self._clock.now()))

    async def keyed(self, destination: Destination) -> None:
        """Its owner gave a key for it, as it is now."""
        await self.keys.given(destination)
        self.forgive(destination.name)

    async def rededicated(self, destination: Destination) -> None:
        """Its owner agreed that the key that is laid down goes to where it is now."""
        if await self.keys.rededicated(destination):
            self.forgive(destination.name)

    async def arrived(self, destination: Destination, before: str | None) -> None:
        """It is where it is from now on, and was at the place `before`: neither agreement nor key come along."""
        if not self.consents.given(destination):
            await self.consents.outdated(destination.name)
        await self.keys.arrived(destination, before)

    def forgive(self, destination: str) -> None:
        """Somebody changed something: the next request decides afresh."""
        self._standing.pop(destination, None)
        self.keys.forget_word(destination)
        self._changed()

    def forgive_all(self) -> None:
        """As `forgive`, for every destination."""
        self._standing.clear()
        self.keys.forget_words()
        self._changed()

    def forgive_held(self) -> None:
        """As `forgive`, for those that wait for a person: what one asked for with a time is kept."""
        for name in [name for name, standing in self._standing.items() if standing.held]:
            self.forgive(name)

    def block(self, destination: str, block: Block) -> None:
        """The destination said something that stops all."""
        now, steady = self._clock.now(), self._clock.steady()
        until = None if block.until is None else steady + (block.until - now)
        self._of(destination).blocked(replace(block, until=until))
        self._changed()

    def failed(
        self,
        destination: str,
        reason: str,
        jitter: float,
        *,
        item: str,
        unreached: bool = False,
        floor: timedelta = timedelta(),
    ) -> None:
        """No whole answer (`unreached`) to an item, or one of trouble, which may ask for silence (`floor`)."""
        now, standing = self._clock.steady(), self._of(destination)
        if floor:
            standing.not_before(now + min(floor, RETRY_AFTER_CAP), reason)
        cap, breaker = standing.item_failed(item, self._longest, unreached=unreached), standing.breaker
        after = breaker if cap is None else breaker.failed(now, jitter, cap)
        standing.failed(reason, after, now, doubtful=unreached)

    def not_there(self, destination: str, reason: str, jitter: float) -> None:
        """It did not even answer the question whether it is there: offline, without counting first."""
        now, standing = self._clock.steady(), self._of(destination)
        standing.failed(reason, standing.breaker.out_of_reach(now, jitter, self._longest), now, doubtful=True)
        self._changed()

    def there(self, destination: str) -> None:
        """It answered that question: letters may be tried again."""
        self._of(destination).doubtful = False

    def succeeded(self, destination: str, item: str) -> None:
        """A proper answer to an item: the way is free."""
        self._of(destination).succeeded(self._clock.steady(), item)

    def fails_alone(self, destination: str, item: str) -> bool:
        """Whether an item fails there while others are taken."""
        return self._of(destination).blame.fails_alone(item)

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
        return self._of(destination).wary(self._clock.steady())

    def at_once(self, destination: str, most: int) -> int:
        """How many requests make sense together, at most `most`."""
        return self._of(destination).at_once(most, self._clock.steady())

    def _of(self, name: str) -> Standing:
        if name not in self._standing:
            self._standing[name] = Standing(retries=Retries(every=min(EVERY, self._longest)))
        return self._standing[name]
