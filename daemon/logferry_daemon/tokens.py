"""Has tokens made of a destination's key where its owner named an address for that. They are held in memory alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Stop
from logferry_daemon.core.reaching import to_tokens
from logferry_daemon.core.renewal import Renewing
from logferry_daemon.ports import Clock, Sender

MARGIN = timedelta(minutes=1)
"""Before its end a token counts as old: a request takes a while."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands for the owner in a request."""

    secret: str
    fresh: bool = True
    """Whether nothing newer can be had: the key itself, or a token that was made right now."""

    def may_be_old(self, outcome: object) -> bool:
        """Whether it may be the reason for which nothing goes until somebody does something."""
        return not self.fresh and isinstance(outcome, Stop) and outcome.wait is None


@dataclass(frozen=True, slots=True)
class _Held:
    made_of: tuple[str, str]
    """The address for tokens and the key."""
    secret: str
    until: datetime
    """By the steady clock."""

    def is_good(self, made_of: tuple[str, str], now: datetime) -> bool:
        return self.made_of == made_of and now < self.until


class Tokens:
    """Of one destination."""

    def __init__(self, clock: Clock, sender: Sender) -> None:
        self._clock = clock
        self._sender = sender
        self._held: _Held | None = None
        self._turn = asyncio.Lock()

    async def proof(self, destination: Destination, dialect: Dialect, key: str) -> Proof:
        """The key itself, or a token in its place; Unreachable or Misconfigured where none is to be had."""
        if not (destination.token_url and isinstance(dialect, Renewing)):
            return Proof(key)
        made_of = destination.token_url, key
        # Several sessions go at once, and one token is for all of them.
        async with self._turn:
            held = self._held
            if held is not None and held.is_good(made_of, self._clock.steady()):
                return Proof(held.secret, fresh=False)
            return Proof((await self._made(made_of, dialect)).secret)

    def forget(self, proof: Proof) -> None:
        """It was not taken although it should still be good."""
        if self._held is not None and self._held.secret == proof.secret:
            self._held = None

    async def _made(self, made_of: tuple[str, str], dialect: Renewing) -> _Held:
        self._held = None
        leg = to_tokens(made_of[0], dialect.token_request(made_of[1]))
        since = self._clock.steady()
        token = dialect.token_in(await self._sender.send(leg.url, leg.request, leg.secret, leg.pin))
        self._held = _Held(made_of, token.secret, since + max(token.good_for - MARGIN, timedelta()))
        return self._held
