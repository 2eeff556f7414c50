"""How one destination has answered so far, and until when that keeps anything from going there. Pure; time is told.

All times are of the steady clock: nothing here is kept over a restart, and somebody may set the other one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from logferry_daemon.core.blame import Blame
from logferry_daemon.core.breaker import CLOSED, Breaker
from logferry_daemon.core.gate import Block
from logferry_daemon.core.retries import Retries


@dataclass(slots=True)
class Standing:
    """What is known of one destination."""

    block: Block | None = None
    breaker: Breaker = field(default=CLOSED)
    retries: Retries = field(default_factory=Retries)
    blame: Blame = field(default_factory=Blame)
    doubtful: bool = False
    """The network failed, and no whole answer came since."""
    trouble: str = ""
    """What was wrong the last time."""

    @property
    def held(self) -> bool:
        """Whether nothing but a person ends its block."""
        return self.block is not None and self.block.until is None

    def blocked(self, block: Block) -> None:
        """It said something that stops all."""
        self.block = block
        self.doubtful = self.doubtful or block.offline or block.by_network

    def not_before(self, until: datetime, reason: str) -> None:
        """It asked for silence until then; what holds longer stays."""
        if self.block is None or (self.block.until is not None and self.block.until < until):
            self.block = Block(reason=f"does not work at the moment: {reason}", until=until)

    def item_failed(self, item: str, cap: timedelta, *, unreached: bool) -> timedelta | None:
        """How long all may be held because it failed; None where that says nothing of the destination."""
        self.blame = self.blame.failed(item)
        if unreached:
            return cap  # whoever does not answer at all has failed everybody
        return None if self.blame.is_its_own(item) else self.blame.longest_pause(cap)

    def failed(self, reason: str, breaker: Breaker, now: datetime, *, doubtful: bool) -> None:
        """No whole answer, or one of trouble; `breaker` is what that makes of it."""
        self.trouble, self.doubtful = reason, doubtful
        self.breaker, self.retries = breaker, self.retries.failed(now)

    def succeeded(self, now: datetime, item: str) -> None:
        """A proper answer to an item: the way is free."""
        # A block stays: this answer was on its way when another one said to stop.
        self.breaker, self.doubtful, self.blame = CLOSED, False, self.blame.succeeded(item)
        self.retries = self.retries.succeeded(now)

    def try_anew(self) -> None:
        """The network is another one: nothing of what the old one did counts."""
        self.breaker, self.retries = self.breaker.at_once(), Retries(every=self.retries.every)
        if self.block and (self.block.offline or self.block.by_network):
            self.block = None

    def wary(self, now: datetime) -> bool:
        """Whether the next try should be of something else: what failed may be at fault, and not the destination."""
        return self.breaker.probing() or self.retries.scarce(now)

    def at_once(self, most: int, now: datetime) -> int:
        """How many requests make sense together, at most `most`."""
        return 1 if self.breaker.probing() else max(min(most, self.retries.left(now)), 1)
