"""Talks with a destination: each request goes where it may, with its own proof, and it is said what came of it all.

What is asked and what an answer means is the dialect's; here is what is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from datetime import timedelta
from typing import TypeVar

from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Dialect, Erasure, Later, Outcome, Request, Response, Stop, Upload
from logferry_daemon.core.pins import PIN_CHANGED
from logferry_daemon.core.reaching import reach
from logferry_daemon.ports import Clock, Sender
from logferry_model.errors import Misconfigured, Unreachable

TLS_PAUSE = timedelta(minutes=15)

T = TypeVar("T")
Keep = Callable[[Upload], Awaitable[None]]
Proofs = Callable[[Request], Mapping[str, str]]
"""The headers that prove whose a request is."""


def proofs(dialect: Dialect, secret: str, clock: Clock) -> Proofs:
    """Those of one key; a signature holds a time, so each request has its own."""
    return lambda request: dialect.credentials(secret, request, clock.now())


async def exchange(
    sender: Sender,
    destination: Destination,
    proofs_of: Proofs,
    talk: Generator[Request, Response, T],
    keep: Keep | None = None,
) -> T | Stop:
    """What comes of a conversation, which may end without a request; Stop where one may not go where it would.

    Whoever talks hears of a request without a whole answer first, and may go on.
    """
    kept = Upload()
    try:
        request = next(talk)
        while True:
            leg = reach(destination.url, destination.pin, destination.upload_hosts, request, proofs_of(request))
            if isinstance(leg, Stop):
                return leg
            if keep is not None and request.keep is not None and request.keep != kept:
                kept = request.keep
                await keep(kept)
            try:
                response = await sender.send(leg.url, leg.request, leg.secret, leg.pin)
            except Unreachable as error:
                request = talk.throw(error)
            else:
                request = talk.send(response)
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    finally:
        talk.close()


async def converse(
    sender: Sender, destination: Destination, proofs_of: Proofs, talk: Generator[Request, Response, T]
) -> T | Later | Stop:
    """What comes of a conversation with a destination; it may end without a request."""
    return await outcome_of(exchange(sender, destination, proofs_of, talk))


async def outcome_of(exchanging: Awaitable[T]) -> T | Later | Stop:
    """What comes of it, also where there was no whole answer or the key is of no use there."""
    try:
        return await exchanging
    except Unreachable as error:
        return _no_answer(error)
    except Misconfigured as error:
        return Stop(reason=error.message, hint=error.hint)


def _no_answer(error: Unreachable) -> Later | Stop:
    """What it means that there was no whole answer. The network's trouble never parks a delivery."""
    if error.code == PIN_CHANGED:
        return Stop(reason=error.message, hint=error.hint)
    if error.code == "tls":
        hint = "Check its address and your clock; nothing was sent, and nothing goes there unencrypted."
        return Stop(reason=error.message, hint=hint, wait=TLS_PAUSE, by_network=True)
    return Later(reason=error.message, unreached=True)


def is_of_the_network(outcome: Outcome | Erasure) -> bool:
    """Whether another network may be all that it takes."""
    match outcome:
        case Later():
            return outcome.unreached
        case Stop():
            return outcome.offline or outcome.by_network
    return False
