"""How long a courier waits: for its destination's gate, for the network, for what is due, for a time that was set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from logferry_daemon.bookkeeping import Books
from logferry_daemon.conversing import converse
from logferry_daemon.core.budget import Budget
from logferry_daemon.core.exchange import Later, Probing
from logferry_daemon.core.gate import Gate
from logferry_daemon.ports import Claimed
from logferry_daemon.road import LOOK_AGAIN, SHORTEST_LOOK, Post
from logferry_daemon.triggers import Trigger

UNHURRIED = Budget()


class Waits:
    """Of one destination."""

    def __init__(self, post: Post, books: Books, budget: Budget, trigger: Trigger | None) -> None:
        self._post = post
        self._books = books
        self._budget = budget
        """For what was found before it was asked for."""
        self._trigger = trigger
        """Where what is over waits for something; None is where all goes at once."""

    async def pull(self, now: datetime) -> None:
        """Let go of what waited for this moment."""
        if self._trigger:
            await self._trigger.pull(now)

    async def claim(self, now: datetime, limit: int) -> Sequence[Claimed]:
        """What may go now, and is being sent from here on."""
        steady = self._post.road.clock.steady()
        name, left, only = self._post.name, self._budget.left(steady), self._only_asked
        wary = self._post.gates.wary(name)
        outbox, but = self._post.road.outbox, self._books.floors.holding()
        claimed = await outbox.claim(name, now, limit, backfill=left, only_asked=only, longest_untried=wary, but=but)
        self._budget = self._budget.spent(sum(one.backfill for one in claimed), steady)
        return claimed

    def until_open(self, gate: Gate, now: datetime) -> timedelta:
        """Before the next look at a gate that is closed."""
        if gate.until is not None:
            return min(max(gate.until - now, timedelta()), LOOK_AGAIN)
        return min(max(self._post.gates.keys.look_again(self._post.name), SHORTEST_LOOK), LOOK_AGAIN)

    async def until_there(self, now: datetime) -> timedelta | None:
        """None where it is there, as far as anybody knows; else how long to wait before the next look.

        After the network failed it is asked, by a request without a body, before a letter is sent again. Its owner may
        have closed the gate meanwhile, so a letter waits for another look, too.
        """
        gates, dialect, destination = self._post.gates, self._post.dialect, self._post.destination
        if not (isinstance(dialect, Probing) and gates.doubtful(self._post.name)):
            return None
        if (wait := await self.until_due(now)) > timedelta():
            return wait
        talk = dialect.probe(url=destination.url, now=now)
        answer = await converse(self._post.road.sender, destination, lambda _: {}, talk)
        if answer is None:
            gates.there(self._post.name)
            return timedelta()
        if isinstance(answer, Later):
            gates.not_there(self._post.name, answer.reason, self._post.road.chance.jitter())
        else:
            self._books.tell_gates(answer)
        return SHORTEST_LOOK

    async def until_due(self, now: datetime) -> timedelta:
        """How long nothing can be sent, as far as anybody knows."""
        name, outbox = self._post.name, self._post.road.outbox
        but, only = self._books.floors.holding(), self._only_asked
        due = await outbox.next_due(name, now, backfill=False, only_asked=only, but=but)
        old = await outbox.next_due(name, now, backfill=True, only_asked=only, but=but)
        waits = [max(one - now, timedelta()) for one in (due, old) if one is not None]
        if old is not None:
            steady = self._post.road.clock.steady()
            waits[-1] = max(waits[-1], self._budget.ready(steady) - steady)
        if self._trigger and self._trigger.wait:
            waits.append(self._trigger.wait)
        if (over := self._books.floors.next_over()) is not None:
            waits.append(over)
        return min([*waits, LOOK_AGAIN])

    @property
    def _only_asked(self) -> bool:
        return self._trigger is not None and self._trigger.only_asked
